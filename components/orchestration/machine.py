"""What a state machine is generated from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from ..checks import Args, Fault, refused, within
from . import contract
from .contract import Resources, StageArgs
from .limits import JOB_SECONDS, MOST_QUEUES
from .orchestrator_rules import stage as stage_name
from .orchestrator_rules import stage_faults


@dataclass(frozen=True, kw_only=True)
class StateMachineArgs(Args):
    """What a machine is generated from: all of it is known before anything is deployed."""

    stages: tuple[StageArgs, ...]
    """In the order in which they run."""
    spot_queue: str
    """ARN of the queue that is tried first."""
    on_demand_queue: str
    job_definition: str
    """Its name: Batch takes the newest revision, also for an execution that began before it."""
    job_definitions: Mapping[str, str] = field(default_factory=dict[str, str])
    """Definitions of workflows whose jobs have another role, by how the names of their files in ``workflows`` begin."""
    largest: Resources
    """What one job can get at most: more is refused, since it would wait for ever."""
    workspaces: tuple[str, ...]
    """``bucket`` or ``bucket/folder``: where ``OutputPrefix`` may lie."""
    workflows: tuple[str, ...] = ()
    """``bucket`` or ``bucket/folder``: where, beside the workspaces, a map of stages may lie."""
    job_timeout_seconds: int = 86_400
    """60 or more; what an attempt of a job may take, from its start."""
    message_queues: tuple[str, ...] = ()
    """URLs of queues that get one message a stage; each costs a transition. At most five."""
    job_tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """On each job and its container; needs a further permission, which is granted only then."""

    def faults(self) -> Iterator[Fault]:
        names = [stage.name for stage in self.stages]
        if not names:
            yield "stages", self.stages, "at least one"
        for stage in self.stages:
            yield from _stage_faults(stage, self.largest)
        for index, rule in stage_faults(names):
            yield f"stages[{index}].name", names[index], rule
        yield from self._definition_faults()
        seconds = self.job_timeout_seconds
        yield from refused("job_timeout_seconds", seconds, JOB_SECONDS.fault(seconds))
        if len(self.message_queues) > MOST_QUEUES:
            yield "message_queues", self.message_queues, f"at most {MOST_QUEUES}"
        if not self.workspaces:
            yield "workspaces", self.workspaces, "at least one"
        for place in self.workspaces + self.workflows:
            if not contract.PLACE.fullmatch(place):
                yield "workspaces, workflows", place, "a bucket, or bucket/folder without a slash at the end"

    def _definition_faults(self) -> Iterator[Fault]:
        begins = sorted(self.job_definitions)
        for one in begins:
            if not contract.WORKFLOW.fullmatch(one):
                yield "job_definitions", one, "lower-case letters, digits and _: how a workflow's file name begins"
        if begins and not self.workflows:
            yield "workflows", self.workflows, "at least one, where the files with a job definition of their own lie"
        for one, other in pairwise(begins):
            if other.startswith(one):
                yield "job_definitions", other, f"begins with {one}: both would fit"


def _stage_faults(stage: StageArgs, largest: Resources) -> Iterator[Fault]:
    yield from refused("stages.name", stage.name, stage_name(stage.name))
    for market, default in (("spot", stage.spot), ("on_demand", stage.on_demand)):
        yield from within(f"stages.{stage.name}.{market}", default.faults(largest))
