"""EC2 and its networks: what AWS refuses and moto takes, and what moto loses.

AWS fact: what a call makes is tagged by CreateTags, which must be allowed for that call (``ec2:CreateAction``).
moto's EC2 reads 0.9 s of data, so it is imported at the first call.
"""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.server.access.permission import Permission
from localcloud.server.call import Call
from localcloud.server.permissions import declared, on, tags
from localcloud.server.service import Service, imported_late

from .validation import invalid_parameter

STORE = "localcloud.server.services.ec2.store"
EC2 = "arn:aws:ec2:{region}:{account}:"


def _permissions(call: Call) -> list[Permission]:
    return [*declared(SERVICE, call), *_tagged(call)]


def _tagged(call: Call) -> Iterator[Permission]:
    for specification in call.params.get("TagSpecifications", []):
        context = {**tags(specification), "ec2:CreateAction": [call.operation]}
        arn = f"arn:aws:ec2:{call.region}:{call.account}:{specification['ResourceType']}/*"
        yield on(call, "ec2:CreateTags", arn, context)


def _on(*resources: str) -> tuple[str, ...]:
    return tuple(EC2 + resource for resource in resources)


SERVICE = Service(
    name="ec2",
    operations={
        ("*",): """DescribeAccountAttributes DescribeAddresses DescribeAddressesAttribute DescribeAvailabilityZones
            DescribeFlowLogs DescribeImages
            DescribeInstanceTypeOfferings DescribeInstanceTypes DescribeInstances DescribeInternetGateways
            DescribeLaunchTemplateVersions DescribeLaunchTemplates DescribeManagedPrefixLists DescribeNatGateways
            DescribeNetworkAcls
            DescribeNetworkInterfaces DescribePrefixLists DescribeRegions DescribeRouteTables
            DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets DescribeTags DescribeVpcAttribute
            DescribeVpcEndpointServices DescribeVpcEndpoints DescribeVpcs""",
        _on("vpc/*"): "CreateVpc",
        _on("vpc/{VpcId}"): "DeleteVpc ModifyVpcAttribute ModifyVpcTenancy",
        _on("subnet/*", "vpc/{VpcId}"): "CreateSubnet",
        _on("subnet/{SubnetId}"): "DeleteSubnet ModifySubnetAttribute",
        _on("route-table/*", "vpc/{VpcId}"): "CreateRouteTable",
        _on("route-table/{RouteTableId}"): "CreateRoute DeleteRoute DeleteRouteTable ReplaceRoute",
        _on("route-table/{RouteTableId}", "subnet/{SubnetId}"): "AssociateRouteTable",
        _on("route-table/{RouteTableId}", "route-table/*"): "ReplaceRouteTableAssociation",
        _on("route-table/*"): "DisassociateRouteTable",
        _on("elastic-ip/*"): "AllocateAddress",
        _on("elastic-ip/{AllocationId}"): "ReleaseAddress",
        _on("natgateway/*", "subnet/{SubnetId}", "elastic-ip/{AllocationId}"): "CreateNatGateway",
        _on("natgateway/{NatGatewayId}"): "DeleteNatGateway",
        _on("vpc-flow-log/*", "*/{ResourceIds}"): "CreateFlowLogs",
        _on("vpc-flow-log/{FlowLogIds}"): "DeleteFlowLogs",
        _on("internet-gateway/*"): "CreateInternetGateway",
        _on("internet-gateway/{InternetGatewayId}"): "DeleteInternetGateway",
        _on("internet-gateway/{InternetGatewayId}", "vpc/{VpcId}"): "AttachInternetGateway DetachInternetGateway",
        _on("security-group/*", "vpc/{VpcId}"): "CreateSecurityGroup",
        _on("security-group/{GroupId}"): """AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress
            DeleteSecurityGroup ModifySecurityGroupRules RevokeSecurityGroupEgress RevokeSecurityGroupIngress""",
        _on("vpc-endpoint/*", "vpc/{VpcId}"): "CreateVpcEndpoint",
        _on("vpc-endpoint/{VpcEndpointIds}"): "DeleteVpcEndpoints",
        _on("vpc-endpoint/{VpcEndpointId}"): "ModifyVpcEndpoint",
        _on("prefix-list/{PrefixListId}"): "GetManagedPrefixListEntries",
        _on("launch-template/*"): "CreateLaunchTemplate",
        _on("launch-template/{LaunchTemplateId}"): """CreateLaunchTemplateVersion DeleteLaunchTemplate
            ModifyLaunchTemplate""",
        _on("*/{Resources}"): "CreateTags DeleteTags",
    },
    passed_roles={"CreateFlowLogs": {"DeliverLogsPermissionArn": "vpc-flow-logs.amazonaws.com"}},
    permissions=_permissions,
    sets=("ec2:CreateAction",),
    principals=("vpc-flow-logs.amazonaws.com",),
    resource=imported_late(STORE, "resource"),
    inventory=imported_late(STORE, "inventory"),
    invalid=invalid_parameter,
    modules=("operations",),
    loads_late=True,
)
