"""What an account has once, whatever its stack has: boundaries, GitHub's way in, whether a bucket can be public, and a
budget.

A stack of its own has it (`bootstrap/`), which an administrator brings up. The account's stack names its parts and
makes none of them, so that no deployment changes them and no removal takes them away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws import iam

from components import names
from components.access.boundaries import by_word
from components.access.statements import document
from components.accounts import AccountPublicAccess, AccountPublicAccessArgs
from components.identity import Boundaries, BoundariesArgs, GitHubIssuer, GitHubIssuerArgs, Role
from composition import roles
from composition.account import reason_of
from settings import Portal
from settings.faults import file_of
from settings.schema import Budget
from settings.scope import scope_of

TAG: Final = "bootstrap"
"""The tag of the boundaries with the fingerprint of all that was made with them, and before them."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What the bootstrap puts out, for people."""

    account: str
    roles: Mapping[str, pulumi.Output[str]]
    """ARNs by name of the roles of GitHub's jobs."""


def compose(portal: Portal, provider: pulumi.ProviderResource) -> Outputs:
    """The bootstrap of the current stack's account."""
    settings, scope, opts = portal.current, scope_of(portal), pulumi.ResourceOptions(provider=provider)
    access = AccountPublicAccessArgs(blocked=settings.account.block_public_access)
    parts: list[pulumi.Resource] = [AccountPublicAccess("account", access, opts)]
    if budget := settings.account.budget:
        parts.append(_budget(budget, opts))
    of_github: dict[str, Role] = {}
    if settings.access.github:
        issuer = GitHubIssuer("github", GitHubIssuerArgs(), opts)
        of_github = {args.role: Role(args.role, args, opts) for args in roles.roles_of_github(portal, scope, issuer)}
    # Last: their tag says that the rest is there.
    last = BoundariesArgs(scope=scope, tags={TAG: fingerprint(portal)}, after=(*parts, *of_github.values()))
    Boundaries("boundary", last, opts)
    return Outputs(account=settings.account.id, roles={name: role.arn for name, role in of_github.items()})


def _budget(budget: Budget, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    from components.budget import AccountBudget, AccountBudgetArgs  # a fifth of a second, which stacks do not spend

    args = AccountBudgetArgs(monthly_usd=budget.monthly_usd, notify=budget.notify, at_percent=budget.at_percent)
    return AccountBudget("budget", args, opts)


def fingerprint(portal: Portal) -> str:
    """16 hexadecimal digits of a hash over everything that the bootstrap makes."""
    scope = scope_of(portal)
    content: list[object] = [portal.current.account.block_public_access]
    if portal.current.account.budget:
        content.append(portal.current.account.budget.model_dump())
    content += [[name, document("managed", statements)] for name, statements in by_word(scope).values()]
    for args in roles.roles_of_github(portal, scope):
        further = [document("managed", statements) for statements in args.more.values()]
        trust, permissions = document("trust", args.trust), document("identity", args.permissions)
        content.append([args.role, args.max_session_seconds, trust, permissions, *further])
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def refuse_without(portal: Portal, provider: pulumi.ProviderResource) -> None:
    """Raises RunError where the account was not bootstrapped; a preview warns of it. Warns where it was with other
    settings."""
    stack, command = portal.stack, f"portal bootstrap {portal.stack}"
    try:
        arn = roles.boundary(portal, names.DATA_BOUNDARY)
        tags = iam.get_policy(arn=arn, opts=pulumi.InvokeOptions(provider=provider)).tags
    except Exception as error:  # noqa: BLE001 - the SDK raises no narrower one for a provider's refusal
        account, reason = portal.current.account.id, reason_of(error)
        text = f"{stack}: the account {account} was not bootstrapped ({reason}); an administrator runs: {command}"
        if pulumi.runtime.is_dry_run():
            pulumi.log.warn(text)
            return
        raise pulumi.RunError(text) from None
    if (tags or {}).get(TAG) != fingerprint(portal):
        pulumi.log.warn(
            f"{stack}: the account was bootstrapped with other settings than {file_of(stack)} has now; before what "
            f"needs them is brought up, an administrator runs: {command}"
        )
