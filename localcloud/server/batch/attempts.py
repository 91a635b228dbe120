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
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from localcloud.server import children
from localcloud.server.call import HOOKS, Call
from localcloud.server.call import Outcome as CallOutcome
from localcloud.server.timescale import SCALE

from . import environment, faults, notices
from .markers import Marker
from .model import LOCK, Attempt, ComputeEnvironment, Job, new_id, now_ms
from .texts import EXITED, FAILED_TO_START, OUT_OF_MEMORY, TIMED_OUT, cannot_pull, cannot_start, host_terminated

LOG = logging.getLogger(__name__)
STOP_SECONDS = 30
WRITING = ("PutObject", "CopyObject", "CompleteMultipartUpload")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an attempt ended. ``may_succeed`` is false for one that was stopped, whatever it says itself."""

    exit_code: int | None = None
    reason: str | None = None
    status_reason: str | None = EXITED
    may_retry: bool = True
    may_succeed: bool = True


End = Callable[[Job, Outcome], None]


@dataclass(kw_only=True)
class Running:
    """An attempt's process. ``verdict`` is what it ended for, if not by itself: given its exit code, the outcome."""

    job: Job
    attempt: Attempt
    on_end: End
    process: children.Child | None = None
    marker: Marker | None = None
    deadline: float | None = None
    kill_at: float | None = None
    verdict: Callable[[int], Outcome] | None = None
    fault: faults.Fault | None = None
    strike_at: float | None = None


_RUNNING: dict[str, Running] = {}


def begin(job: Job, compute_environment: ComputeEnvironment, on_end: End) -> None:
    """Starts the next attempt in a thread of its own. Called under the lock."""
    number = len(job.attempts) + 1
    account, region = job.account, job.region
    cluster = compute_environment.ecs_cluster_arn.rpartition("/")[2]
    task = new_id().replace("-", "")
    instance = f"i-0{new_id().replace('-', '')[:16]}"
    ecs = f"arn:aws:ecs:{region}:{account}"
    attempt = Attempt(
        number=number,
        instance_id=instance,
        container_instance_arn=f"{ecs}:container-instance/{cluster}/{new_id().replace('-', '')}",
        task_arn=f"{ecs}:task/{cluster}/{task}",
        log_stream=f"{environment.log_prefix(job)}/default/{task}",
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
    with LOCK:
        abandoned = _RUNNING.get(job.id) is not running
        if not abandoned:
            del _RUNNING[job.id]
    if not abandoned:
        running.on_end(job, outcome)


def _attempt(running: Running, instance_role: str) -> Outcome:
    job, attempt = running.job, running.attempt
    fault = faults.take((*faults.STARTING, *faults.STRIKING), job.queue, job.name, attempt.compute_environment)
    if fault is not None and fault.kind == "slow":
        time.sleep(SCALE.real(fault.seconds))
        fault = faults.take(faults.STRIKING, job.queue, job.name, attempt.compute_environment)
    if fault is not None and fault.kind == "image_pull":
        reason = fault.message or cannot_pull(job.container["image"])
        return Outcome(reason=reason, status_reason=FAILED_TO_START)
    if fault is not None and fault.at_once and fault.kind != "reclaimed":
        return _struck(running, fault)(137)
    running.fault = fault
    prepared = environment.prepare(job, attempt, instance_role)
    if isinstance(prepared, str):
        return Outcome(reason=prepared, status_reason=FAILED_TO_START)
    with LOCK:
        if job.stop_reason is not None:
            return Outcome(status_reason=job.stop_reason, may_retry=False)
        try:
            running.process = _start(running, prepared)
        except OSError:
            return Outcome(reason=cannot_start(prepared.argv[0]), exit_code=127, status_reason=FAILED_TO_START)
        _began(running, running.process)
    code = running.process.wait()
    with LOCK:
        verdict = running.verdict
    return verdict(code) if verdict else Outcome(exit_code=code)


def _start(running: Running, prepared: environment.Prepared) -> children.Child:
    pattern = running.fault.after_marker if running.fault else None
    running.marker = Marker(pattern=pattern, directory=prepared.directory) if pattern else None
    return children.start(
        children.Command(
            name=f"job {running.job.id}",
            argv=prepared.argv,
            environment=prepared.variables,
            directory=prepared.directory,
        ),
        write=prepared.logs,
        see=running.marker.look_in if running.marker else None,
    )


def _began(running: Running, process: children.Child) -> None:
    job = running.job
    now = time.monotonic()
    running.attempt.started_at = now_ms()
    job.started_at = running.attempt.started_at
    if job.timeout and job.timeout.get("attemptDurationSeconds"):
        running.deadline = now + SCALE.real(job.timeout["attemptDurationSeconds"])
    fault = running.fault
    if fault is not None and not fault.awaits_writing:
        running.strike_at = now + SCALE.real(fault.after_seconds or 0)
    job.status = "RUNNING"
    notices.job_changed(job)
    children.watch(process, partial(check, running, process))


def check(running: Running, process: children.Child, used_mib: float) -> None:
    """Looks at a running attempt: time, memory, faults. Called by the watcher, many times a second."""
    if running.marker is not None:
        running.marker.look_for_file()
    now = time.monotonic()
    with LOCK:
        if running.kill_at is not None and now >= running.kill_at:
            running.kill_at = None
            process.kill()
        if running.verdict is not None:
            return
        if used_mib > running.job.memory_mib:
            _kill(running, lambda _: Outcome(exit_code=137, reason=OUT_OF_MEMORY))
        elif running.deadline is not None and now >= running.deadline:
            _terminate(running, lambda code: Outcome(exit_code=code, status_reason=TIMED_OUT, may_retry=False,
                                                     may_succeed=False))  # fmt: skip
        elif running.fault is not None and _strikes(running, now):
            _strike(running, running.fault)


def _strikes(running: Running, now: float) -> bool:
    marked = running.marker is not None and running.marker.seen
    return marked or (running.strike_at is not None and now >= running.strike_at)


def _strike(running: Running, fault: faults.Fault) -> None:
    verdict = _struck(running, fault)
    if fault.kind == "reclaimed" and fault.signal == "SIGTERM":
        _terminate(running, verdict, fault.grace_seconds)
    else:
        _kill(running, verdict)


@HOOKS.finish("s3")
def _wrote(call: Call, outcome: CallOutcome) -> None:
    """A fault that awaits an object strikes the job that wrote it: its session has the name of its task."""
    if call.operation not in WRITING or outcome.status != HTTPStatus.OK:
        return
    task, name = call.caller.arn.rpartition("/")[2], f"{call.params['Bucket']}/{call.params['Key']}"
    with LOCK:
        for running in _RUNNING.values():
            fault = running.fault
            if fault is None or running.process is None or running.verdict is not None:
                continue
            if running.attempt.task_arn.endswith(f"/{task}") and fault.awaits_object(name):
                _strike(running, fault)


def _struck(running: Running, fault: faults.Fault) -> Callable[[int], Outcome]:
    if fault.kind == "host_lost":
        return lambda _: Outcome(status_reason=None, may_succeed=False)
    if fault.kind == "out_of_memory":
        return lambda _: Outcome(exit_code=137, reason=OUT_OF_MEMORY)
    if fault.kind == "exit":
        return lambda _: Outcome(exit_code=fault.exit_code)
    lost = host_terminated(running.attempt.instance_id)
    if fault.signal == "SIGKILL":
        return lambda _: Outcome(status_reason=lost, may_succeed=False)
    if fault.report == "program":
        return lambda code: Outcome(exit_code=code)
    return lambda code: Outcome(exit_code=code if code != 137 else None, status_reason=lost, may_succeed=False)


def _kill(running: Running, verdict: Callable[[int], Outcome]) -> None:
    running.verdict = verdict
    if running.process is not None:
        running.process.kill()


def _terminate(running: Running, verdict: Callable[[int], Outcome], seconds: float = STOP_SECONDS) -> None:
    running.verdict = verdict
    running.kill_at = time.monotonic() + SCALE.real(seconds)
    if running.process is not None:
        running.process.signal(signal.SIGTERM)


def stop(job: Job, reason: str) -> None:
    """TerminateJob of a job that has begun. Called under the lock."""
    running = _RUNNING.get(job.id)
    if running is not None and running.process is not None:
        _terminate(running, lambda code: Outcome(exit_code=code, status_reason=reason, may_retry=False,
                                                 may_succeed=False))  # fmt: skip


def lose_host(job: Job, status_reason: str) -> None:
    """The instance under a job ends. Called under the lock."""
    running = _RUNNING.get(job.id)
    if running is not None:
        _kill(running, lambda _: Outcome(status_reason=status_reason, may_succeed=False))


def abandon() -> None:
    """Kills every process; nobody is told how it ended. Called under the lock."""
    for running in _RUNNING.values():
        if running.process is not None:
            running.process.kill()
    _RUNNING.clear()
