"""The Task state: a call of a service as the machine's role, and for ``.sync`` the wait for what it began.

AWS facts: the history has TaskScheduled, TaskStarted, (TaskSubmitted), and TaskSucceeded, TaskFailed or TaskTimedOut;
TimeoutSeconds over is States.Timeout, and what was begun is then ended if the role may do so.
"""

from __future__ import annotations

import time
from typing import Any

from localcloud.server.call import Caller
from localcloud.server.timescale import SCALE

from . import payload, roles
from .attempt import Task
from .branch import Frame
from .failures import RUNTIME, TIMEOUT, StateFailure
from .integrations import integration
from .interpreter import Step, attempted, check_size, effective_input, handles
from .model import dumps
from .shapes import from_api, to_api
from .sync import RUNNERS


@handles("Task")
def task(held: Frame) -> Step:
    return attempted(held, lambda: _attempt(held))


def _arguments(held: Frame) -> dict[str, Any]:
    if held.is_jsonata:
        value = held.fill("Arguments") if "Arguments" in held.state else {}
    else:
        value = effective_input(held)
        if "Parameters" in held.state:
            value = payload.fill(held.state["Parameters"], held.data(value))
    if not isinstance(value, dict):
        raise StateFailure(RUNTIME, f"The Parameters '{dumps(value)}' could not be used to start the Task")
    return value


def _attempt(held: Frame) -> Any:
    found = integration(str(held.state["Resource"]))
    branch = held.branch
    region = branch.execution.region
    parameters = _arguments(held)
    check_size(parameters, held.name)
    seconds = held.number("TimeoutSeconds")
    made = Task(
        held=held,
        found=found,
        parameters=parameters,
        caller=_caller(held),
        region=region,
        deadline=time.monotonic() + SCALE.real(seconds) if seconds is not None else None,
    )
    named = {"resourceType": found.resource_type, "resource": found.resource}
    planned = {**named, "region": region, "parameters": dumps(parameters), "timeoutInSeconds": seconds}
    branch.event("TaskScheduled", planned)
    branch.event("TaskStarted", named)
    try:
        result = _run(made)
    except StateFailure as failure:
        kind = "TaskTimedOut" if failure.error == TIMEOUT else "TaskFailed"
        branch.event(kind, {**named, "error": failure.error, "cause": failure.cause})
        raise
    branch.event("TaskSucceeded", {**named, "output": dumps(result), "outputDetails": {"truncated": False}})
    return result


def _caller(held: Frame) -> Caller:
    own = held.branch.caller()
    given = held.state.get("Credentials")
    if not given:
        return own
    filled = held.fill("Credentials") if held.is_jsonata else payload.fill(given, held.data())
    return roles.task_caller(own, filled["RoleArn"], held.branch.execution.machine.arn)


def _run(made: Task) -> Any:
    found = made.found
    runner = RUNNERS.get((found.service, found.operation)) if found.optimised else None
    try:
        return runner(made) if runner else _call(made)
    except StateFailure as failure:
        if failure.error == RUNTIME:
            given = dumps(made.parameters)
            failure.cause = f"The Parameters '{given}' could not be used to start the Task: [{failure.cause}]"
            failure.place(made.held.name, made.held.entered_event)
        raise


def _call(made: Task) -> Any:
    """Request and response: the call's answer is the result."""
    model = made.found.model
    return from_api(made.begin(to_api(made.parameters, model.input_shape)), model.output_shape)
