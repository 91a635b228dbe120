"""The rules of a Choice state in JSONPath: comparisons of a variable, And, Or, Not.

AWS facts: a comparison of another type than the value's is false; a variable that is not there fails the state, but
for IsPresent; StringMatches knows ``*`` alone, with ``\\*`` for the star itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .failures import RUNTIME, StateFailure
from .jsonpath import ABSENT, Data, select

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "GreaterThan": lambda a, b: a > b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThanEquals": lambda a, b: a >= b,
}
OPERATOR = re.compile(
    r"(String|Numeric|Timestamp|Boolean)"
    r"(Equals|LessThanEquals|GreaterThanEquals|LessThan|GreaterThan)(Path)?"
)
TYPE_TESTS = ("IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp")


def is_operator(name: str) -> bool:
    return bool(OPERATOR.fullmatch(name)) or name in TYPE_TESTS or name == "StringMatches"


def holds(rule: dict[str, Any], data: Data) -> bool:
    """Whether a rule (or a rule within And, Or, Not) is true of the data."""
    if "And" in rule:
        return all(holds(item, data) for item in rule["And"])
    if "Or" in rule:
        return any(holds(item, data) for item in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], data)
    name = next(key for key in rule if is_operator(key))
    path, wanted = rule["Variable"], rule[name]
    if name == "IsPresent":
        return (select(path, data) is not ABSENT) == wanted
    value = _value(path, data)
    if name in TYPE_TESTS:
        return _is(name, value) == wanted
    return _operate(name, value, wanted, data)


def _value(path: str, data: Data) -> Any:
    value = select(path, data)
    if value is ABSENT:
        text = f"Invalid path '{path}': The choice state's condition path references an invalid value."
        raise StateFailure(RUNTIME, text)
    return value


def _operate(name: str, value: Any, wanted: Any, data: Data) -> bool:
    if name == "StringMatches":
        return isinstance(value, str) and _like(wanted).fullmatch(value) is not None
    match = OPERATOR.fullmatch(name)
    if match is None:
        raise StateFailure(RUNTIME, f"The comparison {name} is not known")
    return _compare(match[1], match[2], value, _value(wanted, data) if match[3] else wanted)


def _compare(kind: str, comparison: str, value: Any, wanted: Any) -> bool:
    ready = _of_kind(kind, value), _of_kind(kind, wanted)
    return None not in ready and COMPARISONS[comparison](*ready)


def _of_kind(kind: str, value: Any) -> Any:
    """The value for a comparison of that kind, or None if it is none of that kind."""
    if kind == "Timestamp":
        return _time(value)
    if kind == "Numeric":
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return value if isinstance(value, str if kind == "String" else bool) else None


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _is(name: str, value: Any) -> bool:
    if name == "IsNull":
        return value is None
    if name == "IsTimestamp":
        return _time(value) is not None
    kind = name.removeprefix("Is")
    return _of_kind(kind, value) is not None


def _like(glob: str) -> re.Pattern[str]:
    words = re.split(r"(\\\*|\\\\|\*)", glob)
    known = {"*": ".*", "\\*": r"\*", "\\\\": r"\\"}
    return re.compile("".join(known.get(word, re.escape(word)) for word in words), re.DOTALL)
