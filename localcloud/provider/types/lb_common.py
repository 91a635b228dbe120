"""What the types of Elastic Load Balancing share: tags, attributes, names, and which refusals mean "not there"."""

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.resource import Operation, Resource
from localcloud.provider.tags import as_list, as_map

Found = dict[str, Any]
GONE: Final = frozenset(
    {"LoadBalancerNotFound", "ListenerNotFound", "RuleNotFound", "TargetGroupNotFound", "InvalidTarget"}
)

OTHER_TYPES: Final = "other types of load balancers and target groups are refused"


def tags(op: Operation) -> Found:
    """The parameter of a creation that carries the tags: AWS refuses an empty list."""
    return {"Tags": as_list(op.new["tags_all"])} if op.new["tags_all"] else {}


def tags_of(op: Operation, arn: str) -> dict[str, str]:
    return as_map(op.client("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"])


def retag(op: Operation) -> None:
    """Bring changed tags to what the program says."""
    elb, target = op.client("elbv2"), {"ResourceArns": [op.resource_id]}
    op.retag(
        lambda keys: elb.remove_tags(**target, TagKeys=keys),
        lambda tags: elb.add_tags(**target, Tags=as_list(tags)),
    )


class WithAttributes(Resource):
    """A type with attributes, which are set by a call after the creation."""

    attributes: ClassVar[Mapping[str, str]]
    """By input, the attribute's key."""
    calls: ClassVar[str]
    """The type's words in the calls that ask for attributes and change them: ``target_group``."""

    def settle(self, op: Operation) -> None:
        self.set_attributes(op)

    def set_attributes(self, op: Operation) -> None:
        """What is not given is left to AWS."""
        given = {key: op.new.get(name) for name, key in self.attributes.items()}
        wanted = [
            {"Key": key, "Value": str(value).lower() if isinstance(value, bool) else str(value)}
            for key, value in given.items()
            if value is not None
        ]
        change = getattr(op.client("elbv2"), f"modify_{self.calls}_attributes")
        change(**self._named(op), Attributes=wanted)

    def attributes_of(self, op: Operation) -> Found:
        answer = getattr(op.client("elbv2"), f"describe_{self.calls}_attributes")(**self._named(op))
        values = {one["Key"]: one["Value"] for one in answer["Attributes"]}
        return {name: _typed(values[key]) for name, key in self.attributes.items()}

    def _named(self, op: Operation) -> dict[str, str]:
        return {f"{self.calls.title().replace('_', '')}Arn": op.resource_id}


def _typed(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdigit() else text


def name_of(op: Operation, default_prefix: str) -> str:
    """The name, or one that begins with the prefix."""
    return str(op.new.get("name") or f"{op.new.get('name_prefix') or default_prefix}{secrets.token_hex(8)}")


def suffix(arn: str, kind: str) -> str:
    """What metrics know a load balancer or target group by."""
    return arn.split(":", 5)[5].removeprefix(kind)
