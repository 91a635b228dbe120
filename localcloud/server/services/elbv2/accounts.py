"""Whose load balancers and target groups are looked at: the caller's account's alone.

AWS facts: these resources have no policies, so that nobody reads another account's; an ARN of another account is called
invalid (hashicorp/terraform-provider-aws#4552, aws/aws-cli#3673).
"""

from __future__ import annotations

from typing import Final

from localcloud.server.call import HOOKS, Call
from localcloud.server.permissions import dig

from .attributes import invalid

_NAMED: Final = (
    "ListenerArn",
    "ListenerArns",
    "LoadBalancerArn",
    "LoadBalancerArns",
    "ResourceArns",
    "RuleArns",
    "TargetGroupArn",
    "TargetGroupArns",
)
_KINDS: Final = {
    "listener": "listener",
    "listener-rule": "listener rule",
    "loadbalancer": "load balancer",
    "targetgroup": "target group",
}


@HOOKS.before(
    "elbv2",
    "DescribeCapacityReservation",
    "DescribeListenerAttributes",
    "DescribeListeners",
    "DescribeLoadBalancerAttributes",
    "DescribeLoadBalancers",
    "DescribeRules",
    "DescribeTags",
    "DescribeTargetGroupAttributes",
    "DescribeTargetGroups",
    "DescribeTargetHealth",
)
def of_the_callers_account(call: Call) -> None:
    for name in _NAMED:
        for arn in dig(call.params, [name]):
            _, _, _, _, account, resource = [*arn.split(":", 5), *[""] * 6][:6]
            kind = _KINDS.get(resource.partition("/")[0])
            if kind and account != call.caller.account_id:
                raise invalid(f"'{arn}' is not a valid {kind} ARN")
