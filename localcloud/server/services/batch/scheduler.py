"""Which job starts where and when: one thread that looks at every queue whenever something has changed.

AWS facts: a queue is first in, first out, and the job at its head holds up those behind it; queues that share a
compute environment go by priority; a queue's compute environments are tried in order; a compute environment starts no
more vCPUs than its maximum. A blocked job is told so (statusReason, an event) and a time limit acts on it while it is
at the head, and for lack of capacity only if none of the queue's compute environments has any: the wait begins anew
for the next job. A disabled compute environment starts nothing and lets what runs end; a disabled queue takes no new
jobs and lets those in it run.
"""

from __future__ import annotations

import bisect
import logging
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from localcloud.server import endings
from localcloud.server.timescale import SCALE
from localcloud.server.workers import Worker

from . import attempts, fleet, notices
from .job_setup import overrides_too_long
from .model import (
    LOCK,
    SETTLE_SECONDS,
    ComputeEnvironment,
    Job,
    JobQueue,
    Store,
    now_ms,
    store,
    stores,
)
from .placement import FULL, SILENT, choose
from .retries import retried
from .texts import (
    ARRAY_CHILD_FAILED,
    DEPENDENCY_FAILED,
    OVERRIDES_TOO_LONG,
    blocked,
    cancelled_by_time_limit,
)

LOG = logging.getLogger(__name__)


class _Scheduler:
    def __init__(self) -> None:
        self.changed = threading.Event()
        self.wait: float | None = None
        self.worker = Worker("batch-scheduler", self._schedule)

    def wake(self) -> None:
        self.changed.set()
        self.worker.start()

    def _schedule(self) -> None:
        self.changed.wait(self.wait)
        self.changed.clear()
        with LOCK:
            self.wait = _schedule_once()


_SCHEDULER = _Scheduler()


def wake() -> None:
    """Something changed: have every queue looked at."""
    _SCHEDULER.wake()


def wake_after_settling() -> None:
    timer = threading.Timer(SETTLE_SECONDS + 0.01, wake)
    timer.daemon = True
    timer.start()


def submitted(*jobs: Job) -> None:
    """Takes new jobs in. Called under the lock."""
    for job in jobs:
        store(job.account, job.region).pending[job.id] = job
        notices.job_changed(job)
    wake()


def _schedule_once() -> float | None:
    """One pass over everything; answers in how many seconds the next is due, if nothing changes before."""
    due: list[float] = []
    for batch in stores():
        _admit(batch)
        for name in list(batch.queues):
            batch.queue(name)
        for queue in sorted(batch.queues.values(), key=lambda item: -item.priority):
            due += _serve(batch, queue)
    return max(min(due), 0.005) if due else None


def _admit(batch: Store) -> None:
    """SUBMITTED and PENDING jobs whose dependencies have ended become RUNNABLE, or FAILED."""
    for job in list(batch.pending.values()):
        with _failing_alone(job):
            _admit_job(batch, job)


def _admit_job(batch: Store, job: Job) -> None:
    named = [batch.jobs.get(item["jobId"]) for item in job.request.get("dependsOn", [])]
    needed = [item for item in named if item is not None]  # what AWS keeps no more has not failed while this waited
    if any(item.status == "FAILED" for item in needed):
        finish(job, "FAILED", DEPENDENCY_FAILED)
    elif job.children:
        _change(job, "PENDING")
    elif all(item.status == "SUCCEEDED" for item in needed):
        if job.status == "SUBMITTED" and needed:
            _change(job, "PENDING")
        del batch.pending[job.id]
        _make_runnable(batch, job)
    else:
        _change(job, "PENDING")


@contextmanager
def _failing_alone(job: Job) -> Generator[None]:
    """A fault of the server's own over one job is that job's end, not the others'."""
    try:
        yield
    except Exception as error:
        LOG.exception("job %s", job.id)
        _give_up(job, error)


def _give_up(job: Job, error: Exception) -> None:
    batch = store(job.account, job.region)
    batch.running.pop(job.id, None)
    fleet.leave(job)
    job.current = None
    try:
        finish(job, "FAILED", f"the local cloud failed: {error}")
    except Exception:
        LOG.exception("job %s could not be ended as usual", job.id)
        job.status = "FAILED"
        endings.ended(job.id)


def _make_runnable(batch: Store, job: Job) -> None:
    bisect.insort(batch.runnable.setdefault(job.queue, []), job, key=lambda item: item.order)
    _change(job, "RUNNABLE")


def _change(job: Job, status: str) -> None:
    if job.status != status:
        job.status = status
        notices.job_changed(job)


def _serve(batch: Store, queue: JobQueue) -> list[float]:
    """Starts what can start, in order; answers when the head's time limit is over, if it has one."""
    waiting = batch.runnable.get(queue.arn, [])
    while waiting:
        job = waiting[0]
        if job.status != "RUNNABLE":
            waiting.pop(0)
            continue
        left = None
        with _failing_alone(job):
            left = _serve_job(batch, queue, job)
        if left is not None:
            return [left] if left != float("inf") else []
    return []


def _serve_job(batch: Store, queue: JobQueue, job: Job) -> float | None:
    """Starts the job at the head, or answers in how many seconds its time limit is over; None: another is the head."""
    environment, code = choose(batch, queue, job)
    if environment is None:
        return _blocked(batch, queue, job, code)
    batch.runnable[queue.arn].pop(0)
    _start(batch, job, environment)
    return None


def _blocked(batch: Store, queue: JobQueue, job: Job, code: str) -> float | None:
    """Tells why the head cannot start. Answers seconds until its time limit, infinity, or None: it was cancelled."""
    if code in (FULL, SILENT):
        job.blocked, job.status_reason = None, None
        return float("inf")
    if job.blocked != code:
        job.blocked, job.blocked_since = code, time.monotonic()
        environment = batch.environment(queue.order[0])
        entries = environment.resources.get("instanceTypes", ["optimal"]) if environment else ["optimal"]
        job.status_reason = blocked(code, entries[0])
        notices.queue_blocked(job)
    limits = [item["maxTimeSeconds"] for item in queue.time_limits if item["reason"] == code]
    if not limits:
        return float("inf")
    left = job.blocked_since + SCALE.real(min(limits)) - time.monotonic()
    if left > 0:
        return left
    job.is_cancelled = True
    finish(job, "FAILED", cancelled_by_time_limit(code))
    return None


def _start(batch: Store, job: Job, environment: ComputeEnvironment) -> None:
    job.blocked, job.status_reason = None, None
    if overrides_too_long(job, environment.arn):
        finish(job, "FAILED", OVERRIDES_TOO_LONG)
        return
    batch.running[job.id] = job
    attempts.begin(job, environment, on_end=attempt_ended)


def attempt_ended(job: Job, outcome: attempts.Outcome) -> None:
    """Keeps the attempt and decides on another. Called by the attempt's thread."""
    with LOCK, _failing_alone(job):
        attempt = job.current
        if attempt is None:
            raise ValueError(f"job {job.id} has no attempt that could end")
        attempt.stopped_at = now_ms()
        attempt.exit_code, attempt.reason = outcome.exit_code, outcome.reason
        attempt.status_reason = outcome.status_reason
        job.attempts.append(attempt)
        job.current = None
        fleet.leave(job)
        batch = store(job.account, job.region)
        batch.running.pop(job.id, None)
        if outcome.exit_code == 0 and outcome.may_succeed:
            finish(job, "SUCCEEDED", outcome.status_reason)
        elif outcome.may_retry and retried(
            job.retry, len(job.attempts), outcome.exit_code, outcome.reason, outcome.status_reason
        ):
            job.status_reason = None
            _make_runnable(batch, job)
        else:
            finish(job, "FAILED", outcome.status_reason)
    wake()


def finish(job: Job, status: str, reason: str | None) -> None:
    """The job's end. Called under the lock."""
    job.status_reason, job.stopped_at = reason, now_ms()
    job.blocked = None
    store(job.account, job.region).pending.pop(job.id, None)
    _change(job, status)
    endings.ended(job.id)
    if job.parent is not None:
        _finish_array(store(job.account, job.region), job.parent)
    wake()


def _finish_array(batch: Store, parent_id: str) -> None:
    parent = batch.jobs[parent_id]
    children = [batch.jobs[name] for name in parent.children]
    if parent.finished or not all(child.finished for child in children):
        return
    failed = any(child.status == "FAILED" for child in children)
    finish(parent, "FAILED" if failed else "SUCCEEDED", ARRAY_CHILD_FAILED if failed else None)


def stop_job(job: Job, reason: str, *, terminate: bool) -> None:
    """CancelJob and TerminateJob. Called under the lock."""
    batch = store(job.account, job.region)
    for name in job.children:
        stop_job(batch.jobs[name], reason, terminate=terminate)
    if job.finished:
        return
    if job.status in ("STARTING", "RUNNING"):
        if terminate:
            job.is_terminated, job.stop_reason = True, reason
            attempts.stop(job, reason)
        return
    if job.children:
        return
    job.is_terminated, job.is_cancelled = terminate, not terminate
    finish(job, "FAILED", reason)


def end_queue(batch: Store, queue: JobQueue) -> None:
    """Deleting a queue ends the jobs in it."""
    for job in list(batch.jobs.values()):
        if job.queue == queue.arn and not job.finished:
            stop_job(job, "Job Queue was deleted", terminate=True)
