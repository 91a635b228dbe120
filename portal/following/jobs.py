"""The batch job of an execution: on which kind of machine it ran, and where its log is.

Rests on: a ``batch:submitJob.sync`` task leaves in the history the queue that it was sent to (TaskScheduled), the job's
id (TaskSubmitted), and the job's description when it has ended (TaskSucceeded, or the cause of TaskFailed, which may be
cut off); in between DescribeJobs knows it. Batch names a compute environment's ECS cluster after it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from components import orchestrator_names
from components.orchestration import causes, limits

SPOT, OVERFLOW, ON_DEMAND = "spot", "overflow", "on demand"
_MACHINE: Final = re.compile(r'"ContainerInstanceArn"\s*:\s*"([^"]*)"')
_LOG: Final = re.compile(causes.JOB_FACTS["log"])
_SUBMIT: Final = "submitJob.sync"


@dataclass(frozen=True, kw_only=True)
class Job:
    """The latest job of an execution. ``stream``: empty until it runs."""

    id: str
    market: str
    """spot; overflow: on demand, for want of spot machines; on demand."""
    stream: str = ""
    status: str = ""
    """Of a job that has not ended, as Batch calls it."""


def latest_job(states: Any, batch: Any, arn: str, environment: str) -> Job | None:
    """The job that an execution sent last; None: none yet, or the service refused it."""
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn, reverseOrder=True)
    return _of_events((event for page in pages for event in page["events"]), batch, environment)


def _of_events(newest_first: Iterable[Mapping[str, Any]], batch: Any, environment: str) -> Job | None:
    described, job_id = "", ""
    for event in newest_first:
        kind = event["type"]
        details = event.get(f"{kind[0].lower()}{kind[1:]}EventDetails", {})
        if details.get("resource") != _SUBMIT:
            continue
        if kind == "TaskSucceeded":
            described = details.get("output", "")
        elif kind == "TaskFailed":
            described = details.get("cause", "")
        elif kind == "TaskSubmitted":
            job_id = json.loads(details["output"])["JobId"]
        elif kind == "TaskScheduled":
            if not job_id:
                return None
            queue = json.loads(details["parameters"])["JobQueue"]
            return _job(job_id, queue, described, batch, environment)
    return None


def _job(job_id: str, queue: str, described: str, batch: Any, environment: str) -> Job:
    if described:
        return Job(
            id=job_id,
            market=market(queue, _last(_MACHINE, described), environment),
            stream=_last(_LOG, described),
        )
    job: Mapping[str, Any] = next(iter(batch.describe_jobs(jobs=[job_id])["jobs"]), {})
    container = job.get("container", {})
    return Job(
        id=job_id,
        market=market(queue, container.get("containerInstanceArn", ""), environment),
        stream=container.get("logStreamName", ""),
        status=job.get("status", ""),
    )


def market(queue: str, machine: str, environment: str) -> str:
    """By the compute environment in the machine's ARN; without one, by the queue's name or ARN."""
    if generation := limits.GENERATION.search(machine):
        return {"spot": SPOT, "overflow": OVERFLOW, "on-demand": ON_DEMAND}[generation[1]]
    return SPOT if queue.rpartition("/")[2] == orchestrator_names.job_queue(environment, spot=True) else ON_DEMAND


def _last(pattern: re.Pattern[str], text: str) -> str:
    matches = [match[1] for match in pattern.finditer(text)]
    return matches[-1] if matches else ""
