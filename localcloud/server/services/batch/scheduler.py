"""Which job starts where and when: one thread that looks at every queue whenever something has changed.

AWS facts: a queue is first in, first out, and the job at its head holds up those behind it; queues that share a
compute environment go by priority; a queue's compute environments are tried in order; a compute environment starts no
more vCPUs than its maximum. A blocked job is told so (statusReason, an event) and a time limit acts on it while it is
at the head, and for lack of capacity only if none of the queue's compute environments has any: the wait begins anew
for the next job. A disabled compute environment starts nothing and lets what runs end; a disabled queue takes no new
jobs and lets those in it run.

Simplified: a compute environment's use is counted in the vCPUs of its jobs, not of the instances that hold them.
"""

from __future__ import annotations

import atexit
import bisect
import logging
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from localcloud.server import endings
from localcloud.server.control import on_reset
from localcloud.server.retention import drops, over
from localcloud.server.timescale import SCALE
from localcloud.server.workers import Worker

from . import attempts, faults, fleet, instances, notices
from .environment import overrides_too_long, remove_directories, remove_directory
from .model import (
    LOCK,
    SETTLE_SECONDS,
    ComputeEnvironment,
    Job,
    JobQueue,
    Store,
    now_ms,
    reset,
    store,
    stores,
)
from .retries import retried
from .texts import (
    ACTION_REQUIRED,
    ARRAY_CHILD_FAILED,
    DEPENDENCY_FAILED,
    INSUFFICIENT_CAPACITY,
    MAX_RESOURCE,
    OVERRIDES_TOO_LONG,
    RESOURCE_REQUIREMENT,
    blocked,
    cancelled_by_time_limit,
    host_terminated,
)

LOG = logging.getLogger(__name__)
FULL = "FULL"
SILENT = "SILENT"
"""Waiting for others to end; waiting for capacity without AWS saying so."""


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
            self.wait = _look()


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


def _look() -> float | None:
    """One pass over everything; answers in how many seconds the next is due, if nothing changes before."""
    due: list[float] = []
    for held in stores():
        _admit(held)
        for name in list(held.queues):
            held.queue(name)
        for queue in sorted(held.queues.values(), key=lambda item: -item.priority):
            due += _serve(held, queue)
    return max(min(due), 0.005) if due else None


def _admit(held: Store) -> None:
    """SUBMITTED and PENDING jobs whose dependencies have ended become RUNNABLE, or FAILED."""
    for job in list(held.pending.values()):
        with _failing_alone(job):
            _admit_job(held, job)


def _admit_job(held: Store, job: Job) -> None:
    named = [held.jobs.get(item["jobId"]) for item in job.request.get("dependsOn", [])]
    needed = [item for item in named if item is not None]  # what AWS keeps no more has not failed while this waited
    if any(item.status == "FAILED" for item in needed):
        finish(job, "FAILED", DEPENDENCY_FAILED)
    elif job.children:
        _change(job, "PENDING")
    elif all(item.status == "SUCCEEDED" for item in needed):
        if job.status == "SUBMITTED" and needed:
            _change(job, "PENDING")
        del held.pending[job.id]
        _make_runnable(held, job)
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
    held = store(job.account, job.region)
    held.running.pop(job.id, None)
    fleet.leave(job)
    job.current = None
    try:
        finish(job, "FAILED", f"the local cloud failed: {error}")
    except Exception:
        LOG.exception("job %s could not be ended as usual", job.id)
        job.status = "FAILED"
        endings.ended(job.id)


def _make_runnable(held: Store, job: Job) -> None:
    bisect.insort(held.runnable.setdefault(job.queue, []), job, key=lambda item: item.order)
    _change(job, "RUNNABLE")


def _change(job: Job, status: str) -> None:
    if job.status != status:
        job.status = status
        notices.job_changed(job)


def _serve(held: Store, queue: JobQueue) -> list[float]:
    """Starts what can start, in order; answers when the head's time limit is over, if it has one."""
    waiting = held.runnable.get(queue.arn, [])
    while waiting:
        job = waiting[0]
        if job.status != "RUNNABLE":
            waiting.pop(0)
            continue
        left = None
        with _failing_alone(job):
            left = _serve_job(held, queue, job)
        if left is not None:
            return [left] if left != float("inf") else []
    return []


def _serve_job(held: Store, queue: JobQueue, job: Job) -> float | None:
    """Starts the job at the head, or answers in how many seconds its time limit is over; None: another is the head."""
    environment, code = _choose(held, queue, job)
    if environment is None:
        return _blocked(held, queue, job, code)
    held.runnable[queue.arn].pop(0)
    _start(held, job, environment)
    return None


def _choose(held: Store, queue: JobQueue, job: Job) -> tuple[ComputeEnvironment | None, str]:
    """The compute environment that the job can start in, or why there is none."""
    codes: list[str] = []
    for arn in queue.order:
        environment = held.environment(arn)
        code = _obstacle(environment, job)
        if environment is not None and not code:
            return environment, ""
        codes.append(code)
    for code in (FULL, SILENT, INSUFFICIENT_CAPACITY):
        if code in codes:
            return None, code
    return None, codes[0] if codes else FULL


def _obstacle(environment: ComputeEnvironment | None, job: Job) -> str:
    if environment is None or environment.status == "INVALID":
        return ACTION_REQUIRED
    if environment.state == "DISABLED" or environment.status in ("CREATING", "DELETING"):
        return FULL
    most = environment.resources.get("maxvCpus", 0)
    if job.vcpus > most:
        return MAX_RESOURCE
    entries = tuple(environment.resources.get("instanceTypes", ()))
    if instances.smallest_for(entries, job.vcpus, job.memory_mib) is None:
        return RESOURCE_REQUIREMENT
    if fault := faults.lacking(job, environment.arn):
        return SILENT if fault.silent else INSUFFICIENT_CAPACITY
    return FULL if used_vcpus(environment) + job.vcpus > most else ""


def used_vcpus(environment: ComputeEnvironment) -> float:
    return sum(job.vcpus for job in tasks(environment))


def tasks(environment: ComputeEnvironment) -> list[Job]:
    """The jobs that are on the compute environment's machines; each is a task of its ECS cluster."""
    held = store(environment.account, environment.region)
    return [job for job in held.running.values() if job.current and job.current.compute_environment == environment.arn]


def desired_vcpus(environment: ComputeEnvironment) -> int:
    """What the compute environment is scaled to at the moment."""
    return max(int(used_vcpus(environment)), environment.resources.get("minvCpus", 0))


def _blocked(held: Store, queue: JobQueue, job: Job, code: str) -> float | None:
    """Tells why the head cannot start. Answers seconds until its time limit, infinity, or None: it was cancelled."""
    if code in (FULL, SILENT):
        job.blocked, job.status_reason = None, None
        return float("inf")
    if job.blocked != code:
        job.blocked, job.blocked_since = code, time.monotonic()
        environment = held.environment(queue.order[0])
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


def _start(held: Store, job: Job, environment: ComputeEnvironment) -> None:
    job.blocked, job.status_reason = None, None
    if overrides_too_long(job, environment.arn):
        finish(job, "FAILED", OVERRIDES_TOO_LONG)
        return
    held.running[job.id] = job
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
        held = store(job.account, job.region)
        held.running.pop(job.id, None)
        if outcome.exit_code == 0 and outcome.may_succeed:
            finish(job, "SUCCEEDED", outcome.status_reason)
        elif outcome.may_retry and retried(
            job.retry, len(job.attempts), outcome.exit_code, outcome.reason, outcome.status_reason
        ):
            job.status_reason = None
            _make_runnable(held, job)
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


def _finish_array(held: Store, parent_id: str) -> None:
    parent = held.jobs[parent_id]
    children = [held.jobs[name] for name in parent.children]
    if parent.finished or not all(child.finished for child in children):
        return
    failed = any(child.status == "FAILED" for child in children)
    finish(parent, "FAILED" if failed else "SUCCEEDED", ARRAY_CHILD_FAILED if failed else None)


def stop_job(job: Job, reason: str, *, terminate: bool) -> None:
    """CancelJob and TerminateJob. Called under the lock."""
    held = store(job.account, job.region)
    for name in job.children:
        stop_job(held.jobs[name], reason, terminate=terminate)
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


def end_queue(held: Store, queue: JobQueue) -> None:
    """Deleting a queue ends the jobs in it."""
    for job in list(held.jobs.values()):
        if job.queue == queue.arn and not job.finished:
            stop_job(job, "Job Queue was deleted", terminate=True)


def end_hosts(environment: ComputeEnvironment, before: int | None = None) -> None:
    """The compute environment's instances end, with the jobs on them (those that started before a time)."""
    for job in tasks(environment):
        attempt = job.current
        if attempt is not None and (before is None or (attempt.started_at or 0) <= before):
            attempts.lose_host(job, host_terminated(attempt.instance_id))


def replace_hosts(environment: ComputeEnvironment) -> None:
    """An update of the infrastructure: jobs that run have the time of the update policy, others go to new instances."""
    fleet.drain_all(environment)
    if environment.update_policy["terminateJobsOnUpdate"]:
        end_hosts(environment)
        return
    seconds = SCALE.real(60 * environment.update_policy["jobExecutionTimeoutMinutes"])
    begun = now_ms()

    def over() -> None:
        with LOCK:
            end_hosts(environment, before=begun)

    timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), over)
    timer.daemon = True
    timer.start()


KEPT = timedelta(days=7)
"""How long AWS keeps a job after its end."""


@drops
def drop() -> None:
    """Jobs with their directories; a child of an array with the whole array."""
    with LOCK:
        dropped = [job for held in stores() for job in held.jobs.values() if job.parent is None and _is_over(job)]
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
        job = next((held.jobs[job_id] for held in stores() if job_id in held.jobs), None)
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
