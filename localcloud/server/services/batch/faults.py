"""Faults that are put into queues and jobs on purpose, at ``/_localcloud/faults``.

POST one JSON object to add a fault (the answer has its ``id``), GET all, DELETE ``/_localcloud/faults/ID`` or all.
Which jobs: ``account``, ``queue``, ``compute_environment`` (a name or an ARN; ``*``), ``job_name`` (a regular
expression that is searched for), ``job`` (the id of one that waits or runs), ``times`` (how often; -1 for ever). Jobs
that run already are struck first; the answer has their ids in ``striking``. Which fault, by ``kind``:

==================  ==================================================================================================
``reclaimed``       the host is taken, with every job on it: SIGKILL, or with ``"signal": "SIGTERM"``, as when Docker
                    ends with the host, SIGTERM and after ``grace_seconds`` (15, Docker's own) SIGKILL. ``"report":
                    "host"``: the status reason names the host; ``"program"``: a program that ends by itself after the
                    SIGTERM looks like one that failed
``host_lost``       the host is lost, with every job on it: the attempt ends without any reason or exit code
``out_of_memory``   killed as if it used too much memory: exit code 137 and AWS's reason
``exit``            ends with ``exit_code`` (1)
``image_pull``      the image cannot be pulled
``slow``            ``seconds`` more in STARTING
``no_capacity``     no instance is to be had in the compute environment (or any of the queue's); with ``"silent": true``
                    AWS never says why and no time limit acts
``throttled``       SubmitJob answers TooManyRequestsException (429)
``service_error``   SubmitJob answers ServerException (500), or ``code``, ``message``, ``status``
==================  ==================================================================================================

``reclaimed``, ``host_lost``, ``out_of_memory`` and ``exit`` strike ``after_seconds`` (AWS seconds, default 0) or once
the job has written ``after_marker``: a regular expression found in its output, or the name (a glob) of a file in its
directory; or ``after_object``: ``BUCKET/KEY`` (a glob) of an object in S3, before it is told that the object is there.
With none given, ``exit`` and ``out_of_memory`` strike before the program has begun.
"""

from __future__ import annotations

import fnmatch
import re
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from localcloud.server.call import Call, Refusal

from .model import LOCK, Job, stores

STRIKING = ("reclaimed", "host_lost", "out_of_memory", "exit")
TAKING_INSTANCES = ("reclaimed", "host_lost")
STARTING = ("image_pull", "slow")
SUBMITTING = ("throttled", "service_error")
KINDS = (*STRIKING, *STARTING, *SUBMITTING, "no_capacity")


@dataclass(kw_only=True)
class Fault:
    kind: str
    account: str = "*"
    queue: str = "*"
    compute_environment: str = "*"
    job_name: str = ""
    job: str = "*"
    times: int = 1
    signal: str = "SIGKILL"
    report: str = "host"
    grace_seconds: float = 15
    after_seconds: float | None = None
    after_marker: str | None = None
    after_object: str | None = None
    exit_code: int = 1
    seconds: float = 0
    silent: bool = False
    code: str = "ServerException"
    message: str = ""
    status: int = 500
    id: str = ""
    striking: list[str] = field(default_factory=list[str], init=False)
    """Ids of the jobs that ran when it was put in, and that it strikes."""
    removed: bool = field(default=False, init=False)
    """It strikes nothing any more, not even jobs that it was waiting in."""

    def __post_init__(self) -> None:
        for name, value, known in (
            ("kind", self.kind, KINDS),
            ("signal", self.signal, ("SIGKILL", "SIGTERM")),
            ("report", self.report, ("host", "program")),
        ):
            if value not in known:
                raise ValueError(f"fault {name} {value!r}: one of {', '.join(known)} is meant")
        try:
            re.compile(self.job_name)
        except re.error as error:
            raise ValueError(f"fault job_name {self.job_name!r}: {error}") from error
        self.id = self.id or str(uuid.uuid4())

    @property
    def at_once(self) -> bool:
        return self.after_seconds is None and not self.awaits_writing

    @property
    def awaits_writing(self) -> bool:
        return self.after_marker is not None or self.after_object is not None

    def awaits_object(self, name: str) -> bool:
        """``name``: ``BUCKET/KEY``."""
        return self.after_object is not None and fnmatch.fnmatchcase(name, self.after_object)

    @property
    def takes_instance(self) -> bool:
        return self.kind in TAKING_INSTANCES

    def use(self) -> None:
        """One of its times is used up."""
        if self.times > 0:
            self.times -= 1

    def concerns(self, job: Job, environment_arn: str) -> bool:
        return (
            self.concerns_submit(job.queue, job.name)
            and self.job in ("*", job.id)
            and _named(self.compute_environment, environment_arn)
        )

    def concerns_submit(self, queue_arn: str, job_name: str) -> bool:
        return (
            self.times != 0
            and self.account in ("*", queue_arn.split(":")[4])
            and _named(self.queue, queue_arn)
            and re.search(self.job_name, job_name) is not None
        )


def _named(wanted: str, arn: str) -> bool:
    return wanted in ("*", arn, arn.partition("/")[2])


_FAULTS: list[Fault] = []
_ON_ADD: list[Callable[[Fault], None]] = []


def on_add(strike: Callable[[Fault], None]) -> Callable[[Fault], None]:
    """Registers what a new fault does to jobs that run already. Called under the lock."""
    _ON_ADD.append(strike)
    return strike


def add(**given: Any) -> Fault:
    """Raises ValueError for an unknown kind or a bad value, TypeError for an unknown member."""
    known = {item.name: item for item in fields(Fault) if item.init}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"fault {', '.join(unknown)}: known are {', '.join(sorted(known))}")
    fault = Fault(**given)
    with LOCK:
        _check_job(fault)
        for strike in _ON_ADD:
            strike(fault)
        _FAULTS.append(fault)
    return fault


def _check_job(fault: Fault) -> None:
    """Raises ValueError for a job that the fault can't meet any more."""
    if fault.job == "*":
        return
    if fault.kind in SUBMITTING:
        raise ValueError(f"fault job {fault.job!r}: {fault.kind} meets a job that has no id yet; name it by job_name")
    job = next((batch.jobs[fault.job] for batch in stores() if fault.job in batch.jobs), None)
    if job is None or job.finished:
        raise ValueError(f"fault job {fault.job!r}: no job of that id waits or runs")
    if job.status == "RUNNING" and fault.kind not in STRIKING:
        raise ValueError(f"fault job {fault.job!r}: it runs already; {fault.kind} meets jobs that start")


def clear() -> None:
    remove("")


def remove(fault_id: str) -> int:
    """Takes out one fault, or all; answers how many."""
    with LOCK:
        removed = [item for item in _FAULTS if fault_id in ("", item.id)]
        for item in removed:
            item.removed = True
        _FAULTS[:] = [item for item in _FAULTS if not item.removed]
    return len(removed)


def take(kinds: tuple[str, ...], job: Job, environment_arn: str) -> Fault | None:
    """The first fault of these kinds that concerns the job; one of its times is used up."""
    with LOCK:
        fault = next((one for one in _FAULTS if one.kind in kinds and one.concerns(job, environment_arn)), None)
        if fault is not None:
            fault.use()
    return fault


def lacking(job: Job, environment_arn: str) -> Fault | None:
    """The fault for which the compute environment has no instance for the job; its times are not used up."""
    with LOCK:
        faults = (item for item in _FAULTS if item.kind == "no_capacity")
        return next((item for item in faults if item.concerns(job, environment_arn)), None)


def refuse(call: Call, queue_arn: str, job_name: str) -> None:
    """Refuses a SubmitJob for which there is a fault."""
    with LOCK:
        fault = next(
            (one for one in _FAULTS if one.kind in SUBMITTING and one.concerns_submit(queue_arn, job_name)), None
        )
        if fault is None:
            return
        fault.use()
    if fault.kind == "throttled":
        raise Refusal("TooManyRequestsException", fault.message or "Too Many Requests", 429)
    text = fault.message or f"Error executing request, Exception : Internal failure, RequestId: {call.id}"
    raise Refusal(fault.code, text, fault.status)


def listed() -> list[dict[str, Any]]:
    with LOCK:
        return [asdict(item) for item in _FAULTS]
