"""Step Functions' operations: importing this module registers them all.

What interprets definitions and expressions takes its time to load, so it is loaded at the first call.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal

MACHINES = (
    "CreateStateMachine", "UpdateStateMachine", "DeleteStateMachine", "DescribeStateMachine", "ListStateMachines",
    "ListStateMachineVersions", "ValidateStateMachineDefinition", "TagResource", "UntagResource",
    "ListTagsForResource",
)  # fmt: skip
RUNS = (
    "StartExecution", "DescribeExecution", "ListExecutions", "GetExecutionHistory", "StopExecution",
    "RedriveExecution", "DescribeStateMachineForExecution", "DescribeMapRun", "ListMapRuns",
)  # fmt: skip


def _lazily(module: str, operation: str) -> Callable[[Call], Params]:
    def answer(call: Call) -> Params:
        loaded: Any = import_module(f"localcloud.server.services.stepfunctions.{module}")
        return loaded.OPERATIONS[operation](call)

    return answer


for _name in MACHINES:
    HOOKS.instead("stepfunctions", _name)(_lazily("machines", _name))
for _name in RUNS:
    HOOKS.instead("stepfunctions", _name)(_lazily("runs", _name))


ARNS = {
    "stateMachineArn": ("stateMachine",),
    "executionArn": ("execution",),
    "mapRunArn": ("mapRun",),
    "resourceArn": ("stateMachine", "activity"),
}
"""Parameter -> the types of resource that its ARN may name."""
ROLE_ARN = re.compile(r"arn:aws:iam::\d{12}:role/.+")


@HOOKS.before("stepfunctions", *MACHINES, *RUNS)
def arns(call: Call) -> None:
    for name, kinds in ARNS.items():
        if arn := call.params.get(name):
            _check_arn(arn, kinds)
    role = call.params.get("roleArn")
    if role is not None and not ROLE_ARN.fullmatch(role):
        raise Refusal("InvalidArn", f"Invalid Role Arn: '{role}'")


def _check_arn(arn: str, kinds: tuple[str, ...]) -> None:
    parts = arn.split(":")
    fault = ""
    if not arn.startswith("arn:"):
        fault = f"Invalid ARN prefix: {arn}"
    elif len(parts) < 7 or parts[2] != "states":
        fault = f"Invalid ARN: {arn}"
    elif parts[5] not in kinds:
        fault = f"Resource type not valid in this context: {parts[5]}"
    if fault:
        raise Refusal("InvalidArn", f"Invalid Arn: '{fault}'")
