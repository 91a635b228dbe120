"""Who may connect to a load balancer, and whom it may reach: security groups, and the policies of a cluster's network.

The groups of a target are known if it is a pod. Of any other, rules that name a group are taken by their ports alone.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.kubernetes import traffic
from localcloud.server import registry
from localcloud.server.connections import Connection

from .store import LoadBalancer


def admit(one: LoadBalancer, connection: Connection) -> bool:
    """Whether an ingress rule lets the connection in."""
    return any(
        _covers(rule, connection.port) and _is_peer(one, rule["peer"], connection)
        for rule in _rules(one, one.security_groups, "ingress")
    )


def addresses(one: LoadBalancer) -> list[str]:
    """Its own: one in each subnet."""
    subnets = [
        registry.resource(f"arn:aws:ec2:{one.region}:{one.account}:subnet/{subnet}") for subnet in sorted(one.subnets)
    ]
    networks = [ipaddress.ip_network(subnet.facts["cidr"]) for subnet in subnets if subnet is not None]
    from_the_end = 2 + int(one.path.rpartition("/")[2], 16) % 8
    return [str(network[-from_the_end]) for network in networks]


def may_reach(one: LoadBalancer, source: str, target: str, port: int) -> bool:
    """Whether the load balancer, from one of its addresses, gets through to a target."""
    groups = traffic.security_groups(target, vpc_id=one.vpc)
    let_out = any(
        _covers(rule, port) and _is_target(rule["peer"], target, groups)
        for rule in _rules(one, one.security_groups, "egress")
    )
    let_in = not groups or any(
        _covers(rule, port) and (rule["peer"] in one.security_groups or _within(rule["peer"], source))
        for rule in _rules(one, groups, "ingress")
    )
    return let_out and let_in and not traffic.refusal(source, target, port, vpc_id=one.vpc)


def _is_target(peer: str, target: str, groups: list[str]) -> bool:
    if peer.startswith("sg-"):
        return not groups or peer in groups
    return _within(peer, target)


def _rules(one: LoadBalancer, groups: list[str], direction: str) -> Iterator[Mapping[str, Any]]:
    for group in groups:
        resource = registry.resource(f"arn:aws:ec2:{one.region}:{one.account}:security-group/{group}")
        yield from resource.facts[direction] if resource is not None else ()


def _covers(rule: Mapping[str, Any], port: int) -> bool:
    if rule["protocol"] not in ("-1", "tcp"):
        return False
    low, high = rule["ports"] or (0, 65_535)
    return rule["protocol"] == "-1" or low <= port <= high


def _is_peer(one: LoadBalancer, peer: str, connection: Connection) -> bool:
    if peer.startswith("sg-"):
        return peer in connection.groups
    if peer.startswith("pl-"):
        listed = registry.resource(f"arn:aws:ec2:{one.region}:{one.account}:prefix-list/{peer}")
        return listed is not None and listed.facts["name"] in connection.prefix_lists
    return _within(peer, connection.address)


def _within(network: str, address: str) -> bool:
    return "/" in network and ipaddress.ip_address(address) in ipaddress.ip_network(network)
