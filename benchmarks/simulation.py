"""A discrete-event simulation of many runs, all submitted at once, under one policy.

Modelled as AWS Batch does it: a queue is served in order; it goes on to its next compute environment when the first has
no machine, for its own limit or for lack of spot capacity; the time limit counts for the queue's first run alone, and
only while the cause is lack of capacity. Not modelled: how runs pack on machines (each pays its share), that a machine
which is taken takes all of its runs along, and that AWS charges nothing for a first hour that it cut short.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.policies import Policy, Price
from benchmarks.workload import Run


@dataclass
class Outcome:
    """What one run came to. ``ended``: hours since its submission."""

    dollars: float = 0.0
    ended: float = math.nan
    well: bool = False
    reclaims: int = 0
    on_demand: bool = False
    """It had a machine on demand at some time."""


@dataclass
class Simulation:
    """One run of one policy; :meth:`run` gives the outcomes in the order of the runs."""

    policy: Policy
    runs: Sequence[Run]
    paid: Price
    shortages: Sequence[tuple[float, float]] = ()
    deadline_hours: float = math.inf

    outcomes: list[Outcome] = field(init=False)

    def __post_init__(self) -> None:
        if self.policy.slots <= 0 or (self.policy.first_on_demand and not self.policy.on_demand):
            raise ValueError(f"{self.policy.name}: there is no machine that a run would begin on")
        self.outcomes = [Outcome() for _ in self.runs]
        self._free = {"spot": self.policy.spot, "overflow": self.policy.overflow, "on_demand": self.policy.on_demand}
        everyone = range(len(self.runs))
        self._spot_queue = deque[int](() if self.policy.first_on_demand else everyone)
        self._on_demand_queue = deque[int](everyone if self.policy.first_on_demand else ())
        self._events: list[tuple[float, int, str, int, str, float]] = []
        self._number = 0
        self._now = 0.0
        self._short = False
        self._head = (-1, 0.0)
        """The spot queue's first run and since when it lacks a machine."""

    def run(self) -> list[Outcome]:
        self._short = any(begin <= 0 < end for begin, end in self.shortages)
        for begin, end in self.shortages:
            self._at(begin, "short")
            self._at(end, "plenty")
        self._dispatch()
        left = len(self.runs)
        while self._events and left:
            if self._events[0][0] > self.deadline_hours:
                break
            self._now, _, kind, number, market, begun = heapq.heappop(self._events)
            if kind in ("short", "plenty"):
                self._short = kind == "short"
            elif kind == "limit":
                self._send_on_demand(number, begun)
            else:
                left -= self._ended(kind, number, market, begun)
            self._dispatch()
        if left:
            self._give_up()
        return self.outcomes

    def _at(self, hours: float, kind: str, number: int = -1, market: str = "", begun: float = 0.0) -> None:
        self._number += 1
        heapq.heappush(self._events, (hours, self._number, kind, number, market, begun))

    def _dispatch(self) -> None:
        queue = self._spot_queue
        while queue:
            market = "spot" if self._free["spot"] and not self._short else "overflow"
            if not self._free[market]:
                break
            self._start(queue.popleft(), market)
        while self._on_demand_queue and self._free["on_demand"]:
            self._start(self._on_demand_queue.popleft(), "on_demand")
        self._watch_head()

    def _watch_head(self) -> None:
        """Starts the clock of a first run that lacks spot capacity, and forgets that of any other."""
        lacking = self._short and self._free["spot"]  # with all of its vCPUs in use Batch names another reason
        if not (self._spot_queue and lacking and math.isfinite(self.policy.limit_hours)):
            self._head = (-1, 0.0)
        elif self._head[0] != self._spot_queue[0]:
            self._head = (self._spot_queue[0], self._now)
            self._at(self._now + self.policy.limit_hours, "limit", self._head[0], begun=self._now)

    def _send_on_demand(self, number: int, since: float) -> None:
        if self._head == (number, since):
            self._spot_queue.popleft()
            self._on_demand_queue.append(number)

    def _start(self, number: int, market: str) -> None:
        self._free[market] -= 1
        run, outcome = self.runs[number], self.outcomes[number]
        outcome.on_demand |= market != "spot"
        fate = run.fate(outcome.reclaims) if market == "spot" else math.inf
        kind = "done" if fate >= run.hours else "reclaimed"
        self._at(self._now + min(fate, run.hours), kind, number, market, self._now)

    def _ended(self, kind: str, number: int, market: str, begun: float) -> int:
        """An attempt is over; 1 if the run is."""
        self._pay(number, market, begun, self._now)
        outcome = self.outcomes[number]
        if kind == "done":
            outcome.ended, outcome.well = self._now, True
            return 1
        outcome.reclaims += 1
        (self._spot_queue if self.policy.again_on_spot else self._on_demand_queue).append(number)
        return 0

    def _pay(self, number: int, market: str, begun: float, until: float) -> None:
        self._free[market] += 1
        each = self.paid.spot if market == "spot" else self.paid.on_demand
        self.outcomes[number].dollars += each * (until - begun)

    def _give_up(self) -> None:
        """The executions' time is over: what runs is ended and paid for until then, what waits never began."""
        for _, _, kind, number, market, begun in self._events:
            if kind in ("done", "reclaimed"):
                self._pay(number, market, begun, self.deadline_hours)
        for outcome in self.outcomes:
            if math.isnan(outcome.ended):
                outcome.ended = self.deadline_hours
