"""The rest of what AWS refuses in EC2, row by row of docs/refusals.md: rules, gateways, routes, endpoints, ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from . import refusal_rows
from .conftest import DEV, Cloud
from .policies import document, refusal, trusts

INVALID = ("InvalidParameterValue", 400)
PARAMETER = ("InvalidParameter", 400)
COMBINATION = ("InvalidParameterCombination", 400)
MISSING = ("MissingParameter", 400)
LOGS = "com.amazonaws.us-west-2.logs"
ANOTHERS_ROLE = f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"
NONE = "0" * 17


@pytest.fixture
def group(ec2: Any, vpc: str) -> str:
    return ec2.create_security_group(GroupName="group", Description="of a test", VpcId=vpc)["GroupId"]


@pytest.fixture
def address(ec2: Any) -> Iterator[str]:
    made = ec2.allocate_address(Domain="vpc")["AllocationId"]
    yield made
    ec2.release_address(AllocationId=made)


@pytest.fixture
def table(ec2: Any, vpc: str) -> str:
    return ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


def https(*blocks: str, **more: Any) -> list[dict[str, Any]]:
    ranges = [{"CidrIp": block} for block in blocks]
    return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": ranges, **more}]


def test_ec2_13_default_group_and_reserved_names(ec2: Any, vpc: str) -> None:
    own = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    default = ec2.describe_security_groups(Filters=own)["SecurityGroups"][0]["GroupId"]
    assert refusal(ec2.delete_security_group, GroupId=default) == ("CannotDelete", 400)
    for name in ("default", "sg-1"):
        assert refusal(ec2.create_security_group, GroupName=name, Description="d", VpcId=vpc) == INVALID


def test_ec2_14_name_and_rule_that_are_there(ec2: Any, vpc: str, group: str) -> None:
    again = refusal(ec2.create_security_group, GroupName="group", Description="d", VpcId=vpc)
    assert again == ("InvalidGroup.Duplicate", 400)
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    assert ec2.create_security_group(GroupName="group", Description="d", VpcId=other)["GroupId"] != group
    duplicate = ("InvalidPermission.Duplicate", 400)
    authorize = ec2.authorize_security_group_ingress
    authorize(GroupId=group, IpPermissions=https("10.0.0.0/8"))
    assert refusal(authorize, GroupId=group, IpPermissions=https("10.0.0.0/8")) == duplicate
    assert refusal(authorize, GroupId=group, IpPermissions=https("10.1.0.0/16", "10.1.0.0/16")) == duplicate


@pytest.mark.parametrize("block", ["10.0.0/8", "10.0.0.0/33", "ten", "fd00::/8"])
def test_ec2_15_blocks_of_rules(ec2: Any, group: str, block: str) -> None:
    assert refusal(ec2.authorize_security_group_egress, GroupId=group, IpPermissions=https(block)) == INVALID


@pytest.mark.parametrize(("low", "high"), [(443, 80), (-2, 80), (443, 65_536)])
def test_ec2_15_ports_of_rules(ec2: Any, group: str, low: int, high: int) -> None:
    rule = https("10.0.0.0/8", FromPort=low, ToPort=high)
    assert refusal(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=rule) == INVALID


def test_ec2_15_rule_with_two_sources(ec2: Any, group: str) -> None:
    authorize = ec2.authorize_security_group_ingress
    made = authorize(GroupId=group, IpPermissions=https("10.0.0.0/8"))["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    two = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIpv4": "10.0.0.0/8", "ReferencedGroupId": group}
    rules = [{"SecurityGroupRuleId": made, "SecurityGroupRule": two}]
    assert refusal(ec2.modify_security_group_rules, GroupId=group, SecurityGroupRules=rules) == COMBINATION
    both = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "10.0.0.0/8", "SourceSecurityGroupName": "group"}
    assert refusal(authorize, GroupId=group, **both) == COMBINATION


def test_ec2_16_second_gateway_and_one_that_is_elsewhere(ec2: Any, vpc: str, gateway: str, table: str) -> None:
    second = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    attach = ec2.attach_internet_gateway
    assert refusal(attach, InternetGatewayId=second, VpcId=vpc) == INVALID
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    assert refusal(ec2.create_route, **route, GatewayId=second) == INVALID
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    assert refusal(attach, InternetGatewayId=gateway, VpcId=other) == ("Resource.AlreadyAssociated", 400)
    attach(InternetGatewayId=second, VpcId=other)
    assert refusal(ec2.create_route, **route, GatewayId=second) == INVALID
    ec2.create_route(**route, GatewayId=gateway)


def test_ec2_17_addresses_of_nat_gateways(ec2: Any, subnet: str, gateway: str, address: str) -> None:
    assert gateway
    create = ec2.create_nat_gateway
    assert refusal(create, SubnetId=subnet) == MISSING
    assert refusal(create, SubnetId=subnet, ConnectivityType="private", AllocationId=address) == COMBINATION
    made = create(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    assert refusal(create, SubnetId=subnet, AllocationId=address) == ("Resource.AlreadyAssociated", 400)
    ec2.delete_nat_gateway(NatGatewayId=made)


def test_public_nat_gateway_without_internet(ec2: Any, subnet: str, address: str) -> None:
    refused = refusal(ec2.create_nat_gateway, SubnetId=subnet, AllocationId=address)
    assert refused == ("Gateway.NotAttached", 400)


def test_ec2_19_targets_and_destinations_of_routes(ec2: Any, gateway: str, table: str) -> None:
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    assert refusal(ec2.create_route, **route) == COMBINATION
    assert refusal(ec2.create_route, **route, GatewayId=gateway, NatGatewayId=f"nat-{NONE}") == COMBINATION
    ec2.create_route(**route, GatewayId=gateway)
    assert refusal(ec2.create_route, **route, GatewayId=gateway) == ("RouteAlreadyExists", 400)
    assert refusal(ec2.replace_route, **route, GatewayId=gateway, NatGatewayId=f"nat-{NONE}") == COMBINATION


def test_ec2_20_subnets_of_an_endpoint(ec2: Any, vpc: str) -> None:
    zones = ("us-west-2a", "us-west-2a", "us-west-2b")
    one, same, other = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{place}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for place, zone in enumerate(zones)
    ]
    asked = {"VpcId": vpc, "ServiceName": LOGS, "VpcEndpointType": "Interface", "PrivateDnsEnabled": False}
    duplicate = ("DuplicateSubnetsInSameZone", 400)
    assert refusal(ec2.create_vpc_endpoint, **asked, SubnetIds=[one, same]) == duplicate
    made = ec2.create_vpc_endpoint(**asked, SubnetIds=[one, other])["VpcEndpoint"]["VpcEndpointId"]
    assert refusal(ec2.modify_vpc_endpoint, VpcEndpointId=made, AddSubnetIds=[same]) == duplicate
    ec2.modify_vpc_endpoint(VpcEndpointId=made, AddSubnetIds=[same], RemoveSubnetIds=[one])


BUCKET = {"LogDestination": "arn:aws:s3:::portal-not-there/flows", "LogDestinationType": "s3"}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"LogGroupName": "flows"},
        {"LogGroupName": "flows", "DeliverLogsPermissionArn": ANOTHERS_ROLE},
        {"LogGroupName": "flows", "LogDestinationType": "s3"},
        {"LogGroupName": "flows", "LogDestination": BUCKET["LogDestination"]},
        {"DeliverLogsPermissionArn": ANOTHERS_ROLE, **BUCKET},
        {"MaxAggregationInterval": 120, **BUCKET},
        {"LogFormat": "${srcaddr} ${colour}", **BUCKET},
    ],
    ids=["nowhere", "no-role", "role-of-another", "group-as-bucket", "both", "role-for-s3", "interval", "field"],
)  # fmt: skip
def test_ec2_21_flow_logs(ec2: Any, vpc: str, asked: dict[str, Any]) -> None:
    assert refusal(ec2.create_flow_logs, ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", **asked) == PARAMETER


def test_ec2_21_flow_log_to_what_is_not_there(ec2: Any, cloud: Cloud, vpc: str) -> None:
    name = cloud.name("flows")
    trust = document(trusts({"Service": "vpc-flow-logs.amazonaws.com"}))
    role = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    elsewhere = f"arn:aws:logs:eu-west-1:{DEV}:log-group:flows"
    for given in (BUCKET, {"LogDestination": elsewhere, "DeliverLogsPermissionArn": role}):
        answer = ec2.create_flow_logs(ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", **given)
        assert answer["FlowLogIds"] == []
        failed = answer["Unsuccessful"][0]
        assert (failed["ResourceId"], failed["Error"]["Code"]) == (vpc, "400")
        assert failed["Error"]["Message"].startswith("LogDestination: ")


@pytest.mark.parametrize(
    ("describe", "parameter", "start", "malformed", "unknown"),
    [
        ("vpcs", "VpcIds", "vpc", "InvalidVpcID.Malformed", "InvalidVpcID.NotFound"),
        ("subnets", "SubnetIds", "subnet", "InvalidSubnetID.Malformed", "InvalidSubnetID.NotFound"),
        ("security_groups", "GroupIds", "sg", "InvalidGroupId.Malformed", "InvalidGroup.NotFound"),
        ("security_group_rules", "SecurityGroupRuleIds", "sgr", "InvalidSecurityGroupRuleId.Malformed",
         "InvalidSecurityGroupRuleId.NotFound"),
        ("route_tables", "RouteTableIds", "rtb", "InvalidRouteTableId.Malformed", "InvalidRouteTableID.NotFound"),
        ("internet_gateways", "InternetGatewayIds", "igw", "InvalidInternetGatewayId.Malformed",
         "InvalidInternetGatewayID.NotFound"),
        ("nat_gateways", "NatGatewayIds", "nat", "NatGatewayMalformed", "NatGatewayNotFound"),
        ("network_interfaces", "NetworkInterfaceIds", "eni", "InvalidNetworkInterfaceId.Malformed",
         "InvalidNetworkInterfaceID.NotFound"),
        ("vpc_endpoints", "VpcEndpointIds", "vpce", "InvalidVpcEndpointId.Malformed", "InvalidVpcEndpointId.NotFound"),
        ("launch_templates", "LaunchTemplateIds", "lt", "InvalidLaunchTemplateId.Malformed",
         "InvalidLaunchTemplateId.NotFound"),
    ],
)  # fmt: skip
def test_ec2_23_ids_that_are_none_and_ids_of_nothing(
    ec2: Any, describe: str, parameter: str, start: str, malformed: str, unknown: str
) -> None:
    call = getattr(ec2, f"describe_{describe}")
    for none in ("mine", f"{start}-", f"{start}-xyz", f"{start}-{NONE}0", f"arn:aws:ec2:::{start}-{NONE}"):
        assert refusal(call, **{parameter: [none]}) == (malformed, 400)
    for shape in (NONE, "0" * 8):
        assert refusal(call, **{parameter: [f"{start}-{shape}"]}) == (unknown, 400)


def test_ec2_23_ids_in_changes(ec2: Any, vpc: str) -> None:
    assert refusal(ec2.create_subnet, VpcId="none", CidrBlock="10.0.0.0/24") == ("InvalidVpcID.Malformed", 400)
    endpoint = {"VpcEndpointId": f"vpce-{NONE}", "AddSecurityGroupIds": ["none"]}
    assert refusal(ec2.modify_vpc_endpoint, **endpoint) == ("InvalidGroupId.Malformed", 400)
    asked = {"VpcId": vpc, "ServiceName": LOGS, "VpcEndpointType": "Interface", "SecurityGroupIds": ["none"]}
    assert refusal(ec2.create_vpc_endpoint, **asked) == ("InvalidGroupId.Malformed", 400)


def test_rows_and_tests_name_each_other() -> None:
    refusal_rows.check("EC2 and CloudWatch Logs", "EC2")
