"""VPCs, subnets, gateways and routes: what AWS refuses and moto takes.

AWS facts (VPC user guide): blocks are /16 to /28 with no bits beyond the mask, in no range that AWS keeps for itself,
and within the VPC; whatever is still in a VPC or subnet keeps it from being deleted; an internet gateway stays while
public addresses are mapped in its VPC; an address that a NAT gateway has is not released.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.ec2.store import backend, dependency, interfaces, invalid, subnet, vpc

RESERVED: Final = tuple(
    ipaddress.IPv4Network(block)
    for block in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")
)
"""Ranges that cannot be a VPC's."""
TARGETS: Final = (
    "GatewayId", "LocalGatewayId", "CarrierGatewayId", "NatGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId", "TransitGatewayId", "VpcEndpointId", "CoreNetworkArn", "InstanceId",
)  # fmt: skip
"""What a route may lead to, each a parameter."""


def _network(text: str, code: str) -> ipaddress.IPv4Network:
    """A block as AWS takes one. Raises Refusal."""
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        raise invalid(f"Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.") from None
    if not 16 <= network.prefixlen <= 28:
        raise Refusal(code, f"The CIDR '{text}' is invalid.")
    return network


@HOOKS.before("ec2", "CreateVpc")
def create_vpc(call: Call) -> None:
    for name in ("Ipv4IpamPoolId", "Ipv6Pool", "Ipv6IpamPoolId", "Ipv6CidrBlock", "VpcEncryptionControl"):
        if call.params.get(name):
            raise Refusal("NotImplemented", f"a VPC with {name} is not implemented", 501)
    if not call.params.get("CidrBlock"):
        raise Refusal("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
    network = _network(call.params["CidrBlock"], "InvalidVpc.Range")
    if any(network.overlaps(block) for block in RESERVED):
        raise Refusal("InvalidVpc.Range", f"The CIDR '{network}' is invalid: it is reserved.")
    call.params["CidrBlock"] = str(network)


@HOOKS.before("ec2", "CreateSubnet")
def create_subnet(call: Call) -> None:
    vpc(call, call.params["VpcId"])
    if not call.params.get("CidrBlock"):
        raise Refusal("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
    zone = call.params.get("AvailabilityZone")
    if zone is not None and not (zone[:-1] == call.region and zone[-1] in "abcdef"):
        raise invalid(f"Value ({zone}) for parameter availabilityZone is invalid.")
    call.params["CidrBlock"] = str(_network(call.params["CidrBlock"], "InvalidSubnet.Range"))


@HOOKS.after("ec2", "CreateSubnet")
def created_subnet(call: Call, output: Params) -> None:
    """moto takes the first subnet of a zone in any VPC for the default one, which gives out public addresses."""
    created = subnet(call, output["Subnet"]["SubnetId"])
    if not vpc(call, created.vpc_id).is_default:
        created.default_for_az, created.map_public_ip_on_launch = False, False
        output["Subnet"] |= {"DefaultForAz": False, "MapPublicIpOnLaunch": False}


@HOOKS.before("ec2", "DeleteSubnet")
def delete_subnet(call: Call) -> None:
    deleted = subnet(call, call.params["SubnetId"])
    if any(nic.subnet.id == deleted.id for nic in interfaces(call) if nic.subnet is not None):
        raise dependency(f"The subnet '{deleted.id}' has dependencies and cannot be deleted.")


@HOOKS.after("ec2", "DeleteSubnet")
def forget_subnet(call: Call, _output: Params) -> None:
    """A subnet's association with a route table goes with it."""
    ec2: Any = backend(call)
    for table in ec2.route_tables.values():
        gone = [key for key, target in table._associations.items() if target == call.params["SubnetId"]]  # noqa: SLF001 - moto has no other way
        for key in gone:
            del table._associations[key]  # noqa: SLF001 - as above


@HOOKS.before("ec2", "DeleteVpc")
def delete_vpc(call: Call) -> None:
    ec2: Any = backend(call)
    deleted = vpc(call, call.params["VpcId"])
    gateways = any(one.vpc is not None and one.vpc.id == deleted.id for one in ec2.internet_gateways.values())
    groups = any(not (one.is_default or one.name == "default") for one in ec2.groups.get(deleted.id, {}).values())
    endpoints = any(one.vpc_id == deleted.id and one.state == "available" for one in ec2.vpc_end_points.values())
    if gateways or groups or endpoints:
        raise dependency(f"The vpc '{deleted.id}' has dependencies and cannot be deleted.")


@HOOKS.before("ec2", "AttachInternetGateway")
def attach_gateway(call: Call) -> None:
    attached = vpc(call, call.params["VpcId"])
    gateways: Any = backend(call).internet_gateways.values()
    others = [one for one in gateways if one.id != call.params["InternetGatewayId"]]
    if any(one.vpc is not None and one.vpc.id == attached.id for one in others):
        raise invalid(f"Network {attached.id} already has an internet gateway attached")


@HOOKS.before("ec2", "DetachInternetGateway")
def detach_gateway(call: Call) -> None:
    ec2: Any = backend(call)
    vpc_id = call.params["VpcId"]
    own = {nic.id for nic in interfaces(call) if nic.subnet is not None and nic.subnet.vpc_id == vpc_id}
    if any(address.eni is not None and address.eni.id in own for address in ec2.addresses):
        text = f"Network {vpc_id} has some mapped public address(es)."
        raise dependency(f"{text} Please unmap those public address(es) before detaching the gateway.")


# NAT gateways and their addresses


@HOOKS.before("ec2", "CreateNatGateway")
def create_nat(call: Call) -> None:
    ec2: Any = backend(call)
    if not call.params.get("SubnetId"):
        raise Refusal("MissingParameter", "The request must contain the parameter SubnetId")
    public_subnet = subnet(call, call.params["SubnetId"])
    if call.params.setdefault("ConnectivityType", "public") == "private":
        if call.params.get("AllocationId"):
            text = "AllocationId cannot be specified for a NAT Gateway with Connectivity Type private."
            raise Refusal("InvalidParameterCombination", text)
        return
    allocation = call.params.get("AllocationId")
    if not allocation:
        raise Refusal("MissingParameter", "The request must contain the parameter AllocationId")
    address = next((one for one in ec2.addresses if one.allocation_id == allocation), None)
    if address is None:
        text = f"The elastic-ip ID '{allocation}' does not exist"
        raise Refusal("InvalidElasticIpID.NotFound", text)
    if address.eni is not None or address.instance is not None:
        raise Refusal("Resource.AlreadyAssociated", f"Elastic IP address [{allocation}] is already associated")
    if not any(one.vpc is not None and one.vpc.id == public_subnet.vpc_id for one in ec2.internet_gateways.values()):
        raise Refusal("Gateway.NotAttached", f"Network {public_subnet.vpc_id} has no Internet gateway attached")


@HOOKS.before("ec2", "DeleteNatGateway")
def delete_nat(call: Call) -> None:
    if call.params["NatGatewayId"] not in backend(call).nat_gateways:
        raise Refusal("NatGatewayNotFound", f"The Nat Gateway {call.params['NatGatewayId']} was not found")


@HOOKS.after("ec2", "DeleteNatGateway")
def free_address(call: Call, _output: Params) -> None:
    """Its interface goes with it, and its address is free again: moto keeps both."""
    ec2: Any = backend(call)
    nic = ec2.nat_gateways[call.params["NatGatewayId"]]._eni  # noqa: SLF001 - moto's only way to it
    for address in ec2.addresses:
        if address.eni is not None and address.eni.id == nic.id:
            address.eni = address.association_id = None
    ec2.enis.pop(nic.id, None)


@HOOKS.before("ec2", "DescribeNatGateways")
def describe_nat(call: Call) -> None:
    known = backend(call).nat_gateways
    unknown = [one for one in call.params.get("NatGatewayIds", []) if one not in known]
    if unknown:
        raise Refusal("NatGatewayNotFound", f"The Nat Gateway {unknown[0]} was not found")


@HOOKS.before("ec2", "ReleaseAddress")
def release_address(call: Call) -> None:
    ec2: Any = backend(call)
    address = next((one for one in ec2.addresses if one.allocation_id == call.params.get("AllocationId")), None)
    if address is not None and (address.eni is not None or address.instance is not None):
        raise Refusal("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")


# Routes


@HOOKS.before("ec2", "CreateRoute", "ReplaceRoute")
def route_target(call: Call) -> None:
    ec2: Any = backend(call)
    if len([name for name in TARGETS if call.params.get(name)]) != 1:
        names = ", ".join(f"{name[0].lower()}{name[1:]}" for name in TARGETS)
        raise Refusal("InvalidParameterCombination", f"The request must contain exactly one of {names}")
    gateway = call.params.get("NatGatewayId")
    if gateway and (gateway not in ec2.nat_gateways or ec2.nat_gateways[gateway].state == "deleted"):
        raise Refusal("InvalidNatGatewayID.NotFound", f"The natGateway ID '{gateway}' does not exist")
    table = ec2.route_tables.get(call.params["RouteTableId"])
    internet = ec2.internet_gateways.get(call.params.get("GatewayId"))
    if table is not None and internet is not None and (internet.vpc is None or internet.vpc.id != table.vpc_id):
        text = f"route table {table.id} and network gateway {internet.id} belong to different networks"
        raise invalid(text)


@HOOKS.before("ec2", "AssociateRouteTable")
def associate(call: Call) -> None:
    ec2: Any = backend(call)
    table = ec2.route_tables.get(call.params["RouteTableId"])
    place = call.params.get("SubnetId")
    if table is None or not place:
        return
    if subnet(call, place).vpc_id != table.vpc_id:
        raise invalid(f"Route table {table.id} and subnet {place} belong to different networks")
    for other in ec2.route_tables.values():
        if other.id != table.id and place in other._associations.values():  # noqa: SLF001 - moto has no other way
            text = f"the specified association for route table {table.id} conflicts with an existing association"
            raise Refusal("Resource.AlreadyAssociated", text)
