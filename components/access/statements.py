"""Policy statements as data, and the documents made from them.

Rests on: IAM user guide "IAM JSON policy elements" and "IAM quotas" (sizes are counted without white space; a role's
inline policies share one limit; a trust policy's can be raised to 4,096 on request), S3 user guide "Bucket policies"
(20 KB), the API models of ECR and Secrets Manager, SQS developer guide "Amazon SQS policy quotas", VPC quotas. A
document that AWS would refuse raises here, before anything is registered.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

VERSION: Final = "2012-10-17"
SIZES: Final = {
    "identity": 10_240,
    "managed": 6_144,
    "trust": 2_048,
    "bucket": 20_480,
    "repository": 10_240,
    "secret": 20_480,
    "queue": 8_192,
    "endpoint": 20_480,
}
"""Characters that AWS allows a document of each kind."""
Kind = Literal["identity", "managed", "trust", "bucket"]
ResourceKind = Literal["repository", "secret", "queue", "endpoint"]
Json = str | list[str]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """``operator`` compares ``key`` of the request with any of ``values``."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Principals:
    """Whom a resource's or a trust policy speaks of: AWS identities, a service, a token issuer, or anyone."""

    kind: Literal["AWS", "Service", "Federated"]
    ids: tuple[str, ...]


ANYONE: Final = Principals(kind="AWS", ids=("*",))


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement. A trust policy has no resources, an identity policy no principals."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    principals: Principals | None = None
    conditions: tuple[Condition, ...] = ()
    effect: Literal["Allow", "Deny"] = "Allow"

    def as_json(self) -> dict[str, object]:
        statement: dict[str, object] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals:
            anyone = self.principals == ANYONE
            statement["Principal"] = "*" if anyone else {self.principals.kind: _one_or_many(self.principals.ids)}
        statement["Action"] = _one_or_many(self.actions)
        if self.resources:
            statement["Resource"] = _one_or_many(self.resources)
        if self.conditions:
            statement["Condition"] = self._conditions()
        return statement

    def _conditions(self) -> dict[str, dict[str, Json]]:
        grouped: dict[str, dict[str, Json]] = {}
        for condition in self.conditions:
            grouped.setdefault(condition.operator, {})[condition.key] = _one_or_many(condition.values)
        return grouped


def _one_or_many(values: tuple[str, ...]) -> Json:
    return values[0] if len(values) == 1 else list(values)


def document(kind: Kind, statements: tuple[Statement, ...]) -> str:
    """The policy as JSON text. Raises ValueError for a document that AWS would refuse."""
    if not statements:
        raise ValueError(f"{kind} policy: a policy has at least one statement")
    for statement in statements:
        if fault := _fault(kind, statement):
            raise ValueError(f"{kind} policy, statement {statement.sid!r}: {fault}")
    twice = [sid for sid, count in Counter(statement.sid for statement in statements).items() if count > 1]
    if twice:
        raise ValueError(f"{kind} policy: statement names must be unique: {', '.join(twice)}")
    text = render(statements)
    if len(text) > SIZES[kind]:
        raise ValueError(f"{kind} policy: {len(text)} characters; AWS allows {SIZES[kind]}")
    return text


def render(statements: tuple[Statement, ...]) -> str:
    """The policy as JSON text without white space, which AWS does not count."""
    content = {"Version": VERSION, "Statement": [statement.as_json() for statement in statements]}
    return json.dumps(content, separators=(",", ":"))


def _fault(kind: Kind, statement: Statement) -> str | None:
    named, resourced = bool(statement.principals), bool(statement.resources)
    rules = (
        (statement.sid.isascii() and statement.sid.isalnum(), "its name has letters and digits only"),
        (bool(statement.actions), "it names no action"),
        (named == (kind in ("trust", "bucket")), "it must have principals in a trust or bucket policy, and only there"),
        (resourced == (kind != "trust"), "it must have resources, except in a trust policy"),
    )
    return next((rule for met, rule in rules if not met), None)
