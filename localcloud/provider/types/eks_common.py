"""What the EKS types share: tags, ids of two parts, and what means "not there"."""

from typing import Any, Final

from localcloud.provider.resource import Operation

GONE: Final = frozenset({"ResourceNotFoundException"})


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a call, without those that are empty."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def retag(op: Operation, arn: str = "arn") -> None:
    """Bring changed tags to what the program says. ``arn``: the output that has the resource's ARN."""
    eks = op.client("eks")
    op.retag(
        lambda keys: eks.untag_resource(resourceArn=op.old[arn], tagKeys=keys),
        lambda tags: eks.tag_resource(resourceArn=op.old[arn], tags=tags),
    )


def moment(value: Any) -> str:
    """A time as pulumi-aws has it in its state."""
    return value.isoformat()
