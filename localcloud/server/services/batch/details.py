"""A job as DescribeJobs, its events and Step Functions show it.

AWS facts: the container repeats the latest attempt; what has no value is left out; lists are there though empty.
"""

from __future__ import annotations

from typing import Any

from localcloud.server.call import Params

from .model import Attempt, Job, copied

COPIED = (
    "image", "vcpus", "memory", "command", "jobRoleArn", "executionRoleArn", "volumes", "environment", "mountPoints",
    "readonlyRootFilesystem", "ulimits", "privileged", "user", "linuxParameters", "logConfiguration", "secrets",
    "resourceRequirements", "enableExecuteCommand", "repositoryCredentials",
)  # fmt: skip
LISTS = ("command", "volumes", "environment", "mountPoints", "ulimits", "secrets", "resourceRequirements")


def job_detail(job: Job) -> Params:
    detail: dict[str, Any] = {
        "jobArn": job.arn,
        "jobName": job.name,
        "jobId": job.id,
        "jobQueue": job.queue,
        "status": job.status,
        "attempts": [_attempt(item) for item in job.attempts],
        "statusReason": job.status_reason,
        "createdAt": job.created_at,
        "retryStrategy": copied(job.retry),
        "startedAt": job.started_at,
        "stoppedAt": job.stopped_at,
        "dependsOn": job.request.get("dependsOn", []),
        "jobDefinition": job.definition,
        "parameters": dict(job.parameters),
        "container": _container(job),
        "timeout": job.timeout,
        "arrayProperties": _array(job),
        "tags": {**job.tags, "resourceArn": job.arn},
        "propagateTags": job.request.get("propagateTags"),
        "platformCapabilities": list(job.platform),
        "isCancelled": job.is_cancelled,
        "isTerminated": job.is_terminated,
    }
    return {name: value for name, value in detail.items() if value is not None}


def _attempt(attempt: Attempt) -> Params:
    container: Params = {"containerInstanceArn": attempt.container_instance_arn, "taskArn": attempt.task_arn}
    if attempt.exit_code is not None:
        container["exitCode"] = attempt.exit_code
    if attempt.reason is not None:
        container["reason"] = attempt.reason
    if attempt.started_at is not None:
        container["logStreamName"] = attempt.log_stream
    container["networkInterfaces"] = []
    detail: Params = {
        "container": container,
        "startedAt": attempt.started_at,
        "stoppedAt": attempt.stopped_at,
        "statusReason": attempt.status_reason,
    }
    return {name: value for name, value in detail.items() if value is not None}


def _container(job: Job) -> Params:
    members: Params = copied({name: job.container[name] for name in COPIED if name in job.container})
    for name in LISTS:
        members.setdefault(name, [])
    latest = job.current or (job.attempts[-1] if job.attempts else None)
    if latest is not None:
        members |= _attempt(latest)["container"]
        members["logStreamName"] = latest.log_stream
    members["networkInterfaces"] = []
    return members


def _array(job: Job) -> Params | None:
    if job.array_index is not None:
        return {"index": job.array_index}
    return {"size": job.array_size, "statusSummary": {}} if job.array_size else None


def summary(job: Job) -> Params:
    """A job as ListJobs shows it."""
    detail = job_detail(job)
    names = ("jobArn", "jobId", "jobName", "createdAt", "status", "statusReason", "startedAt", "stoppedAt")
    members = {name: detail[name] for name in (*names, "jobDefinition") if name in detail}
    container = {name: detail["container"][name] for name in ("exitCode", "reason") if name in detail["container"]}
    if container:
        members["container"] = container
    if "arrayProperties" in detail:
        members["arrayProperties"] = detail["arrayProperties"]
    return members
