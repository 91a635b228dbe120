"""Policies that grow with an account's environments and with who may enter its roles, and what AWS allows each: told of
the settings, before any command fails half way at IAM's refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from components import names
from components.access import boundaries, deployment, trust
from components.access.statements import SIZES, Kind, Statement, render
from settings.faults import Fault, fault_at
from settings.scope import operator, scope_of

if TYPE_CHECKING:
    from settings.portal import Portal


def faults(portal: Portal) -> Iterator[Fault]:
    """Of the current stack."""
    yield from _who_enters(portal)
    yield from _environments(portal)


def _who_enters(portal: Portal) -> Iterator[Fault]:
    """Lists of identities that a role's trust has no room for."""
    access, limit = portal.current.access, SIZES["trust"]
    jobs = trust.batch_jobs(portal.current.account.id)  # release roles let jobs in beside operators
    listed: dict[tuple[str, ...], tuple[str, ...]] = {
        ("access", "readers", name, "principals"): one.principals for name, one in access.readers.items()
    }
    if access.operators:
        listed["access", "operators"] = access.operators
    for at, principals in listed.items():
        if (length := len(render((jobs, trust.identities("Operators", principals))))) > limit:
            rule = f"a role's trust would have {length} characters, and IAM allows {limit}: name fewer, or by a pattern"
            yield fault_at(portal.stack, at, f"{len(principals)} entries", rule)


def _environments(portal: Portal) -> Iterator[Fault]:
    """The first environment for which a policy has no room."""
    if _too_long(portal) is None:
        return
    environments = portal.current.environments
    for count in range(len(environments) + 1):
        first = dict([*environments.items()][:count])
        current = portal.current.model_copy(update={"environments": first})
        if found := _too_long(replace(portal, current=current)):
            policy, length, limit = found
            rule = f"no room for it: {policy} would have {length} characters, and IAM allows {limit}"
            at, value = (("environments", [*first][-1]), [*first][-1]) if first else (("buckets",), None)
            yield fault_at(portal.stack, at, value, f"{rule}; put it into another account")
            return


def _too_long(portal: Portal) -> tuple[str, int, int] | None:
    """Name, length and limit of a policy that is too long."""
    lengths = ((name, len(render(statements)), SIZES[kind]) for name, kind, statements in _policies(portal))
    return next((one for one in lengths if one[1] > one[2]), None)


def _policies(portal: Portal) -> Iterator[tuple[str, Kind, tuple[Statement, ...]]]:
    """Names, kinds and statements of what grows: boundaries, operators' and CI's."""
    scope = scope_of(portal)
    for name, statements in boundaries.by_word(scope).values():
        yield f"the policy {name}", "managed", statements
    if portal.current.access.operators:
        yield f"the policy of the role {names.OPERATOR}", "identity", operator(portal)
    if portal.current.access.github is None:
        return
    for role, own, further in (
        (names.GITHUB_PREVIEW, deployment.preview(scope), deployment.further_lookups(scope)),
        (names.GITHUB_DRIFT, deployment.drift(scope), deployment.further_reads(scope)),
        (names.GITHUB_DEPLOY, deployment.deploy(scope), deployment.further_changes(scope)),
    ):
        yield f"the policy of the role {role}", "identity", own
        for word, statements in further.items():
            yield f"the policy {role}-{word}", "managed", statements
