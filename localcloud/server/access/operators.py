"""The condition operators of AWS's policy language: how one value of a request compares to one of a policy.

Rests on the IAM user guide, "Condition operators". ArnEquals and ArnLike do the same. A value of the request that is
not of the operator's type matches nothing; a value of the policy that is not is an error.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from localcloud.server.access.patterns import (
    ARN_PARTS,
    Context,
    arn_matches,
    arn_parts,
    matches_with_variables,
    resolved,
)

Compare = Callable[[str, str, Context | None], bool]
"""(value of the policy, value of the request, context for variables or None) -> whether they match."""


def _plain(test: Callable[[str, str], bool]) -> Compare:
    def compare(wanted: str, given: str, context: Context | None) -> bool:
        return test(resolved(wanted, context) if context is not None else wanted, given)

    return compare


def _number(test: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def compare(wanted: str, given: str) -> bool:
        limit = float(wanted)
        try:
            return test(float(given), limit)
        except ValueError:
            return False

    return compare


def timestamp(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 date (UTC unless it says otherwise) or of a number of seconds."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _date(test: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def compare(wanted: str, given: str) -> bool:
        limit = timestamp(wanted)
        try:
            return test(timestamp(given), limit)
        except ValueError:
            return False

    return compare


def _bool(wanted: str, given: str) -> bool:
    if wanted.lower() not in ("true", "false"):
        raise ValueError(f"{wanted!r} is neither true nor false")
    return wanted.lower() == given.lower()


def _ip(wanted: str, given: str) -> bool:
    network = ip_network(wanted, strict=False)
    try:
        return ip_address(given) in network
    except ValueError:
        return False


def _arn(wanted: str, given: str, context: Context | None) -> bool:
    """Unlike a Resource, the ARN of a condition is not completed: all six parts must be there."""
    return (wanted == "*" or len(arn_parts(wanted)) == ARN_PARTS) and arn_matches(wanted, given, context)


_POSITIVE: dict[str, Compare] = {
    "StringEquals": _plain(operator.eq),
    "StringEqualsIgnoreCase": _plain(lambda wanted, given: wanted.casefold() == given.casefold()),
    "StringLike": matches_with_variables,
    "NumericEquals": _plain(_number(operator.eq)),
    "NumericLessThan": _plain(_number(operator.lt)),
    "NumericLessThanEquals": _plain(_number(operator.le)),
    "NumericGreaterThan": _plain(_number(operator.gt)),
    "NumericGreaterThanEquals": _plain(_number(operator.ge)),
    "DateEquals": _plain(_date(operator.eq)),
    "DateLessThan": _plain(_date(operator.lt)),
    "DateLessThanEquals": _plain(_date(operator.le)),
    "DateGreaterThan": _plain(_date(operator.gt)),
    "DateGreaterThanEquals": _plain(_date(operator.ge)),
    "Bool": _plain(_bool),
    "BinaryEquals": _plain(operator.eq),
    "IpAddress": _plain(_ip),
    "ArnEquals": _arn,
    "ArnLike": _arn,
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
"""The operators that are true when the other one is not (also when the request has no such key)."""

OPERATORS = frozenset(_POSITIVE) | frozenset(NEGATED) | {"Null"}


def compares(name: str) -> tuple[Compare, bool]:
    """The comparison of an operator, and whether the operator is its negation."""
    return _POSITIVE[NEGATED.get(name, name)], name in NEGATED
