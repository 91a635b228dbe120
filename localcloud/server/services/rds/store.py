"""What ARNs name, and everything that an account has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from localcloud.server.service import Resource

from .model import REGIONS, Region, Tags


class Held(Protocol):
    arn: str
    tags: Tags


def _kinds(region: Region) -> dict[str, Mapping[str, Held]]:
    """By the word in their ARNs."""
    return {
        "cluster": region.clusters,
        "db": region.instances,
        "subgrp": region.subnet_groups,
        "cluster-pg": region.parameter_groups,
        "cluster-snapshot": region.snapshots,
    }


def find(arn: str) -> Held | None:
    _, _, _, place, account, rest = arn.split(":", 5)
    kind, _, name = rest.partition(":")
    region = REGIONS.get((account, place))
    return _kinds(region).get(kind, {}).get(name) if region else None


def resource(arn: str) -> Resource | None:
    found = find(arn)
    return Resource(owner=arn.split(":")[4], tags=found.tags) if found else None


def inventory(account: str) -> Iterator[str]:
    for region in list(REGIONS.values()):
        if region.account == account:
            yield from (one.arn for held in _kinds(region).values() for one in held.values())
