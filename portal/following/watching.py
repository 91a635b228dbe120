"""Watches executions until the last has ended.

Rests on: ListExecutions gives a thousand a call, the newest first, and may be some seconds behind; DescribeExecution is
asked about few, and about those that failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from portal.errors import PortalError
from portal.following.jobs import Job
from portal.following.outcomes import RUNNING, SUCCEEDED, Outcome, outcome
from portal.following.runs import Follower

FEW: Final = 10
"""So many are asked about one by one."""
FIRST_SECONDS: Final = 0.25
DETAILED: Final = 100
"""Of more, the jobs of those that succeeded are not looked up."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """An execution that has ended. ``job``: None if it sent none, or was not looked up."""

    follower: Follower
    name: str
    outcome: Outcome
    job: Job | None


@dataclass(frozen=True, kw_only=True)
class Running:
    """An execution that has not ended, as it was at the last look. ``job``: None if it has none yet."""

    name: str
    outcome: Outcome
    job: Job | None


class Watch:
    """The executions of one environment. ``pending``: those that have not ended, as far as is known.

    ``with_jobs``: the jobs of what runs are looked up too, if few run.
    """

    def __init__(self, follower: Follower, names: Sequence[str], *, with_jobs: bool = False) -> None:
        self.follower = follower
        self.pending = list(names)
        self.running: list[Running] = []
        """Of the pending, those that the last look asked about; of many, the first few."""
        self._with_jobs = with_jobs
        self._detailed = len(self.pending) <= DETAILED

    def poll(self) -> Iterator[Ended]:
        """Those that have ended since. Raises PortalError for a name that no execution has."""
        listed = self._listed() if len(self.pending) > FEW else {}
        self.running = []
        for name in [*self.pending]:
            row = listed.get(name, {})
            known = outcome(row) if row.get("status") in (RUNNING, SUCCEEDED) else self.follower.outcome(name)
            if not known.ended and len(self.running) < FEW:
                job = self.follower.job(name) if self._with_jobs and not listed else None
                self.running.append(Running(name=name, outcome=known, job=job))
            elif known.ended:
                looked_up = self._detailed or not known.succeeded
                self.pending.remove(name)
                yield Ended(
                    follower=self.follower,
                    name=name,
                    outcome=known,
                    job=self.follower.job(name) if looked_up else None,
                )

    def _listed(self) -> dict[str, dict[str, Any]]:
        """What ListExecutions says, by name, as far back as the oldest that is pending."""
        missing, executions = set(self.pending), dict[str, dict[str, Any]]()
        pages = self.follower.states.get_paginator("list_executions").paginate(
            stateMachineArn=self.follower.where.machine_arn
        )
        try:
            for page in pages:
                ones: list[dict[str, Any]] = page["executions"]
                executions |= {one["name"]: one for one in ones}
                missing -= executions.keys()
                if not missing:
                    break
        except (ClientError, BotoCoreError) as error:
            raise PortalError(f"environment {self.follower.where.name!r}: {error}") from error
        return executions


def watch(
    watches: Sequence[Watch],
    interval_seconds: float,
    tick: Callable[[], object],
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[Ended]:
    """Every execution as it ends; ``tick`` is called after each look.

    The first looks follow each other quickly, later ones with the whole interval between them.
    """
    seconds = min(FIRST_SECONDS, interval_seconds)
    while True:
        for one in watches:
            yield from one.poll()
        tick()
        if not any(one.pending for one in watches):
            return
        wait(seconds)
        seconds = min(seconds * 2, interval_seconds)
