"""The one table of prices, rates and workload, each number with its unit, source and date: ``prices.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("prices.toml")
KINDS = ("read", "list", "assumption")


@dataclass(frozen=True)
class Rate:
    """How likely a spot machine is to be taken: ``hourly`` is the hazard in an hour of running."""

    name: str
    hourly: float


@dataclass(frozen=True)
class Shortage:
    """Mean hours between times without spot machines, and how long they last; 0: never."""

    name: str
    between_hours: float
    lasting_hours: float


@cache
def table() -> dict[str, Any]:
    """The whole table. Raises ValueError for an entry that does not say where it is from."""
    found = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    for name, entry in found.items():
        for one in entry if isinstance(entry, list) else [entry]:
            needed = ("kind", "source") if isinstance(entry, list) else ("kind", "source", "date", "unit", "value")
            if missing := [key for key in needed if key not in one]:
                raise ValueError(f"{TABLE.name}: {name}: {', '.join(missing)} is missing")
            if one["kind"] not in KINDS:
                raise ValueError(f"{TABLE.name}: {name}: kind {one['kind']!r}: one of {', '.join(KINDS)}")
    return found


def value(name: str) -> float:
    """A number of the table. Raises KeyError for a name that it has not."""
    return float(table()[name]["value"])


def rates() -> list[Rate]:
    return [Rate(one["name"], float(one["hourly"])) for one in table()["rates"]]


def shortages() -> list[Shortage]:
    return [
        Shortage(one["name"], float(one["between_hours"]), float(one["lasting_hours"])) for one in table()["shortages"]
    ]
