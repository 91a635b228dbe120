"""The instances of compute environments, and which jobs are on which.

AWS facts: jobs share an instance as long as its vCPUs and its memory are enough for all of them together; an instance
that is lost takes every job that runs on it.

Simplified: a job goes to the instance with the least room that is enough, or else a new one comes, of the smallest type
that is large enough for the job; AWS also takes larger ones for several jobs that wait. An instance goes with its last
job. All of a type's memory is for jobs; ECS's agent keeps some of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import instances
from .model import ComputeEnvironment, Job, new_id


@dataclass(kw_only=True)
class Instance:
    """``jobs`` by id. ``draining``: no further job comes."""

    id: str
    container_instance_arn: str
    type: str
    jobs: dict[str, Job] = field(default_factory=dict[str, Job])
    draining: bool = False

    @property
    def free_vcpus(self) -> float:
        return instances.vcpus(self.type) - sum(job.vcpus for job in self.jobs.values())

    @property
    def free_mib(self) -> int:
        return instances.memory_mib(self.type) - sum(job.memory_mib for job in self.jobs.values())

    def has_room(self, job: Job) -> bool:
        return not self.draining and self.free_vcpus >= job.vcpus and self.free_mib >= job.memory_mib


_FLEETS: dict[str, list[Instance]] = {}
"""By the compute environment's ARN. Read and changed under Batch's lock."""


def place(environment: ComputeEnvironment, job: Job) -> Instance:
    """The instance that the job is on from now on. Raises ValueError if no type is large enough."""
    fleet = _FLEETS.setdefault(environment.arn, [])
    fitting = [instance for instance in fleet if instance.has_room(job)]
    instance = min(fitting, key=lambda one: (one.free_vcpus, one.free_mib), default=None)
    if instance is None:
        instance = _new_instance(environment, job)
        fleet.append(instance)
    instance.jobs[job.id] = job
    return instance


def _new_instance(environment: ComputeEnvironment, job: Job) -> Instance:
    entries = tuple(environment.resources.get("instanceTypes", ()))
    kind = instances.smallest_for(entries, job.vcpus, job.memory_mib)
    if kind is None:
        raise ValueError(f"no type of {', '.join(entries)} has {job.vcpus} vCPUs and {job.memory_mib} MiB")
    cluster = environment.ecs_cluster_arn.rpartition("/")[2]
    arn = f"arn:aws:ecs:{environment.region}:{environment.account}:container-instance/{cluster}/{_hex()}"
    return Instance(id=f"i-0{_hex()[:16]}", container_instance_arn=arn, type=kind)


def _hex() -> str:
    return new_id().replace("-", "")


def leave(job: Job) -> None:
    """The job has ended; an instance without jobs goes."""
    for arn, fleet in list(_FLEETS.items()):
        for instance in fleet:
            instance.jobs.pop(job.id, None)
        _FLEETS[arn] = [instance for instance in fleet if instance.jobs]
        if not _FLEETS[arn]:
            del _FLEETS[arn]


def drain(instance_id: str) -> None:
    """The instance is lost: no further job comes to it."""
    for fleet in _FLEETS.values():
        for instance in fleet:
            instance.draining = instance.draining or instance.id == instance_id


def drain_all(environment: ComputeEnvironment) -> None:
    """The compute environment's machines are replaced."""
    for instance in _FLEETS.get(environment.arn, []):
        instance.draining = True


def forget() -> None:
    _FLEETS.clear()
