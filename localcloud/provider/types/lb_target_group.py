"""aws:lb/targetGroup:TargetGroup, whose id is its ARN, and aws:lb/targetGroupAttachment:TargetGroupAttachment.

AWS facts: what is below the health check can be changed, nothing else; a group that a listener names is not deleted,
which passes when the listener is gone. An attachment has no id in AWS: pulumi-aws makes one up at each creation.
"""

import secrets
from typing import Any, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import has_code
from localcloud.provider.types.lb_common import (
    GONE,
    from_attributes,
    name_of,
    retag,
    suffix,
    tags,
    tags_of,
    to_attributes,
)
from localcloud.provider.types.s3_common import optional

_RELEASE_SECONDS: Final = 3.0
"""How long a deletion waits for listeners to be gone; pulumi-aws waits two minutes."""
_ATTRIBUTES: Final = {"deregistration_delay": "deregistration_delay.timeout_seconds"}
_CHECK: Final = {
    "enabled": "HealthCheckEnabled",
    "healthy_threshold": "HealthyThresholdCount",
    "interval": "HealthCheckIntervalSeconds",
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "timeout": "HealthCheckTimeoutSeconds",
    "unhealthy_threshold": "UnhealthyThresholdCount",
}
_MADE_WITH: Final = {
    "ip_address_type": "IpAddressType",
    "port": "Port",
    "protocol": "Protocol",
    "protocol_version": "ProtocolVersion",
    "target_type": "TargetType",
    "vpc_id": "VpcId",
}


class TargetGroup(Resource):
    """Addresses that requests are forwarded to."""

    tf = "aws_lb_target_group"
    handles = frozenset({*_ATTRIBUTES, *_MADE_WITH, "health_check", "name", "name_prefix"})

    def create(self, op: Operation) -> str:
        elb, name = op.client("elbv2"), name_of(op, "tf-")
        if optional(lambda: elb.describe_target_groups(Names=[name]), GONE):
            raise ProviderError(f"ELBv2 Target Group ({name}) already exists")
        given = {api: op.new.get(key) for key, api in _MADE_WITH.items()}
        request = {api: value for api, value in given.items() if value not in (None, "")}
        made = elb.create_target_group(Name=name, **request, **_check(op), **tags(op))
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def settle(self, op: Operation) -> None:
        self._set_attributes(op)

    def _set_attributes(self, op: Operation) -> None:
        wanted = to_attributes(op.new, _ATTRIBUTES)
        op.client("elbv2").modify_target_group_attributes(TargetGroupArn=op.resource_id, Attributes=wanted)

    def read(self, op: Operation) -> State | None:
        elb, arn = op.client("elbv2"), op.resource_id
        answer = optional(lambda: elb.describe_target_groups(TargetGroupArns=[arn]), GONE)
        if answer is None:
            return None
        [found] = answer["TargetGroups"]
        return {
            "arn": arn,
            "arn_suffix": suffix(arn, ""),
            "name": found["TargetGroupName"],
            "load_balancer_arns": found["LoadBalancerArns"],
            "health_check": {
                **{key: found[api] for key, api in _CHECK.items()},
                "matcher": found["Matcher"]["HttpCode"],
            },
            **{key: found[api] for key, api in _MADE_WITH.items()},
            **from_attributes(elb.describe_target_group_attributes(TargetGroupArn=arn), _ATTRIBUTES),
            "tags_all": tags_of(op, arn),
        }

    def update(self, op: Operation) -> None:
        if op.changed & set(_ATTRIBUTES):
            self._set_attributes(op)
        if "health_check" in op.changed:
            op.client("elbv2").modify_target_group(TargetGroupArn=op.resource_id, **_check(op))
        retag(op)

    def delete(self, op: Operation) -> None:
        call = lambda: optional(  # noqa: E731
            lambda: op.client("elbv2").delete_target_group(TargetGroupArn=op.resource_id), GONE
        )
        op.retry(call, has_code("ResourceInUse"), _RELEASE_SECONDS)


def _check(op: Operation) -> dict[str, Any]:
    block = op.new.get("health_check") or {}
    check = {api: block[key] for key, api in _CHECK.items() if block.get(key) not in (None, "", 0)}
    if block.get("matcher"):
        check["Matcher"] = {"HttpCode": block["matcher"]}
    return check


class TargetGroupAttachment(Resource):
    """One target of a group."""

    tf = "aws_lb_target_group_attachment"
    handles = frozenset({"availability_zone", "port", "target_group_arn", "target_id"})

    def create(self, op: Operation) -> str:
        op.client("elbv2").register_targets(TargetGroupArn=op.new["target_group_arn"], Targets=[_target(op.new)])
        return f"{op.new['target_group_arn']}-{secrets.token_hex(12)}"

    def read(self, op: Operation) -> State | None:
        if not op.old.get("target_group_arn"):
            raise ProviderError("aws:lb/targetGroupAttachment:TargetGroupAttachment cannot be imported")
        arn, target = op.old["target_group_arn"], _target(op.old)
        ask = lambda: op.client("elbv2").describe_target_health(TargetGroupArn=arn, Targets=[target])  # noqa: E731
        answer = optional(ask, GONE)
        gone = ("Target.NotRegistered", "Target.DeregistrationInProgress")
        if answer is None or answer["TargetHealthDescriptions"][0]["TargetHealth"].get("Reason") in gone:
            return None
        return {name: op.old.get(name) for name in self.handles}

    def update(self, op: Operation) -> None:
        """Every input replaces."""

    def delete(self, op: Operation) -> None:
        arn, target = op.old["target_group_arn"], _target(op.old)
        optional(lambda: op.client("elbv2").deregister_targets(TargetGroupArn=arn, Targets=[target]), GONE)


def _target(values: Any) -> dict[str, Any]:
    names = {"target_id": "Id", "port": "Port", "availability_zone": "AvailabilityZone"}
    return {api: values[name] for name, api in names.items() if values.get(name)}
