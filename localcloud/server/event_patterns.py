"""Event patterns, and SNS's filter policies, which have the same grammar: whether AWS would take one.

Sources: the EventBridge user guide's comparison operators, and AWS's answers as recorded by others. AWS facts:
operators are written in small letters, one in each object; ``$or`` is an operator only before two or more objects, none
of which has an operator for its key, and else a field like any other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any, cast

IGNORE_CASE = "equals-ignore-case"
COMPARISONS = ("<", "<=", "=", ">", ">=")
_ESCAPED = re.compile(r"\\[*\\]")


class Fault(ValueError):  # noqa: N818 - it is a fault of the pattern, not of the program
    """What is wrong with a pattern, in AWS's words."""


def check(text: str) -> None:
    """Raises :class:`Fault` unless the text is a pattern."""
    try:
        pattern: Any = json.loads(text)
    except ValueError as error:
        raise Fault(str(error)) from error
    if not isinstance(pattern, dict):
        raise Fault("Filter is not an object")
    _fields(cast("dict[str, Any]", pattern))


def _fields(pattern: Mapping[str, Any]) -> None:
    if not pattern:
        raise Fault("Empty objects are not allowed")
    for name, value in pattern.items():
        if name == "$or" and _alternatives(value):
            for alternative in value:
                _fields(alternative)
        elif isinstance(value, dict):
            _fields(cast("dict[str, Any]", value))
        elif isinstance(value, list):
            _values(cast("list[Any]", value))
        else:
            raise Fault(f'"{name}" must be an object or an array')


def _alternatives(value: Any) -> bool:
    if not isinstance(value, list) or len(cast("list[Any]", value)) < 2:
        return False
    return all(isinstance(item, dict) and not set(_OPERATORS) & set(item) for item in cast("list[Any]", value))  # pyright: ignore[reportUnknownArgumentType]


def _values(values: list[Any]) -> None:
    if not values:
        raise Fault("Empty arrays are not allowed")
    for value in values:
        if isinstance(value, list):
            raise Fault("Match value must be String, number, true, false, or null")
        if isinstance(value, dict):
            _match(cast("dict[str, Any]", value))


def _match(expression: Mapping[str, Any]) -> None:
    if not expression:
        raise Fault("Match expression name not found")
    operator, value = next(iter(expression.items()))
    if operator not in _OPERATORS:
        raise Fault(f"Unrecognized match type {operator}")
    _OPERATORS[operator](value)
    if len(expression) > 1:
        raise Fault("Only one key allowed in match expression")


def _text(operator: str) -> Callable[[Any], None]:
    def check_value(value: Any) -> None:
        if not isinstance(value, str):
            raise Fault(f"{operator} match pattern must be a string")

    return check_value


def _end_of_text(operator: str) -> Callable[[Any], None]:
    """Of ``prefix`` and ``suffix``, which may disregard case."""
    plain = _text(operator)

    def check_value(value: Any) -> None:
        folded = isinstance(value, dict) and list(cast("dict[str, Any]", value)) == [IGNORE_CASE]
        plain(value[IGNORE_CASE] if folded else value)

    return check_value


def _wildcard(value: Any) -> None:
    _text("wildcard")(value)
    plain = _ESCAPED.sub("__", value)
    for characters, text in (("**", "Consecutive wildcard characters"), ("\\", "Invalid escape character")):
        if characters in plain:
            raise Fault(f"{text} at pos {plain.index(characters) + 1}")


def _exists(value: Any) -> None:
    if not isinstance(value, bool):
        raise Fault("exists match pattern must be either true or false.")


def _cidr(value: Any) -> None:
    _text("prefix")(value)
    address, slash, bits = str(value).partition("/")
    if not slash or "/" in bits:
        raise Fault("Malformed CIDR, one '/' required")
    if not bits.isdigit():
        raise Fault("Malformed CIDR, mask bits must be an integer")
    try:
        ip_address(address)
    except ValueError as error:
        raise Fault(f"Nonstandard IP address: {address}") from error
    try:
        ip_network(value, strict=False)
    except ValueError as error:
        raise Fault("Malformed CIDR, bad mask bits") from error


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numeric(value: Any) -> None:
    if not isinstance(value, list):
        raise Fault("Value of numeric must be an array.")
    terms = cast("list[Any]", value)
    if not terms or not isinstance(terms[0], str):
        raise Fault(f"Invalid member in numeric match: {terms[0] if terms else ']'}")
    _comparison(terms[:2], COMPARISONS, "Unrecognized")
    if len(terms) == 2:
        return
    if terms[0] not in (">", ">="):
        raise Fault("Too many elements in numeric expression")
    _comparison(terms[2:4], ("<", "<="), "Bad")
    if len(terms) > 4:
        raise Fault("Too many terms in numeric range expression")
    if terms[3] <= terms[1]:
        raise Fault("Bottom must be less than top")


def _comparison(terms: list[Any], allowed: tuple[str, ...], word: str) -> None:
    if terms[0] not in allowed:
        raise Fault(f"{word} numeric range operator: {terms[0]}")
    if len(terms) < 2 or not _is_number(terms[1]):
        raise Fault(f"Value of {'equals' if terms[0] == '=' else terms[0]} must be numeric")


def _anything_but(value: Any) -> None:
    if isinstance(value, dict):
        _anything_but_matching(cast("dict[str, Any]", value))
        return
    several = isinstance(value, list)
    values = cast("list[Any]", value) if several else [value]
    if not several and not isinstance(value, str) and not _is_number(value):
        raise Fault("Value of anything-but must be an array or single string/number value.")
    if any(not isinstance(item, str) and not _is_number(item) for item in values):
        raise Fault("Inside anything but list, start|null|boolean is not supported.")
    if len({isinstance(item, str) for item in values}) != 1:
        raise Fault("Inside anything but list, either all values are number or string, mixed type is not supported")


def _anything_but_matching(expression: Mapping[str, Any]) -> None:
    operator, value = next(iter(expression.items()), ("", None))
    wrong = _ANYTHING_BUT.get(operator)
    if wrong is None:
        raise Fault(f"Unsupported anything-but pattern: {operator}")
    if isinstance(value, dict):
        raise Fault("Value of anything-but must be an array or single string/number value.")
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    if not values or any(not isinstance(item, str) for item in values):
        raise Fault(wrong)
    if operator in ("prefix", "suffix") and "" in values:
        raise Fault("Null prefix/suffix not allowed")
    if operator == "wildcard":
        for item in values:
            _wildcard(item)
    if len(expression) > 1:
        raise Fault("Only one key allowed in match expression")


_ANYTHING_BUT = {
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
    IGNORE_CASE: ("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."),
}
"""Operators that may stand inside ``anything-but``, and what is said of a value that is no text."""

_OPERATORS: dict[str, Callable[[Any], None]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    IGNORE_CASE: _text(IGNORE_CASE),
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _end_of_text("prefix"),
    "suffix": _end_of_text("suffix"),
    "wildcard": _wildcard,
}
