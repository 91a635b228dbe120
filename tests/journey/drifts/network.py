"""Networks. Some of their parts are what they are once they are made: of those AWS changes but the tags."""

from __future__ import annotations

from typing import Any

from tests.journey.drifts.kind import Aws, Drift, Drifts, Held

ELSEWHERE = {"CidrIpv4": "10.0.0.0/8", "IpProtocol": "-1"}


def tagged(name: str) -> tuple[Drift]:
    """Somebody else's tag."""
    tags = [{"Key": "who", "Value": "else"}]
    return (
        Drift(
            name=name,
            change=lambda aws, held: aws("ec2").create_tags(Resources=[held["id"]], Tags=tags),
            shows="tags",
        ),
    )


def open_group(aws: Aws, held: Held) -> None:
    opened = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    aws("ec2").authorize_security_group_ingress(GroupId=held["id"], IpPermissions=[opened])


def out_directly(aws: Aws, held: Held) -> None:
    """The private subnets' way out by the internet gateway instead."""
    [gateway] = [one["InternetGatewayId"] for one in internet_gateways(aws)]
    route = {"RouteTableId": held["routeTableId"], "DestinationCidrBlock": held["destinationCidrBlock"]}
    aws("ec2").replace_route(**route, GatewayId=gateway)


def internet_gateways(aws: Aws) -> list[dict[str, Any]]:
    return [one for one in aws("ec2").describe_internet_gateways()["InternetGateways"] if one["Attachments"]]


DRIFTS: Drifts = {
    "aws:ec2/vpc:Vpc": (
        Drift(
            name="network",
            change=lambda aws, held: aws("ec2").modify_vpc_attribute(
                VpcId=held["id"], EnableDnsHostnames={"Value": False}
            ),
            shows="enableDnsHostnames",
        ),
    ),
    "aws:ec2/subnet:Subnet": (
        Drift(
            name="network-private-us-west-2a",
            change=lambda aws, held: aws("ec2").modify_subnet_attribute(
                SubnetId=held["id"], MapPublicIpOnLaunch={"Value": True}
            ),
            shows="mapPublicIpOnLaunch",
        ),
    ),
    "aws:ec2/internetGateway:InternetGateway": tagged("network-internet"),
    "aws:ec2/eip:Eip": tagged("network-nat-us-west-2a"),
    "aws:ec2/natGateway:NatGateway": tagged("network-nat-us-west-2a"),
    "aws:ec2/routeTable:RouteTable": tagged("network-public"),
    "aws:ec2/flowLog:FlowLog": tagged("network-flow-log"),
    "aws:ec2/securityGroup:SecurityGroup": tagged("staging-hosts"),
    "aws:ec2/route:Route": (Drift(name="network-private-us-west-2b-out", change=out_directly, shows="gatewayId"),),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": (
        Drift(
            name="network-public-1",
            change=lambda aws, held: aws("ec2").disassociate_route_table(AssociationId=held["id"]),
            gone="an association is never changed: another table for the subnet is another association",
        ),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        Drift(
            name="network-s3",
            change=lambda aws, held: aws("ec2").modify_vpc_endpoint(
                VpcEndpointId=held["id"], RemoveRouteTableIds=held["routeTableIds"][:1]
            ),
            shows="routeTableIds",
        ),
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": (
        Drift(name="network-default", change=open_group, shows="ingress"),
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (
        Drift(
            name="staging-hosts-out",
            change=lambda aws, held: aws("ec2").modify_security_group_rules(
                GroupId=held["securityGroupId"],
                SecurityGroupRules=[{"SecurityGroupRuleId": held["id"], "SecurityGroupRule": ELSEWHERE}],
            ),
            shows="cidrIpv4",
        ),
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": (
        Drift(
            name="staging-spot-",
            change=lambda aws, held: aws("ec2").create_launch_template_version(
                LaunchTemplateId=held["id"],
                LaunchTemplateData={"MetadataOptions": {"HttpTokens": "optional"}},
            ),
            shows="metadataOptions",
        ),
    ),
}
