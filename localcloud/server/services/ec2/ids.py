"""Ids that are none: AWS answers another code for them than for ids of what isn't there, before it looks for anything.

Source: the EC2 API reference, "Error codes". An id is its kind, a hyphen, and 8 or 17 hexadecimal digits.
"""

from __future__ import annotations

import re
from typing import Final

from localcloud.server.call import HOOKS, Call, Refusal

KINDS: Final = {
    "DhcpOptionsId": ("dopt", "InvalidDhcpOptionsId.Malformed"),
    "GroupId": ("sg", "InvalidGroupId.Malformed"),
    "InternetGatewayId": ("igw", "InvalidInternetGatewayId.Malformed"),
    "LaunchTemplateId": ("lt", "InvalidLaunchTemplateId.Malformed"),
    "NatGatewayId": ("nat", "NatGatewayMalformed"),
    "NetworkAclId": ("acl", "InvalidNetworkAclId.Malformed"),
    "NetworkInterfaceId": ("eni", "InvalidNetworkInterfaceId.Malformed"),
    "PrefixListId": ("pl", "InvalidPrefixListId.Malformed"),
    "RouteTableId": ("rtb", "InvalidRouteTableId.Malformed"),
    "SecurityGroupRuleId": ("sgr", "InvalidSecurityGroupRuleId.Malformed"),
    "SubnetId": ("subnet", "InvalidSubnetID.Malformed"),
    "VpcEndpointId": ("vpce", "InvalidVpcEndpointId.Malformed"),
    "VpcId": ("vpc", "InvalidVpcID.Malformed"),
}
"""The beginning of a kind's ids and the code for what is none, by the parameter that takes them (which may be in the
plural, and begin with Add or Remove)."""
CHECKED: Final = (
    "AssociateRouteTable", "AttachInternetGateway", "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress",
    "CreateLaunchTemplateVersion", "CreateNatGateway", "CreateRoute", "CreateRouteTable", "CreateSecurityGroup",
    "CreateSubnet", "CreateVpcEndpoint", "DeleteInternetGateway", "DeleteLaunchTemplate", "DeleteNatGateway",
    "DeleteRoute", "DeleteRouteTable", "DeleteSecurityGroup", "DeleteSubnet", "DeleteVpc", "DeleteVpcEndpoints",
    "DescribeDhcpOptions", "DescribeInternetGateways", "DescribeLaunchTemplateVersions", "DescribeLaunchTemplates",
    "DescribeManagedPrefixLists", "DescribeNatGateways", "DescribeNetworkAcls", "DescribeNetworkInterfaces",
    "DescribeRouteTables", "DescribeSecurityGroupRules", "DescribeSecurityGroups", "DescribeSubnets",
    "DescribeVpcAttribute", "DescribeVpcEndpoints", "DescribeVpcs", "DetachInternetGateway", "ModifyLaunchTemplate",
    "ModifySecurityGroupRules", "ModifySubnetAttribute", "ModifyVpcAttribute",
    "ModifyVpcEndpoint", "ReplaceRoute", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress",
)  # fmt: skip


@HOOKS.before("ec2", *CHECKED)
def well_formed(call: Call) -> None:
    for name, value in call.params.items():
        kind = re.sub(r"^(Add|Remove)?(Security(?=GroupIds))?", "", name).removesuffix("s")
        if kind in KINDS:
            _check(*KINDS[kind], value if isinstance(value, list) else [value])


def _check(start: str, code: str, given: list[str]) -> None:
    for one in given:
        if not re.fullmatch(rf"{start}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", one):
            raise Refusal(code, f'Invalid id: "{one}" (expecting "{start}-...")')
