"""The way to a service's pods: target group, rules of the load balancer, and the ports of the security groups.

Rests on, of the EKS user guide, "Target group bindings" in Auto Mode: the target group is tagged with the cluster's
name. A load balancer sends a draining target requests for some 17 s more: the target's delay is shorter than the sleep
before a pod is told to stop. Each target has the port of its own pod; another port of a group, which is what targets
without one get, would replace the group.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi
from pulumi_aws import lb, vpc

from . import names
from .service_args import WebServiceArgs

DEREGISTRATION_SECONDS: Final = 20
"""How long a target that is taken out keeps its requests."""
HEALTH_INTERVAL_SECONDS: Final = 10


def target_group(name: str, args: WebServiceArgs, opts: pulumi.ResourceOptions) -> lb.TargetGroup:
    return lb.TargetGroup(
        name,
        name_prefix=f"{args.service[:5].rstrip('-')}-",  # a whole name may be too long
        vpc_id=args.vpc_id,
        target_type="ip",
        protocol="HTTP",
        port=args.port,
        deregistration_delay=DEREGISTRATION_SECONDS,
        health_check=lb.TargetGroupHealthCheckArgs(
            path=args.probe,
            matcher="200",
            interval=HEALTH_INTERVAL_SECONDS,
            timeout=5,
            healthy_threshold=2,
            unhealthy_threshold=2,
        ),
        tags={"Name": name, "eks:eks-cluster-name": names.CLUSTER},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=["port"])),
    )


def rules(
    name: str, args: WebServiceArgs, group: lb.TargetGroup, opts: pulumi.ResourceOptions
) -> list[lb.ListenerRule]:
    """Its requests go to its pods; those by other methods are refused here, not sent to another service."""
    forward = lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)
    if not args.methods:
        return [_rule(name, args, args.priority, forward, opts)]
    refused = lb.ListenerRuleActionFixedResponseArgs(
        content_type="text/plain", message_body="this method is not allowed here\n", status_code="405"
    )
    refuse = lb.ListenerRuleActionArgs(type="fixed-response", fixed_response=refused)
    methods = lb.ListenerRuleConditionArgs(
        http_request_method=lb.ListenerRuleConditionHttpRequestMethodArgs(values=[*args.methods])
    )
    return [
        _rule(name, args, args.priority, forward, opts, methods),
        _rule(f"{name}-other-methods", args, args.priority + 1, refuse, opts),
    ]


def _rule(
    name: str,
    args: WebServiceArgs,
    priority: int,
    action: lb.ListenerRuleActionArgs,
    opts: pulumi.ResourceOptions,
    *more: lb.ListenerRuleConditionArgs,
) -> lb.ListenerRule:
    paths = lb.ListenerRuleConditionPathPatternArgs(values=[*args.paths])
    return lb.ListenerRule(
        name,
        listener_arn=args.balancer.listener_arn,
        priority=priority,
        actions=[action],
        conditions=[lb.ListenerRuleConditionArgs(path_pattern=paths), *more],
        opts=opts,
    )


def open_groups(name: str, args: WebServiceArgs, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """The load balancer reaches the pods on the service's port, and on the port before it for one more update: the
    last of the old pods still get requests when the rollout is over."""
    deployed = args.port_before or args.port
    return [rule for port in sorted({args.port, deployed}) for rule in _open(name, args, port, deployed, opts)]


def _open(
    name: str, args: WebServiceArgs, port: int, deployed: int, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Resource, pulumi.Resource]:
    """A rule out of the load balancer's group and one into the pods'."""
    pods_group, balancer_group = args.namespace.security_group_id, args.balancer.security_group_id
    common: dict[str, Any] = {"ip_protocol": "tcp", "from_port": port, "to_port": port}
    formerly = [pulumi.Alias(name=f"{name}-from-balancer")] if port == deployed else None
    common["opts"] = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=formerly))
    into_pods = vpc.SecurityGroupIngressRule(
        f"{name}-from-balancer-{port}",
        security_group_id=pods_group,
        referenced_security_group_id=balancer_group,
        description=f"{args.service} from the load balancer",
        **common,
    )
    to_pods = vpc.SecurityGroupEgressRule(
        f"{name}-from-balancer-{port}",
        security_group_id=balancer_group,
        referenced_security_group_id=pods_group,
        description=f"To {args.service}",
        **common,
    )
    return into_pods, to_pods
