"""A load balancer has an interface in each of its subnets, with its groups: neither is deleted below it."""

from __future__ import annotations

from localcloud.server.call import HOOKS, Call, Refusal

from .store import LOAD_BALANCERS


@HOOKS.before("ec2", "DeleteSecurityGroup")
def group_in_use(call: Call) -> None:
    group = call.params.get("GroupId")
    if any(group in one.security_groups for one in LOAD_BALANCERS.values()):
        raise Refusal("DependencyViolation", f"resource {group} has a dependent object")


@HOOKS.before("ec2", "DeleteSubnet")
def subnet_in_use(call: Call) -> None:
    subnet = call.params.get("SubnetId")
    if any(subnet in one.subnets for one in LOAD_BALANCERS.values()):
        raise Refusal("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted.")
