"""Parallel, and what Map runs inline: branches of the same execution.

AWS facts: every branch gets the state's input (Parallel) or an item (Map); the result is the list of their outputs in
order; the first branch that fails ends the others and fails the state, with that branch's error; an inline Map runs
at most 40 iterations at a time.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from . import jsonpath, payload
from .branch import Branch, Frame
from .failures import QUERY, RUNTIME, StateFailure
from .interpreter import Step, attempted, effective_input, handles, run_block
from .side_by_side import run_side_by_side
from .tokens import Token

INLINE_CONCURRENCY = 40


@handles("Parallel")
def parallel(frame: Frame) -> Step:
    return attempted(frame, lambda: _parallel(frame))


def _parallel(frame: Frame) -> Any:
    branch = frame.branch
    value = branch_input(frame)
    branch.event("ParallelStateStarted")

    def work(index: int, block: dict[str, Any]) -> Callable[[Token], Any]:
        def run(token: Token) -> Any:
            return run_block(branch.child(token, frame.name, index), block, copy.deepcopy(value), frame.language)

        return run

    try:
        results = run_side_by_side(branch.token, [work(i, block) for i, block in enumerate(frame.state["Branches"])])
    except StateFailure as failure:
        branch.event("ParallelStateFailed", {"error": failure.error, "cause": failure.cause})
        raise _of_state(failure) from failure
    branch.event("ParallelStateSucceeded")
    return results


def _of_state(failure: StateFailure) -> StateFailure:
    """The branch's error as the state's, which Retry and Catch may take."""
    state_failure = StateFailure(failure.error, failure.cause, placed=True)
    state_failure.of_a_task = True
    return state_failure


def branch_input(frame: Frame) -> Any:
    if frame.is_jsonata:
        return frame.fill("Arguments") if "Arguments" in frame.state else frame.value
    value = effective_input(frame)
    if "Parameters" in frame.state:
        return payload.fill(frame.state["Parameters"], frame.data(value))
    return value


def kind_of(value: Any) -> str:
    """What JSON calls a value's type."""
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    return kinds.get(type(value), "null")


def processor(state: dict[str, Any]) -> dict[str, Any]:
    """The block that each item runs through, under its present or its former name."""
    return state.get("ItemProcessor") or state["Iterator"]


def items_of(frame: Frame) -> list[Any]:
    """The items that are in the state's input. Raises StateFailure if they are no list."""
    if frame.is_jsonata:
        items = frame.fill("Items") if "Items" in frame.state else frame.value
        if not isinstance(items, list):
            raise StateFailure(QUERY, f"Map state input must be an array but was: {kind_of(items)}")
        return items  # pyright: ignore[reportUnknownVariableType]
    path = frame.state.get("ItemsPath", "$")
    items = jsonpath.read(path, frame.data(effective_input(frame)), field_name="ItemsPath")
    if not isinstance(items, list):
        raise StateFailure(RUNTIME, f'Reference path "{path}" must point to array.')
    return items  # pyright: ignore[reportUnknownVariableType]


def selected(frame: Frame, index: int, item: Any) -> Any:
    """What an item's run gets: the item, or what ItemSelector (or Parameters) makes of it."""
    selector = frame.state.get("ItemSelector", frame.state.get("Parameters") if not frame.is_jsonata else None)
    if selector is None:
        return copy.deepcopy(item)
    seen = Frame(
        branch=frame.branch.child(frame.branch.token, context=map_context(frame, index, item)),
        name=frame.name,
        state={"ItemSelector": selector},
        value=frame.value,
        language=frame.language,
        entered=frame.entered,
    )
    if frame.is_jsonata:
        return seen.fill("ItemSelector")
    return payload.fill(selector, seen.data(effective_input(frame)))


def map_context(frame: Frame, index: int, item: Any) -> dict[str, Any]:
    return {**frame.branch.extra, "Map": {"Item": {"Index": index, "Value": item}}}


def concurrency(frame: Frame) -> int:
    return int(frame.number("MaxConcurrency", 0) or 0)


def inline(frame: Frame) -> Any:
    branch = frame.branch
    items = items_of(frame)
    block = processor(frame.state)
    branch.event("MapStateStarted", {"length": len(items)})

    def work(index: int, item: Any) -> Callable[[Token], Any]:
        return lambda token: _iteration(frame, block, token, index, item)

    limit = min(concurrency(frame) or INLINE_CONCURRENCY, INLINE_CONCURRENCY)
    try:
        results = run_side_by_side(branch.token, [work(i, item) for i, item in enumerate(items)], limit)
    except StateFailure as failure:
        branch.event("MapStateFailed", {"error": failure.error, "cause": failure.cause})
        raise _of_state(failure) from failure
    branch.event("MapStateSucceeded")
    return results


def _iteration(frame: Frame, block: dict[str, Any], token: Token, index: int, item: Any) -> Any:
    branch: Branch = frame.branch.child(token, frame.name, index, context=map_context(frame, index, item))
    named = {"name": frame.name, "index": index}
    branch.event("MapIterationStarted", named)
    try:
        result = run_block(branch, block, selected(frame, index, item), frame.language)
    except StateFailure:
        branch.event("MapIterationFailed", named)
        raise
    except Exception:
        branch.event("MapIterationAborted", named)
        raise
    branch.event("MapIterationSucceeded", named)
    return result
