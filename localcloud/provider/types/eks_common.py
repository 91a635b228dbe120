"""What the EKS types share: tags, ids of two parts, and what means "not there"."""

from typing import Any, Final

from localcloud.provider.resource import Operation
from localcloud.provider.tags import tag_changes

GONE: Final = frozenset({"ResourceNotFoundException"})


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a call, without those that are empty."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def retag(op: Operation, arn: str) -> None:
    """Bring changed tags to what the program says."""
    if "tags_all" not in op.changed:
        return
    eks, old, new = op.client("eks"), op.old.get("tags_all") or {}, op.new["tags_all"]
    gone, changed = tag_changes(old, new)
    if gone:
        eks.untag_resource(resourceArn=arn, tagKeys=gone)
    if changed:
        eks.tag_resource(resourceArn=arn, tags=changed)


def moment(value: Any) -> str:
    """A time as pulumi-aws has it in its state."""
    return value.isoformat()
