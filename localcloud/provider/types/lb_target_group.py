"""aws:lb/targetGroup:TargetGroup, whose id is its ARN, and aws:lb/targetGroupAttachment:TargetGroupAttachment.

AWS facts: what is below the health check can be changed, nothing else; a group that a listener names is not deleted,
which passes when the listener is gone. An attachment has no id in AWS: pulumi-aws makes one up at each creation.
"""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import REFUSED, Faults, Plan
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import has_code
from localcloud.provider.types.lb_common import (
    GONE,
    OTHER_TYPES,
    WithAttributes,
    name_of,
    retag,
    suffix,
    tags,
    tags_of,
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


def _check_by_tcp(plan: Plan) -> Faults:
    check: Mapping[str, Any] = plan.new.get("health_check") or {}
    if check.get("protocol") == "TCP" and plan.new.get("protocol") in ("HTTP", "HTTPS"):
        return [("health_check.protocol", f"cannot be TCP for a target group of {plan.new['protocol']}")]
    return []


def _needs(plan: Plan) -> Faults:
    if plan.new.get("target_type") == "lambda":
        return []
    return [
        (name, "must be given for target types other than lambda")
        for name in ("port", "protocol", "vpc_id")
        if plan.new.get(name) is None
    ]


class TargetGroup(WithAttributes):
    """Addresses that requests are forwarded to."""

    tf = "aws_lb_target_group"
    pulumi = "aws:lb/targetGroup:TargetGroup"
    calls = "target_group"
    attributes = _ATTRIBUTES
    handles = frozenset({*_ATTRIBUTES, *_MADE_WITH, "health_check", "name", "name_prefix"})
    plan_rules = (
        ("health_check.protocol TCP", "health checks by TCP are of network load balancers"),
        ("protocol HTTP or HTTPS with health_check.protocol TCP", _check_by_tcp),
        ("target_type lambda", OTHER_TYPES),
        ("target_type other than lambda", _needs),
        ("protocol_version changes", OTHER_TYPES),
        ("stickiness.cookie_duration", REFUSED),
    )

    def create(self, op: Operation) -> str:
        elb, name = op.client("elbv2"), name_of(op, "tf-")
        if optional(lambda: elb.describe_target_groups(Names=[name]), GONE):
            raise ProviderError(f"ELBv2 Target Group ({name}) already exists")
        given = {api: op.new.get(key) for key, api in _MADE_WITH.items()}
        request = {api: value for api, value in given.items() if value not in (None, "")}
        made = elb.create_target_group(Name=name, **request, **_check(op), **tags(op))
        return str(made["TargetGroups"][0]["TargetGroupArn"])

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
            **self.attributes_of(op),
            "tags_all": tags_of(op, arn),
        }

    def update(self, op: Operation) -> None:
        if op.changed & set(_ATTRIBUTES):
            self.set_attributes(op)
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
    pulumi = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
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
