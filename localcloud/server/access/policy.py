"""Policy documents as data: the grammar of AWS's policy language, read strictly.

Rests on the IAM user guide's grammar of the JSON policy language: an element that the grammar does not know, an
operator that does not exist or a value of the wrong type is an error here, never a statement that matches nothing.
Version 2008-10-17 (also the default) has no policy variables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

from localcloud.server.access.operators import OPERATORS

VERSIONS = ("2012-10-17", "2008-10-17")
PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")
STATEMENT_FIELDS = {
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition",
}  # fmt: skip


class PolicyError(ValueError):
    """A document that is no policy. The text names the place and the rule."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One operator and key of a Condition block, with the values it is compared to (any of them suffices)."""

    operator: str
    quantifier: Literal["", "ForAllValues", "ForAnyValue"]
    if_exists: bool
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """``principals`` is None in policies of identities; ``("*", "*")`` in it is the bare ``"*"``."""

    label: str
    """The Sid, or the 1-based place in the document."""
    allow: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...] | None
    not_resources: bool
    principals: tuple[tuple[str, str], ...] | None
    not_principals: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A parsed document. ``variables`` says whether ``${...}`` in it is replaced."""

    statements: tuple[Statement, ...]
    variables: bool
    document: str


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise PolicyError(f"duplicate key {key!r}")
    return dict(pairs)


def load(text: str) -> Mapping[str, Any]:
    """The JSON object in ``text``."""
    try:
        document: Any = json.loads(text, object_pairs_hook=_no_duplicates)
    except json.JSONDecodeError as error:
        raise PolicyError(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise PolicyError("the document must be a JSON object")
    return cast("dict[str, Any]", document)


@lru_cache(maxsize=4096)
def parse(text: str) -> Policy:
    """The policy in ``text``."""
    document = load(text)
    unknown = set(document) - {"Version", "Id", "Statement"}
    if unknown:
        raise PolicyError(f"unknown element {min(unknown)!r}")
    version = document.get("Version", "2008-10-17")
    if version not in VERSIONS:
        raise PolicyError(f"Version {version!r} must be one of {', '.join(VERSIONS)}")
    if not isinstance(document.get("Id", ""), str):
        raise PolicyError("Id must be a string")
    if "Statement" not in document:
        raise PolicyError("missing required field Statement")
    raw: Any = document["Statement"]
    blocks: list[Any] = cast("list[Any]", raw) if isinstance(raw, list) else [raw]
    statements = tuple(_statement(block, place) for place, block in enumerate(blocks, start=1))
    return Policy(statements=statements, variables=version == "2012-10-17", document=text)


def _statement(block: Any, place: int) -> Statement:
    where = f"statement {place}"
    if not isinstance(block, dict):
        raise PolicyError(f"{where} must be an object")
    fields = cast("dict[str, Any]", block)
    unknown = set(fields) - STATEMENT_FIELDS
    if unknown:
        raise PolicyError(f"{where}: unknown element {min(unknown)!r}")
    sid = fields.get("Sid", "")
    if not isinstance(sid, str):
        raise PolicyError(f"{where}: Sid must be a string")
    if fields.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"{where}: Effect must be Allow or Deny, not {fields.get('Effect')!r}")
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")):
        if one in fields and other in fields:
            raise PolicyError(f"{where}: {one} and {other} exclude each other")
    if "Action" not in fields and "NotAction" not in fields:
        raise PolicyError(f"{where}: policy statement must contain actions")
    resources = _one_of(fields, where, "Resource", "NotResource")
    return Statement(
        label=sid or str(place),
        allow=fields["Effect"] == "Allow",
        actions=_one_of(fields, where, "Action", "NotAction") or (),
        not_actions="NotAction" in fields,
        resources=resources,
        not_resources="NotResource" in fields,
        principals=_principals(fields, where),
        not_principals="NotPrincipal" in fields,
        conditions=_conditions(fields.get("Condition", {}), where),
    )


def strings(value: Any, where: str) -> tuple[str, ...]:
    """A string or a list of strings, as a tuple."""
    items: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise PolicyError(f"{where} must be a string or a list of strings")
    if not items:
        raise PolicyError(f"{where} must not be empty")
    return tuple(items)


def _one_of(fields: Mapping[str, Any], where: str, *names: str) -> tuple[str, ...] | None:
    for name in names:
        if name in fields:
            return strings(fields[name], f"{where}: {name}")
    return None


def _principals(fields: Mapping[str, Any], where: str) -> tuple[tuple[str, str], ...] | None:
    for name in ("Principal", "NotPrincipal"):
        if name not in fields:
            continue
        value: Any = fields[name]
        if value == "*":
            return (("*", "*"),)
        if not isinstance(value, dict) or not value:
            raise PolicyError(f'{where}: {name} must be "*" or an object of principal types')
        by_type = cast("dict[str, Any]", value)
        for kind in by_type:
            if kind not in PRINCIPAL_TYPES:
                raise PolicyError(f"{where}: unknown principal type {kind!r}")
        return tuple((kind, item) for kind, items in by_type.items() for item in strings(items, f"{where}: {kind}"))
    return None


def _conditions(block: Any, where: str) -> tuple[Condition, ...]:
    if not isinstance(block, dict):
        raise PolicyError(f"{where}: Condition must be an object")
    conditions: list[Condition] = []
    for operator, keys in cast("dict[str, Any]", block).items():
        if not isinstance(keys, dict):
            raise PolicyError(f"{where}: condition {operator} must be an object")
        for key, value in cast("dict[str, Any]", keys).items():
            conditions.append(_condition(operator, key, value, where))
    return tuple(conditions)


def _condition(operator: str, key: str, value: Any, where: str) -> Condition:
    quantifier, _, name = operator.rpartition(":")
    base = name.removesuffix("IfExists")
    if quantifier not in ("", "ForAllValues", "ForAnyValue") or base not in OPERATORS:
        raise PolicyError(f"{where}: invalid condition operator {operator!r}")
    if base == "Null" and (quantifier or name != base):
        raise PolicyError(f"{where}: Null takes neither a set operator nor IfExists: {operator!r}")
    prefix, colon, rest = key.partition(":")
    if not (prefix and colon and rest) or key != key.strip() or " " in prefix:
        raise PolicyError(f"{where}: invalid condition key {key!r}")
    values: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [value]
    if not values:
        raise PolicyError(f"{where}: condition {operator} {key} has no value")
    return Condition(
        operator=base,
        quantifier=quantifier,
        if_exists=name != base,
        key=key,
        values=tuple(_scalar(item, f"{where}: condition {operator} {key}") for item in values),
    )


def _scalar(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise PolicyError(f"{where}: a value must be a string, a number or a boolean")
