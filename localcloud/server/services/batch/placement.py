"""Which compute environment a job can start in, and how full each of them is.

Simplified: a compute environment's use is counted in the vCPUs of its jobs, not of the instances that hold them.
"""

from __future__ import annotations

from . import faults, instances
from .model import ComputeEnvironment, Job, JobQueue, Store, store
from .texts import ACTION_REQUIRED, INSUFFICIENT_CAPACITY, MAX_RESOURCE, RESOURCE_REQUIREMENT

FULL = "FULL"
SILENT = "SILENT"
"""Waiting for others to end; waiting for capacity without AWS saying so."""


def choose(batch: Store, queue: JobQueue, job: Job) -> tuple[ComputeEnvironment | None, str]:
    """The compute environment that the job can start in, or why there is none."""
    codes: list[str] = []
    for arn in queue.order:
        environment = batch.environment(arn)
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
    batch = store(environment.account, environment.region)
    return [job for job in batch.running.values() if job.current and job.current.compute_environment == environment.arn]


def desired_vcpus(environment: ComputeEnvironment) -> int:
    """What the compute environment is scaled to at the moment."""
    return max(int(used_vcpus(environment)), environment.resources.get("minvCpus", 0))
