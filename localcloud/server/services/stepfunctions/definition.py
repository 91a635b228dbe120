"""What AWS refuses about the definition of a state machine.

Rests on AWS's answers to wrong definitions, as recorded by others: each problem has a code, a sentence and the place
as a JSON pointer; CreateStateMachine puts them together in one message, ValidateStateMachineDefinition lists them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from . import field_types, state_fields, state_rules
from .model import loads
from .problems import SCHEMA, Problem

LANGUAGES = ("JSONPath", "JSONata")
BLOCK_FIELDS = ("Comment", "StartAt", "States")
LONGEST_NAME = 80


@dataclass(kw_only=True)
class Scope:
    """What holds for a block of states: the machine's language, and the names seen anywhere."""

    language: str
    top_language: str
    express: bool
    names: set[str] = field(default_factory=set[str])
    labels: set[str] = field(default_factory=set[str])


def problems(text: str, *, express: bool = False) -> list[Problem]:
    """Everything that is wrong with a definition, in the order of its places."""
    return list(_problems(text, express))


@lru_cache(maxsize=100)  # whoever makes a machine asks twice: ValidateStateMachineDefinition comes first
def _problems(text: str, express: bool) -> tuple[Problem, ...]:
    try:
        parsed: Any = loads(text)
    except ValueError as error:
        return (Problem("INVALID_JSON_DESCRIPTION", f"{error}", None),)
    if not isinstance(parsed, dict):
        return (Problem("INVALID_JSON_DESCRIPTION", "Definition must be a JSON object", None),)
    machine = cast("dict[str, Any]", parsed)
    problems = list(field_types.check(machine, "", expressions=False))
    if problems:
        return tuple(problems)
    language = machine.get("QueryLanguage", "JSONPath")
    if language not in LANGUAGES:
        problems.append(Problem(SCHEMA, f"Value is not valid. Must be one of {LANGUAGES}", "/QueryLanguage"))
        language = "JSONPath"
    extra = set(machine) - {*BLOCK_FIELDS, "Version", "TimeoutSeconds", "QueryLanguage"}
    problems += [Problem(SCHEMA, f"Field '{name}' is not supported", f"/{name}") for name in sorted(extra)]
    if "TimeoutSeconds" in machine:
        problems += state_rules.in_range(machine["TimeoutSeconds"], 1, 99_999_999, "/TimeoutSeconds")
    scope = Scope(language=language, top_language=machine.get("QueryLanguage", ""), express=express)
    problems += _block(machine, "", scope)
    return tuple(problems)


def _block(block: dict[str, Any], at: str, scope: Scope) -> Iterator[Problem]:
    """A block of states: the machine, a branch, an item processor."""
    states: Any = block.get("States")
    if not isinstance(states, dict) or not states:
        yield Problem(SCHEMA, "These fields are required: [States]", at or "/")
        return
    by_name = cast("dict[str, Any]", states)
    start = block.get("StartAt")
    if start is None:
        yield Problem(SCHEMA, "These fields are required: [StartAt]", at or "/")
    elif start not in by_name:
        yield Problem("MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {start}", f"{at}/StartAt")
    typed = True
    for name, state in by_name.items():
        yield from _named(name, f"{at}/States/{name}", scope)
        mistyped = list(_mistyped(state, f"{at}/States/{name}", scope))
        yield from mistyped
        typed = typed and not mistyped
        if not mistyped:
            yield from _state(name, cast("dict[str, Any]", state), f"{at}/States/{name}", scope, by_name)
    if typed:
        yield from _reached(by_name, start, at)


def _mistyped(state: Any, at: str, scope: Scope) -> Iterator[Problem]:
    if not isinstance(state, dict):
        yield Problem(SCHEMA, "A state must be an object", at)
        return
    fields = cast("dict[str, Any]", state)
    yield from field_types.check(fields, at, expressions=fields.get("QueryLanguage", scope.language) == "JSONata")


def _named(name: str, at: str, scope: Scope) -> Iterator[Problem]:
    if not name or len(name) > LONGEST_NAME:
        yield Problem("INVALID_STATE_NAME", f"State name must be 1 to {LONGEST_NAME} characters long", at)
    if name in scope.names:
        yield Problem("DUPLICATE_STATE_NAME", f"Duplicate State name: {name}", at)
    scope.names.add(name)


def _state(name: str, state: dict[str, Any], at: str, scope: Scope, states: dict[str, Any]) -> Iterator[Problem]:
    kind = state.get("Type")
    if kind not in state_fields.BOTH:
        yield Problem(SCHEMA, f"Value is not valid. Must be one of {sorted(state_fields.BOTH)}", f"{at}/Type")
        return
    language = state.get("QueryLanguage", scope.language)
    if language not in LANGUAGES:
        yield Problem(SCHEMA, f"Value is not valid. Must be one of {LANGUAGES}", f"{at}/QueryLanguage")
        return
    if scope.top_language == "JSONata" and language == "JSONPath":
        text = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for the whole machine"
        yield Problem("INVALID_DOWNGRADE_QUERY_LANGUAGE", text, f"{at}/QueryLanguage")
        return
    for field_name, text in state_fields.unsupported(str(kind), iter(state), str(language)):
        yield Problem(SCHEMA, text, f"{at}/{field_name}")
    for needed in state_fields.REQUIRED.get(str(kind), ()):
        if needed not in state:
            yield Problem(SCHEMA, f"These fields are required: [{needed}]", at)
    yield from _transitions(state, str(kind), at, states)
    yield from state_rules.check(state, str(kind), str(language), at, express=scope.express)
    yield from _blocks(name, state, str(kind), str(language), at, scope)


def _transitions(state: dict[str, Any], kind: str, at: str, states: dict[str, Any]) -> Iterator[Problem]:
    if kind not in ("Choice", "Succeed", "Fail"):
        given = [name for name in ("Next", "End") if name in state and state[name] is not False]
        if len(given) > 1:
            yield Problem(SCHEMA, "There should only be one of [Next, End]", at)
        elif not given:
            yield Problem(SCHEMA, "These fields are required: [Next or End]", at)
    for place, target in targets(state):
        if target not in states:
            yield Problem("MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {target}", f"{at}/{place}")


def targets(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every place of a state that names another, and the name."""
    for name in ("Next", "Default"):
        if name in state:
            yield name, str(state[name])
    for name in ("Choices", "Catch"):
        for index, entry in enumerate(cast("list[Any]", state.get(name) or [])):
            if isinstance(entry, dict) and "Next" in entry:
                yield f"{name}[{index}]/Next", str(entry["Next"])  # pyright: ignore[reportUnknownArgumentType]


def _reached(states: dict[str, Any], start: Any, at: str) -> Iterator[Problem]:
    seen: set[str] = set()
    waiting = [start] if start in states else []
    while waiting:
        name = waiting.pop()
        if name in seen or name not in states:
            continue
        seen.add(name)
        waiting += [target for _, target in targets(states[name])]
    for name in states:
        if seen and name not in seen:
            text = f'State "{name}" is not reachable.'
            yield Problem("MISSING_TRANSITION_TARGET", text, f"{at}/States/{name}")
    ends = (states[name] for name in seen)
    if seen and not any(item.get("End") is True or item.get("Type") in ("Succeed", "Fail") for item in ends):
        yield Problem("MISSING_END_STATE", "Workflow has no terminal state", at or None)


def _blocks(name: str, state: dict[str, Any], kind: str, language: str, at: str, scope: Scope) -> Iterator[Problem]:
    inner = Scope(language=language, top_language=scope.top_language, express=scope.express, names=scope.names,
                  labels=scope.labels)  # fmt: skip
    if kind == "Parallel":
        if state.get("Branches") == []:
            yield Problem(SCHEMA, "Branches must not be empty", f"{at}/Branches")
        for index, branch in enumerate(cast("list[Any]", state.get("Branches") or [])):
            yield from _inner(branch, f"{at}/Branches[{index}]", inner, ())
    if kind == "Map":
        if "ItemProcessor" not in state and "Iterator" not in state:
            yield Problem(SCHEMA, "These fields are required: [ItemProcessor]", at)
        if "ItemProcessor" in state and "Iterator" in state:
            yield Problem(SCHEMA, "There should only be one of [ItemProcessor, Iterator]", at)
        for field_name in ("ItemProcessor", "Iterator"):
            if field_name in state:
                yield from _inner(state[field_name], f"{at}/{field_name}", inner, ("ProcessorConfig",))
        label = state.get("Label")
        if label is not None and label in scope.labels:
            yield Problem("DUPLICATE_LABEL_NAME", f"Duplicate label: {label}", f"{at}/Label")
        scope.labels.add(str(label) if label is not None else name)


def _inner(block: Any, at: str, scope: Scope, more: tuple[str, ...]) -> Iterator[Problem]:
    if not isinstance(block, dict):
        yield Problem(SCHEMA, "A block of states must be an object", at)
        return
    members = cast("dict[str, Any]", block)
    mistyped = list(
        field_types.check({name: members[name] for name in BLOCK_FIELDS if name in members}, at, expressions=False)
    )
    if mistyped:
        yield from mistyped
        return
    for name in sorted(set(members) - {*BLOCK_FIELDS, *more}):
        yield Problem(SCHEMA, f"Field '{name}' is not supported", f"{at}/{name}")
    yield from _block(members, at, scope)
