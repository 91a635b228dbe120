"""The networks that clusters are in: their subnets and security groups, and the group that EKS makes for each.

AWS facts: EKS keeps network interfaces in the subnets of a cluster; what an interface uses can't be deleted.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any

from localcloud.server import service_calls
from localcloud.server.call import HOOKS, Call, Params, Refusal

from .model import Cluster, region_of
from .refusals import invalid

LOG = logging.getLogger(__name__)


def ec2(account: str, region: str, operation: str, params: Params) -> Params:
    """What EKS asks or does of its own accord."""
    caller = service_calls.service("eks.amazonaws.com", account)
    return service_calls.perform(caller, "ec2", operation, params, region, by_itself=True)


def vpc_of(call: Call, subnet_ids: list[str], group_ids: list[str]) -> str:
    """The VPC of the subnets, which are in at least two zones, and of the groups. Raises Refusal."""
    subnets = _all(call, "DescribeSubnets", "SubnetIds", "Subnets", subnet_ids)
    if not subnets:
        raise invalid("subnetIds: a cluster needs subnets.")
    vpcs = {one["VpcId"] for one in subnets}
    if len(vpcs) > 1:
        raise invalid(f"Subnets must belong to one VPC; these belong to {', '.join(sorted(vpcs))}.")
    if len({one["AvailabilityZone"] for one in subnets}) < 2:
        raise invalid("Subnets specified must be in at least two different AZs")
    vpc = vpcs.pop()
    for group in _all(call, "DescribeSecurityGroups", "GroupIds", "SecurityGroups", group_ids):
        if group["VpcId"] != vpc:
            raise invalid(f"Security group {group['GroupId']} must belong to the VPC {vpc}.")
    return vpc


def _all(call: Call, operation: str, parameter: str, member: str, ids: list[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    try:
        return ec2(call.account, call.region, operation, {parameter: ids})[member]
    except Refusal as refusal:
        raise invalid(refusal.message) from refusal


def cidrs_of(call: Call, vpc: str) -> list[str]:
    described = ec2(call.account, call.region, "DescribeVpcs", {"VpcIds": [vpc]})["Vpcs"][0]
    return [one["CidrBlock"] for one in described.get("CidrBlockAssociationSet") or [described]]


def make_security_group(call: Call, name: str, vpc: str) -> str:
    """The cluster's own group: its nodes and its control plane, which may reach each other."""
    tags = {"Name": f"eks-cluster-sg-{name}", f"kubernetes.io/cluster/{name}": "owned"}
    tagged = [{"Key": key, "Value": value} for key, value in tags.items()]
    params = {
        "GroupName": f"eks-cluster-sg-{name}-{uuid.uuid4().int % 10**9}",
        "Description": "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
        "as well as any managed workloads.",
        "VpcId": vpc,
        "TagSpecifications": [{"ResourceType": "security-group", "Tags": tagged}],
    }
    group = str(ec2(call.account, call.region, "CreateSecurityGroup", params)["GroupId"])
    rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    ec2(call.account, call.region, "AuthorizeSecurityGroupIngress", {"GroupId": group, "IpPermissions": [rule]})
    return group


def delete_security_group(cluster: Cluster) -> None:
    """One that others still name stays, as on AWS."""
    try:
        ec2(cluster.account, cluster.region, "DeleteSecurityGroup", {"GroupId": cluster.security_group})
    except Refusal as refusal:
        LOG.warning("EKS cluster %s: its security group stays: %s", cluster.name, refusal.message)


def _settings_of_all(call: Call) -> list[dict[str, Any]]:
    return [one.settings["resourcesVpcConfig"] for one in region_of(call).clusters.values() if one.gone_at is None]


@HOOKS.before("ec2", "DeleteSecurityGroup")
def group_in_use(call: Call) -> None:
    group = call.params.get("GroupId")
    if any(group in (*one["securityGroupIds"], one["clusterSecurityGroupId"]) for one in _settings_of_all(call)):
        raise Refusal("DependencyViolation", f"resource {group} has a dependent object")


@HOOKS.before("ec2", "DeleteSubnet")
def subnet_in_use(call: Call) -> None:
    subnet = call.params.get("SubnetId")
    if any(subnet in one["subnetIds"] for one in _settings_of_all(call)):
        raise Refusal("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted.")
