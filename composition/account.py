"""The way into a stack's account, and what holds for everything in it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pulumi
import pulumi_aws
from pulumi.runtime import config

from components.access.scope import PROJECT, PROJECT_TAG
from components.accounts import AccountArgs, account_provider
from settings import Portal, load
from settings.sessions import session_name

OTHER_ACCOUNT: Final = "AWS account ID not allowed"
"""How pulumi-aws says that the credentials lead into an account that ``allowed_account_ids`` has not."""


def load_settings(directory: Path) -> Portal:
    """The settings of all stacks, whose files are in the directory; nothing is asked and nothing registered before they
    are right. Raises SettingsError."""
    values = config.CONFIG.get()
    secret = [key for key in values if config.is_config_secret(key)]
    return load(pulumi.get_stack(), directory, values, secret)


def verified_provider(portal: Portal, role: str | None) -> pulumi.ProviderResource:
    """The account's provider, once it has answered from that account. ``role``: the session at hand is that role's.

    Without this call the engine would name the first resource where the account is at fault. Raises SettingsError where
    the credentials lead into another account, and RunError where they lead nowhere: AWS doesn't answer, or refuses.
    """
    provider = provider_of(portal, role)
    try:
        reached = pulumi_aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider)).account_id
    except Exception as error:  # noqa: BLE001 - the SDK raises no narrower one for a provider's refusal
        reason = reason_of(error)
        if OTHER_ACCOUNT in reason:
            raise portal.account_fault(reason) from None
        account = portal.current.account
        way = f"as {role}" if role else f"through its role {account.role}"
        raise pulumi.RunError(f"{portal.stack}: the account {account.id} was not reached {way}: {reason}") from None
    if reached != portal.current.account.id:
        raise portal.account_fault(f"they lead into {reached}")
    return provider


def reason_of(error: Exception) -> str:
    """Why AWS or pulumi-aws refused a lookup, without the SDK's words before it."""
    return str(error).rpartition("returned an error: ")[2].strip()


def provider_of(portal: Portal, role: str | None) -> pulumi.ProviderResource:
    """The provider of the current stack's account. ``role``: the session at hand is that role's already, and is used as
    it is; else the stack file's role is assumed."""
    account = portal.current.account
    args = AccountArgs(
        id=account.id,
        region=account.region,
        role=None if role else account.role,
        session=session_name(),
        tags=tags(portal),
    )
    return account_provider("account", args)


def tags(portal: Portal) -> dict[str, str]:
    return {**portal.current.tags, PROJECT_TAG: PROJECT, "stack": portal.stack, "managed-by": "pulumi"}
