"""The machines of an account's orchestrators: which generations stand, with which image, since when, with what jobs.

AWS facts: Batch runs the jobs of a compute environment as tasks of an ECS cluster of its own, in which a task that
waits for its image is pending. Where no image is pinned, Batch takes the newest of its kind as it makes a compute
environment, and keeps it. EC2 says when it made a launch template; here each is made for one compute environment, just
before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from components import orchestrator_names
from settings import generations

COMPUTE_ENVIRONMENT: Final = "aws:batch/computeEnvironment:ComputeEnvironment"


@dataclass(frozen=True, kw_only=True)
class MachinesStatus:
    """One generation. ``image``: a pinned AMI, or a kind whose newest was taken; ``made``: None if it is missing."""

    environment: str
    generation: str
    retiring: bool
    image: str
    made: datetime | None
    tasks: int = 0
    """Jobs that run or start on it."""

    def __str__(self) -> str:
        name = f"{self.environment} {self.generation}"
        if self.made is None:
            return f"{name}{' (retiring)' if self.retiring else ''}: missing"
        if self.retiring:
            name += f" (retiring, {f'tasks on it: {self.tasks}' if self.tasks else 'idle: `portal up` can remove it'})"
        age = f"{(datetime.now(UTC) - self.made).days} days ago, {self.made:%Y-%m-%d}"
        return f"{name}: {self.image if self.image.startswith('ami-') else f'newest {self.image}'} of {age}"


def compute_environments(deployment: Mapping[str, Any]) -> set[str]:
    """Their names in the program, as a stack's state has them."""
    resources = deployment.get("resources") or []
    return {one["urn"].rpartition("::")[2] for one in resources if one["type"] == COMPUTE_ENVIRONMENT}


def machines(
    orchestrators: Mapping[str, Mapping[str, Any]], deployed: Collection[str], batch: Any, ec2: Any, ecs: Any
) -> list[MachinesStatus]:
    """Those that a stack's output ``orchestrators`` or its state name, by boto3's clients for them. Raises ClientError
    where AWS refuses.

    ``deployed``: names of the compute environments in the state. Those of a failed update are in no output.
    """
    wanted = {
        orchestrator_names.compute_environment(name, one): (name, one, old)
        for name, one, old in _named(orchestrators, deployed)
    }
    if not wanted:
        return []
    standing = batch.describe_compute_environments(computeEnvironments=[*wanted])["computeEnvironments"]
    images = {one["computeEnvironmentName"]: _image(one["computeResources"]) for one in standing}
    named = [{"Name": "launch-template-name", "Values": [*wanted]}]
    templates = ec2.describe_launch_templates(Filters=named)["LaunchTemplates"]
    created = {one["LaunchTemplateName"]: one["CreateTime"] for one in templates}
    counts = _tasks(standing, ecs)
    return [
        MachinesStatus(
            environment=environment,
            generation=generation,
            retiring=retiring,
            image=images.get(name, ""),
            made=created.get(name) if name in images else None,
            tasks=counts.get(name, 0),
        )
        for name, (environment, generation, retiring) in wanted.items()
    ]


def tasks(names: Collection[str], batch: Any, ecs: Any) -> dict[str, int]:
    """How many tasks run or start in each of these compute environments, without those that are not in the account.
    Raises ClientError where AWS refuses."""
    if not names:
        return {}
    standing = batch.describe_compute_environments(computeEnvironments=[*names])["computeEnvironments"]
    return {one["computeEnvironmentName"]: 0 for one in standing} | _tasks(standing, ecs)


def _tasks(environments: list[Mapping[str, Any]], ecs: Any) -> dict[str, int]:
    clusters = {one["ecsClusterArn"]: one["computeEnvironmentName"] for one in environments if one.get("ecsClusterArn")}
    if not clusters:
        return {}
    answer = ecs.describe_clusters(clusters=[*clusters])["clusters"]
    return {clusters[one["clusterArn"]]: one["runningTasksCount"] + one["pendingTasksCount"] for one in answer}


def _named(
    orchestrators: Mapping[str, Mapping[str, Any]], deployed: Collection[str]
) -> Iterator[tuple[str, str, bool]]:
    """Environment, generation and whether it is retiring; the current ones of an environment come first."""
    for name, output in orchestrators.items():
        current = output.get("generations", ())
        yield from ((name, one, False) for one in current)
        earlier = (*output.get("retiring", ()), *generations.of_environment(name, deployed))
        yield from ((name, one, True) for one in dict.fromkeys(earlier) if one not in current)


def _image(resources: Mapping[str, Any]) -> str:
    [configured] = resources["ec2Configuration"]
    return str(configured.get("imageIdOverride") or configured["imageType"])
