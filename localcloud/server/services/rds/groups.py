"""Subnet groups and cluster parameter groups.

AWS facts: names are kept in small letters; a subnet group covers two zones of one VPC; a group that is in use can't be
deleted; the default group of a family is AWS's own.
"""

from __future__ import annotations

import re
from typing import Any

from localcloud.server import service_calls
from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import lifecycle, parameters, versions
from .model import ParameterGroup, Region, SubnetGroup, region_of, tags_of
from .refusals import combination, invalid

MOST_PARAMETERS = 20
FEWEST_ZONES = 2


@HOOKS.instead("rds", "CreateDBSubnetGroup")
def create_subnet_group(call: Call) -> Params:
    region, name = region_of(call), call.params["DBSubnetGroupName"].lower()
    if name == "default":
        raise invalid("The DB subnet group name 'default' is reserved.")
    if not re.fullmatch(r"[a-z0-9 ._-]{1,255}", name):
        raise invalid(f"The DB subnet group name {name} is not valid.")
    if name in region.subnet_groups:
        raise Refusal("DBSubnetGroupAlreadyExists", f"The DB subnet group '{name}' already exists.")
    subnets, vpc = _subnets(call)
    subnet_group = region.subnet_groups[name] = SubnetGroup(
        name=name,
        arn=region.arn("subgrp", name),
        description=call.params["DBSubnetGroupDescription"],
        vpc_id=vpc,
        subnets=subnets,
        tags=tags_of(call),
    )
    return {"DBSubnetGroup": subnet_group.described()}


def _subnets(call: Call) -> tuple[list[tuple[str, str]], str]:
    """Each with its zone, and the VPC that they are in."""
    subnets: list[Params] = []
    rds = service_calls.service("rds.amazonaws.com", call.account)
    for one in call.params["SubnetIds"]:
        try:
            wanted = {"SubnetIds": [one]}
            subnets += service_calls.perform(rds, "ec2", "DescribeSubnets", wanted, call.region, by_itself=True)[
                "Subnets"
            ]
        except Refusal as refusal:
            raise Refusal("InvalidSubnet", f"Subnet IDs are required to exist: {one}") from refusal
    if len({one["VpcId"] for one in subnets}) > 1:
        raise Refusal("InvalidSubnet", "The subnets are not all in the same VPC.")
    if len({one["AvailabilityZone"] for one in subnets}) < FEWEST_ZONES:
        text = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
        zones = ", ".join(sorted({one["AvailabilityZone"] for one in subnets}))
        text += f"{zones}. Add subnets to cover at least {FEWEST_ZONES} AZs."
        raise Refusal("DBSubnetGroupDoesNotCoverEnoughAZs", text)
    return [(one["SubnetId"], one["AvailabilityZone"]) for one in subnets], str(subnets[0]["VpcId"])


@HOOKS.instead("rds", "DescribeDBSubnetGroups")
def describe_subnet_groups(call: Call) -> Params:
    region, name = region_of(call), call.params.get("DBSubnetGroupName")
    groups = [region.subnet_group(name)] if name else list(region.subnet_groups.values())
    return {"DBSubnetGroups": [one.described() for one in groups]}


@HOOKS.instead("rds", "ModifyDBSubnetGroup")
def modify_subnet_group(call: Call) -> Params:
    region = region_of(call)
    group = region.subnet_group(call.params["DBSubnetGroupName"])
    subnets, vpc = _subnets(call)
    if vpc != group.vpc_id:
        raise Refusal("InvalidSubnet", "The subnets are not in the VPC of the DB subnet group.")
    gone = {zone for _, zone in group.subnets} - {zone for _, zone in subnets}
    in_use = {instance.zone for cluster in _of_group(region, group) for instance in cluster.instances}
    if gone & in_use:
        zone = min(gone & in_use)
        raise Refusal(
            "SubnetAlreadyInUse", f"The DB subnet group has an instance in {zone}, which would lose its subnet."
        )
    group.subnets = subnets
    group.description = call.params.get("DBSubnetGroupDescription", group.description)
    return {"DBSubnetGroup": group.described()}


def _of_group(region: Region, group: SubnetGroup) -> list[Any]:
    return [cluster for cluster in region.clusters.values() if cluster.subnet_group == group.name]


@HOOKS.instead("rds", "DeleteDBSubnetGroup")
def delete_subnet_group(call: Call) -> Params:
    region = region_of(call)
    group = region.subnet_group(call.params["DBSubnetGroupName"])
    if users := _of_group(region, group):
        text = f"Cannot delete the subnet group '{group.name}' because at least one database instance: "
        text += f"{users[0].identifier} is still using it."
        raise Refusal("InvalidDBSubnetGroupStateFault", text)
    del region.subnet_groups[group.name]
    return {}


@HOOKS.instead("rds", "CreateDBClusterParameterGroup")
def create_parameter_group(call: Call) -> Params:
    region, name = region_of(call), call.params["DBClusterParameterGroupName"].lower()
    family = call.params["DBParameterGroupFamily"]
    if family not in versions.FAMILIES:
        raise invalid(f"ParameterGroupFamily {family} is not a valid parameter group family")
    if not re.fullmatch(r"[a-z]([a-z0-9]|-(?=[a-z0-9])){0,254}", name):
        raise invalid(f"The parameter DBClusterParameterGroupName is not a valid identifier: {name}")
    if name in region.parameter_groups:
        raise Refusal("DBParameterGroupAlreadyExists", f"Parameter group {name} already exists")
    parameter_group = region.parameter_groups[name] = ParameterGroup(
        name=name,
        arn=region.arn("cluster-pg", name),
        family=family,
        description=call.params["Description"],
        tags=tags_of(call),
    )
    return {"DBClusterParameterGroup": parameter_group.described()}


@HOOKS.instead("rds", "DescribeDBClusterParameterGroups")
def describe_parameter_groups(call: Call) -> Params:
    region, name = region_of(call), call.params.get("DBClusterParameterGroupName")
    groups = [region.parameter_group(name)] if name else list(region.parameter_groups.values())
    return {"DBClusterParameterGroups": [one.described() for one in groups]}


@HOOKS.instead("rds", "DescribeDBClusterParameters")
def describe_parameters(call: Call) -> Params:
    group = region_of(call).parameter_group(call.params["DBClusterParameterGroupName"])
    source = call.params.get("Source")
    described = [one.described(group) for _, one in sorted(parameters.known().items())]
    return {"Parameters": [one for one in described if source in (None, one["Source"])]}


@HOOKS.instead("rds", "ModifyDBClusterParameterGroup")
def modify_parameters(call: Call) -> Params:
    region, asked = region_of(call), call.params["Parameters"]
    group = _own(region, call.params["DBClusterParameterGroupName"])
    if len(asked) > MOST_PARAMETERS:
        raise invalid(f"At most {MOST_PARAMETERS} parameters can be changed in one call.")
    checked = [(parameters.check(one), one) for one in asked]
    for known, one in checked:
        if one.get("ParameterValue") is None or one.get("ApplyMethod") is None:
            raise combination(f"ParameterValue and ApplyMethod are required for {known.name}.")
        group.values[known.name] = (one["ParameterValue"], one["ApplyMethod"])
    _apply(region, group, {known.name for known, _ in checked})
    return {"DBClusterParameterGroupName": group.name}


@HOOKS.instead("rds", "ResetDBClusterParameterGroup")
def reset_parameters(call: Call) -> Params:
    region = region_of(call)
    group = _own(region, call.params["DBClusterParameterGroupName"])
    for one in call.params.get("Parameters") or []:
        parameters.check({**one, "ParameterValue": None})
    every = call.params.get("ResetAllParameters")
    gone = set(group.values) if every else {one["ParameterName"] for one in call.params.get("Parameters") or []}
    for name in gone:
        group.values.pop(name, None)
    _apply(region, group, gone)
    return {"DBClusterParameterGroupName": group.name}


def _own(region: Region, name: str) -> ParameterGroup:
    if name.startswith("default."):
        raise Refusal("InvalidDBParameterGroupState", f"The parameter group {name} is AWS's own: make another.")
    return region.parameter_group(name)


def _apply(region: Region, group: ParameterGroup, changed: set[str]) -> None:
    static = any(parameters.known()[name].applied == "static" for name in changed)
    for cluster in region.clusters.values():
        if cluster.settings["DBClusterParameterGroup"] == group.name:
            lifecycle.take_parameters(cluster, group, static=static)


@HOOKS.instead("rds", "DeleteDBClusterParameterGroup")
def delete_parameter_group(call: Call) -> Params:
    region = region_of(call)
    group = _own(region, call.params["DBClusterParameterGroupName"])
    if any(one.settings["DBClusterParameterGroup"] == group.name for one in region.clusters.values()):
        text = "One or more database instances are still members of this parameter group "
        raise Refusal("InvalidDBParameterGroupState", f"{text}{group.name}, so the group cannot be deleted")
    del region.parameter_groups[group.name]
    return {}
