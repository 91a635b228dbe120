"""AWS Batch's own sentences, letter by letter: programs match on them.

Status reasons were recorded from AWS by many users; those of blocked jobs are the documentation's (*Jobs stuck in
RUNNABLE*). A spot reclaim and a lost host read alike.
"""

from __future__ import annotations

TASKS = "ecs-tasks.amazonaws.com"
"""The service that assumes a job's roles."""
EXITED = "Essential container in task exited"
FAILED_TO_START = "Task failed to start"
TIMED_OUT = "Job attempt duration exceeded timeout"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
ARRAY_CHILD_FAILED = "Array Child Job failed"
DEPENDENCY_FAILED = "Dependent Job failed"
OVERRIDES_TOO_LONG = "Container Overrides length must be at most 8192"
COMPUTE_ENVIRONMENT_HEALTHY = "ComputeEnvironment Healthy"
JOB_QUEUE_HEALTHY = "JobQueue Healthy"

INSUFFICIENT_CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
MAX_RESOURCE = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
RESOURCE_REQUIREMENT = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
TIME_LIMIT_REASONS = (INSUFFICIENT_CAPACITY, MAX_RESOURCE, RESOURCE_REQUIREMENT)
"""The reasons that jobStateTimeLimitActions may act on."""

ACTION_REQUIRED = "ACTION_REQUIRED"
BLOCKED_SENTENCES = {
    INSUFFICIENT_CAPACITY: "Service cannot fulfill the capacity requested for instance type [{instance_type}]",
    MAX_RESOURCE: "CE(s) associated with the job queue cannot meet the CPU requirement of the job.",
    RESOURCE_REQUIREMENT: (
        "The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to the "
        "job queue."
    ),
    ACTION_REQUIRED: "CE(s) associated with the job queue are invalid.",
}


def blocked(code: str, instance_type: str) -> str:
    """The statusReason of a job at the head of the queue that cannot start."""
    return f"{code} - {BLOCKED_SENTENCES[code].format(instance_type=instance_type)}"


def cancelled_by_time_limit(code: str) -> str:
    return f"Canceled by JobStateTimeLimit action due to reason: {code}"


def host_terminated(instance_id: str) -> str:
    return f"Host EC2 (instance {instance_id}) terminated."


def cannot_pull(image: str) -> str:
    return from_docker(f"manifest for {image} not found: manifest unknown: manifest unknown")


def pull_denied(image: str, why: str) -> str:
    """What Docker says; the agent puts :func:`from_docker` around it."""
    name = image.partition("@")[0].partition(":")[0]
    return f"pull access denied for {name}, repository does not exist or may require 'docker login': denied: {why}"


def from_docker(said: str) -> str:
    """A container's reason for not starting, if Docker would not pull its image."""
    return f"CannotPullContainerError: Error response from daemon: {said}"


def cannot_start(program: str) -> str:
    return (
        "CannotStartContainerError: Error response from daemon: failed to create task for container: failed to create "
        "shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "
        f'"{program}": executable file not found in $PATH: unknown'
    )


def no_log_group(group: str) -> str:
    return (
        "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create "
        "Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. "
        f"(log group {group})"
    )
