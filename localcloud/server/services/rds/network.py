"""The networks that clusters are in: security groups that exist, and neither they nor subnets taken from below them.

AWS facts: RDS keeps network interfaces in the subnets of its instances; what an interface uses can't be deleted.
"""

from __future__ import annotations

from localcloud.server import registry
from localcloud.server.call import HOOKS, Call, Refusal

from .model import region_of


@HOOKS.before("rds", "CreateDBCluster", "ModifyDBCluster", "RestoreDBClusterFromSnapshot")
def security_groups_exist(call: Call) -> None:
    for group_id in call.params.get("VpcSecurityGroupIds") or []:
        if registry.resource(f"arn:aws:ec2:{call.region}:{call.account}:security-group/{group_id}") is None:
            raise Refusal("InvalidParameterValue", f"Invalid security group , groupId= {group_id}, groupName=")


@HOOKS.before("ec2", "DeleteSecurityGroup")
def group_in_use(call: Call) -> None:
    group_id = call.params.get("GroupId")
    for cluster in region_of(call).clusters.values():
        if group_id in cluster.settings["VpcSecurityGroupIds"] and cluster.instances:
            raise Refusal("DependencyViolation", f"resource {group_id} has a dependent object")


@HOOKS.before("ec2", "DeleteSubnet")
def subnet_in_use(call: Call) -> None:
    region, subnet_id = region_of(call), call.params.get("SubnetId")
    for cluster in region.clusters.values():
        zones = {zone for one, zone in region.subnet_group(cluster.subnet_group).subnets if one == subnet_id}
        if zones & {instance.zone for instance in cluster.instances}:
            text = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            raise Refusal("DependencyViolation", text)
