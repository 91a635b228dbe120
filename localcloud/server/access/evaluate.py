"""AWS's policy evaluation logic, pure: a request and the policies that apply to it give a verdict.

Rests on the IAM user guide, "Policy evaluation logic", "Cross-account policy evaluation logic" and "Troubleshoot access
denied error messages" (whose wording the reasons have):

- an explicit deny in any policy wins;
- within one account an identity's policies and a resource's policy add up, and boundary and session policy narrow what
  the identity's policies give. What a resource's policy gives to a user, a session or anybody by name is not narrowed;
  what it gives to a role is narrowed by boundary and session policy; what it gives to the account is for the account's
  own policies to hand out;
- across accounts both sides must allow;
- a role's trust policy and a KMS key's policy are the only way in: without their allow nobody gets in, not even root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from localcloud.server.access.conditions import holds
from localcloud.server.access.patterns import (
    Context,
    UnknownKey,
    UnresolvedVariable,
    VariableError,
    arn_matches,
    matches,
)
from localcloud.server.access.policy import Policy, PolicyError, Statement
from localcloud.server.access.principals import Grant, Principal, grant


@dataclass(frozen=True, kw_only=True)
class Request:
    """``context`` has its keys in lower case (:func:`context_of` makes it so)."""

    action: str
    resource: str
    context: Context
    principal: Principal


@dataclass(frozen=True, kw_only=True)
class Named:
    """A policy and what to call it in a reason: its name, or its ARN."""

    name: str
    policy: Policy


@dataclass(frozen=True, kw_only=True)
class Policies:
    """What applies to a request. ``owner`` is the account of the resource; ``gate`` marks a resource policy that must
    allow by itself (a trust policy, a key policy)."""

    owner: str
    identity: tuple[Named, ...] = ()
    boundary: Named | None = None
    session: Named | None = None
    resource: Named | None = None
    gate: Literal["", "trust", "key"] = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``policy`` and ``statement`` say which one decided; both are empty when nothing allowed."""

    allowed: bool
    reason: str
    policy: str = ""
    statement: str = ""


class _Context(Mapping[str, Sequence[str]]):
    """Raises :class:`UnknownKey` when it is asked for a key that AWS would set and that isn't known here."""

    def __init__(self, values: Mapping[str, Sequence[str]], unknown: Callable[[str], bool]) -> None:
        self._values, self._unknown = values, unknown

    def __getitem__(self, key: str) -> Sequence[str]:
        if key not in self._values and self._unknown(key):
            raise UnknownKey(key)
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def context_of(values: Mapping[str, Sequence[str]], unknown: Callable[[str], bool] = lambda _: False) -> Context:
    """A request context: keys without regard to case, keys without a value left out.

    ``unknown``: whether AWS would set a key that is not among them.
    """
    return _Context({key.lower(): tuple(items) for key, items in values.items() if items}, unknown)


def applies(statement: Statement, request: Request, *, variables: bool) -> bool:
    """Whether action, resource and conditions of the statement fit the request (its principal apart)."""
    if any(matches(action, request.action, ignore_case=True) for action in statement.actions) == statement.not_actions:
        return False
    try:
        context = request.context if variables else None
        if statement.resources is not None and not _resource_fits(statement, request.resource, context):
            return False
        return _conditions_hold(statement, request, variables=variables)
    except VariableError as error:
        raise PolicyError(f"statement {statement.label}: {error}") from error
    except UnknownKey as error:
        text = f"AWS sets the key {error} for {request.action}, and its value is not known here"
        raise PolicyError(f"statement {statement.label}: {text}") from error


def _conditions_hold(statement: Statement, request: Request, *, variables: bool) -> bool:
    """A key that isn't known matters only if all other conditions hold."""
    unknown: UnknownKey | None = None
    for condition in statement.conditions:
        try:
            if not holds(condition, request.context, variables=variables):
                return False
        except UnknownKey as error:
            unknown = error
    if unknown is not None:
        raise unknown
    return True


def _resource_fits(statement: Statement, resource: str, context: Context | None) -> bool:
    names_resources = False
    for pattern in statement.resources or ():
        try:
            names_resources = names_resources or arn_matches(pattern, resource, context)
        except UnresolvedVariable:
            continue
    return names_resources != statement.not_resources


Found = tuple[Named, Statement, Grant]


def _find(named: Named, request: Request, *, allow: bool) -> Found | None:
    """The statement of that effect that applies and names the principal most closely."""
    best: Found | None = None
    for statement in named.policy.statements:
        if statement.allow != allow:
            continue
        level = grant(statement, request.principal)
        closer = level and (best is None or level > best[2])
        if closer and applies(statement, request, variables=named.policy.variables):
            best = named, statement, level
    return best


def _first(policies: Sequence[Named], request: Request, *, allow: bool) -> Found | None:
    statements = (_find(named, request, allow=allow) for named in policies)
    return next((item for item in statements if item), None)


_PLACES = {
    "identity": "an identity-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
    "resource": "a resource-based policy",
}


def _denied(request: Request, policies: Policies) -> Verdict | None:
    places: dict[str, Sequence[Named]] = {
        "identity": policies.identity,
        "boundary": [policies.boundary] if policies.boundary else [],
        "session": [policies.session] if policies.session else [],
        "resource": [policies.resource] if policies.resource else [],
    }
    for place, candidates in places.items():
        denial = _first(candidates, request, allow=False)
        if denial:
            where = "the role trust policy" if place == "resource" and policies.gate == "trust" else _PLACES[place]
            return _verdict(allowed=False, reason=f"with an explicit deny in {where}", found=denial)
    return None


def _verdict(*, allowed: bool, reason: str, found: Found) -> Verdict:
    return Verdict(allowed=allowed, reason=reason, policy=found[0].name, statement=found[1].label)


def _missing(request: Request, what: str) -> Verdict:
    return Verdict(allowed=False, reason=f"because no {what} allows the {request.action} action")


def _identity(request: Request, policies: Policies) -> Verdict:
    """What the caller's own policies say: identity policies, narrowed by boundary and session policy."""
    if request.principal.kind == "root":
        return Verdict(allowed=True, reason="the account's root user may do everything in it", policy="root")
    allowing = _first(policies.identity, request, allow=True)
    if not allowing:
        return _missing(request, "identity-based policy")
    narrowed = _narrowed(request, policies)
    return narrowed or _verdict(allowed=True, reason="allowed by an identity-based policy", found=allowing)


def _narrowed(request: Request, policies: Policies) -> Verdict | None:
    if policies.boundary and not _find(policies.boundary, request, allow=True):
        return _missing(request, "permissions boundary")
    if policies.session and not _find(policies.session, request, allow=True):
        return _missing(request, "session policy")
    return None


def _without_identity(request: Request, policies: Policies, allowing: Found | None) -> Verdict:
    if allowing:
        return _verdict(allowed=True, reason="allowed by a resource-based policy", found=allowing)
    return _missing(request, _resource_word(policies))


def _resource_word(policies: Policies) -> str:
    return "role trust policy" if policies.gate == "trust" else "resource-based policy"


def evaluate(request: Request, policies: Policies) -> Verdict:
    """The decision. Raises :class:`PolicyError` for a policy that cannot be evaluated."""
    denied = _denied(request, policies)
    if denied:
        return denied
    allowing = _find(policies.resource, request, allow=True) if policies.resource else None
    if request.principal.kind in ("anonymous", "service", "federated"):
        return _without_identity(request, policies, allowing)
    if request.principal.account != policies.owner:
        own = _identity(request, policies)
        return _without_identity(request, policies, allowing) if own.allowed else own
    if policies.gate and not allowing:
        return _missing(request, _resource_word(policies))
    by_level: dict[Grant, Callable[[], Verdict | None]] = {
        Grant.DIRECT: lambda: None,
        Grant.ROLE: lambda: _narrowed(request, policies),
    }
    if allowing and allowing[2] in by_level:
        return by_level[allowing[2]]() or _verdict(
            allowed=True, reason="allowed by a resource-based policy", found=allowing
        )
    return _identity(request, policies)
