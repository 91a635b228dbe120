"""From a request and its jobs to started executions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from portal.environments import Discovered, Home
from portal.errors import PortalError
from portal.submission.journal import Journal, Planned
from portal.submission.names import distinct
from portal.submission.requests import Job, Request, execution_input, refuse


def identity(request: Request, jobs: Sequence[Job]) -> Mapping[str, Any]:
    """What the batch is known by. Raises PortalError for no jobs, or two for the same target."""
    if not jobs:
        raise PortalError("there is nothing to submit: no target is there, or none passes the filters")
    if twice := [target for target, times in Counter(job.target for job in jobs).items() if times > 1]:
        raise PortalError(f"{twice[0]!r}: is named twice")
    return request.identity()


def plan(
    journal: Journal, request: Request, jobs: Sequence[Job], where: Home, discovered: Discovered
) -> tuple[list[Planned], int]:
    """Records what is new; the runs to start, in the jobs' order, and how many of them were started before.

    Raises PortalError for what would be refused, before anything is recorded.
    """
    new = planned(journal, request, [job for job in jobs if job.target not in journal.planned], where, discovered)
    if new:
        journal.plan(new)
    all_of_them = [journal.planned[job.target] for job in jobs]
    todo = [run for run in all_of_them if run.name not in journal.started]
    return todo, len(all_of_them) - len(todo)


def planned(
    journal: Journal, request: Request, jobs: Sequence[Job], where: Home, discovered: Discovered
) -> list[Planned]:
    """Names and inputs of jobs that are new to the batch. Raises PortalError."""
    taken = {run.name for run in journal.planned.values()}
    named = distinct({job.target: job.name(journal.header.unix) for job in jobs}, taken)
    inputs = {job.target: execution_input(request, job, named[job.target], where, discovered) for job in jobs}
    refuse([*inputs.values()], where, discovered)
    return [Planned(target=target, name=named[target], input=json.dumps(given)) for target, given in inputs.items()]
