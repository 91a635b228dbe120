"""Who reaches a database's port, worked out from subnets, routes, security groups and endpoints of each recorded graph.

The mocks give a resource the id ``NAME-id`` and, where it makes one up, the name ``NAME-name``. Two things in a VPC
reach each other if the target's group lets the source's group or address in and the source's lets it out; from outside
a target is reached through a public address alone, which needs a route to an internet gateway and an instance that
takes one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

from tests.unit.recording import Recording, Registered

EXPECTED = {
    "dev": {
        "dev-database": {"dev-on-demand", "dev-overflow", "dev-spot"},
        "staging-database": {"staging-on-demand", "staging-overflow", "staging-spot"},
    },
    "public": {},
    "prod": {"prod-database": {"prod-on-demand", "prod-overflow", "prod-spot"}},
}
"""Written by hand: each database, and the machines that reach its port."""


def id_of(one: Registered) -> str:
    return f"{one.name}-id"


def members(graph: Recording) -> dict[str, set[str]]:
    """Security groups, and the machines and endpoints that are in them, without the hash of their settings."""
    found: dict[str, set[str]] = {}
    for one in graph.resources:
        groups = [*one.inputs.get("computeResources", {}).get("securityGroupIds", [])]
        groups += one.inputs.get("securityGroupIds", [])
        for group in groups:
            found.setdefault(group, set()).add(re.sub(r"-[0-9a-f]{8}$", "", one.name))
    return found


def covers(rule: Registered, port: int) -> bool:
    inputs = rule.inputs
    return inputs["ipProtocol"] == "-1" or inputs["fromPort"] <= port <= inputs["toPort"]


def let_out(graph: Recording, group: str, port: int, subnets: list[Registered]) -> bool:
    """Whether a group lets its members go to all of these subnets."""
    rules = [
        one
        for one in graph.of("vpc/securityGroupEgressRule:SecurityGroupEgressRule")
        if one.inputs["securityGroupId"] == group and covers(one, port) and one.inputs.get("cidrIpv4")
    ]
    blocks = [IPv4Network(subnet.inputs["cidrBlock"]) for subnet in subnets]
    return all(any(block.subnet_of(IPv4Network(rule.inputs["cidrIpv4"])) for rule in rules) for block in blocks)


def has_internet(graph: Recording, subnet: Registered) -> bool:
    """Whether addresses of the internet come straight into a subnet."""
    tables = {
        one.inputs["routeTableId"]
        for one in graph.of("ec2/routeTableAssociation:RouteTableAssociation")
        if one.inputs["subnetId"] == id_of(subnet)
    }
    routes = [one for one in graph.of("ec2/route:Route") if one.inputs["routeTableId"] in tables]
    return not tables or any("gatewayId" in one.inputs for one in routes)


def reaching(graph: Recording, cluster: Registered) -> set[str]:
    """The names of what reaches a cluster's port; addresses stand for themselves."""
    port, by_id = cluster.inputs["port"], {id_of(one): one for one in graph.of("ec2/subnet:Subnet")}
    groups = {f"{one.name}-name": one for one in graph.of("rds/subnetGroup:SubnetGroup")}
    group = groups[cluster.inputs["dbSubnetGroupName"]]
    subnets = [by_id[one] for one in group.inputs["subnetIds"]]
    assert not any(has_internet(graph, one) for one in subnets)
    found: set[str] = set()
    for rule in graph.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        if rule.inputs["securityGroupId"] not in cluster.inputs["vpcSecurityGroupIds"] or not covers(rule, port):
            continue
        source: Any = rule.inputs.get("referencedSecurityGroupId")
        if source is None:
            found.add(str(rule.inputs.get("cidrIpv4") or rule.inputs.get("cidrIpv6") or rule.inputs["prefixListId"]))
        elif let_out(graph, source, port, subnets):
            found |= members(graph).get(source, set())
    return found


def test_a_database_is_reached_by_its_environments_machines_alone(graph: Recording, stack: str) -> None:
    clusters = graph.of("rds/cluster:Cluster")
    assert {one.name: reaching(graph, one) for one in clusters} == EXPECTED[stack]


def test_no_instance_of_a_database_takes_a_public_address(graph: Recording) -> None:
    assert all(one.inputs["publiclyAccessible"] is False for one in graph.of("rds/clusterInstance:ClusterInstance"))


def test_a_group_that_a_rule_opens_to_an_address_is_seen(graph: Recording, stack: str) -> None:
    """The walk itself: a rule that should not be there changes the answer."""
    if stack == "public":
        return
    cluster = graph.of("rds/cluster:Cluster")[0]
    [rule] = [one for one in graph.resources if one.name == f"{cluster.name}-from-jobs"]
    open_rule = {key: value for key, value in rule.inputs.items() if key != "referencedSecurityGroupId"}
    planted = replace(rule, name="planted", inputs={**open_rule, "cidrIpv4": "0.0.0.0/0"})
    assert "0.0.0.0/0" in reaching(Recording(resources=[*graph.resources, planted]), cluster)
