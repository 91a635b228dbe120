"""Ways to run jobs on machines that may be taken back, and the bound that none of them can beat."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import prices
from benchmarks.workload import Run

INSTANCE_VCPUS = 16
"""Of r5d.4xlarge, whose price the table has."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Runs at once in each market. ``limit_hours``: a queue's first run without a machine is sent on demand then."""

    name: str
    spot: int = 0
    overflow: int = 0
    """On demand, behind the spot machines of the same queue."""
    on_demand: int = 0
    first_on_demand: bool = False
    again_on_spot: bool = False
    """After a reclaim; otherwise on demand."""
    limit_hours: float = math.inf

    @property
    def slots(self) -> int:
        return self.spot + self.overflow + self.on_demand


@dataclass(frozen=True)
class Price:
    """US dollars of a run's hour."""

    spot: float
    on_demand: float


def price() -> Price:
    """The table's instance, shared by as many runs as it holds."""
    on_demand = prices.value("instance_hour_on_demand") / prices.value("runs_an_instance")
    return Price(on_demand * (1 - prices.value("spot_saving")), on_demand)


def policies() -> list[Policy]:
    """All with the same number of machines in all."""
    per_instance = prices.value("runs_an_instance")
    spot, overflow, on_demand = (
        int(prices.value(f"{name}_vcpus") // INSTANCE_VCPUS * per_instance)
        for name in ("spot", "overflow", "on_demand")
    )
    limit = prices.value("time_limit_minutes") / 60
    return [
        Policy(name="this repository", spot=spot, overflow=overflow, on_demand=on_demand, limit_hours=limit),
        Policy(name="the same, without overflow", spot=spot + overflow, on_demand=on_demand, limit_hours=limit),
        Policy(name="swipe", spot=spot + overflow, on_demand=on_demand),
        Policy(name="on demand only", on_demand=spot + overflow + on_demand, first_on_demand=True),
        Policy(name="spot only, again and again", spot=spot + overflow + on_demand, again_on_spot=True),
    ]


def least_cost(run: Run, paid: Price) -> float:
    """What the run costs if its fate is known: on demand at once, or on spot until an attempt survives."""
    spent, attempt, most = 0.0, 0, run.hours * paid.on_demand
    while spent + run.hours * paid.spot < most:
        fate = run.fate(attempt)
        if fate >= run.hours:
            return spent + run.hours * paid.spot
        spent, attempt = spent + fate * paid.spot, attempt + 1
    return most


def clairvoyant_cost(runs: Sequence[Run], paid: Price) -> float:
    """US dollars that no policy can go below and finish every run."""
    return sum(least_cost(run, paid) for run in runs)


def clairvoyant_hours(runs: Sequence[Run], slots: int) -> float:
    """Hours that no policy can go below: the longest run, or all of them without a gap."""
    return max(*(run.hours for run in runs), sum(run.hours for run in runs) / slots)
