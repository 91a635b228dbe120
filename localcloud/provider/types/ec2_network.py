"""VPC, subnet, internet gateway, Elastic IP address and NAT gateway. Each has the id that AWS gives it.

AWS facts: a new VPC has its own main route table, network ACL and default security group, which go with it;
attributes of VPCs and subnets are set one call at a time; a deleted NAT gateway stays visible as `deleted` for an
hour, and its address is only free when it is gone.
"""

from typing import ClassVar, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import FLAGS, REFUSED, Faults, Plan
from localcloud.provider.resource import Operation, State
from localcloud.provider.session import has_code
from localcloud.provider.types.ec2_common import GONE, Ec2Resource, Found, first, given, lingering
from localcloud.provider.types.s3_common import optional

NAT_SECONDS: Final = 60.0
_ATTRIBUTES: Final = {
    "enable_dns_support": ("EnableDnsSupport", "enableDnsSupport"),
    "enable_dns_hostnames": ("EnableDnsHostnames", "enableDnsHostnames"),
    "enable_network_address_usage_metrics": (
        "EnableNetworkAddressUsageMetrics",
        "enableNetworkAddressUsageMetrics",
    ),
}


def _private_gateway(plan: Plan) -> Faults:
    """A private NAT gateway has no address of its own."""
    private = plan.new.get("connectivity_type") == "private"
    if private and plan.new.get("allocation_id") is not None:
        return [("allocation_id", "is not supported with connectivity_type private")]
    return []


class Vpc(Ec2Resource):
    """aws:ec2/vpc:Vpc, IPv4 alone."""

    tf = "aws_vpc"
    pulumi = "aws:ec2/vpc:Vpc"
    awaits_removal = True
    kind = "vpc"
    handles = frozenset({"cidr_block", "instance_tenancy", *_ATTRIBUTES})
    plan_rules = (
        ("instance_tenancy change", FLAGS),
        ("cidr_block change", FLAGS),
        ("assign_generated_ipv6_cidr_block change", REFUSED),
    )

    def make(self, op: Operation) -> str:
        names = {"cidr_block": "CidrBlock", "instance_tenancy": "InstanceTenancy"}
        return str(op.client("ec2").create_vpc(**given(op, names), **self.tags(op))["Vpc"]["VpcId"])

    def settle(self, op: Operation) -> None:
        for name in _ATTRIBUTES:
            wanted = op.new.get(name)
            if wanted is not None and wanted != (name == "enable_dns_support"):
                self._set(op, name, value=wanted)

    def find(self, op: Operation) -> Found | None:
        return first(op.client("ec2").describe_vpcs(VpcIds=[op.resource_id])["Vpcs"])

    def attributes(self, op: Operation, found: Found) -> State:
        ec2, own = op.client("ec2"), [{"Name": "vpc-id", "Values": [op.resource_id]}]
        acls = ec2.describe_network_acls(Filters=[*own, {"Name": "default", "Values": ["true"]}])["NetworkAcls"]
        main = [*own, {"Name": "association.main", "Values": ["true"]}]
        tables = ec2.describe_route_tables(Filters=main)["RouteTables"]
        group = [*own, {"Name": "group-name", "Values": ["default"]}]
        groups = ec2.describe_security_groups(Filters=group)["SecurityGroups"]
        table = tables[0]["RouteTableId"] if tables else ""
        answers = {
            name: ec2.describe_vpc_attribute(VpcId=op.resource_id, Attribute=asked)[answered]["Value"]
            for name, (answered, asked) in _ATTRIBUTES.items()
        }
        return {
            **answers,
            "arn": self.arn(op),
            "cidr_block": found["CidrBlock"],
            "instance_tenancy": found["InstanceTenancy"],
            "dhcp_options_id": found.get("DhcpOptionsId", ""),
            "owner_id": found["OwnerId"],
            "main_route_table_id": table,
            "default_route_table_id": table,
            "default_network_acl_id": acls[0]["NetworkAclId"] if acls else "",
            "default_security_group_id": groups[0]["GroupId"] if groups else "",
        }

    def change(self, op: Operation) -> None:
        for name in sorted(op.changed & set(_ATTRIBUTES)):
            self._set(op, name, value=bool(op.new.get(name)))
        if "instance_tenancy" in op.changed:
            op.client("ec2").modify_vpc_tenancy(VpcId=op.resource_id, InstanceTenancy=op.new["instance_tenancy"])

    def remove(self, op: Operation) -> None:
        op.client("ec2").delete_vpc(VpcId=op.resource_id)

    def _set(self, op: Operation, name: str, *, value: bool) -> None:
        op.client("ec2").modify_vpc_attribute(VpcId=op.resource_id, **{_ATTRIBUTES[name][0]: {"Value": value}})


class Subnet(Ec2Resource):
    """aws:ec2/subnet:Subnet, IPv4 alone."""

    tf = "aws_subnet"
    pulumi = "aws:ec2/subnet:Subnet"
    kind = "subnet"
    handles = frozenset(
        {"vpc_id", "cidr_block", "availability_zone", "availability_zone_id", "map_public_ip_on_launch"}
    )
    plan_rules = (
        ("cidr_block, availability_zone(_id)", FLAGS),
        ("ipv6_cidr_block change", REFUSED),
    )
    names: ClassVar = {
        "vpc_id": "VpcId",
        "cidr_block": "CidrBlock",
        "availability_zone": "AvailabilityZone",
        "availability_zone_id": "AvailabilityZoneId",
    }

    def make(self, op: Operation) -> str:
        request = {**given(op, self.names), **self.tags(op)}
        return str(op.client("ec2").create_subnet(**request)["Subnet"]["SubnetId"])

    def settle(self, op: Operation) -> None:
        if op.new.get("map_public_ip_on_launch"):
            self._map_public(op, value=True)

    def find(self, op: Operation) -> Found | None:
        return first(op.client("ec2").describe_subnets(SubnetIds=[op.resource_id])["Subnets"])

    def attributes(self, op: Operation, found: Found) -> State:
        same = {name: found[api] for name, api in self.names.items()}
        return {
            **same,
            "arn": self.arn(op),
            "map_public_ip_on_launch": found["MapPublicIpOnLaunch"],
            "owner_id": found["OwnerId"],
        }

    def change(self, op: Operation) -> None:
        if "map_public_ip_on_launch" in op.changed:
            self._map_public(op, value=bool(op.new.get("map_public_ip_on_launch")))

    def remove(self, op: Operation) -> None:
        lingering(op, "subnet-id")
        op.client("ec2").delete_subnet(SubnetId=op.resource_id)

    def _map_public(self, op: Operation, *, value: bool) -> None:
        op.client("ec2").modify_subnet_attribute(SubnetId=op.resource_id, MapPublicIpOnLaunch={"Value": value})


class InternetGateway(Ec2Resource):
    """aws:ec2/internetGateway:InternetGateway, attached to a VPC or to none."""

    tf = "aws_internet_gateway"
    pulumi = "aws:ec2/internetGateway:InternetGateway"
    kind = "internet-gateway"
    handles = frozenset({"vpc_id"})

    def make(self, op: Operation) -> str:
        made = op.client("ec2").create_internet_gateway(**self.tags(op))["InternetGateway"]
        return str(made["InternetGatewayId"])

    def settle(self, op: Operation) -> None:
        self._move(op, "", op.new.get("vpc_id") or "")

    def find(self, op: Operation) -> Found | None:
        return first(
            op.client("ec2").describe_internet_gateways(InternetGatewayIds=[op.resource_id])["InternetGateways"]
        )

    def attributes(self, op: Operation, found: Found) -> State:
        attached = found.get("Attachments") or [{"VpcId": ""}]
        return {"arn": self.arn(op), "owner_id": found["OwnerId"], "vpc_id": attached[0]["VpcId"]}

    def change(self, op: Operation) -> None:
        if "vpc_id" in op.changed:
            self._move(op, op.old.get("vpc_id") or "", op.new.get("vpc_id") or "")

    def remove(self, op: Operation) -> None:
        gone = GONE | {"Gateway.NotAttached"}
        optional(lambda: self._move(op, op.old.get("vpc_id") or "", ""), gone)
        op.client("ec2").delete_internet_gateway(InternetGatewayId=op.resource_id)

    def _move(self, op: Operation, old: str, new: str) -> None:
        ec2 = op.client("ec2")
        if old:
            ec2.detach_internet_gateway(InternetGatewayId=op.resource_id, VpcId=old)
            self.find(op)
        if new:
            ec2.attach_internet_gateway(InternetGatewayId=op.resource_id, VpcId=new)


class Eip(Ec2Resource):
    """aws:ec2/eip:Eip, an address for a NAT gateway: associations of its own are not made here."""

    tf = "aws_eip"
    pulumi = "aws:ec2/eip:Eip"
    kind = "elastic-ip"
    handles = frozenset({"domain"})

    def make(self, op: Operation) -> str:
        domain = op.new.get("domain") or "vpc"
        return str(op.client("ec2").allocate_address(Domain=domain, **self.tags(op))["AllocationId"])

    def find(self, op: Operation) -> Found | None:
        return first(op.client("ec2").describe_addresses(AllocationIds=[op.resource_id])["Addresses"])

    def attributes(self, op: Operation, found: Found) -> State:
        dashed = found["PublicIp"].replace(".", "-")
        asked = {"AllocationIds": [op.resource_id], "Attribute": "domain-name"}
        named = first(op.client("ec2").describe_addresses_attribute(**asked)["Addresses"]) or {}
        return {
            "ptr_record": named.get("PtrRecord", "").rstrip("."),
            "arn": self.arn(op),
            "domain": found["Domain"],
            "allocation_id": found["AllocationId"],
            "association_id": found.get("AssociationId", ""),
            "instance": found.get("InstanceId", ""),
            "network_interface": found.get("NetworkInterfaceId", ""),
            "private_ip": found.get("PrivateIpAddress", ""),
            "public_ip": found["PublicIp"],
            "public_dns": f"ec2-{dashed}.{op.region}.compute.amazonaws.com",
        }

    def remove(self, op: Operation) -> None:
        op.client("ec2").release_address(AllocationId=op.resource_id)


class NatGateway(Ec2Resource):
    """aws:ec2/natGateway:NatGateway, in one subnet."""

    tf = "aws_nat_gateway"
    pulumi = "aws:ec2/natGateway:NatGateway"
    kind = "natgateway"
    handles = frozenset({"allocation_id", "connectivity_type", "subnet_id"})
    plan_rules = (
        ("connectivity private:", _private_gateway),
        ("connectivity public:", REFUSED),
        ("regional mode:", REFUSED),
        ("allocation_id, subnet_id", FLAGS),
    )

    def make(self, op: Operation) -> str:
        names = {"allocation_id": "AllocationId", "connectivity_type": "ConnectivityType", "subnet_id": "SubnetId"}
        request = {**given(op, names), **self.tags(op)}
        return str(op.client("ec2").create_nat_gateway(**request)["NatGateway"]["NatGatewayId"])

    def settle(self, op: Operation) -> None:
        op.retry(lambda: self._until(op, "available"), has_code("Pending"), NAT_SECONDS)

    def find(self, op: Operation) -> Found | None:
        found = first(op.client("ec2").describe_nat_gateways(NatGatewayIds=[op.resource_id])["NatGateways"])
        return None if found is None or found["State"] == "deleted" else found

    def attributes(self, op: Operation, found: Found) -> State:
        """Without an ARN: pulumi-aws has none for it."""
        address = (found.get("NatGatewayAddresses") or [{}])[0]
        return {
            "region": op.region,
            "allocation_id": address.get("AllocationId", ""),
            "association_id": address.get("AssociationId", ""),
            "connectivity_type": found["ConnectivityType"],
            "network_interface_id": address.get("NetworkInterfaceId", ""),
            "private_ip": address.get("PrivateIp", ""),
            "public_ip": address.get("PublicIp", ""),
            "subnet_id": found["SubnetId"],
            "vpc_id": found["VpcId"],
        }

    def remove(self, op: Operation) -> None:
        if self.find(op) is not None:
            op.client("ec2").delete_nat_gateway(NatGatewayId=op.resource_id)
            op.retry(lambda: self._until(op, ""), has_code("Pending"), NAT_SECONDS)

    def _until(self, op: Operation, state: str) -> None:
        """Raises an error with the code Pending while the gateway is in another state; "" is gone."""
        from botocore.exceptions import ClientError

        found = optional(lambda: self.find(op), GONE) or {"State": ""}
        if found["State"] == "failed":
            raise ProviderError(f"NAT gateway {op.resource_id}: {found.get('FailureMessage', 'failed')}")
        if found["State"] != state:
            text = f"is {found['State']} still"
            raise ClientError({"Error": {"Code": "Pending", "Message": text}}, "DescribeNatGateways")
