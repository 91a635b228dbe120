"""Security groups of a load balancer: who may connect, and whom it may reach."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.server import registry
from localcloud.server.connections import Connection

from .store import LoadBalancer


def admit(one: LoadBalancer, connection: Connection) -> bool:
    """Whether an ingress rule lets the connection in."""
    return any(
        _covers(rule, connection.port) and _is_peer(one, rule["peer"], connection) for rule in _rules(one, "ingress")
    )


def may_reach(one: LoadBalancer, address: str, port: int) -> bool:
    """Whether an egress rule lets it connect to a target."""
    return any(
        _covers(rule, port) and (rule["peer"].startswith("sg-") or _within(rule["peer"], address))
        for rule in _rules(one, "egress")
    )


def _rules(one: LoadBalancer, direction: str) -> Iterator[Mapping[str, Any]]:
    for group in one.security_groups:
        found = registry.resource(f"arn:aws:ec2:{one.region}:{one.account}:security-group/{group}")
        yield from found.facts[direction] if found is not None else ()


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
