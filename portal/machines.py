"""The machines of an account's orchestrators: which generations stand, with which image, since when.

AWS facts: where no image is pinned, Batch takes the newest of its kind as it makes a compute environment, and keeps it.
EC2 says when it made a launch template; here each is made for one compute environment, just before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from components import naming


@dataclass(frozen=True, kw_only=True)
class MachinesStatus:
    """One generation. ``image``: a pinned AMI, or a kind whose newest was taken; ``made``: None if it is missing."""

    environment: str
    generation: str
    retiring: bool
    image: str
    made: datetime | None

    def __str__(self) -> str:
        name = f"{self.environment} {self.generation}{' (retiring)' if self.retiring else ''}"
        if self.made is None:
            return f"{name}: missing"
        age = f"{(datetime.now(UTC) - self.made).days} days ago, {self.made:%Y-%m-%d}"
        return f"{name}: {self.image if self.image.startswith('ami-') else f'newest {self.image}'} of {age}"


def machines(orchestrators: Mapping[str, Mapping[str, Any]], batch: Any, ec2: Any) -> list[MachinesStatus]:
    """Those that a stack's output ``orchestrators`` names, by boto3's clients for them. Raises ClientError where AWS
    refuses."""
    wanted = {
        naming.compute_environment(name, one): (name, one, one in output.get("retiring", ()))
        for name, output in orchestrators.items()
        for one in (*output.get("generations", ()), *output.get("retiring", ()))
    }
    found = batch.describe_compute_environments(computeEnvironments=[*wanted])["computeEnvironments"]
    images = {one["computeEnvironmentName"]: _image(one["computeResources"]) for one in found}
    named = [{"Name": "launch-template-name", "Values": [*wanted]}]
    templates = ec2.describe_launch_templates(Filters=named)["LaunchTemplates"]
    made = {one["LaunchTemplateName"]: one["CreateTime"] for one in templates}
    return [
        MachinesStatus(
            environment=environment,
            generation=generation,
            retiring=retiring,
            image=images.get(name, ""),
            made=made.get(name) if name in images else None,
        )
        for name, (environment, generation, retiring) in wanted.items()
    ]


def _image(resources: Mapping[str, Any]) -> str:
    [configured] = resources["ec2Configuration"]
    return str(configured.get("imageIdOverride") or configured["imageType"])
