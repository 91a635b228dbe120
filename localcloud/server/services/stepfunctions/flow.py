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
def pass_state(held: Frame) -> Step:
    if held.is_jsonata:
        return _plain(held)
    value = effective_input(held)
    if "Parameters" in held.state:
        value = payload.fill(held.state["Parameters"], held.data(value))
    result = copy.deepcopy(held.state["Result"]) if "Result" in held.state else value
    return finish(held, result)


def _plain(held: Frame, following: str | None = None) -> Step:
    """A JSONata state without a result: its output is its input unless Output says otherwise."""
    output = held.fill("Output") if "Output" in held.state else held.value
    check_size(output, held.name)
    values = held.fill("Assign") if "Assign" in held.state else {}
    assigned = held.assign(held.state.get("Assign"), values)
    return Step(next=following or held.state.get("Next"), output=output, assigned=assigned)


@handles("Succeed")
def succeed(held: Frame) -> Step:
    if held.is_jsonata:
        return _plain(held)
    return Step(next=None, output=output_path(held, effective_input(held)))


@handles("Fail")
def fail(held: Frame) -> Step:
    raise StateFailure(_text(held, "Error"), _text(held, "Cause"), placed=True)


def _text(held: Frame, field: str) -> str | None:
    if f"{field}Path" in held.state:
        found = payload.value_of(held.state[f"{field}Path"], held.data(), f"{field}Path")
        if not isinstance(found, str):
            raise StateFailure(RUNTIME, f"The value of {field}Path must be a string")
        return found
    if field not in held.state:
        return None
    if held.is_jsonata:
        from .jsonata import fill_typed

        return fill_typed(held.state[field], held.expressions(), field, (str,), "string")
    return str(held.state[field])


@handles("Choice")
def choice(held: Frame) -> Step:
    return _by_expression(held) if held.is_jsonata else _by_rules(held)


def _by_expression(held: Frame) -> Step:
    from .jsonata import fill, fill_typed

    for index, rule in enumerate(held.state["Choices"]):
        seen = held.expressions()
        field = f"Choices[{index}]"
        if not fill_typed(rule["Condition"], seen, f"{field}/Condition", (bool,), "boolean"):
            continue
        output = fill(rule["Output"], seen, f"{field}/Output") if "Output" in rule else None
        values: dict[str, Any] = fill(rule["Assign"], seen, f"{field}/Assign") if "Assign" in rule else {}
        if "Output" not in rule:
            output = held.fill("Output") if "Output" in held.state else held.value
        check_size(output, held.name)
        return Step(next=rule["Next"], output=output, assigned=held.assign(rule.get("Assign"), values))
    if "Default" not in held.state:
        raise StateFailure(RUNTIME, NO_NEXT)
    return _plain(held, held.state["Default"])


def _by_rules(held: Frame) -> Step:
    value = effective_input(held)
    data = held.data(value)
    output = output_path(held, value)
    for rule in held.state["Choices"]:
        if choices.holds(rule, data):
            values = payload.fill(rule["Assign"], data) if "Assign" in rule else {}
            return Step(next=rule["Next"], output=output, assigned=held.assign(rule.get("Assign"), values))
    if "Default" not in held.state:
        raise StateFailure(RUNTIME, NO_NEXT)
    values = payload.fill(held.state["Assign"], data) if "Assign" in held.state else {}
    return Step(next=held.state["Default"], output=output, assigned=held.assign(held.state.get("Assign"), values))


@handles("Wait")
def wait(held: Frame) -> Step:
    held.branch.token.sleep(_seconds(held))
    if held.is_jsonata:
        return _plain(held)
    values = payload.fill(held.state["Assign"], held.data()) if "Assign" in held.state else {}
    output = output_path(held, effective_input(held))
    return Step(next=held.state.get("Next"), output=output, assigned=held.assign(held.state.get("Assign"), values))


def _seconds(held: Frame) -> float:
    seconds = held.number("Seconds")
    if seconds is not None:
        if not 0 <= seconds <= MOST_WAIT_SECONDS:
            raise StateFailure(QUERY if held.is_jsonata else RUNTIME, f"Seconds {seconds} is out of range")
        return seconds
    if "TimestampPath" in held.state:
        text = jsonpath.read(held.state["TimestampPath"], held.data(), field_name="TimestampPath")
    else:
        text = held.fill("Timestamp") if held.is_jsonata else held.state["Timestamp"]
    try:
        moment = datetime.fromisoformat(text)
        return max((moment - datetime.now(UTC)).total_seconds(), 0)
    except (ValueError, TypeError) as error:
        raise StateFailure(RUNTIME, f"Timestamp {text!r} is no ISO 8601 time with a zone") from error
