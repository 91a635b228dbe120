"""What the RDS types share: tags, and which refusals mean "not there"."""

from collections.abc import Mapping
from typing import Any, Final

from localcloud.provider.resource import Operation
from localcloud.provider.tags import as_list, as_map

Found = dict[str, Any]
GONE: Final = frozenset(
    {"DBClusterNotFoundFault", "DBInstanceNotFound", "DBParameterGroupNotFound", "DBSubnetGroupNotFoundFault"}
)


def tags(op: Operation) -> Found:
    """The parameter of a creation that carries the tags."""
    return {"Tags": as_list(op.new["tags_all"])}


def tags_of(op: Operation, arn: str) -> dict[str, str]:
    return as_map(op.client("rds").list_tags_for_resource(ResourceName=arn)["TagList"])


def retag(op: Operation) -> None:
    """Bring changed tags to what the program says."""
    rds = op.client("rds")
    op.retag(
        lambda keys: rds.remove_tags_from_resource(ResourceName=op.old["arn"], TagKeys=keys),
        lambda tags: rds.add_tags_to_resource(ResourceName=op.old["arn"], Tags=as_list(tags)),
    )


def given(op: Operation, names: Mapping[str, str], only: frozenset[str] | None = None) -> Found:
    """Inputs as the API's parameters: Terraform name → parameter; of those in ``only``, where that is given."""
    values = {parameter: op.new.get(name) for name, parameter in names.items() if only is None or name in only}
    return {parameter: value for parameter, value in values.items() if value not in (None, "", [])}
