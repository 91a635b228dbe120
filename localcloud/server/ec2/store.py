"""The caller's EC2 in moto, and the refusals that several operations share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends

from localcloud.server.call import Call, Refusal


def backend(call: Call) -> EC2Backend:
    """The EC2 of the caller's account, in the region of the call."""
    return ec2_backends[call.caller.account_id][call.region]


def dependency(text: str) -> Refusal:
    return Refusal("DependencyViolation", text)


def invalid(text: str) -> Refusal:
    return Refusal("InvalidParameterValue", text)


def interfaces(call: Call) -> Iterator[Any]:
    """Every network interface: of machines, NAT gateways, endpoints."""
    ec2: Any = backend(call)
    machines = [
        nic for instance in ec2.all_instances() if instance.state != "terminated" for nic in instance.nics.values()
    ]
    by_id = {nic.id: nic for nic in [*ec2.enis.values(), *machines]}
    yield from by_id.values()


def subnet(call: Call, subnet_id: str) -> Any:
    """A subnet by its id. Raises Refusal."""
    ec2: Any = backend(call)
    found = next((zone[subnet_id] for zone in ec2.subnets.values() if subnet_id in zone), None)
    if found is None:
        raise Refusal("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
    return found


def vpc(call: Call, vpc_id: str) -> Any:
    """A VPC by its id. Raises Refusal."""
    ec2: Any = backend(call)
    if vpc_id not in ec2.vpcs:
        raise Refusal("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    return ec2.vpcs[vpc_id]
