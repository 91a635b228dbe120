"""The `validate` expressions of the rules files, as checks.

An expression is a list of forms joined by `;`, or by `,` before another form: `len 1..64; regex ^[a-z]+$`. A form
that is not in `_FORMS` is a ValueError when the file is loaded: no rule is passed over.
"""

import ipaddress
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from localcloud.provider.iam_json import policy_fault

Fault = str | None
"""What is wrong with a value, as the end of a sentence that begins with the property's name; None when it is fine."""


@dataclass(frozen=True)
class Validator:
    """One form of a `validate` expression."""

    form: str
    check: Callable[[Any], Fault]
    is_json: bool = False


def parse(expression: str) -> tuple[Validator, ...]:
    """The checks of an expression, in its order. Raises ValueError naming a form that is not understood."""
    return tuple(_validator(form) for form in _split(expression))


def _split(expression: str) -> list[str]:
    """Cut at `;`, and at `,` where another form begins; never inside a regex."""
    parts = re.split(r";\s+|,\s+(?=regex |valid |no |len )", expression)
    return [part.strip() for part in parts if part.strip()]


def _validator(form: str) -> Validator:
    if form in _NAMED:
        return Validator(form, _NAMED[form], is_json=form in _JSON_FORMS)
    for pattern, make in _FORMS:
        match = re.fullmatch(pattern, form)
        if match is not None:
            return Validator(form, make(*match.groups()))
    raise ValueError(f"validate form {form!r} is not understood")


def _length(low: str | None, high: str | None) -> Callable[[Any], Fault]:
    least, most = int(low or 0), int(high) if high else None

    def check(value: Any) -> Fault:
        if least <= len(value) and (most is None or len(value) <= most):
            return None
        return f"must have {least} to {most} characters, has {len(value)}" if most else f"must have at least {least}"

    return check


def _range(low: str | None, high: str | None) -> Callable[[Any], Fault]:
    least, most = int(low) if low else None, int(high) if high else None

    def check(value: Any) -> Fault:
        if (least is None or value >= least) and (most is None or value <= most):
            return None
        return f"must be {form}, is {value}"

    form = f"at least {low}" if most is None else f"{low} to {high}"
    return check


def _size(low: str | None, high: str | None) -> Callable[[Any], Fault]:
    least, most = int(low or 0), int(high) if high else None

    def check(value: Any) -> Fault:
        if least <= len(value) and (most is None or len(value) <= most):
            return None
        allowed = f"at least {least}" if most is None else f"{least} to {most}"
        return f"must have {allowed} elements, has {len(value)}"

    return check


def _regex(pattern: str) -> Callable[[Any], Fault]:
    if r"\p{" in pattern:
        import regex

        search: Callable[[str], Any] = regex.compile(pattern).search
    else:
        search = re.compile(pattern, re.ASCII).search

    def check(value: Any) -> Fault:
        return None if search(value) else f"must match {pattern}, is {value!r}"

    return check


def _one_of(names: str) -> Callable[[Any], Fault]:
    allowed = [name.strip() for name in names.split(",")]

    def check(value: Any) -> Fault:
        return None if value in allowed else f"must be one of {', '.join(allowed)}, is {value!r}"

    return check


def _matches(pattern: str, what: str) -> Callable[[Any], Fault]:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any) -> Fault:
        return None if compiled.fullmatch(value) else f"must be {what}, is {value!r}"

    return check


def _is_json(value: Any) -> Fault:
    try:
        json.loads(value)
    except ValueError as error:
        return f"must be JSON: {error}"
    return None


def _is_time(value: Any) -> Fault:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value):
        return f"must be an RFC 3339 time, is {value!r}"
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        return f"must be an RFC 3339 time: {error}"
    return None


def _lower_case_keys(value: Any) -> Fault:
    wrong = sorted(key for key in value if key != key.lower())
    return f"must have lower-case keys, has {', '.join(wrong)}" if wrong else None


def _network(version: int | None) -> Callable[[Any], Fault]:
    """A network in CIDR notation, without bits beyond its mask."""

    def check(value: Any) -> Fault:
        try:
            found = ipaddress.ip_network(value)
        except ValueError as error:
            return f"must be a network in CIDR notation: {error}"
        right = version is None or found.version == version
        return None if right else f"must be an IPv{version} network, is {value!r}"

    return check


def _netmask(low: str, high: str) -> Callable[[Any], Fault]:
    """The prefix length of a network, or itself given as a number."""

    def check(value: Any) -> Fault:
        length = str(value).rpartition("/")[2]
        inside = length.isdigit() and int(low) <= int(length) <= int(high)
        return None if inside else f"must have a netmask of /{low} to /{high}, is {value!r}"

    return check


def _unmatched(pattern: str) -> Callable[[Any], Fault]:
    """Of a map it is the keys that must not match."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any) -> Fault:
        texts: list[str] = [*value] if isinstance(value, dict) else [value]
        wrong = next((text for text in texts if compiled.search(text)), None)
        return None if wrong is None else f"must not match {pattern}, is {wrong!r}"

    return check


def _multiple(step: str) -> Callable[[Any], Fault]:
    return lambda value: f"must be a multiple of {step}, is {value}" if value % int(step) else None


def _listed_or_multiple(listed: str, step: str) -> Callable[[Any], Fault]:
    allowed = [int(word) for word in listed.split(",")]
    text = f"must be one of {listed} or a multiple of {step}"
    return lambda value: None if value in allowed or (value and value % int(step) == 0) else f"{text}, is {value}"


def _small_object(most: str) -> Callable[[Any], Fault]:
    """A JSON object that is no longer than so many characters without spaces."""

    def check(value: Any) -> Fault:
        try:
            found = json.loads(value)
        except ValueError as error:
            return f"must be a JSON object: {error}"
        size = len(json.dumps(found, separators=(",", ":")))
        return None if isinstance(found, dict) and size <= int(most) else f"must be a JSON object of at most {most}"

    return check


def _address(version: int) -> Callable[[Any], Fault]:
    def check(value: Any) -> Fault:
        try:
            found = ipaddress.ip_address(value)
        except ValueError as error:
            return f"must be an IPv{version} address: {error}"
        return None if found.version == version else f"must be an IPv{version} address, is {value!r}"

    return check


_ARN: Final = r"arn:[\w-]+:[a-zA-Z0-9-]+:([a-z]{2}(-[a-z]+)+-\d|):(\d{12}|aws|aws-managed|):.+"
_JSON_FORMS: Final = frozenset({"json", "IAM policy JSON"})
_NAMED: Final[dict[str, Callable[[Any], Fault]]] = {
    "arn": _matches(_ARN, "an ARN"),
    "json": _is_json,
    "IAM policy JSON": policy_fault,
    **{f"JSON that decodes to {kind}Properties": _is_json for kind in ("Container", "Ecs", "Node")},
    "not empty": lambda value: None if value else "must not be empty",
    "12-digit account id": _matches(r"\d{12}", "a 12-digit account id"),
    "valid AWS region name": _matches(r"[a-z]{2}(-[a-z]+)+-\d", "a region name"),
    "date YYYY-MM-DD": _matches(r"\d{4}-\d\d-\d\d", "a date YYYY-MM-DD"),
    "RFC3339 time": _is_time,
    "keys lower-case": _lower_case_keys,
    "https URL without query": _matches(r"https://[^?#\s/][^?#\s]*", "an https:// URL without query"),
    "path": _matches(r"/|/.*/", "a path that begins and ends with '/'"),
    "valid role name": _matches(r"[\w+=,.@-]+", "a role name"),
    "CIDR network": _network(None),
    "IPv4 CIDR network": _network(4),
    "IPv4 CIDR network address": _network(4),
    "IPv6 CIDR network": _network(6),
    "IPv6 CIDR network address": _network(6),
    "IPv6 CIDR /56": lambda value: _network(6)(value) or _netmask("56", "56")(value),
    "IPv4 address": _address(4),
    "IPv6 address": _address(6),
    '"", "true" or "false"': lambda value: None if value in ("", "true", "false") else "must be true or false as text",
    "> 0.0": lambda value: None if value > 0 else f"must be above 0, is {value}",
    'no ":"': lambda value: f"must not contain ':', is {value!r}" if ":" in value else None,
}
_FORMS: Final[tuple[tuple[str, Callable[..., Callable[[Any], Fault]]], ...]] = (
    (r"len (\d+)\.\.(\d+)", _length),
    (r"len <= ()(\d+)", _length),
    (r"size (\d+)\.\.(\d+)", _size),
    (r"size >= (\d+)()", _size),
    (r"size <= ()(\d+)", _size),
    (r"(-?\d+)\.\.(-?\d+)", _range),
    (r">= (-?\d+)()", _range),
    (r"netmask (\d+)\.\.(\d+)", _netmask),
    (r"must not match (.+)", _unmatched),
    (r"multiple of (\d+)", _multiple),
    (r"JSON object, normalised length <= (\d+)", _small_object),
    (r"regex (.+)", _regex),
    (r"one of ([\d, ]+) or a multiple of (\d+)", _listed_or_multiple),
    (r"one of (.+)", _one_of),
)
