"""What a picture is made of: accounts with boxes, and flows between boxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal

Flow = Literal["data", "request", "sql"]


class Column(IntEnum):
    """From left to right."""

    SITE = 0
    BALANCER = 1
    SERVICE = 2
    DATABASE = 3
    JOBS = 4
    BUCKET = 5
    DATA_CDN = 6


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a state."""

    type: str
    name: str
    parent: str
    """The parent's name; empty: the stack."""
    id: str
    outputs: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """One stack that was brought up."""

    stack: str
    account: str
    region: str
    resources: Sequence[Resource]


@dataclass(frozen=True, kw_only=True)
class Node:
    """What a box stands for. ``environment`` is empty for what belongs to the whole account."""

    key: str
    column: Column
    kind: str
    name: str
    environment: str = ""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """Data flows, or a request goes, from one node to another; ``both``: data flows back, too."""

    origin: str
    target: str
    flow: Flow
    both: bool = False


@dataclass(kw_only=True)
class Account:
    """What is drawn of an account."""

    title: str
    network: str
    nodes: list[Node] = field(default_factory=list[Node])
    environments: dict[str, str] = field(default_factory=dict[str, str])
    """By name, how its jobs are started; empty if it has none."""
    remark: str = ""


def resources(exported: Iterable[Mapping[str, Any]]) -> list[Resource]:
    """The resources of an exported deployment."""
    return [
        Resource(
            type=each["type"],
            name=each["urn"].rpartition("::")[2],
            parent=each.get("parent", "").rpartition("::")[2],
            id=each.get("id", ""),  # components have none
            outputs=each.get("outputs", {}),
        )
        for each in exported
    ]
