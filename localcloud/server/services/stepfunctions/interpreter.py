"""The run of a block of states: from StartAt to an end, state by state.

AWS facts: a state's fields are read in the order InputPath, Parameters, (the work), ResultSelector, ResultPath,
OutputPath with JSONPath, and Arguments, (the work), Output with JSONata; Assign sees the same as the output does and
takes effect at the end of the state. Retry and Catch look at failures of the work and of these fields alike.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import jsonpath, payload
from .branch import Branch, Frame, frame
from .failures import DATA_LIMIT, StateFailure
from .model import MOST_BYTES, dumps, size


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where a state leads: the next one, or None at the end."""

    next: str | None
    output: Any
    assigned: dict[str, str] | None = None


Handler = Callable[[Frame], Step]
HANDLERS: dict[str, Handler] = {}
"""By state type; modules of states add theirs."""


def handles(kind: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


def run_block(branch: Branch, block: dict[str, Any], value: Any, language: str) -> Any:
    """The output of a block of states. Raises StateFailure, Stopped or ExecutionTimeout."""
    name = str(block["StartAt"])
    held = branch.execution.resume.get(branch.key)
    resumed = held is not None
    if held is not None:
        if held.done:
            return held.value
        name, value = held.state, held.value
        branch.variables = dict(held.variables)
    while True:
        branch.token.check()
        if not resumed:
            branch.at(name, value)
        resumed = False
        step = run_state(branch, name, block["States"][name], value, language)
        if step.next is None:
            branch.forget_below()
            branch.done(step.output)
            return step.output
        name, value = step.next, step.output


def run_state(branch: Branch, name: str, state: dict[str, Any], value: Any, language: str) -> Step:
    current = frame(branch, name, state, value, language)
    kind = str(state["Type"])
    given = {"name": name, "input": dumps(value), "inputDetails": {"truncated": False}}
    current.entered_event = branch.event(f"{kind}StateEntered", given)
    try:
        step = HANDLERS[kind](current)
    except StateFailure as failure:
        failure.place(name, current.entered_event)
        raise
    if kind != "Fail":
        output = dumps(step.output)
        left: dict[str, Any] = {"name": name, "output": output, "outputDetails": {"truncated": False}}
        if step.assigned:
            left |= {"assignedVariables": step.assigned, "assignedVariablesDetails": {"truncated": False}}
        branch.event(f"{kind}StateExited", left)
    return step


def check_size(value: Any, name: str) -> None:
    """Raises StateFailure States.DataLimitExceeded for more than 256 KiB."""
    if size(dumps(value)) > MOST_BYTES:
        limit = "exceeding the maximum number of bytes service limit."
        text = f"The state/task '{name}' returned a result with a size {limit}"
        raise StateFailure(DATA_LIMIT, text)


def effective_input(frame: Frame) -> Any:
    """The input after InputPath (JSONPath); JSONata has no such field."""
    if frame.is_jsonata or "InputPath" not in frame.state:
        return frame.value
    path = frame.state["InputPath"]
    return {} if path is None else jsonpath.read(path, frame.data(), field_name="InputPath")


def finish(frame: Frame, result: Any, *, following: str | None = None) -> Step:
    """The step after a state's work gave a result: output, variables, next."""
    check_size(result, frame.name)
    if frame.is_jsonata:
        output = frame.fill("Output", result=result) if "Output" in frame.state else result
        values = frame.fill("Assign", result=result) if "Assign" in frame.state else {}
    else:
        output, values = _by_path(frame, result)
    check_size(output, frame.name)
    assigned = frame.assign(frame.state.get("Assign"), values)
    target = following or frame.state.get("Next")
    return Step(next=None if target is None else str(target), output=output, assigned=assigned)


def _by_path(frame: Frame, result: Any) -> tuple[Any, dict[str, Any]]:
    state = frame.state
    if "ResultSelector" in state:
        result = payload.fill(state["ResultSelector"], frame.data(result))
    values = payload.fill(state["Assign"], frame.data(result)) if "Assign" in state else {}
    path = state.get("ResultPath", "$")
    joined = frame.value if path is None else jsonpath.write(path, frame.value, result)
    return output_path(frame, joined), values


def output_path(frame: Frame, value: Any) -> Any:
    path = frame.state.get("OutputPath", "$")
    if path is None:
        return {}
    return value if path == "$" else jsonpath.read(path, frame.data(value), field_name="OutputPath")


def attempted(frame: Frame, work: Callable[[], Any]) -> Step:
    """Does a state's work, again as its Retry says, and goes where its Catch says."""
    counts = [0] * len(frame.state.get("Retry", []))
    variables = copy.copy(frame.branch.variables)
    while True:
        try:
            return finish(frame, work())
        except StateFailure as failure:
            failure.place(frame.name, frame.entered_event)
            frame.branch.variables = copy.copy(variables)
            delay = _delay(frame, failure, counts)
            if delay is None:
                return _caught(frame, failure)
            frame.branch.forget_below()
            frame.branch.token.sleep(delay)
            frame.retries += 1


def _delay(frame: Frame, failure: StateFailure, counts: list[int]) -> float | None:
    """Seconds until the next attempt, or None if there is none."""
    for index, retrier in enumerate(frame.state.get("Retry", [])):
        if not failure.matches(retrier["ErrorEquals"]):
            continue
        if counts[index] >= retrier.get("MaxAttempts", 3):
            return None
        delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** counts[index]
        delay = min(delay, retrier.get("MaxDelaySeconds", delay))
        counts[index] += 1
        full = retrier.get("JitterStrategy", "NONE") == "FULL"
        return random.uniform(0, delay) if full else delay  # noqa: S311 - jitter is no secret
    return None


def _caught(frame: Frame, failure: StateFailure) -> Step:
    """The step of the first Catch entry that takes the failure; raises it if none does."""
    for index, catcher in enumerate(frame.state.get("Catch", [])):
        if failure.matches(catcher["ErrorEquals"]):
            return _by_catcher(frame, catcher, failure.output(), f"Catch[{index}]")
    raise failure


def _by_catcher(frame: Frame, catcher: dict[str, Any], error: dict[str, str], field: str) -> Step:
    if frame.is_jsonata:
        from .jsonata import fill

        seen = frame.expressions(errorOutput=error)
        output = fill(catcher["Output"], seen, f"{field}/Output") if "Output" in catcher else error
        values = fill(catcher["Assign"], seen, f"{field}/Assign") if "Assign" in catcher else {}
    else:
        values = payload.fill(catcher["Assign"], frame.data(error)) if "Assign" in catcher else {}
        path = catcher.get("ResultPath", "$")
        output = frame.value if path is None else jsonpath.write(path, frame.value, error)
    check_size(output, frame.name)
    assigned = frame.assign(catcher.get("Assign"), values)
    return Step(next=str(catcher["Next"]), output=output, assigned=assigned)
