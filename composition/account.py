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

OTHER_ACCOUNT: Final = "AWS account ID not allowed"
"""How pulumi-aws says that the credentials lead into an account that ``allowed_account_ids`` has not."""


def load_settings(directory: Path) -> Portal:
    """The settings of all stacks, whose files are in the directory; nothing is asked and nothing registered before they
    are right. Raises SettingsError."""
    values = config.CONFIG.get()
    secret = [key for key in values if config.is_config_secret(key)]
    return load(pulumi.get_stack(), directory, values, secret)


def verified_provider(portal: Portal) -> pulumi.ProviderResource:
    """The account's provider, once it has answered from that account.

    Without this call the engine would name the first resource where the account is at fault. Raises SettingsError where
    the credentials lead into another account, and RunError where they lead nowhere: AWS doesn't answer, or refuses.
    """
    provider = provider_of(portal)
    try:
        reached = pulumi_aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider)).account_id
    except Exception as error:  # noqa: BLE001 - the SDK raises no narrower one for a provider's refusal
        reason = reason_of(error)
        if OTHER_ACCOUNT in reason:
            raise portal.account_fault(reason) from None
        account = portal.current.account.id
        raise pulumi.RunError(f"{portal.stack}: the account {account} was not reached: {reason}") from None
    if reached != portal.current.account.id:
        raise portal.account_fault(f"they lead into {reached}")
    return provider


def reason_of(error: Exception) -> str:
    """Why AWS or pulumi-aws refused a lookup, without the SDK's words before it."""
    return str(error).rpartition("returned an error: ")[2].strip()


def provider_of(portal: Portal) -> pulumi.ProviderResource:
    """The provider of the current stack's account."""
    account = portal.current.account
    return account_provider("account", AccountArgs(id=account.id, region=account.region, tags=tags(portal)))


def tags(portal: Portal) -> dict[str, str]:
    return {**portal.current.tags, PROJECT_TAG: PROJECT, "stack": portal.stack, "managed-by": "pulumi"}
