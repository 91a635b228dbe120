"""Of a network: the ``Describe`` calls of EC2.

EC2 attaches the tags in the call that makes the thing, so what has been made has them. A default security group is made
with its VPC and gets its tags last: without them its creation was not carried out to the end, and is repeated. Deleted
NAT gateways and endpoints stay visible for an hour.
"""

from __future__ import annotations

from typing import Final

from portal.recovery.lookup import Lookup


def _ec2(call: str, items: str, id_: str, *, tags: str = "Tags", **same: str) -> Lookup:
    return Lookup(service="ec2", call=call, items=items, id=id_, same=same, tags=tags)


def _rule(*, egress: bool) -> Lookup:
    return _ec2(
        "describe_security_group_rules",
        f"SecurityGroupRules[?IsEgress==`{str(egress).lower()}`]",
        "SecurityGroupRuleId",
        securityGroupId="GroupId",
        ipProtocol="IpProtocol",
        cidrIpv4="CidrIpv4",
        cidrIpv6="CidrIpv6",
        prefixListId="PrefixListId",
        referencedSecurityGroupId="ReferencedGroupInfo.GroupId",
        fromPort="FromPort >= `0` && FromPort || `null`",
        toPort="ToPort >= `0` && ToPort || `null`",
    )


LOOKUPS: Final[dict[str, Lookup]] = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _ec2(
        "describe_security_groups", "SecurityGroups[?GroupName=='default']", "GroupId", vpcId="VpcId"
    ),
    "aws:ec2/eip:Eip": _ec2("describe_addresses", "Addresses", "AllocationId", domain="Domain"),
    "aws:ec2/flowLog:FlowLog": _ec2(
        "describe_flow_logs",
        "FlowLogs",
        "FlowLogId",
        vpcId="starts_with(ResourceId, 'vpc-') && ResourceId || `null`",
        subnetId="starts_with(ResourceId, 'subnet-') && ResourceId || `null`",
        eniId="starts_with(ResourceId, 'eni-') && ResourceId || `null`",
        trafficType="TrafficType",
    ),
    # Attached to its VPC in a second call: that it isn't yet does not tell it apart.
    "aws:ec2/internetGateway:InternetGateway": _ec2(
        "describe_internet_gateways", "InternetGateways", "InternetGatewayId"
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": _ec2(
        "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId", name="LaunchTemplateName"
    ),
    "aws:ec2/natGateway:NatGateway": _ec2(
        "describe_nat_gateways",
        "NatGateways[?State=='pending' || State=='available']",
        "NatGatewayId",
        subnetId="SubnetId",
    ),
    "aws:ec2/routeTable:RouteTable": _ec2("describe_route_tables", "RouteTables", "RouteTableId", vpcId="VpcId"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _ec2(
        "describe_route_tables",
        "RouteTables[].Associations[]",
        "RouteTableAssociationId",
        tags="",
        routeTableId="RouteTableId",
        subnetId="SubnetId",
    ),
    "aws:ec2/securityGroup:SecurityGroup": _ec2(
        "describe_security_groups",
        "SecurityGroups[?GroupName!='default']",
        "GroupId",
        vpcId="VpcId",
        name="GroupName",
        description="Description",
    ),
    "aws:ec2/subnet:Subnet": _ec2("describe_subnets", "Subnets", "SubnetId", vpcId="VpcId", cidrBlock="CidrBlock"),
    "aws:ec2/vpc:Vpc": _ec2("describe_vpcs", "Vpcs", "VpcId", cidrBlock="CidrBlock"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _ec2(
        "describe_vpc_endpoints",
        "VpcEndpoints[?State!='deleted' && State!='deleting' && State!='Deleted' && State!='Deleting']",
        "VpcEndpointId",
        vpcId="VpcId",
        serviceName="ServiceName",
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule(egress=True),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule(egress=False),
}
