"""One attempt of a job: a process in a session of its own, watched until it ends.

AWS facts: the container gets SIGTERM and, 30 s later, SIGKILL when its job is stopped or takes too long; its exit code
is then 143 or 137 or what the program makes of the signal; memory above the limit ends it with 137 and the reason
``OutOfMemoryError``; a host that goes leaves no exit code.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

from localcloud.server import children
from localcloud.server.call import HOOKS, Call
from localcloud.server.call import Outcome as CallOutcome
from localcloud.server.timescale import SCALE

from . import containers, faults, fleet, job_setup, notices
from .model import LOCK, Attempt, ComputeEnvironment, Job, new_id, now_ms
from .outcomes import KILLED, Outcome, Verdict, host_lost, of_fault, out_of_memory, stopped
from .pending_faults import PendingFault
from .texts import FAILED_TO_START, TIMED_OUT, cannot_pull, cannot_start

LOG = logging.getLogger(__name__)
STOP_SECONDS = 30
WRITING = ("PutObject", "CopyObject", "CompleteMultipartUpload")


End = Callable[[Job, Outcome], None]


@dataclass(kw_only=True)
class Running:
    """An attempt's process. ``verdict`` is what it ended for, if not by itself."""

    job: Job
    attempt: Attempt
    on_end: End
    process: children.Child | None = None
    directory: Path = field(default_factory=Path)
    token: str = ""
    deadline: float | None = None
    kill_at: float | None = None
    verdict: Verdict | None = None
    pending: list[PendingFault] = field(default_factory=list[PendingFault])

    def see(self, line: str) -> None:
        for pending in list(self.pending):
            pending.look_in(line)


_RUNNING: dict[str, Running] = {}


def begin(job: Job, compute_environment: ComputeEnvironment, on_end: End) -> None:
    """Starts the next attempt in a thread of its own. Called under the lock."""
    instance = fleet.place(compute_environment, job)
    cluster = compute_environment.ecs_cluster_arn.rpartition("/")[2]
    task = new_id().replace("-", "")
    attempt = Attempt(
        number=len(job.attempts) + 1,
        instance_id=instance.id,
        container_instance_arn=instance.container_instance_arn,
        task_arn=f"arn:aws:ecs:{job.region}:{job.account}:task/{cluster}/{task}",
        log_stream=f"{job_setup.log_prefix(job)}/default/{task}",
        compute_environment=compute_environment.arn,
    )
    job.current = attempt
    job.status = "STARTING"
    notices.job_changed(job)
    running = Running(job=job, attempt=attempt, on_end=on_end)
    _RUNNING[job.id] = running
    role = str(compute_environment.resources.get("instanceRole", ""))
    args = (running, role)
    threading.Thread(target=_run, args=args, daemon=True, name=f"job-{job.id}").start()


def _run(running: Running, instance_role: str) -> None:
    job = running.job
    try:
        outcome = _attempt(running, instance_role)
    except Exception as error:
        LOG.exception("job %s", job.id)
        if running.process is not None:
            running.process.kill()
            running.process.wait()
        outcome = Outcome(reason=f"the local cloud failed: {error}", status_reason=FAILED_TO_START)
    containers.remove(running.token)
    with LOCK:
        abandoned = _RUNNING.get(job.id) is not running
        if not abandoned:
            del _RUNNING[job.id]
    if not abandoned:
        running.on_end(job, outcome)


def _attempt(running: Running, instance_role: str) -> Outcome:
    job, attempt = running.job, running.attempt
    fault = faults.take((*faults.STARTING, *faults.STRIKING), job, attempt.compute_environment)
    if fault is not None and fault.kind == "slow":
        time.sleep(SCALE.real(fault.seconds))
        fault = faults.take(faults.STRIKING, job, attempt.compute_environment)
    if fault is not None and fault.kind == "image_pull":
        reason = fault.message or cannot_pull(job.container["image"])
        return Outcome(reason=reason, status_reason=FAILED_TO_START)
    if fault is not None and fault.at_once and fault.kind != "reclaimed":
        with LOCK:
            _strike(running, fault)
    elif fault is not None:
        running.pending.append(PendingFault(fault=fault))
    if running.verdict is not None:
        return running.verdict(KILLED)
    prepared = job_setup.prepare(job, attempt, instance_role)
    if isinstance(prepared, str):
        return Outcome(reason=prepared, status_reason=FAILED_TO_START)
    return _run_to_its_end(running, prepared)


def _run_to_its_end(running: Running, prepared: job_setup.Prepared) -> Outcome:
    running.token, running.directory = prepared.token, prepared.directory
    with LOCK:
        if running.job.stop_reason is not None:
            return Outcome(status_reason=running.job.stop_reason, may_retry=False)
        if running.verdict is not None:  # its instance was lost meanwhile
            return running.verdict(KILLED)
        try:
            running.process = _start(running, prepared)
        except OSError:
            return Outcome(reason=cannot_start(prepared.argv[0]), exit_code=127, status_reason=FAILED_TO_START)
        _began(running, running.process)
    code = running.process.wait()
    with LOCK:
        verdict = running.verdict
    return verdict(code) if verdict else Outcome(exit_code=code)


def _start(running: Running, prepared: job_setup.Prepared) -> children.Child:
    command = children.Command(
        name=f"job {running.job.id}",
        argv=prepared.argv,
        environment=prepared.variables,
        directory=prepared.directory,
    )
    return children.start(command, write=prepared.logs, see=running.see)


def _began(running: Running, process: children.Child) -> None:
    job = running.job
    running.attempt.started_at = now_ms()
    job.started_at = running.attempt.started_at
    if job.timeout and job.timeout.get("attemptDurationSeconds"):
        running.deadline = time.monotonic() + SCALE.real(job.timeout["attemptDurationSeconds"])
    for pending in running.pending:
        pending.begin()
    job.status = "RUNNING"
    notices.job_changed(job)
    children.watch(process, partial(check, running, process))


def check(running: Running, process: children.Child, used_mib: float) -> None:
    """Looks at a running attempt: time, memory, faults. Called by the watcher, many times a second."""
    for pending in list(running.pending):
        pending.look_for_file(running.directory)
    now = time.monotonic()
    with LOCK:
        if running.kill_at is not None and now >= running.kill_at:
            running.kill_at = None
            process.kill()
        if running.verdict is not None:
            return
        if used_mib > running.job.memory_mib:
            _kill(running, out_of_memory)
        elif running.deadline is not None and now >= running.deadline:
            _terminate(running, stopped(TIMED_OUT))
        elif striking := next((pending.fault for pending in running.pending if pending.strikes), None):
            _strike(running, striking)


def _strike(running: Running, fault: faults.Fault) -> None:
    """The job's end, or that of its instance with every job on it. Called under the lock."""
    instance = running.attempt.instance_id
    struck = [running]
    if fault.takes_instance:
        fleet.drain(instance)
        struck = [one for one in _RUNNING.values() if one.attempt.instance_id == instance]
    for one in struck:
        if one.verdict is not None:
            continue
        if fault.kind == "reclaimed" and fault.signal == "SIGTERM":
            _terminate(one, of_fault(fault, instance), fault.grace_seconds)
        else:
            _kill(one, of_fault(fault, instance))


@faults.on_add
def _strike_what_runs(fault: faults.Fault) -> None:
    """A fault that is put in strikes jobs that run already, as many as its times. Called under the lock."""
    for running in _RUNNING.values():
        concerned = fault.concerns(running.job, running.attempt.compute_environment)
        if fault.kind in faults.STRIKING and concerned and running.verdict is None:
            fault.use()
            fault.striking.append(running.job.id)
            pending = PendingFault(fault=fault)
            running.pending.append(pending)
            if running.process is not None:
                pending.begin()


@HOOKS.finish("s3")
def _wrote(call: Call, outcome: CallOutcome) -> None:
    """A fault that awaits an object strikes the job that wrote it: its session has the name of its task."""
    if call.operation not in WRITING or outcome.status != HTTPStatus.OK:
        return
    task, name = call.caller.arn.rpartition("/")[2], f"{call.params['Bucket']}/{call.params['Key']}"
    with LOCK:
        for running in _RUNNING.values():
            if running.process is None or not running.attempt.task_arn.endswith(f"/{task}"):
                continue
            for pending in running.pending:
                if pending.fault.awaits_object(name) and not pending.fault.removed:
                    _strike(running, pending.fault)


def _kill(running: Running, verdict: Verdict) -> None:
    running.verdict = verdict
    if running.process is not None:
        running.process.kill()


def _terminate(running: Running, verdict: Verdict, seconds: float = STOP_SECONDS) -> None:
    running.verdict = verdict
    running.kill_at = time.monotonic() + SCALE.real(seconds)
    if running.process is not None:
        running.process.signal(signal.SIGTERM)


def stop(job: Job, reason: str) -> None:
    """TerminateJob of a job that has begun. Called under the lock."""
    running = _RUNNING.get(job.id)
    if running is not None and running.process is not None:
        _terminate(running, stopped(reason))


def lose_host(job: Job, status_reason: str) -> None:
    """The instance under a job ends. Called under the lock."""
    running = _RUNNING.get(job.id)
    if running is not None:
        fleet.drain(running.attempt.instance_id)
        _kill(running, host_lost(status_reason))


def abandon() -> None:
    """Kills every process; nobody is told how it ended. Called under the lock."""
    for running in _RUNNING.values():
        if running.process is not None:
            running.process.kill()
    _RUNNING.clear()
