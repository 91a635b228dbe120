"""Runs with their lengths, and the fate of each attempt on a spot machine: the same for every policy.

A spot machine is taken with a constant chance in each moment of running. The k-th attempt of a run on spot has its fate
from the seed alone, so that policies are compared under the same luck, and what knows it in advance bounds them all.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks import prices

LONGEST_HOURS = 24.0


@dataclass
class Run:
    """``hours``: what an attempt takes on a machine that is not taken, the machine's start included."""

    hours: float
    given: Sequence[float] = ()
    """Hours until the first attempts' machines are taken."""
    hazard: float = 0.0
    """Of the attempts after those, an hour."""
    seed: int = 0
    _drawn: list[float] = field(default_factory=list[float], repr=False)
    _random: random.Random | None = field(default=None, repr=False)

    def fate(self, attempt: int) -> float:
        """Hours until the machine of the ``attempt``-th run on spot (from 0) is taken."""
        if attempt < len(self.given):
            return self.given[attempt]
        if not self.hazard:
            return math.inf
        self._random = self._random or random.Random(self.seed)  # noqa: S311  # a simulation's dice
        while len(self._drawn) <= attempt - len(self.given):
            self._drawn.append(self._random.expovariate(self.hazard))
        return self._drawn[attempt - len(self.given)]


def workload(count: int, hazard: float, seed: int) -> list[Run]:
    """``count`` runs with lengths as the table says; the lengths depend on the seed, not on the hazard."""
    dice = random.Random(seed)  # noqa: S311  # as above
    middle, sigma = math.log(prices.value("run_hours_median")), prices.value("run_hours_sigma")
    start = prices.value("start_minutes") / 60
    lengths = [min(dice.lognormvariate(middle, sigma), LONGEST_HOURS) for _ in range(count)]
    return [Run(start + hours, hazard=hazard, seed=seed * 1_000_003 + number) for number, hours in enumerate(lengths)]


def shortages(kind: prices.Shortage, seed: int, until: float) -> list[tuple[float, float]]:
    """Begin and end, in hours, of the times without any new spot machine."""
    if not kind.between_hours:
        return []
    dice, made, at = random.Random(seed), list[tuple[float, float]](), 0.0  # noqa: S311  # as above
    while at < until:
        begin = at + dice.expovariate(1 / kind.between_hours)
        at = begin + dice.expovariate(1 / kind.lasting_hours)
        made.append((begin, at))
    return made
