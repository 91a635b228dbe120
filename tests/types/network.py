"""Cases of the types of EC2 and CloudWatch Logs."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.journey.programs.types import inputs
from tests.journey.programs.types.inputs import Change
from tests.localcloud.clouds import DEV

from . import behind, listing
from .case import Case, Drift, Inputs, Make, Name, Program

ZONES = ("us-west-2a", "us-west-2b")
FORMAT = "${version} ${srcaddr} ${dstaddr}"
FLOW_ROLE = "flow-log"


def _vpc(make: Make, _name: Name) -> str:
    return make("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True})[0]


def _two_vpcs(make: Make, name: Name) -> tuple[str, str]:
    return _vpc(make, name), _vpc(make, name)


def _subnets(make: Make, name: Name) -> dict[str, str]:
    """A VPC with an internet gateway and two subnets."""
    vpc = _vpc(make, name)
    gateway = make("aws:ec2/internetGateway:InternetGateway", {"vpcId": vpc})[0]
    blocks = zip(("one", "two"), ZONES, ("10.0.0.0/24", "10.0.1.0/24"), strict=True)
    made = {
        key: make("aws:ec2/subnet:Subnet", {"vpcId": vpc, "availabilityZone": zone, "cidrBlock": block})[0]
        for key, zone, block in blocks
    }
    return {"vpc": vpc, "gateway": gateway, **made}


def _with_address(make: Make, name: Name) -> dict[str, str]:
    return {**_subnets(make, name), "address": make("aws:ec2/eip:Eip", {"domain": "vpc"})[0]}


def _with_nat(make: Make, name: Name) -> dict[str, str]:
    found = _with_address(make, name)
    nat = make("aws:ec2/natGateway:NatGateway", {"allocationId": found["address"], "subnetId": found["one"]})[0]
    table = make("aws:ec2/routeTable:RouteTable", {"vpcId": found["vpc"]})[0]
    return {**found, "nat": nat, "table": table}


def _with_tables(make: Make, name: Name) -> dict[str, str]:
    found = _subnets(make, name)
    tables = [make("aws:ec2/routeTable:RouteTable", {"vpcId": found["vpc"]})[0] for _ in range(2)]
    groups = [_group(make, name, found["vpc"]) for _ in range(2)]
    return {**found, "table": tables[0], "other_table": tables[1], "group": groups[0], "other_group": groups[1]}


def _group(make: Make, name: Name, vpc: str) -> str:
    return make("aws:ec2/securityGroup:SecurityGroup", {"name": name("group"), "vpcId": vpc})[0]


def _groups(make: Make, name: Name) -> dict[str, str]:
    vpc = _vpc(make, name)
    return {"vpc": vpc, "one": _group(make, name, vpc), "two": _group(make, name, vpc)}


def _flow_log(make: Make, name: Name) -> dict[str, str]:
    trust = {"Effect": "Allow", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    role = make("aws:iam/role:Role", {"name": name(FLOW_ROLE), "assumeRolePolicy": document})[1]["arn"]
    group = make("aws:cloudwatch/logGroup:LogGroup", {"name": name("group")})[1]["arn"]
    bucket = make("aws:s3/bucket:Bucket", {"bucket": name("bucket"), "forceDestroy": True})[1]["arn"]
    return {**_subnets(make, name), "role": role, "group": group, "bucket": bucket}


def endpoint_policy(action: str) -> str:
    """A policy of an endpoint."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _rule(block: str = "10.9.0.0/16", **more: Any) -> Inputs:
    rule = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": [block], **more}
    return {key: value for key, value in rule.items() if value is not None}


def _authorize(aws: Any, group: str) -> None:
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    aws("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def _tag(aws: Any, resource: str) -> None:
    aws("ec2").create_tags(Resources=[resource], Tags=[{"Key": "who", "Value": "else"}])


def user_data(text: str) -> str:
    """As a launch template takes it."""
    return base64.b64encode(text.encode()).decode()


NETWORK_CASES = (
    Case(
        "aws:ec2/vpc:Vpc",
        inputs=lambda _: {
            "cidrBlock": "10.0.0.0/16",
            "instanceTenancy": "default",
            "enableDnsSupport": True,
            "enableDnsHostnames": True,
            "enableNetworkAddressUsageMetrics": True,
            "tags": {"Name": "one"},
        },
        updates=lambda _: [
            {"enableDnsHostnames": False},
            {"enableDnsSupport": False},
            {"enableNetworkAddressUsageMetrics": False},
            {"tags": {"Name": "two"}},
        ],
        replacement=lambda _: {"cidrBlock": "10.1.0.0/16"},
        drift=lambda aws, vpc, _: aws("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True}),
        drifted="enableDnsHostnames",
        program=Program(
            inputs={"cidrBlock": "10.8.0.0/16", "enableDnsHostnames": False},
            update=Change(path="enable_dns_hostnames", inputs={"enableDnsHostnames": True}),
            replace=Change(path="cidr_block", inputs={"cidrBlock": "10.9.0.0/16"}),
        ),
        drifts=(
            Drift(
                name="network",
                change=lambda aws, held: aws("ec2").modify_vpc_attribute(
                    VpcId=held["id"], EnableDnsHostnames={"Value": False}
                ),
                shows="enableDnsHostnames",
            ),
        ),
        listed=listing.plain("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ),
    Case(
        "aws:ec2/subnet:Subnet",
        before=_vpc,
        inputs=lambda vpc: {
            "vpcId": vpc,
            "cidrBlock": "10.0.0.0/24",
            "availabilityZone": "us-west-2a",
            "mapPublicIpOnLaunch": True,
            "tags": {"Name": "one"},
        },
        updates=lambda _: [{"mapPublicIpOnLaunch": False}, {"tags": {"Name": "two"}}],
        replacement=lambda _: {"availabilityZone": "us-west-2b"},
        variants=lambda vpc: [{"vpcId": vpc, "cidrBlock": "10.0.1.0/24", "availabilityZoneId": "usw2-az1"}],
        drift=lambda aws, subnet, _: aws("ec2").modify_subnet_attribute(
            SubnetId=subnet, MapPublicIpOnLaunch={"Value": True}
        ),
        drifted="mapPublicIpOnLaunch",
        program=Program(
            inputs={"vpcId": inputs.Of("one-vpc"), "cidrBlock": "10.0.8.0/24", "mapPublicIpOnLaunch": False},
            update=Change(path="map_public_ip_on_launch", inputs={"mapPublicIpOnLaunch": True}),
            replace=Change(path="cidr_block", inputs={"cidrBlock": "10.0.9.0/24"}),
        ),
        drifts=(
            Drift(
                name="network-private-us-west-2a",
                change=lambda aws, held: aws("ec2").modify_subnet_attribute(
                    SubnetId=held["id"], MapPublicIpOnLaunch={"Value": True}
                ),
                shows="mapPublicIpOnLaunch",
            ),
        ),
        listed=listing.plain("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ),
    Case(
        "aws:ec2/internetGateway:InternetGateway",
        before=_two_vpcs,
        inputs=lambda vpcs: {"vpcId": vpcs[0], "tags": {"Name": "one"}},
        updates=lambda vpcs: [{"vpcId": vpcs[1]}, {"tags": {"Name": "two"}}],
        variants=lambda _: [{}],
        drift=lambda aws, gateway, vpcs: aws("ec2").detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpcs[1]),
        drifted="vpcId",
        program=Program(
            inputs={"vpcId": inputs.Of("other-vpc")},
            update=Change(path="vpc_id", inputs={"vpcId": inputs.Of("third-vpc")}),
            lacks=inputs.IN_PLACE,
        ),
        drifts=behind.tagged("network-internet"),
        listed=listing.plain("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ),
    Case(
        "aws:ec2/eip:Eip",
        inputs=lambda _: {"domain": "vpc", "tags": {"Name": "one"}},
        updates=lambda _: [{"tags": {"Name": "two"}}],
        replacement=lambda _: {"domain": "standard"},
        drift=lambda aws, address, _: _tag(aws, address),
        drifted="tags",
        program=Program(
            inputs={"domain": "vpc", "tags": inputs.tags("one")},
            update=inputs.retagged(),
            lacks="what replaces it asks for one's own addresses, or those of before VPCs, which AWS no longer gives",
        ),
        drifts=behind.tagged("network-nat-us-west-2a"),
        listed=listing.plain("ec2", "describe_addresses", "Addresses", "AllocationId"),
    ),
    Case(
        "aws:ec2/natGateway:NatGateway",
        before=_with_address,
        inputs=lambda made: {
            "allocationId": made["address"],
            "subnetId": made["one"],
            "connectivityType": "public",
            "tags": {"Name": "one"},
        },
        updates=lambda _: [{"tags": {"Name": "two"}}],
        replacement=lambda made: {"subnetId": made["two"]},
        variants=lambda made: [{"subnetId": made["two"], "connectivityType": "private"}],
        drift=lambda aws, nat, _: _tag(aws, nat),
        drifted="tags",
        program=Program(
            inputs={
                "subnetId": inputs.Of("one-subnet"),
                "allocationId": inputs.Of("one-address"),
                "tags": inputs.tags("one"),
            },
            update=inputs.retagged(),
            replace=Change(
                path="subnet_id",
                inputs={"subnetId": inputs.Of("other-subnet"), "allocationId": inputs.Of("other-address")},
            ),
        ),
        drifts=behind.tagged("network-nat-us-west-2a"),
        listed=listing.nat_gateways,
    ),
    Case(
        "aws:ec2/routeTable:RouteTable",
        before=_two_vpcs,
        inputs=lambda vpcs: {"vpcId": vpcs[0], "tags": {"Name": "one"}},
        updates=lambda _: [{"tags": {"Name": "two"}}],
        replacement=lambda vpcs: {"vpcId": vpcs[1]},
        drift=lambda aws, table, _: _tag(aws, table),
        drifted="tags",
        program=Program(
            inputs={"vpcId": inputs.Of("one-vpc"), "tags": inputs.tags("one")},
            update=inputs.retagged(),
            replace=Change(path="vpc_id", inputs={"vpcId": inputs.Of("other-vpc")}),
        ),
        drifts=behind.tagged("network-public"),
        listed=listing.tables,
    ),
    Case(
        "aws:ec2/route:Route",
        before=_with_nat,
        inputs=lambda made: {
            "routeTableId": made["table"],
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": made["gateway"],
        },
        updates=lambda made: [{"gatewayId": None, "natGatewayId": made["nat"]}],
        replacement=lambda _: {"destinationCidrBlock": "192.0.2.0/24"},
        drift=lambda aws, _id, made: aws("ec2").replace_route(
            RouteTableId=made["table"], DestinationCidrBlock="0.0.0.0/0", GatewayId=made["gateway"]
        ),
        drifted="natGatewayId",
        program=Program(
            inputs={
                "routeTableId": inputs.Of("one-table"),
                "destinationCidrBlock": "198.51.100.0/24",
                "gatewayId": inputs.Of("internet"),
            },
            update=Change(path="nat_gateway_id", inputs={"gatewayId": None, "natGatewayId": inputs.Of("nat")}),
            replace=Change(path="destination_cidr_block", inputs={"destinationCidrBlock": "203.0.113.0/24"}),
        ),
        drifts=(Drift(name="network-private-us-west-2b-out", change=behind.out_directly, shows="gatewayId"),),
        listed=listing.routes,
    ),
    Case(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        before=_with_tables,
        inputs=lambda made: {"routeTableId": made["table"], "subnetId": made["one"]},
        updates=lambda made: [{"routeTableId": made["other_table"]}],
        replacement=lambda made: {"subnetId": made["two"]},
        drift=lambda aws, association, made: aws("ec2").replace_route_table_association(
            AssociationId=association, RouteTableId=made["table"]
        ),
        drifted="routeTableId",
        program=Program(
            inputs={"routeTableId": inputs.Of("one-table"), "subnetId": inputs.Of("one-subnet")},
            update=Change(path="route_table_id", inputs={"routeTableId": inputs.Of("other-table")}),
            replace=Change(path="subnet_id", inputs={"subnetId": inputs.Of("other-subnet")}),
        ),
        drifts=(
            Drift(
                name="network-public-1",
                change=lambda aws, held: aws("ec2").disassociate_route_table(AssociationId=held["id"]),
                gone="an association is never changed: another table for the subnet is another association",
            ),
        ),
        listed=listing.associations,
    ),
    Case(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        before=_with_tables,
        inputs=lambda made: {
            "vpcId": made["vpc"],
            "serviceName": "com.amazonaws.us-west-2.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": [made["table"]],
            "policy": endpoint_policy("s3:GetObject"),
            "tags": {"Name": "one"},
        },
        updates=lambda made: [
            {"routeTableIds": [made["table"], made["other_table"]]},
            {"routeTableIds": [made["other_table"]]},
            {"policy": endpoint_policy("s3:*")},
            {"tags": {"Name": "two"}},
        ],
        replacement=lambda _: {"serviceName": "com.amazonaws.us-west-2.dynamodb"},
        variants=lambda made: [
            {
                "vpcId": made["vpc"],
                "serviceName": "com.amazonaws.us-west-2.logs",
                "vpcEndpointType": "Interface",
                "subnetIds": [made["one"], made["two"]],
                "securityGroupIds": [made["group"]],
                "privateDnsEnabled": True,
            }
        ],
        drift=lambda aws, endpoint, made: aws("ec2").modify_vpc_endpoint(
            VpcEndpointId=endpoint, AddRouteTableIds=[made["table"]]
        ),
        drifted="routeTableIds",
        program=Program(
            inputs={
                "vpcId": inputs.Of("one-vpc"),
                "serviceName": f"com.amazonaws.{inputs.REGION}.s3",
                "vpcEndpointType": "Gateway",
                "routeTableIds": [inputs.Of("one-table")],
            },
            update=Change(path="route_table_ids", inputs={"routeTableIds": [inputs.Of("other-table")]}),
            replace=Change(path="service_name", inputs={"serviceName": f"com.amazonaws.{inputs.REGION}.dynamodb"}),
        ),
        drifts=(
            Drift(
                name="network-s3",
                change=lambda aws, held: aws("ec2").modify_vpc_endpoint(
                    VpcEndpointId=held["id"], RemoveRouteTableIds=held["routeTableIds"][:1]
                ),
                shows="routeTableIds",
            ),
        ),
        listed=listing.endpoints,
    ),
    Case(
        "aws:ec2/flowLog:FlowLog",
        before=_flow_log,
        inputs=lambda made: {
            "vpcId": made["vpc"],
            "trafficType": "ALL",
            "logDestinationType": "cloud-watch-logs",
            "logDestination": made["group"],
            "iamRoleArn": made["role"],
            "logFormat": FORMAT,
            "maxAggregationInterval": 60,
            "tags": {"Name": "one"},
        },
        updates=lambda _: [{"tags": {"Name": "two"}}],
        replacement=lambda _: {"maxAggregationInterval": 600},
        variants=lambda made: [
            {
                "subnetId": made["one"],
                "trafficType": "REJECT",
                "logDestinationType": "s3",
                "logDestination": f"{made['bucket']}/flows",
            },
            {
                "vpcId": made["vpc"],
                "trafficType": "ALL",
                "logDestination": f"{made['group']}:*",
                "iamRoleArn": made["role"],
            },
        ],
        drift=lambda aws, flow_log, _: _tag(aws, flow_log),
        drifted="tags",
        unsent={"eniId": "interfaces are made by AWS for what the program makes: its own test"},
        program=Program(
            inputs={
                "vpcId": inputs.Of("one-vpc"),
                "trafficType": "ALL",
                "logDestination": inputs.Of("one-log", "arn"),
                "iamRoleArn": inputs.Of("flow-role", "arn"),
                "tags": inputs.tags("one"),
            },
            update=inputs.retagged(),
            replace=Change(path="log_destination", inputs={"logDestination": inputs.Of("other-log", "arn")}),
        ),
        drifts=behind.tagged("network-flow-log"),
        listed=listing.plain("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    ),
)


def _rule_case(direction: str, *, program: Program, drifts: tuple[Drift, ...]) -> Case:
    return Case(
        f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule",
        before=_groups,
        inputs=lambda made: {
            "securityGroupId": made["one"],
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrIpv4": "10.0.0.0/16",
            "description": "first",
            "tags": {"Name": "one"},
        },
        updates=lambda _: [
            {"cidrIpv4": "10.1.0.0/16"},
            {"description": "second"},
            {"toPort": 444},
            {"ipProtocol": "-1", "fromPort": None, "toPort": None},
            {"description": None},
            {"tags": {"Name": "two"}},
        ],
        replacement=lambda made: {"securityGroupId": made["two"]},
        variants=lambda made: [
            {"securityGroupId": made["one"], "ipProtocol": "-1", "cidrIpv6": "2001:db8::/32"},
            {
                "securityGroupId": made["one"],
                "ipProtocol": "tcp",
                "fromPort": 1,
                "toPort": 2,
                "referencedSecurityGroupId": made["two"],
            },
        ],
        drift=lambda aws, rule, _: _tag(aws, rule),
        drifted="tags",
        unsent={"prefixListId": "prefix lists are AWS's own: its own test"},
        program=program,
        drifts=drifts,
        listed=listing.group_rules(egress=direction == "Egress"),
    )


GROUP_CASES = (
    Case(
        "aws:ec2/securityGroup:SecurityGroup",
        before=_groups,
        inputs=lambda made: {
            "name": "provider-case",
            "description": "first",
            "vpcId": made["vpc"],
            "ingress": [_rule(description="in"), _rule(cidrBlocks=None, self=True, securityGroups=[made["one"]])],
            "egress": [
                {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"], "description": "out"}
            ],
            "revokeRulesOnDelete": False,
            "tags": {"Name": "one"},
        },
        updates=lambda _: [
            {"ingress": [_rule("10.8.0.0/16")]},
            {"egress": [_rule(ipv6CidrBlocks=["2001:db8::/32"])]},
            {"ingress": []},
            {"revokeRulesOnDelete": True},
            {"tags": {"Name": "two"}},
        ],
        replacement=lambda _: {"description": "second"},
        variants=lambda made: [
            {"namePrefix": "provider-case-", "vpcId": made["vpc"]},
            {
                "vpcId": made["vpc"],
                "name": "provider-case-2",
                "ingress": [_rule(ipv6CidrBlocks=["2001:db8::/32"])],
                "egress": [_rule(self=True, securityGroups=[made["two"]])],
            },
        ],
        drift=lambda aws, group, _: _authorize(aws, group),
        drifted="ingress",
        unsent={
            "ingress.prefixListIds": "prefix lists are AWS's own: its own test",
            "egress.prefixListIds": "as above",
        },
        program=Program(
            inputs={"vpcId": inputs.Of("one-vpc"), "name": "types-group", "tags": inputs.tags("one")},
            update=inputs.retagged(),
            replace=Change(path="name", inputs={"name": "types-group-renamed"}),
        ),
        drifts=behind.tagged("staging-hosts"),
        listed=listing.groups(default=False),
    ),
    Case(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        before=_groups,
        inputs=lambda made: {"vpcId": made["vpc"], "ingress": [], "egress": [], "revokeRulesOnDelete": False},
        updates=lambda made: [
            {"ingress": [_rule(description="in", self=True, securityGroups=[made["one"]])]},
            {"egress": [_rule(description="out", ipv6CidrBlocks=["2001:db8::/32"])]},
            {
                "egress": [_rule(self=True, securityGroups=[made["one"]])],
                "ingress": [_rule(ipv6CidrBlocks=["::/0"])],
            },
            {"egress": []},
            {"ingress": []},
            {"revokeRulesOnDelete": True},
            {"tags": {"Name": "two"}},
        ],
        replacement=lambda _: {"vpcId": "vpc-0000"},
        drift=lambda aws, group, _: _authorize(aws, group),
        drifted="ingress",
        stays=True,
        unsent={
            "ingress.prefixListIds": "prefix lists are AWS's own: its own test",
            "egress.prefixListIds": "as above",
        },
        program=Program(
            inputs={"vpcId": inputs.Of("one-vpc"), "ingress": [], "egress": []},
            update=Change(
                path="ingress",
                inputs={"ingress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}]},
            ),
            replace=Change(path="vpc_id", inputs={"vpcId": inputs.Of("other-vpc")}),
        ),
        drifts=(Drift(name="network-default", change=behind.open_group, shows="ingress"),),
        listed=listing.groups(default=True),
    ),
    _rule_case(
        "Ingress",
        program=Program(
            inputs={
                "securityGroupId": inputs.Of("one-group"),
                "referencedSecurityGroupId": inputs.Of("other-group"),
                "ipProtocol": "tcp",
                **inputs.let_in(5432),
            },
            update=Change(path="from_port", inputs=inputs.let_in(5433)),
            replace=Change(path="security_group_id", inputs={"securityGroupId": inputs.Of("other-group")}),
        ),
        drifts=behind.tagged("staging-database-from-jobs"),
    ),
    _rule_case(
        "Egress",
        program=Program(
            inputs={"securityGroupId": inputs.Of("one-group"), "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"},
            update=Change(path="cidr_ipv4", inputs={"cidrIpv4": "10.0.0.0/8"}),
            replace=Change(path="security_group_id", inputs={"securityGroupId": inputs.Of("other-group")}),
        ),
        drifts=(
            Drift(
                name="staging-hosts-out",
                change=lambda aws, held: aws("ec2").modify_security_group_rules(
                    GroupId=held["securityGroupId"],
                    SecurityGroupRules=[{"SecurityGroupRuleId": held["id"], "SecurityGroupRule": behind.ELSEWHERE}],
                ),
                shows="cidrIpv4",
            ),
        ),
    ),
)


def _open_to_logs() -> str:
    principals = ({"AWS": f"arn:aws:iam::{DEV}:root"}, {"Service": "logs.us-west-2.amazonaws.com"})
    statements = [{"Effect": "Allow", "Principal": one, "Action": "kms:*", "Resource": "*"} for one in principals]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


OTHER_CASES = (
    Case(
        "aws:cloudwatch/logGroup:LogGroup",
        before=lambda make, _: make("aws:kms/key:Key", {"description": "logs", "policy": _open_to_logs()})[1]["arn"],
        inputs=lambda _: {"name": "/provider/case", "retentionInDays": 7, "skipDestroy": False, "tags": {"a": "1"}},
        updates=lambda key: [
            {"retentionInDays": 14},
            {"retentionInDays": 0},
            {"kmsKeyId": key},
            {"kmsKeyId": None},
            {"skipDestroy": None},
            {"tags": {"b": "2"}},
        ],
        replacement=lambda _: {"name": "/provider/other"},
        variants=lambda _: [{"namePrefix": "/provider/case-"}],
        drift=lambda aws, name, _: aws("logs").put_retention_policy(logGroupName=name, retentionInDays=30),
        drifted="retentionInDays",
        program=Program(
            inputs={"name": "types-log", "retentionInDays": 7},
            update=Change(path="retention_in_days", inputs={"retentionInDays": 14}),
            replace=Change(path="name", inputs={"name": "types-log-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-machine",
                change=lambda aws, held: aws("logs").put_retention_policy(logGroupName=held["name"], retentionInDays=1),
                shows="retentionInDays",
            ),
        ),
        listed=listing.plain("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ),
    Case(
        "aws:ec2/launchTemplate:LaunchTemplate",
        before=_groups,
        inputs=lambda made: {
            "name": "provider-case",
            "description": "first",
            "updateDefaultVersion": True,
            "blockDeviceMappings": [
                {
                    "deviceName": "/dev/xvda",
                    "ebs": {
                        "encrypted": "true",
                        "deleteOnTermination": "true",
                        "volumeType": "gp3",
                        "volumeSize": 100,
                        "iops": 3000,
                        "throughput": 125,
                    },
                },
                {"deviceName": "/dev/xvdb", "virtualName": "ephemeral0"},
            ],
            "ebsOptimized": "true",
            "iamInstanceProfile": {"name": "provider-case"},
            "imageId": "ami-12345678",
            "instanceType": "m6i.large",
            "keyName": "key",
            "metadataOptions": {
                "httpEndpoint": "enabled",
                "httpTokens": "required",
                "httpPutResponseHopLimit": 1,
                "httpProtocolIpv6": "disabled",
                "instanceMetadataTags": "disabled",
            },
            "monitoring": {"enabled": True},
            "tagSpecifications": [{"resourceType": "instance", "tags": {"Name": "one"}}],
            "userData": user_data("first"),
            "vpcSecurityGroupIds": [made["one"]],
            "tags": {"Name": "one"},
        },
        updates=lambda made: [
            {"userData": user_data("second")},
            {"description": "second"},
            {"metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 2}},
            {"iamInstanceProfile": {"arn": "arn:aws:iam::908710317728:instance-profile/case"}},
            {"vpcSecurityGroupIds": [made["two"]]},
            {"updateDefaultVersion": None, "defaultVersion": 2},
            {"defaultVersion": None},
            {"tags": {"Name": "two"}},
        ],
        replacement=lambda _: {"name": "provider-case-other"},
        variants=lambda _: [
            {"namePrefix": "provider-case-"},
            {
                "name": "provider-case-disks",
                "blockDeviceMappings": [
                    {"deviceName": "/dev/xvda", "noDevice": "true"},
                    {
                        "deviceName": "/dev/xvdb",
                        "ebs": {
                            "snapshotId": "snap-12345678",
                            "kmsKeyId": "alias/aws/ebs",
                            "volumeInitializationRate": 100,
                        },
                    },
                ],
            },
        ],
        drift=lambda aws, template, _: aws("ec2").create_launch_template_version(
            LaunchTemplateId=template, LaunchTemplateData={"InstanceType": "m6i.xlarge"}
        ),
        drifted="instanceType",
        unread=("updateDefaultVersion",),
        program=Program(
            inputs={"name": "types-template", "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "optional"}},
            update=Change(
                path="metadata_options.http_tokens",
                inputs={"metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required"}},
            ),
            replace=Change(path="name", inputs={"name": "types-template-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-spot-",
                change=lambda aws, held: aws("ec2").create_launch_template_version(
                    LaunchTemplateId=held["id"],
                    LaunchTemplateData={"MetadataOptions": {"HttpTokens": "optional"}},
                ),
                shows="metadataOptions",
            ),
        ),
        listed=listing.plain("ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId"),
    ),
    Case(
        "aws:iam/serviceLinkedRole:ServiceLinkedRole",
        inputs=lambda _: {"awsServiceName": "spot.amazonaws.com", "description": "first", "tags": {"a": "1"}},
        updates=lambda _: [{"description": "second"}, {"tags": {"b": "2"}}],
        replacement=lambda _: {"awsServiceName": "spotfleet.amazonaws.com"},
        variants=lambda _: [{"awsServiceName": "autoscaling.amazonaws.com", "customSuffix": "provider"}],
        drift=lambda aws, arn, _: aws("iam").update_role(RoleName=arn.rsplit("/", 1)[-1], Description="else"),
        drifted="description",
    ),
)
CASES = (*NETWORK_CASES, *GROUP_CASES, *OTHER_CASES)
