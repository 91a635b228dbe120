"""Whether a Condition block holds for a request.

Rests on the IAM user guide: every operator and key of the block must hold; any one value of a key suffices (none may
match for the negated operators). A missing key fails a positive operator and passes a negated one, an …IfExists and
ForAllValues; ForAnyValue never holds without one.
"""

from __future__ import annotations

from localcloud.server.access.operators import compares
from localcloud.server.access.patterns import Context, UnresolvedVariable
from localcloud.server.access.policy import Condition, PolicyError


def holds(condition: Condition, context: Context, *, variables: bool = True) -> bool:
    """Whether the request's context meets one condition."""
    given = context.get(condition.key.lower(), ())
    if condition.operator == "Null":
        return _null(condition, bool(given))
    if not given:
        return _when_missing(condition)
    if condition.quantifier == "ForAnyValue":
        return any(_one(condition, value, context, variables=variables) for value in given)
    if condition.quantifier == "" and len(given) > 1:
        raise PolicyError(f"{condition.key} has several values: {condition.operator} needs ForAnyValue or ForAllValues")
    return all(_one(condition, value, context, variables=variables) for value in given)


def _null(condition: Condition, present: bool) -> bool:
    for value in condition.values:
        if value not in ("true", "false"):
            raise PolicyError(f"Null {condition.key}: {value!r} is neither true nor false")
    return any((value == "true") != present for value in condition.values)


def _when_missing(condition: Condition) -> bool:
    if condition.if_exists or condition.quantifier == "ForAllValues":
        return True
    return condition.quantifier == "" and compares(condition.operator)[1]


def _one(condition: Condition, value: str, context: Context, *, variables: bool) -> bool:
    compare, negated = compares(condition.operator)
    matched = False
    for wanted in condition.values:
        try:
            matched = matched or compare(wanted, value, context if variables else None)
        except UnresolvedVariable:
            continue
        except ValueError as error:
            raise PolicyError(f"condition {condition.operator} {condition.key}: {error}") from error
    return matched != negated
