"""Elastic Load Balancing v2, of which internal application load balancers alone. Nothing of moto's.

AWS facts: the API reference, the user guide for application load balancers, the service authorization reference. A
target that was just registered is healthy after its first successful check; a group that no listener names checks
nothing; a target that is deregistered goes on getting requests for some seconds. Here a load balancer is no process: it
answers where :mod:`.forwarding` is asked for it, as CloudFront's edge does for a VPC origin.

Kept and given back, but not carried out: idle timeouts of clients, HTTP/2, desync mitigation, WAF and zonal shift.
"""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.server.access.permission import Permission
from localcloud.server.call import Call
from localcloud.server.permissions import declared, on, tags
from localcloud.server.service import Service

from . import store
from .forwarding import forward, no_route

_ARN = "arn:aws:elasticloadbalancing:{region}:{account}:"
_MADE = {
    "CreateLoadBalancer": "loadbalancer/app/*",
    "CreateListener": "listener/app/*",
    "CreateRule": "listener-rule/app/*",
    "CreateTargetGroup": "targetgroup/*",
}


def _permissions(call: Call) -> list[Permission]:
    return [*declared(SERVICE, call), *_tagged(call)]


def _tagged(call: Call) -> Iterator[Permission]:
    """What a creation tags is what it makes, not what it is made in."""
    if call.operation in _MADE and call.params.get("Tags"):
        arn = f"arn:aws:elasticloadbalancing:{call.region}:{call.account}:{_MADE[call.operation]}"
        context = {**tags(call.params), "elasticloadbalancing:CreateAction": [call.operation]}
        yield on(call, "elasticloadbalancing:AddTags", arn, context)


SERVICE = Service(
    name="elbv2",
    signing_name="elasticloadbalancing",
    prefix="elasticloadbalancing",
    operations={
        ("*",): """DescribeListenerAttributes DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers
            DescribeRules DescribeTags DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth
            DescribeCapacityReservation""",
        (_ARN + "loadbalancer/app/{Name}/*",): "CreateLoadBalancer",
        ("{LoadBalancerArn}",): """CreateListener DeleteLoadBalancer ModifyLoadBalancerAttributes SetIpAddressType
            SetSecurityGroups SetSubnets""",
        ("{ListenerArn}",): "CreateRule DeleteListener ModifyListener ModifyListenerAttributes",
        ("{RuleArn}",): "DeleteRule ModifyRule",
        ("{RulePriorities.RuleArn}",): "SetRulePriorities",
        (_ARN + "targetgroup/{Name}/*",): "CreateTargetGroup",
        ("{TargetGroupArn}",): """DeleteTargetGroup DeregisterTargets ModifyTargetGroup ModifyTargetGroupAttributes
            RegisterTargets""",
        ("{ResourceArns}",): "AddTags RemoveTags",
    },
    condition_keys={
        "elasticloadbalancing:Scheme": "Scheme",
        "elasticloadbalancing:Subnet": "Subnets",
        "elasticloadbalancing:SecurityGroup": "SecurityGroups",
        "elasticloadbalancing:ListenerProtocol": "Protocol",
        "elasticloadbalancing:SecurityPolicy": "SslPolicy",
    },
    sets=("elasticloadbalancing:CreateAction",),
    permissions=_permissions,
    principals=("elasticloadbalancing.amazonaws.com",),
    service_linked_roles={"elasticloadbalancing.amazonaws.com": "ElasticLoadBalancing"},
    invalid="ValidationError",
    resource=store.resource,
    inventory=store.inventory,
    users=store.users,
    forwards=forward,
    serves=no_route,
    reset=store.reset,
    modules=("accounts", "load_balancers", "listeners", "target_groups", "targets", "tagging", "network"),
)
