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
def task(frame: Frame) -> Step:
    return attempted(frame, lambda: _attempt(frame))


def _arguments(frame: Frame) -> dict[str, Any]:
    if frame.is_jsonata:
        value = frame.fill("Arguments") if "Arguments" in frame.state else {}
    else:
        value = effective_input(frame)
        if "Parameters" in frame.state:
            value = payload.fill(frame.state["Parameters"], frame.data(value))
    if not isinstance(value, dict):
        raise StateFailure(RUNTIME, f"The Parameters '{dumps(value)}' could not be used to start the Task")
    return value


def _attempt(frame: Frame) -> Any:
    integrated = integration(str(frame.state["Resource"]))
    branch = frame.branch
    region = branch.execution.region
    parameters = _arguments(frame)
    check_size(parameters, frame.name)
    seconds = frame.number("TimeoutSeconds")
    task = Task(
        held=frame,
        found=integrated,
        parameters=parameters,
        caller=_caller(frame),
        region=region,
        deadline=time.monotonic() + SCALE.real(seconds) if seconds is not None else None,
    )
    named = {"resourceType": integrated.resource_type, "resource": integrated.resource}
    planned = {**named, "region": region, "parameters": dumps(parameters), "timeoutInSeconds": seconds}
    branch.event("TaskScheduled", planned)
    branch.event("TaskStarted", named)
    try:
        result = _run(task)
    except StateFailure as failure:
        kind = "TaskTimedOut" if failure.error == TIMEOUT else "TaskFailed"
        branch.event(kind, {**named, "error": failure.error, "cause": failure.cause})
        raise
    branch.event("TaskSucceeded", {**named, "output": dumps(result), "outputDetails": {"truncated": False}})
    return result


def _caller(frame: Frame) -> Caller:
    own = frame.branch.caller()
    given = frame.state.get("Credentials")
    if not given:
        return own
    filled = frame.fill("Credentials") if frame.is_jsonata else payload.fill(given, frame.data())
    return roles.task_caller(own, filled["RoleArn"], frame.branch.execution.machine.arn)


def _run(task: Task) -> Any:
    integrated = task.found
    runner = RUNNERS.get((integrated.service, integrated.operation)) if integrated.optimised else None
    try:
        return runner(task) if runner else _call(task)
    except StateFailure as failure:
        if failure.error == RUNTIME:
            given = dumps(task.parameters)
            failure.cause = f"The Parameters '{given}' could not be used to start the Task: [{failure.cause}]"
            failure.place(task.held.name, task.held.entered_event)
        raise


def _call(task: Task) -> Any:
    """Request and response: the call's answer is the result."""
    model = task.found.model
    return from_api(task.begin(to_api(task.parameters, model.input_shape)), model.output_shape)
