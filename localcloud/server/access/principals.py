"""Who asks, and how a statement's Principal names them.

Rests on the IAM user guide, "Principal": an account (its id, or the ARN ending in ``:root``) stands for everybody in
it and leaves the choice to that account's own policies; a role's ARN stands for each of its sessions; ``*`` stands for
anybody, signed or not. Wildcards inside a principal's ARN do not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from localcloud.server.access.policy import PolicyError, Statement

ACCOUNT_ID = re.compile(r"\d{12}")
ROOT_ARN = re.compile(r"arn:aws:iam::(\d{12}):root")


@dataclass(frozen=True, kw_only=True)
class Principal:
    """``arn``: of the user, session or account root; ``role_arn``: of the session's role; ``name``: of the service,
    or the ARN of the identity provider that vouches for a federated caller."""

    kind: Literal["anonymous", "root", "user", "assumed-role", "service", "federated"]
    account: str = ""
    arn: str = ""
    role_arn: str = ""
    name: str = ""


class Grant(IntEnum):
    """How closely a statement names a principal."""

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


def named_account(value: str) -> str | None:
    """The account id that an AWS principal names, or None if it is not an account."""
    if ACCOUNT_ID.fullmatch(value):
        return value
    match = ROOT_ARN.fullmatch(value)
    return match.group(1) if match else None


def _grant(kind: str, value: str, principal: Principal) -> Grant:
    if value == "*" and kind in ("*", "AWS"):
        return Grant.DIRECT
    if kind == "CanonicalUser":
        raise PolicyError(f"a canonical user ({value}) cannot be matched: name the account instead")
    if kind in ("Service", "Federated"):
        wanted = "service" if kind == "Service" else "federated"
        return Grant.DIRECT if principal.kind == wanted and principal.name == value else Grant.NONE
    if principal.kind in ("anonymous", "service", "federated"):
        return Grant.NONE
    if value == principal.arn and principal.kind != "root":
        return Grant.DIRECT
    if principal.role_arn and value == principal.role_arn:
        return Grant.ROLE
    return Grant.ACCOUNT if named_account(value) == principal.account else Grant.NONE


def grant(statement: Statement, principal: Principal) -> Grant:
    """How the statement names the principal; a statement of an identity's own policy names its identity directly."""
    if statement.principals is None:
        return Grant.DIRECT
    if not statement.not_principals:
        return max(_grant(kind, value, principal) for kind, value in statement.principals)
    grants = {_grant(kind, value, principal) for kind, value in statement.principals}
    if statement.allow:
        return Grant.NONE if grants - {Grant.NONE} else Grant.DIRECT
    # A denial with NotPrincipal spares only who is named in full: the account and the user, or account, role, session.
    needed = {
        "assumed-role": {Grant.ACCOUNT, Grant.ROLE, Grant.DIRECT},
        "user": {Grant.ACCOUNT, Grant.DIRECT},
        "root": {Grant.ACCOUNT},
    }.get(principal.kind, {Grant.DIRECT})
    return Grant.NONE if needed <= grants else Grant.DIRECT
