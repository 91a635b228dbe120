"""What the RDS types share: tags, waiting, and which refusals mean "not there".

AWS facts: what is made or changed says so in its status until it is done; most calls are refused meanwhile.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Operation
from localcloud.provider.tags import as_list, as_map

Found = dict[str, Any]
GONE: Final = frozenset(
    {"DBClusterNotFoundFault", "DBInstanceNotFound", "DBParameterGroupNotFound", "DBSubnetGroupNotFoundFault"}
)
FAILED: Final = frozenset({"failed", "incompatible-parameters", "incompatible-network", "upgrade-failed"})
WAIT_SECONDS: Final = 300.0
"""pulumi-aws waits two hours for a cluster; the local cloud takes seconds."""


def tags(op: Operation) -> Found:
    """The parameter of a creation that carries the tags."""
    return {"Tags": as_list(op.new["tags_all"])}


def tags_of(op: Operation, arn: str) -> dict[str, str]:
    return as_map(op.client("rds").list_tags_for_resource(ResourceName=arn)["TagList"])


def retag(op: Operation) -> None:
    """Bring changed tags to what the program says."""
    if "tags_all" not in op.changed:
        return
    rds, arn, old, new = op.client("rds"), op.old["arn"], op.old.get("tags_all", {}), op.new["tags_all"]
    if gone := sorted(set(old) - set(new)):
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=gone)
    if changed := {key: value for key, value in new.items() if old.get(key) != value}:
        rds.add_tags_to_resource(ResourceName=arn, Tags=as_list(changed))


def given(op: Operation, names: Mapping[str, str], only: frozenset[str] | None = None) -> Found:
    """Inputs as the API's parameters: Terraform name → parameter; of those in ``only``, where that is given."""
    values = {parameter: op.new.get(name) for name, parameter in names.items() if only is None or name in only}
    return {parameter: value for parameter, value in values.items() if value not in (None, "", [])}


def await_status(status: Callable[[], str | None], wanted: str | None) -> None:
    """Returns once the status is that one (None: it is gone). Raises ProviderError."""
    deadline, pause = time.monotonic() + WAIT_SECONDS, 0.02
    while (now := status()) != wanted:
        if now is None or now in FAILED or time.monotonic() > deadline:
            raise ProviderError(f"waiting for status {wanted}: it is {now or 'gone'}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
