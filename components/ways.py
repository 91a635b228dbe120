"""Network policies' rules in Kubernetes' words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .cluster import DNS_ADDRESS
from .service_args import Way


def tcp(port: int | str) -> dict[str, Any]:
    return {"protocol": "TCP", "port": port}


def blocks(networks: Sequence[str], outside: Sequence[str] = ()) -> list[dict[str, Any]]:
    left_out = {"except": [*outside]} if outside else {}
    return [{"ipBlock": {"cidr": network, **left_out}} for network in networks]


def egress(ways: Iterable[Way]) -> list[dict[str, Any]]:
    """To DNS, and to what the ways name."""
    dns = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    named = ({"to": blocks(way.networks, way.outside), "ports": [tcp(way.port)]} for way in ways)
    return [{"to": blocks((f"{DNS_ADDRESS}/32",)), "ports": dns}, *named]
