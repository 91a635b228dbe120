"""How long jobs are kept after their end, and what the end or the reset of the server does with all of them."""

from __future__ import annotations

import atexit
from datetime import UTC, datetime, timedelta

from localcloud.server import endings
from localcloud.server.control import on_reset
from localcloud.server.retention import drops, over

from . import attempts, faults, fleet
from .job_setup import remove_directories, remove_directory
from .model import LOCK, Job, now_ms, reset, store, stores

KEPT = timedelta(days=7)
"""How long AWS keeps a job after its end."""


@drops
def drop() -> None:
    """Jobs with their directories; a child of an array with the whole array."""
    with LOCK:
        dropped = [job for batch in stores() for job in batch.jobs.values() if job.parent is None and _is_over(job)]
        for job in dropped:
            for name in (job.id, *job.children):
                store(job.account, job.region).jobs.pop(name, None)
    for job in dropped:
        for name in (job.id, *job.children):
            remove_directory(name)


def _is_over(job: Job) -> bool:
    return job.finished and over(datetime.fromtimestamp((job.stopped_at or now_ms()) / 1000, UTC), KEPT)


@atexit.register
def end_with_the_server() -> None:
    """No job outlives the server, and its directories go too."""
    with LOCK:
        attempts.abandon()
    remove_directories()


@endings.says_what_is_over
def has_ended(job_id: str) -> bool:
    """Whether a job has ended. One that isn't there is waited for by nobody: it was forgotten."""
    with LOCK:
        job = next((batch.jobs[job_id] for batch in stores() if job_id in batch.jobs), None)
        return job is None or job.finished


@on_reset
def forget() -> None:
    """Ends every job's process and forgets everything."""
    with LOCK:
        attempts.abandon()
        reset()
        fleet.forget()
        faults.clear()
        endings.forget()
