"""State machines for tests, and what Step Functions would hand to their expressions."""

from __future__ import annotations

from functools import cache
from typing import Any

from components.orchestration.contract import Resources, StageArgs
from components.orchestration.machine import StateMachineArgs
from components.orchestration.statemachine import definition
from tests.unit.jsonata import resolve

ACCOUNT, REGION, NAME = "908710317728", "us-west-2", "cryoet-ingestion-dev-default-wdl"
EXECUTION = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:{NAME}:1700000000-dep1-ds10000-runTS_1"
SPOT = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/cryoet-ingestion-dev-main-spot"
ON_DEMAND = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/cryoet-ingestion-dev-main-on_demand"
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/cryoet-ingestion-dev-portal-sfn-notifications-queue"
LARGEST = Resources(memory_mib=786_432, vcpus=96)
PREFIX = "s3://cryoet-swipe-comms-dev/swipe/swipe-job-output/1700000000-x/results"
WDL = "s3://cryoet-swipe-wdl-dev/standardize_dirs.wdl-v0.0.1.wdl"


def stage(name: str = "Run") -> StageArgs:
    size = Resources(memory_mib=128_000, vcpus=2)
    return StageArgs(name=name, spot=size, on_demand=Resources(memory_mib=256_000, vcpus=2))


def machine_args(*stages: str, **given: Any) -> StateMachineArgs:
    """One stage and one message queue, unless something else is given."""
    found: dict[str, Any] = {
        "stages": tuple(stage(name) for name in stages or ("Run",)),
        "spot_queue": SPOT,
        "on_demand_queue": ON_DEMAND,
        "job_definition": "cryoet-ingestion-dev-main",
        "largest": LARGEST,
        "workspaces": ("cryoet-swipe-comms-dev",),
        "workflows": ("cryoet-swipe-wdl-dev",),
        "message_queues": (QUEUE,),
    }
    return StateMachineArgs(**{**found, **given})


def states(*stages: str, **given: Any) -> dict[str, dict[str, Any]]:
    """The machine's states; not to be changed."""
    return _states(stages) if not given else definition("test", machine_args(*stages, **given))["States"]


@cache
def _states(stages: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    return definition("test", machine_args(*stages))["States"]


def client_input(**given: Any) -> dict[str, Any]:
    """What the portal's client sends for one run."""
    found: dict[str, Any] = {
        "Input": {"Run": {"docker_image_id": "1.dkr.ecr/cryoet:main", "flags": "", "lists": ["one"]}},
        "OutputPrefix": PREFIX,
        "RUN_WDL_URI": WDL,
        "RunEC2Memory": 24_000,
        "RunEC2Vcpu": 1,
        "RunSPOTMemory": 24_000,
        "RunSPOTVcpu": 1,
        "StateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{NAME}",
    }
    return {**found, **given}


def two_stages(**given: Any) -> dict[str, Any]:
    """The input of a machine with the stages One and Two, linked by a map."""
    found: dict[str, Any] = {
        "Input": {"One": {"image": "a"}, "Two": {"image": "b"}},
        "OutputPrefix": PREFIX,
        "ONE_WDL_URI": "s3://cryoet-swipe-wdl-dev/test-v1.0.0.wdl",
        "TWO_WDL_URI": "s3://cryoet-swipe-wdl-dev/test-v1.0.0.wdl",
        "STAGES_IO_MAP_JSON": "s3://cryoet-swipe-wdl-dev/map.json",
    }
    return {**found, **given}


def context(entered: Any) -> dict[str, Any]:
    """The context object of an execution."""
    name = EXECUTION.rsplit(":", 1)[1]
    machine = {"Id": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{NAME}", "Name": NAME}
    return {"Execution": {"Id": EXECUTION, "Name": name, "Input": entered}, "StateMachine": machine}


def entered(entered: Any, *stages: str) -> dict[str, Any]:
    """The variables that the first state assigns."""
    given = {"context": context(entered), "input": entered, "result": {}}
    return resolve(states(*stages)["PreprocessInput"]["Assign"], states=given)
