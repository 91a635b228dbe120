"""What is sent for each job, and what is refused before anything is.

The rules for an input are those of the state machine's first state, from the same table
(``components.orchestration.contract``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from components.orchestration import contract
from portal.environments import Discovered, Home
from portal.errors import PortalError
from portal.submission.defaults import DEFAULTS, Command, Generation
from portal.submission.names import execution_name

MOST_INPUT_BYTES: Final = 262_144
"""Of an execution's input, by Step Functions."""
_QUOTED: Final = re.compile(r"['\r\n\0]")
"""What would end a value that stands in quotation marks on a workflow's command line."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run of a batch."""

    target: str
    """What it works on; each once in a batch."""
    label: str
    """Its name without the time."""
    head: int = 0
    """Characters at the label's begin that are kept when it is cut."""
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])
    """What its workflow gets beside region and image."""

    def name(self, unix: int) -> str:
        return execution_name(unix, self.label, self.head)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What all jobs of a batch have in common."""

    command: Command
    generation: Generation
    workflow: str
    """Key in the WDL bucket."""
    image: str
    memory_mib: int
    vcpus: int
    about: Mapping[str, str]
    """The command's own arguments, but for those that choose among targets."""
    on_demand: bool = False
    """No attempt on a spot machine."""

    def identity(self) -> dict[str, Any]:
        """What makes a batch: the same again is the same batch."""
        return {
            "command": self.command.value,
            "workflow": self.workflow,
            "image": self.image,
            "memory": self.memory_mib,
            "vcpus": self.vcpus,
            "about": dict(self.about),
            **({"on_demand": True} if self.on_demand else {}),
        }


def request(
    command: Command,
    generation: Generation,
    about: Mapping[str, str],
    *,
    image: str,
    workflow: str | None = None,
    memory_mib: int | None = None,
    vcpus: int | None = None,
    on_demand: bool = False,
) -> Request:
    """With the command's defaults for what is None. Raises PortalError."""
    defaults = DEFAULTS[command]
    if generation is Generation.OLDER and vcpus not in (None, 1):
        raise PortalError(f"--vcpu: {vcpus}: clients of generation 1 send 1 always")
    for name, value in about.items():
        unquoted(name, value)
    return Request(
        command=command,
        generation=generation,
        workflow=defaults.workflow(generation) if workflow is None else workflow,
        image=image,
        memory_mib=defaults.memory_mib if memory_mib is None else memory_mib,
        vcpus=defaults.vcpu(generation) if vcpus is None else vcpus,
        about=about,
        on_demand=on_demand,
    )


def unquoted(name: str, value: str) -> str:
    """The value, if workflows can take it. Flags are left out: they are a command line of their own."""
    if name != "flags" and _QUOTED.search(value):
        raise PortalError(f"{name}: {value!r}: must have no apostrophe and no line break: workflows quote with them")
    return value


def execution_input(wanted: Request, job: Job, name: str, where: Home, discovered: Discovered) -> dict[str, Any]:
    """What StartExecution gets for a job under a name."""
    return {
        "Input": {"Run": {"aws_region": where.region, "docker_image_id": wanted.image, **job.inputs}},
        "OutputPrefix": f"s3://{discovered.comms_bucket}/swipe/swipe-job-output/{name}/results",
        "RUN_WDL_URI": f"s3://{discovered.wdl_bucket}/{wanted.workflow}",
        "RunEC2Memory": wanted.memory_mib,
        "RunEC2Vcpu": wanted.vcpus,
        "RunSPOTMemory": wanted.memory_mib,
        "RunSPOTVcpu": wanted.vcpus,
        "StateMachineArn": discovered.machine_arn,
        **({"DoNotInterrupt": True} if wanted.on_demand else {}),
    }


def refuse(inputs: Sequence[Mapping[str, Any]], where: Home, discovered: Discovered) -> None:
    """Raises PortalError for what the state machine, or Step Functions, would refuse; every fault of the first one."""
    stages = tuple(stage.name for stage in where.orchestrator.stages)
    places = (discovered.comms_bucket,), (discovered.comms_bucket, discovered.wdl_bucket)
    for given in inputs:
        faults = contract.refusals(dict(given), stages, where.orchestrator.largest_job(), *places)
        size = len(json.dumps(given).encode())
        if size > MOST_INPUT_BYTES:
            faults.append(f"the input has {size} bytes, Step Functions takes {MOST_INPUT_BYTES}")
        if faults:
            raise PortalError("; ".join(faults))
