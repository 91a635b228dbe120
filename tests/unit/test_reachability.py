"""Who reaches what, worked out from subnets, routes, security groups, network policies and endpoints of each recorded
graph: databases, the services' pods, and the load balancers before them.

The mocks give a resource the id ``NAME-id`` and, where it makes one up, the name ``NAME-name``. Two things in a VPC
reach each other if the target's group lets the source's group or address in and the source's lets it out; a pod also
needs its network policy to let it out. From outside a target is reached through a public address alone, which needs a
route to an internet gateway and an instance that takes one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

from tests.unit.recording import Recording, Registered

EXPECTED = {
    "dev": {
        "dev-database": {"dev-on-demand", "dev-overflow", "dev-spot", "pods of dev/api", "pods of dev/api-migration"},
        "staging-database": {
            "staging-on-demand",
            "staging-overflow",
            "staging-spot",
            "pods of staging/api",
            "pods of staging/api-migration",
        },
    },
    "public": {},
    "prod": {
        "prod-database": {
            "prod-on-demand",
            "prod-overflow",
            "prod-spot",
            "pods of prod/api",
            "pods of prod/api-migration",
        }
    },
}
"""Written by hand: each database, and the machines and pods that reach its port."""
ENVIRONMENTS = {"dev": ("dev", "staging"), "public": (), "prod": ("prod",)}
"""Those with services."""
CLOUDFRONT = "pl-cloudfront"
"""AWS's list of the addresses that CloudFront asks from."""


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
    for one in graph.of("eks.amazonaws.com/v1:NodeClass"):
        for term in one.inputs["spec"]["securityGroupSelectorTerms"]:
            found.setdefault(term["id"], set()).add(f"machines of {one.inputs['metadata']['name']}")
    for one in graph.of("lb/loadBalancer:LoadBalancer"):
        for group in one.inputs["securityGroups"]:
            found.setdefault(group, set()).add(f"load balancer of {one.name}")
    return found


def pods_on(graph: Recording, machines: str, port: int, blocks: list[IPv4Network]) -> set[str]:
    """The services on an environment's machines whose network policy lets them go to all of these networks."""
    found: set[str] = set()
    for one in graph.of("networking.k8s.io/v1:NetworkPolicy"):
        metadata, spec = one.inputs["metadata"], one.inputs["spec"]
        if machines == f"machines of {metadata['namespace']}" and all(_let_out(spec, port, block) for block in blocks):
            found.add(f"pods of {metadata['namespace']}/{metadata['name']}")
    return found


def _let_out(spec: dict[str, Any], port: int, block: IPv4Network) -> bool:
    for rule in spec.get("egress", []):
        named = any(one["port"] == port for one in rule["ports"])
        for one in rule["to"] if named else []:
            left_out = [IPv4Network(other) for other in one["ipBlock"].get("except", [])]
            if block.subnet_of(IPv4Network(one["ipBlock"]["cidr"])) and not any(map(block.overlaps, left_out)):
                return True
    return False


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
            blocks = [IPv4Network(subnet.inputs["cidrBlock"]) for subnet in subnets]
            for member in members(graph).get(source, set()):
                found |= pods_on(graph, member, port, blocks) if member.startswith("machines of ") else {member}
    return found


def let_into(graph: Recording, group: str, port: int) -> set[str]:
    """What a group's own rules let in on a port: members of other groups by name, lists and networks as they are."""
    found: set[str] = set()
    for rule in graph.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        inputs = rule.inputs
        if inputs["securityGroupId"] == group and covers(rule, port):
            source = inputs.get("referencedSecurityGroupId")
            found |= members(graph)[source] if source else {inputs.get("prefixListId") or inputs["cidrIpv4"]}
    return found


def test_a_database_is_reached_by_its_environments_machines_alone(graph: Recording, stack: str) -> None:
    clusters = graph.of("rds/cluster:Cluster")
    assert {one.name: reaching(graph, one) for one in clusters} == EXPECTED[stack]


PORTS = {"api": 9009, "frontend": 8080}


def test_pods_are_reached_by_their_load_balancer_and_that_by_cloudfront_alone(graph: Recording, stack: str) -> None:
    """Viewer → CloudFront → VPC origin → load balancer → pod; and no other way, from another environment neither."""
    for name in ENVIRONMENTS[stack]:
        assert let_into(graph, f"{name}-balancer-id", 80) == {CLOUDFRONT}
        assert graph.one(name, "lb/loadBalancer:LoadBalancer").inputs["internal"] is True
        for service, port in PORTS.items():
            assert let_into(graph, f"{name}-pods-id", port) == {f"load balancer of {name}"}
            policy = graph.one(f"{name}-{service}-ways").inputs["spec"]
            subnets = {one.inputs["cidrBlock"] for one in graph.of("ec2/subnet:Subnet") if "private" in one.name}
            [way_in] = policy["ingress"]
            assert {one["ipBlock"]["cidr"] for one in way_in["from"]} == subnets
            assert [one["port"] for one in way_in["ports"]] == ["http"]
            [main, *_] = graph.one(f"{name}-{service}-deployment").inputs["spec"]["template"]["spec"]["containers"]
            assert main["ports"] == [{"name": "http", "containerPort": port}]
        origin = graph.one(f"{name}-site", "VpcOrigin").inputs["vpcOriginEndpointConfig"]
        assert origin["arn"] == f"arn:aws:mock:::{name}"
    assert {one.inputs["metadata"]["namespace"] for one in graph.of("NetworkPolicy") if one.name.endswith("-deny")} == {
        *ENVIRONMENTS[stack]
    }


def test_no_pod_reaches_the_pods_of_another_environment(graph: Recording, stack: str) -> None:
    """The machines share the cluster's own group, which lets its members in: network policies are what is between."""
    private = [IPv4Network(one.inputs["cidrBlock"]) for one in graph.of("ec2/subnet:Subnet") if "private" in one.name]
    for name in ENVIRONMENTS[stack]:
        for port in PORTS.values():
            assert not pods_on(graph, f"machines of {name}", port, private)


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
