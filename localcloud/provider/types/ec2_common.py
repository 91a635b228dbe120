"""What the EC2 types share: tags, reading by id, deletion, and which refusals mean "not there".

AWS facts: tags go with the request that makes a thing (TagSpecifications) and are changed by CreateTags and DeleteTags;
what something else still uses cannot be deleted (DependencyViolation), which passes when the other is gone.
"""

from typing import Any, ClassVar, Final

from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import has_code
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.s3_common import optional

Found = dict[str, Any]
RELEASE_SECONDS: Final = 3.0
"""How long a deletion waits for what depends on it to be gone. pulumi-aws waits 20 minutes for interfaces that AWS is
slow to take away; the local cloud takes them away at once."""
GONE: Final = frozenset(
    {
        "InvalidVpcID.NotFound", "InvalidSubnetID.NotFound", "InvalidInternetGatewayID.NotFound",
        "InvalidAllocationID.NotFound", "NatGatewayNotFound", "InvalidRouteTableID.NotFound", "InvalidRoute.NotFound",
        "InvalidAssociationID.NotFound", "InvalidVpcEndpointId.NotFound", "InvalidGroup.NotFound",
        "InvalidSecurityGroupRuleId.NotFound", "InvalidFlowLogId.NotFound", "InvalidLaunchTemplateId.NotFound",
    }
)  # fmt: skip


class Ec2Resource(Resource):
    """A thing of EC2 with an id of its own and tags."""

    kind: ClassVar[str]
    """The resource type of its tags, and in its ARN."""

    def make(self, op: Operation) -> str:
        """Create it with `tags(op)` and return its id."""
        raise NotImplementedError

    def find(self, op: Operation) -> Found | None:
        """AWS's description of it; None or one of `GONE` when it is not there."""
        raise NotImplementedError

    def attributes(self, op: Operation, found: Found) -> State:
        """The state from AWS's description, without tags."""
        raise NotImplementedError

    def change(self, op: Operation) -> None:
        """Carry out changed inputs other than tags. Without it, tags are all that may change."""

    def remove(self, op: Operation) -> None:
        """The call that deletes it."""
        raise NotImplementedError

    def create(self, op: Operation) -> str:
        return self.make(op)

    def read(self, op: Operation) -> State | None:
        found = optional(lambda: self.find(op), GONE)
        if found is None:
            return None
        return {**self.attributes(op, found), "tags_all": as_map(found.get("Tags", []))}

    def update(self, op: Operation) -> None:
        self.change(op)
        ec2, target = op.client("ec2"), {"Resources": [op.resource_id]}
        op.retag(
            lambda keys: ec2.delete_tags(**target, Tags=[{"Key": key} for key in keys]),
            lambda tags: ec2.create_tags(**target, Tags=as_list(tags)),
        )

    def delete(self, op: Operation) -> None:
        call = lambda: optional(lambda: self.remove(op), GONE)  # noqa: E731
        op.retry(call, has_code("DependencyViolation", "InvalidGroup.InUse"), RELEASE_SECONDS)

    def tags(self, op: Operation) -> Found:
        """The parameter of a creation that carries the tags; empty without any: AWS refuses an empty list."""
        pairs = as_list(op.new["tags_all"])
        return {"TagSpecifications": [{"ResourceType": self.kind, "Tags": pairs}]} if pairs else {}

    def arn(self, op: Operation, resource_id: str = "") -> str:
        """Its ARN, in the account of the provider."""
        what = f"{self.kind}/{resource_id or op.resource_id}"
        return f"arn:{op.partition}:ec2:{op.region}:{op.account_id}:{what}"


def lingering(op: Operation, what: str) -> list[Found]:
    """The network interfaces in what is to be deleted. The provider deletes some that other services of AWS left."""
    wanted = [{"Name": what, "Values": [op.resource_id]}]
    return list(op.client("ec2").describe_network_interfaces(Filters=wanted)["NetworkInterfaces"])


def first(items: list[Found]) -> Found | None:
    """The only element of an answer; None when there is none."""
    return items[0] if items else None


def given(op: Operation, names: dict[str, str]) -> Found:
    """The inputs that have a value, as the API's parameters: Terraform name → parameter."""
    values = {parameter: op.new.get(name) for name, parameter in names.items()}
    return {parameter: value for parameter, value in values.items() if value not in (None, "", [])}


def added(op: Operation, name: str) -> list[str]:
    """Elements of a set of texts that the new inputs have and the old state lacks."""
    return sorted(set(op.new.get(name) or []) - set(op.old.get(name) or []))


def dropped(op: Operation, name: str) -> list[str]:
    """The opposite of `added`."""
    return sorted(set(op.old.get(name) or []) - set(op.new.get(name) or []))
