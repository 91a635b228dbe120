"""10,000 runs with spot interruptions: cost and time of this repository's policy, of others, and of one that knows.

A simulation: it needs no cloud. The same seeds give the same figures anywhere. `make bench` runs this; or, after
`make setup`: `.venv/bin/python -m benchmarks.interruptions [--runs N] [--seeds N]`.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import prices
from benchmarks.policies import (
    INSTANCE_VCPUS,
    Policy,
    Price,
    clairvoyant_cost,
    clairvoyant_hours,
    policies,
    price,
)
from benchmarks.simulation import Simulation
from benchmarks.workload import shortages, workload

HOURS_A_YEAR = 8_760
BOUND = "bound: knows each run's fate"
FEW = [rate for rate in prices.rates() if rate.name == "band 5-10 %, of runs"]
"""The one rate that is tried with few runs: there it is the shortage that matters."""


@dataclass(frozen=True)
class Figures:
    """One policy under one seed."""

    dollars: float
    hours: float
    on_demand: float = 0.0
    """Share of runs that had a machine on demand."""
    given_up: float = 0.0
    """Share of runs that were not finished after 72 hours."""


@dataclass(frozen=True)
class Case:
    """So many runs, submitted at once, under one rate of interruptions and one kind of shortage."""

    runs: int
    rate: prices.Rate
    lack: prices.Shortage
    short_hours: float = 0.0
    """Instead of ``lack``: one shortage, from the start on."""

    @property
    def title(self) -> str:
        lack = f"{self.short_hours:g} h without spot from the start" if self.short_hours else self.lack.name
        return f"{self.runs} runs; {self.rate.name} ({self.rate.hourly:g} an hour); {lack}"


def figures(case: Case, seed: int, chosen: Sequence[Policy]) -> list[Figures]:
    """The policies' figures and, last, the bound's."""
    paid, deadline, count = price(), prices.value("deadline_hours"), case.runs
    runs = workload(count, case.rate.hourly, seed)
    short = [(0.0, case.short_hours)] if case.short_hours else shortages(case.lack, seed, deadline)
    found: list[Figures] = []
    for policy in chosen:
        outcomes = Simulation(policy, runs, paid, short, deadline).run()
        found.append(
            Figures(
                dollars=sum(one.dollars for one in outcomes),
                hours=max(one.ended for one in outcomes),
                on_demand=sum(one.on_demand for one in outcomes) / count,
                given_up=sum(not one.well for one in outcomes) / count,
            )
        )
    return [*found, Figures(clairvoyant_cost(runs, paid), clairvoyant_hours(runs, max(one.slots for one in chosen)))]


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation over the seeds."""
    return f"{statistics.fmean(values):8.1f} ±{statistics.stdev(values) if len(values) > 1 else 0.0:5.1f}"


def compare(case: Case, seeds: int) -> None:
    chosen = policies()
    by_seed = [figures(case, seed, chosen) for seed in range(1, seeds + 1)]
    print(f"\n{case.title}")
    print(f"{'':30} {'USD':>15} {'hours':>15} {'on demand':>10} {'given up':>9} {'cost/bound':>11}")
    bounds = [found[-1].dollars for found in by_seed]
    for number, name in enumerate([*(policy.name for policy in chosen), BOUND]):
        mine = [found[number] for found in by_seed]
        above = statistics.fmean(one.dollars / bound for one, bound in zip(mine, bounds, strict=True))
        print(
            f"{name:30} {spread([one.dollars for one in mine])} {spread([one.hours for one in mine])}"
            f" {statistics.fmean(one.on_demand for one in mine):10.1%}"
            f" {statistics.fmean(one.given_up for one in mine):9.2%} {above:11.3f}",
            flush=True,
        )


def floor_a_year(paid: Price) -> float:
    """What swipe's machines cost that are never given back, if nothing ran all year."""
    runs = prices.value("floor_vcpus") / INSTANCE_VCPUS * prices.value("runs_an_instance")
    return runs * paid.spot * HOURS_A_YEAR


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    paid = price()
    print(
        f"Runs submitted at once, mean ± standard deviation over {given.seeds} seeds; a run's hour is"
        f" {paid.spot:.4f} USD on spot, {paid.on_demand:.4f} on demand (prices.toml)."
    )
    plenty, *_ = prices.shortages()
    cases = [Case(given.runs, rate, lack) for lack in prices.shortages() for rate in prices.rates()]
    cases += [Case(int(prices.value("few_runs")), rate, plenty, prices.value("few_runs_short_hours")) for rate in FEW]
    for case in cases:
        compare(case, given.seeds)
    print(f"\nBeside this, swipe's machines that are never given back: up to {floor_a_year(paid):,.0f} USD a year.")


if __name__ == "__main__":
    main()
