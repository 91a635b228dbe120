"""The way into a stack's account, and what holds for everything in it."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module

import pulumi
import pulumi_aws

from components.accounts import AccountArgs, account_provider
from composition import sdk
from settings import Portal


def enter(portal: Portal, role: str | None) -> pulumi.ProviderResource:
    """The account's provider, once it has answered from that account; ``role`` takes the place of the stack file's.

    Without this call the engine would name the first resource where the stack file's account is at fault. Raises
    SettingsError.
    """
    provider = provider_of(portal, role)
    try:
        with _loading(portal):
            reached = pulumi_aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider)).account_id
    except Exception as error:  # noqa: BLE001 - the SDK raises no narrower one for a provider's refusal
        raise portal.account_fault(str(error).rpartition("returned an error: ")[2]) from None
    if reached != portal.current.account.id:
        raise portal.account_fault(f"they lead into {reached}")
    return provider


@contextmanager
def _loading(portal: Portal) -> Generator[None]:
    """Loads, beside what happens in the block, the modules that the stack's composition needs.

    The provider's process takes as long to start as they take to load.
    """

    def load() -> None:
        import_module("composition.stack")
        if portal.current.orchestrators or portal.current.images:
            import_module("composition.orchestrators")
        if portal.current.networked:
            import_module("composition.networked")
        if portal.current.cluster:
            import_module("composition.cluster")
        if portal.current.sites:
            import_module("composition.services")
        if portal.current.data_cdn:
            import_module("composition.cdn")
        if databases_in(portal):
            import_module("composition.databases")
        sdk.load_used("components")

    thread = threading.Thread(target=load)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def provider_of(portal: Portal, role: str | None) -> pulumi.ProviderResource:
    """The provider of the current stack's account; ``role`` takes the place of the stack file's."""
    account = portal.current.account
    args = AccountArgs(id=account.id, region=account.region, role=role or account.role, tags=tags(portal))
    return account_provider("account", args)


def tags(portal: Portal) -> dict[str, str]:
    return {**portal.current.tags, "project": "portal", "stack": portal.stack, "managed-by": "pulumi"}


def orchestrators_in(portal: Portal) -> str | None:
    """The region, if the account has orchestrators, the images that they run, or a network."""
    settings = portal.current
    return settings.account.region if settings.networked or settings.images else None


def cdn_zones(portal: Portal) -> tuple[str, ...] | None:
    """The Route 53 zones of the account's data CDNs and sites; None if it has neither."""
    served = (*portal.current.data_cdn.values(), *portal.current.sites.values())
    return tuple(sorted({one.zone_id for one in served if one.zone_id})) if served else None


def databases_in(portal: Portal) -> str | None:
    """The region, if an environment of the account has a database."""
    return portal.current.account.region if portal.current.databases else None


def cluster_in(portal: Portal) -> str | None:
    """The region, if the account has a cluster."""
    return portal.current.account.region if portal.current.cluster else None
