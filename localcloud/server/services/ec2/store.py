"""The caller's EC2 in moto, and the refusals that several operations share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.flow_logs import FlowLogs
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.utils import random_flow_log_id

from localcloud.server.call import Call, Refusal
from localcloud.server.moto_backend import backend_of, of_account
from localcloud.server.service import Resource

__all__ = ["FlowLogs", "SecurityGroup", "SecurityGroupRule", "random_flow_log_id"]


def backend(call: Call) -> EC2Backend:
    """The EC2 of the account, in the region of the call."""
    return ec2_backends[call.account][call.region]


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
    subnet = next((zone[subnet_id] for zone in ec2.subnets.values() if subnet_id in zone), None)
    if subnet is None:
        raise Refusal("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
    return subnet


def vpc(call: Call, vpc_id: str) -> Any:
    """A VPC by its id. Raises Refusal."""
    ec2: Any = backend(call)
    if vpc_id not in ec2.vpcs:
        raise Refusal("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    return ec2.vpcs[vpc_id]


KINDS = {
    "vpc": "vpc", "subnet": "subnet", "rtb": "route-table", "igw": "internet-gateway", "nat": "natgateway",
    "sg": "security-group", "vpce": "vpc-endpoint", "lt": "launch-template", "eipalloc": "elastic-ip",
    "fl": "vpc-flow-log", "acl": "network-acl", "eni": "network-interface",
}  # fmt: skip
"""The beginning of an id -> the kind of resource, as its ARN has it."""


def _ids(ec2: Any) -> Iterator[str]:
    """Of everything, also what AWS makes by itself in a new region."""
    for zone in ec2.subnets.values():
        yield from zone
    for groups in ec2.groups.values():
        yield from groups
    kept = (ec2.vpcs, ec2.route_tables, ec2.internet_gateways, ec2.nat_gateways, ec2.vpc_end_points, ec2.flow_logs)
    for resources in (*kept, ec2.launch_templates, ec2.network_acls, ec2.enis):
        yield from resources
    yield from (address.allocation_id for address in ec2.addresses if address.allocation_id)


def resource(arn: str) -> Resource | None:
    """By its id, also where the ARN doesn't say the kind (``*/vpc-1``)."""
    _, _, _, region, account, rest = arn.split(":", 5)
    ec2: Any = backend_of(ec2_backends, account, region)
    identifier = rest.partition("/")[2]
    if ec2 is not None and identifier in ec2.managed_prefix_lists:
        return Resource(owner=account, facts={"name": ec2.managed_prefix_lists[identifier].prefix_list_name})
    if ec2 is None or identifier not in _ids(ec2):
        return None
    return Resource(owner=account, tags=dict(ec2.tags.get(identifier, {})), facts=_facts(ec2, identifier))


def _facts(ec2: Any, identifier: str) -> dict[str, Any]:
    """What services whose things are in a network need to know of it: of VPCs, subnets and security groups."""
    kind = identifier.partition("-")[0]
    if kind == "vpc":
        attached = [one.vpc for one in ec2.internet_gateways.values() if one.vpc is not None]
        return {"cidr": ec2.vpcs[identifier].cidr_block, "internet_gateway": identifier in {one.id for one in attached}}
    if kind == "subnet":
        subnet = next(zone[identifier] for zone in ec2.subnets.values() if identifier in zone)
        return {"vpc": subnet.vpc_id, "zone": subnet.availability_zone, "cidr": subnet.cidr_block}
    if kind == "sg":
        subnet = next(groups[identifier] for groups in ec2.groups.values() if identifier in groups)
        rules = {"ingress": subnet.ingress_rules, "egress": subnet.egress_rules}
        return {"vpc": subnet.vpc_id, **{way: [_rule(rule) for rule in given] for way, given in rules.items()}}
    return {}


def _rule(rule: SecurityGroupRule) -> dict[str, Any]:
    """A rule of a security group. ``ports``: None for all of them."""
    ports = None if rule.from_port is None else (rule.from_port, rule.to_port)
    peer = rule.prefix_list_id or rule.source_group.get("GroupId") or rule.cidr_ipv6 or rule.ip_range.get("CidrIp")
    return {"protocol": rule.ip_protocol, "ports": ports, "peer": str(peer or "")}


def inventory(account: str) -> list[str]:
    return [
        f"arn:aws:ec2:{ec2.region_name}:{account}:{KINDS[identifier.partition('-')[0]]}/{identifier}"
        for ec2 in of_account(ec2_backends, account)
        for identifier in _ids(ec2)
    ]
