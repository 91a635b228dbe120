"""What is refused as an execution's input: each rule once, as data, for the state machine and for whoever starts it.

``condition`` writes a rule in JSONata, for the machine's first state; ``fault`` applies it in Python, so that a client
can refuse before it starts anything. Both say the same sentence, which names key, rule and value.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from .expressions import literal, regex

SHOWN: Final = 200
"""Characters of a refused value that are shown."""
Kind = Literal["object", "string", "number", "boolean"]
_ABSENT: Final = object()


@dataclass(frozen=True, kw_only=True)
class Check:
    """A rule for one value."""

    path: tuple[str, ...]
    """Keys from the input down; empty: the input itself."""
    kind: Kind
    says: str
    """The rule as a sentence that begins with the key, without its end."""
    optional: bool = False
    pattern: str = ""
    """For text: what it must contain."""
    smallest: int = 0
    largest: int = 0
    """For numbers, which must be whole: the bounds, themselves included."""


def condition(check: Check) -> str:
    """The rule over ``$in``, as an expression that gives nothing or the sentence of what is wrong.

    JSONata compares what has no value as unequal and as not unequal: conditions here are never negated. What only
    holds for a type stands behind a conditional: ``and`` may evaluate both sides.
    """
    holds = _holds(check, "$value")
    if check.optional:
        holds = f"$exists($value) ? ({holds}) : true"
    shown = "$type($value)" if check.kind == "object" else _json("$value")
    text = f'{literal(check.says + ", not ")} & ($exists($value) ? $substring({shown}, 0, {SHOWN}) : "nothing")'
    return f"($value := {_value(check.path)}; ({holds}) ? [] : {text})"


def _value(path: tuple[str, ...]) -> str:
    """The value at a path, from an object alone: of an array JSONata would take the key of each object in it."""
    value = "$in"
    for key in path:
        value = f'($type({value}) = "object" ? {value}.{key})'
    return value


def _json(value: str) -> str:
    """A value as JSON. ``$string`` leaves text as it is, but not that in an array, whose brackets are taken off."""
    array = f"$string([{value}])"
    return f'($type({value}) = "string" ? $substring({array}, 1, $length({array}) - 2) : $string({value}))'


def _holds(check: Check, value: str) -> str:
    if check.kind == "string":
        return f'$type({value}) = "string" ? $contains({value}, {regex(check.pattern)}) : false'
    if check.kind == "number":
        fits = f"{value} >= {check.smallest} and {value} <= {check.largest} and $floor({value}) = {value}"
        return f'$type({value}) = "number" ? {fits} : false'
    return f'$type({value}) = "{check.kind}"'


def fault(check: Check, given: Any) -> str | None:
    """What is wrong with an input by this rule; None: nothing. ``given``: a JSON value."""
    value = _at(given, check.path)
    if (check.optional and value is _ABSENT) or (value is not _ABSENT and _fits(check, value)):
        return None
    return f"{check.says}, not {_shown(check, value)}"


def _at(given: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        given = given.get(key, _ABSENT) if isinstance(given, dict) else _ABSENT
    return given


def _fits(check: Check, value: Any) -> bool:
    if _type(value) != check.kind:
        return False
    if check.kind == "string":
        return re.search(check.pattern, value) is not None
    return check.kind != "number" or (check.smallest <= value <= check.largest and value == int(value))


def _type(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _shown(check: Check, value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    if check.kind == "object":
        return _type(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)[:SHOWN]
