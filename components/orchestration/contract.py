"""What clients of the orchestrator send and see: keys, places in S3, messages, and what is refused as input.

Clients start an execution with ``OutputPrefix``, ``Input`` by stage, ``{STAGE}_WDL_URI``, and optionally memory and
vCPUs by stage and market, ``DoNotInterrupt`` and ``STAGES_IO_MAP_JSON``; any further key rides along. A stage's input
and output lie under ``OutputPrefix`` in a folder named after the workflow, its version cut to the first number; so all
``v0.x`` of a workflow share one folder, and so do all stages. The functions here return JSONata expressions over
variables: ``$in`` (the execution's input) or ``$state`` (what is passed from stage to stage and put out at the end).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..checks import Fault
from .expressions import block, first_of, literal, regex
from .inputs import Check, condition, fault
from .limits import VCPUS

MARKETS: Final = ("SPOT", "EC2")
"""As they stand in the clients' keys: ``RunSPOTMemory`` and ``RunEC2Memory``."""
LEAST_MEMORY_MIB: Final = 4
MAP_KEY: Final = "STAGES_IO_MAP_JSON"
WDL_URI: Final = r"^s3://[a-z0-9][a-z0-9.-]+[a-z0-9]/[^\r\n]*\.wdl(\.zip)?$"
STAGE_NAME: Final = re.compile(r"([A-Z][a-z0-9]+)+")
WORKFLOW: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""How the names of some workflows' files begin."""
PLACE: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+)*")
"""A bucket, or a bucket and a folder in it."""


@dataclass(frozen=True, kw_only=True)
class Resources:
    """A job's memory and processors."""

    memory_mib: int
    vcpus: int

    def faults(self, largest: Resources) -> Iterator[Fault]:
        """Everything that is wrong, where no job can get more than ``largest``."""
        if self.memory_mib < LEAST_MEMORY_MIB:
            yield "memory_mib", self.memory_mib, f"at least {LEAST_MEMORY_MIB}"
        elif self.memory_mib > largest.memory_mib:
            yield "memory_mib", self.memory_mib, f"the largest of the machines has {largest.memory_mib} MiB for a job"
        if self.vcpus < VCPUS.least:
            yield "vcpus", self.vcpus, f"at least {VCPUS.least}"
        elif self.vcpus > largest.vcpus:
            rule = f"a job gets {largest.vcpus} at most, by its machines and by spot_max_vcpus and on_demand_max_vcpus"
            yield "vcpus", self.vcpus, rule


@dataclass(frozen=True, kw_only=True)
class StageArgs:
    """One workflow of the machine, and what its jobs get where the client doesn't say."""

    name: str = "Run"
    """Words that begin with a capital: it stands in clients' keys and messages."""
    spot: Resources
    on_demand: Resources

    def default(self, market: str) -> Resources:
        return self.spot if market == "SPOT" else self.on_demand


def snake(stage: str) -> str:
    """``HostFilter`` → ``host_filter``: in the names of files and messages."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", stage).lower()


def key(stage: str, word: str) -> str:
    """``HOST_FILTER_WDL_URI`` of the stage ``HostFilter`` and the word ``WDL``."""
    return f"{snake(stage).upper()}_{word}_URI"


def bucket_of(uri: str) -> str:
    return f'$substringBefore($substringAfter({uri}, "s3://"), "/")'


def object_of(uri: str) -> str:
    return f'$substringAfter($substringAfter({uri}, "s3://"), "/")'


def folder() -> str:
    """Where the stages' inputs and outputs lie: ``OutputPrefix``, a slash, and the workflow's name.

    The name is the first part of the first ``*_WDL_URI`` that has a version (``-v1``), a bucket's or folder's too, or
    else the file's; without its extension, and the version cut to its first number.
    """
    return block(
        "$uris := $filter($keys($in), function($k) { $contains($k, /_WDL_URI$/) })",
        "$parts := $split($lookup($in, $uris[0]), /\\/+/)",
        "$versioned := $filter($parts, function($p) { $contains($p, /-v[0-9]/) })",
        "$name := $exists($versioned[0]) ? $versioned[0] : $parts[-1]",
        f'$name := $replace($name, {regex(r"^([.]*[^.][^/]*)[.][^.]*$")}, "$1")',
        f'$name := $replace($name, {regex(r"v([0-9]+)[.].+")}, "$1")',
        '$in.OutputPrefix & ($contains($in.OutputPrefix, /\\/$/) ? "" : "/") & $name',
    )


def first_state(stages: tuple[StageArgs, ...]) -> str:
    """``$state`` from ``$in``: the input, each stage's places in S3, and the defaults for what the client left out."""
    defaults: dict[str, int] = {}
    for stage in stages:
        for market in MARKETS:
            defaults[f"{stage.name}{market}Memory"] = stage.default(market).memory_mib
            defaults[f"{stage.name}{market}Vcpu"] = stage.default(market).vcpus
    places = ", ".join(
        f'"{key(stage.name, word.upper())}": $folder & "/{snake(stage.name)}_{word}.json"'
        for stage in stages
        for word in ("input", "output")
    )
    return block(f"$folder := {folder()}", f"$merge([{literal(defaults)}, $in, {{{places}}}])")


def first_market(entered: str) -> str:
    """``entered``: an expression that gives the execution's input."""
    return f'$exists({entered}.DoNotInterrupt) and {entered}.DoNotInterrupt = true ? "EC2" : "SPOT"'


def faults(
    stages: tuple[StageArgs, ...], largest: Resources, workspaces: tuple[str, ...], maps: tuple[str, ...]
) -> str:
    """Everything that is wrong with ``$in``: an array of sentences, empty for what is accepted.

    ``workspaces``: where ``OutputPrefix`` may lie; ``maps``: where a map of stages may.
    """
    names = tuple(stage.name for stage in stages)
    return f"[{', '.join(condition(check) for check in checks(names, largest, workspaces, maps))}]"


def refusals(
    given: Any, stages: tuple[str, ...], largest: Resources, workspaces: tuple[str, ...], maps: tuple[str, ...]
) -> list[str]:
    """Everything that is wrong with an input at hand, for whoever is about to send it. ``stages``: their names."""
    faults = (fault(check, given) for check in checks(stages, largest, workspaces, maps))
    return [sentence for sentence in faults if sentence]


def checks(
    stages: tuple[str, ...], largest: Resources, workspaces: tuple[str, ...], maps: tuple[str, ...]
) -> list[Check]:
    """The rules for an input of these stages, in the order in which they are told."""
    return [
        Check(path=(), kind="object", says="the input must be a JSON object"),
        _place("OutputPrefix", workspaces),
        Check(path=("Input",), kind="object", says="Input must be an object"),
        *(check for stage in stages for check in _stage_checks(stage, largest)),
        Check(path=("DoNotInterrupt",), kind="boolean", says="DoNotInterrupt must be true or false", optional=True),
        *([_place(MAP_KEY, maps, optional=True)] if len(stages) > 1 else []),
    ]


def _place(name: str, places: tuple[str, ...], *, optional: bool = False) -> Check:
    says = f"{name} must be an s3:// URI in " + " or ".join(f"s3://{place}" for place in places)
    return Check(path=(name,), kind="string", says=says, pattern=within(places), optional=optional)


def within(places: tuple[str, ...]) -> str:
    """Matches a URI in one of the places."""
    return rf"^s3://({_either(places)})(/[^\r\n]*)?$"


def _either(places: tuple[str, ...]) -> str:
    return "|".join(place.replace(".", "[.]") for place in places)


def _stage_checks(stage: str, largest: Resources) -> list[Check]:
    uri = key(stage, "WDL")
    says = f"{uri} must be the s3:// URI of a .wdl or .wdl.zip file"
    return [
        Check(path=(uri,), kind="string", says=says, pattern=WDL_URI),
        Check(path=("Input", stage), kind="object", says=f"Input.{stage} must be an object"),
        *(check for market in MARKETS for check in _size_checks(f"{stage}{market}", largest)),
    ]


def _size_checks(prefix: str, largest: Resources) -> tuple[Check, Check]:
    def whole(word: str, unit: str, smallest: int, largest: int) -> Check:
        says = (
            f"{prefix}{word} must be a whole number{unit} from {smallest} to {largest}, which the largest machine has"
        )
        return Check(path=(prefix + word,), kind="number", says=says, smallest=smallest, largest=largest, optional=True)

    return (
        whole("Memory", " of MiB", LEAST_MEMORY_MIB, largest.memory_mib),
        whole("Vcpu", "", 1, largest.vcpus),
    )


def job_name() -> str:
    """The execution's name in the letters that Batch allows; clients' names have no others."""
    allowed = f'$replace($states.context.Execution.Name, {regex("[^0-9A-Za-z_-]")}, "-")'
    return f'$replace({allowed}, {regex("^[^0-9A-Za-z]")}, "x")'


def job_definition(stage: str, otherwise: str, by_workflow: Mapping[str, str], places: tuple[str, ...]) -> str:
    """The name of the definition that the stage's workflow has by the name of its file.

    Only in ``places``: a file of that name elsewhere, where jobs may write, must not run with another role.
    """
    location = rf"^s3://({_either(places)})/([^\r\n]*/)?%s[^/]*$"
    cases = [(f"$contains($uri, {regex(location % begin)})", literal(name)) for begin, name in by_workflow.items()]
    return block(f"$uri := $state.{key(stage, 'WDL')}", first_of(cases, literal(otherwise)))


def message(stage: str) -> str:
    """The text of the one message a stage sends when its job has ended, well or not: as EventBridge would say it."""
    return f"""$string({{
        "version": "0",
        "id": $uuid(),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": $split($states.context.Execution.Id, ":")[4],
        "time": $now("[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01]Z"),
        "region": $split($states.context.Execution.Id, ":")[3],
        "resources": [$states.context.Execution.Id],
        "detail": {{
            "executionArn": $states.context.Execution.Id,
            "stateMachineArn": $states.context.StateMachine.Id,
            "name": $states.context.Execution.Name,
            "status": "RUNNING",
            "lastCompletedStage": "{snake(stage)}",
            "stopDate": null,
            "input": "{{}}",
            "inputDetails": {{"included": null}},
            "output": null,
            "outputDetails": null
        }}
    }})"""


def environment(stage: str) -> dict[str, str]:
    """What a job is told, by name: literal text, or an expression in its marks."""
    memory, vcpus = size(stage)
    defaults = f'$string({{"docker": "ubuntu:22.04", "memory": {memory} & " MiB", "cpu": $number({vcpus})}})'
    return {
        "WDL_INPUT_URI": f"$state.{key(stage, 'INPUT')}",
        "WDL_WORKFLOW_URI": f"$state.{key(stage, 'WDL')}",
        "WDL_OUTPUT_URI": f"$state.{key(stage, 'OUTPUT')}",
        "SFN_EXECUTION_ID": "$states.context.Execution.Id",
        "SFN_CURRENT_STATE": f'"{stage}" & $market',
        # The limit binds the workflow's tasks too: they are containers beside the job's own.
        "MINIWDL__TASK_RUNTIME__DEFAULTS": defaults,
        "MINIWDL__TASK_RUNTIME__MEMORY_LIMIT_MULTIPLIER": '"1"',
    }


def size(stage: str) -> tuple[str, str]:
    """Memory in MiB and vCPUs of the stage in the market at hand, as text."""
    memory, vcpus = (
        first_of([('$market = "SPOT"', f"$state.{stage}SPOT{word}")], f"$state.{stage}EC2{word}")
        for word in ("Memory", "Vcpu")
    )
    return f"$string($floor({memory}))", f"$string($floor({vcpus}))"
