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
from .together import together
from .tokens import Token

INLINE_CONCURRENCY = 40


@handles("Parallel")
def parallel(held: Frame) -> Step:
    return attempted(held, lambda: _parallel(held))


def _parallel(held: Frame) -> Any:
    branch = held.branch
    value = branch_input(held)
    branch.event("ParallelStateStarted")

    def work(index: int, block: dict[str, Any]) -> Callable[[Token], Any]:
        def run(token: Token) -> Any:
            return run_block(branch.child(token, held.name, index), block, copy.deepcopy(value), held.language)

        return run

    try:
        results = together(branch.token, [work(i, block) for i, block in enumerate(held.state["Branches"])])
    except StateFailure as failure:
        branch.event("ParallelStateFailed", {"error": failure.error, "cause": failure.cause})
        raise _of_state(failure) from failure
    branch.event("ParallelStateSucceeded")
    return results


def _of_state(failure: StateFailure) -> StateFailure:
    """The branch's error as the state's, which Retry and Catch may take."""
    made = StateFailure(failure.error, failure.cause, placed=True)
    made.of_a_task = True
    return made


def branch_input(held: Frame) -> Any:
    if held.is_jsonata:
        return held.fill("Arguments") if "Arguments" in held.state else held.value
    value = effective_input(held)
    if "Parameters" in held.state:
        return payload.fill(held.state["Parameters"], held.data(value))
    return value


def kind_of(value: Any) -> str:
    """What JSON calls a value's type."""
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    return kinds.get(type(value), "null")


def processor(state: dict[str, Any]) -> dict[str, Any]:
    """The block that each item runs through, under its present or its former name."""
    return state.get("ItemProcessor") or state["Iterator"]


def items_of(held: Frame) -> list[Any]:
    """The items that are in the state's input. Raises StateFailure if they are no list."""
    if held.is_jsonata:
        found = held.fill("Items") if "Items" in held.state else held.value
        if not isinstance(found, list):
            raise StateFailure(QUERY, f"Map state input must be an array but was: {kind_of(found)}")
        return found  # pyright: ignore[reportUnknownVariableType]
    path = held.state.get("ItemsPath", "$")
    found = jsonpath.read(path, held.data(effective_input(held)), field_name="ItemsPath")
    if not isinstance(found, list):
        raise StateFailure(RUNTIME, f'Reference path "{path}" must point to array.')
    return found  # pyright: ignore[reportUnknownVariableType]


def selected(held: Frame, index: int, item: Any) -> Any:
    """What an item's run gets: the item, or what ItemSelector (or Parameters) makes of it."""
    selector = held.state.get("ItemSelector", held.state.get("Parameters") if not held.is_jsonata else None)
    if selector is None:
        return copy.deepcopy(item)
    seen = Frame(
        branch=held.branch.child(held.branch.token, context=map_context(held, index, item)),
        name=held.name,
        state={"ItemSelector": selector},
        value=held.value,
        language=held.language,
        entered=held.entered,
    )
    if held.is_jsonata:
        return seen.fill("ItemSelector")
    return payload.fill(selector, seen.data(effective_input(held)))


def map_context(held: Frame, index: int, item: Any) -> dict[str, Any]:
    return {**held.branch.extra, "Map": {"Item": {"Index": index, "Value": item}}}


def concurrency(held: Frame) -> int:
    return int(held.number("MaxConcurrency", 0) or 0)


def inline(held: Frame) -> Any:
    branch = held.branch
    items = items_of(held)
    block = processor(held.state)
    branch.event("MapStateStarted", {"length": len(items)})

    def work(index: int, item: Any) -> Callable[[Token], Any]:
        return lambda token: _iteration(held, block, token, index, item)

    limit = min(concurrency(held) or INLINE_CONCURRENCY, INLINE_CONCURRENCY)
    try:
        results = together(branch.token, [work(i, item) for i, item in enumerate(items)], limit)
    except StateFailure as failure:
        branch.event("MapStateFailed", {"error": failure.error, "cause": failure.cause})
        raise _of_state(failure) from failure
    branch.event("MapStateSucceeded")
    return results


def _iteration(held: Frame, block: dict[str, Any], token: Token, index: int, item: Any) -> Any:
    branch: Branch = held.branch.child(token, held.name, index, context=map_context(held, index, item))
    named = {"name": held.name, "index": index}
    branch.event("MapIterationStarted", named)
    try:
        result = run_block(branch, block, selected(held, index, item), held.language)
    except StateFailure:
        branch.event("MapIterationFailed", named)
        raise
    except Exception:
        branch.event("MapIterationAborted", named)
        raise
    branch.event("MapIterationSucceeded", named)
    return result
