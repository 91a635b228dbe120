"""JSONPath as Step Functions has it: ``$`` the state's input, ``$$`` the context, ``$name`` a variable.

AWS facts: a path of names and indices alone (a reference path) gives one value, any other a list; a path that is not
there is States.Runtime; a template's keys that end in ``.$`` have a path or an intrinsic function as value.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from .failures import RUNTIME, StateFailure
from .model import dumps

STEP = re.compile(
    r"\.([A-Za-z0-9_\-]+)|\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\[\s*\"((?:[^\"\\]|\\.)*)\"\s*\]|\[\s*(-?\d+)\s*\]"
)
VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
ABSENT = object()


@dataclass(frozen=True, kw_only=True)
class Data:
    """What paths refer to."""

    input: Any
    context: Any = None
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])


@lru_cache(2000)
def steps(path: str) -> tuple[str | int, ...] | None:
    """The names and indices of a reference path (without its root), or None for any other path."""
    path_steps: list[str | int] = []
    position = 0
    while position < len(path):
        match = STEP.match(path, position)
        if match is None:
            return None
        name, single, double, index = match.groups()
        path_steps.append(int(index) if index is not None else name or re.sub(r"\\(.)", r"\1", single or double or ""))
        position = match.end()
    return tuple(path_steps)


def select(path: str, data: Data) -> Any:
    """The value at a path, or :data:`ABSENT`. An indefinite path gives the list of what it finds."""
    if path.startswith("$$"):
        return _at(data.context, path[2:])
    variable = VARIABLE.match(path)
    if variable is not None:
        if variable[1] not in data.variables:
            return ABSENT
        return _at(data.variables[variable[1]], path[variable.end() :])
    return _at(data.input, path[1:])


def read(path: str, data: Data, *, field_name: str) -> Any:
    """The value at a path, copied; raises StateFailure if it is not there."""
    value = select(path, data)
    if value is ABSENT:
        where = f"specified for the field '{field_name}' could not be found in the input '{dumps(data.input)}'"
        raise StateFailure(RUNTIME, f"The JSONPath '{path}' {where}")
    return copy.deepcopy(value)


def _at(root: Any, rest: str) -> Any:
    definite = steps(rest)
    if definite is None:
        return _search(root, rest)
    value: Any = root
    for step in definite:
        value = _step(value, step)
        if value is ABSENT:
            return ABSENT
    return value


def _step(value: Any, step: str | int) -> Any:
    try:
        if isinstance(step, int):
            return value[step] if isinstance(value, list) else ABSENT  # pyright: ignore[reportUnknownVariableType]
        return value[step] if isinstance(value, dict) else ABSENT  # pyright: ignore[reportUnknownVariableType]
    except (KeyError, IndexError):
        return ABSENT


@lru_cache(500)
def _compiled(path: str) -> Any:
    from jsonpath_ng.ext.parser import parse  # slow to load, and most machines have no such path

    return parse(path)


def _search(root: Any, rest: str) -> Any:
    try:
        return [match.value for match in _compiled(f"${rest}").find(root)]
    except Exception as error:
        raise StateFailure(RUNTIME, f"Invalid path '${rest}': {error}") from error


def write(path: str, base: Any, value: Any) -> Any:
    """``base`` with the value at a reference path; ``$`` is the whole. Objects on the way are made."""
    where = steps(path[1:])
    if where is None:
        raise StateFailure(RUNTIME, f"The path '{path}' is no reference path")
    if not where:
        return value
    written = copy.deepcopy(base)
    if not isinstance(written, dict):
        raise StateFailure("States.ResultPathMatchFailure", f"Unable to apply ResultPath '{path}' to the input")
    parent: Any = written
    for step in where[:-1]:
        try:
            inner = parent.get(step) if isinstance(parent, dict) else parent[step]
        except (IndexError, TypeError, KeyError) as error:
            raise StateFailure("States.ResultPathMatchFailure", f"Unable to apply ResultPath '{path}'") from error
        if not isinstance(inner, (dict, list)):
            inner = {}
            parent[step] = inner
        parent = inner
    parent[where[-1]] = value
    return written
