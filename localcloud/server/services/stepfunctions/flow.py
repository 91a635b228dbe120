"""The states that do no work of their own: Pass, Choice, Wait, Succeed, Fail."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from . import choices, jsonpath, payload
from .branch import Frame
from .failures import QUERY, RUNTIME, StateFailure
from .interpreter import Step, check_size, effective_input, finish, handles, output_path

MOST_WAIT_SECONDS = 99_999_999
NO_NEXT = "Failed to transition out of the state. The state does not point to a next state."
"""Where no rule of a Choice holds; AWS was not seen to answer States.NoChoiceMatched, which is documented."""


@handles("Pass")
def pass_state(frame: Frame) -> Step:
    if frame.is_jsonata:
        return _plain(frame)
    value = effective_input(frame)
    if "Parameters" in frame.state:
        value = payload.fill(frame.state["Parameters"], frame.data(value))
    result = copy.deepcopy(frame.state["Result"]) if "Result" in frame.state else value
    return finish(frame, result)


def _plain(frame: Frame, following: str | None = None) -> Step:
    """A JSONata state without a result: its output is its input unless Output says otherwise."""
    output = frame.fill("Output") if "Output" in frame.state else frame.value
    check_size(output, frame.name)
    values = frame.fill("Assign") if "Assign" in frame.state else {}
    assigned = frame.assign(frame.state.get("Assign"), values)
    return Step(next=following or frame.state.get("Next"), output=output, assigned=assigned)


@handles("Succeed")
def succeed(frame: Frame) -> Step:
    if frame.is_jsonata:
        return _plain(frame)
    return Step(next=None, output=output_path(frame, effective_input(frame)))


@handles("Fail")
def fail(frame: Frame) -> Step:
    raise StateFailure(_text(frame, "Error"), _text(frame, "Cause"), placed=True)


def _text(frame: Frame, field: str) -> str | None:
    if f"{field}Path" in frame.state:
        text = payload.value_of(frame.state[f"{field}Path"], frame.data(), f"{field}Path")
        if not isinstance(text, str):
            raise StateFailure(RUNTIME, f"The value of {field}Path must be a string")
        return text
    if field not in frame.state:
        return None
    if frame.is_jsonata:
        from .jsonata import fill_typed

        return fill_typed(frame.state[field], frame.expressions(), field, (str,), "string")
    return str(frame.state[field])


@handles("Choice")
def choice(frame: Frame) -> Step:
    return _by_expression(frame) if frame.is_jsonata else _by_rules(frame)


def _by_expression(frame: Frame) -> Step:
    from .jsonata import fill, fill_typed

    for index, rule in enumerate(frame.state["Choices"]):
        seen = frame.expressions()
        field = f"Choices[{index}]"
        if not fill_typed(rule["Condition"], seen, f"{field}/Condition", (bool,), "boolean"):
            continue
        output = fill(rule["Output"], seen, f"{field}/Output") if "Output" in rule else None
        values: dict[str, Any] = fill(rule["Assign"], seen, f"{field}/Assign") if "Assign" in rule else {}
        if "Output" not in rule:
            output = frame.fill("Output") if "Output" in frame.state else frame.value
        check_size(output, frame.name)
        return Step(next=rule["Next"], output=output, assigned=frame.assign(rule.get("Assign"), values))
    if "Default" not in frame.state:
        raise StateFailure(RUNTIME, NO_NEXT)
    return _plain(frame, frame.state["Default"])


def _by_rules(frame: Frame) -> Step:
    value = effective_input(frame)
    data = frame.data(value)
    output = output_path(frame, value)
    for rule in frame.state["Choices"]:
        if choices.holds(rule, data):
            values = payload.fill(rule["Assign"], data) if "Assign" in rule else {}
            return Step(next=rule["Next"], output=output, assigned=frame.assign(rule.get("Assign"), values))
    if "Default" not in frame.state:
        raise StateFailure(RUNTIME, NO_NEXT)
    values = payload.fill(frame.state["Assign"], data) if "Assign" in frame.state else {}
    return Step(next=frame.state["Default"], output=output, assigned=frame.assign(frame.state.get("Assign"), values))


@handles("Wait")
def wait(frame: Frame) -> Step:
    frame.branch.token.sleep(_seconds(frame))
    if frame.is_jsonata:
        return _plain(frame)
    values = payload.fill(frame.state["Assign"], frame.data()) if "Assign" in frame.state else {}
    output = output_path(frame, effective_input(frame))
    return Step(next=frame.state.get("Next"), output=output, assigned=frame.assign(frame.state.get("Assign"), values))


def _seconds(frame: Frame) -> float:
    seconds = frame.number("Seconds")
    if seconds is not None:
        if not 0 <= seconds <= MOST_WAIT_SECONDS:
            raise StateFailure(QUERY if frame.is_jsonata else RUNTIME, f"Seconds {seconds} is out of range")
        return seconds
    if "TimestampPath" in frame.state:
        text = jsonpath.read(frame.state["TimestampPath"], frame.data(), field_name="TimestampPath")
    else:
        text = frame.fill("Timestamp") if frame.is_jsonata else frame.state["Timestamp"]
    try:
        moment = datetime.fromisoformat(text)
        return max((moment - datetime.now(UTC)).total_seconds(), 0)
    except (ValueError, TypeError) as error:
        raise StateFailure(RUNTIME, f"Timestamp {text!r} is no ISO 8601 time with a zone") from error
