"""`portal up`: names its target, previews, asks, and brings stacks up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console

from portal.agreement import Yes, agree, refuse_without_terminal
from portal.commands.running import settings_of, stack_files
from portal.errors import PortalError
from portal.protection import refuse_accidents
from portal.pulumi_cli import Pulumi, PulumiError, changes, engine
from portal.recovery import Place, clear_dead_lock, was_interrupted
from portal.recovery import recover as recover_stack
from portal.removal import refuse_running, removals
from portal.state_key import ensure_key, key_provider, provider_of, refuse_empty_passphrase
from portal.target import target
from settings import load

out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, kw_only=True)
class How:
    """Options of an update."""

    yes: bool
    refresh: bool
    skip_preview: bool

    def refuse_unasked(self) -> None:
        """Raises PortalError if nobody could be asked, or about nothing."""
        if self.yes:
            return
        if self.skip_preview:
            raise PortalError("--skip-preview: needs --yes: without a preview there is nothing to say yes to")
        refuse_without_terminal("bring the stacks up?")


def up(
    stack: Annotated[list[str] | None, typer.Argument(help="The stacks; left out: all")] = None,
    yes: Yes = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Read the accounts first")] = False,
    skip_preview: Annotated[
        bool, typer.Option("--skip-preview", help="With --yes: don't plan it all before the first change")
    ] = False,
) -> None:
    """`pulumi up` of each stack, after its preview and a yes; what a killed run left behind is put right first."""
    how = How(yes=yes, refresh=refresh, skip_preview=skip_preview)
    engine()
    how.refuse_unasked()
    portal = stack_files()
    places = {name: Place.of(settings_of(portal, name)) for name in stack or sorted(portal.stacks)}
    for line in target(places):
        out.print(line)
    for name, place in places.items():
        out.print(f"[bold]{name}[/bold]: account {place.account}")
        _bring_up(Pulumi(stack=name), place, how)


def _bring_up(pulumi: Pulumi, place: Place, how: How) -> None:
    """Everything that may refuse comes before what touches state or account."""
    _ensure_stack(pulumi, place)
    deployment, portal = pulumi.deployment(), load(pulumi.stack, pulumi.root)
    refuse_empty_passphrase(pulumi.stack, (deployment.get("secrets_providers") or {}).get("type"))
    refuse_accidents(portal, deployment)
    going = removals(portal.current, deployment, place)
    refuse_running(pulumi.stack, going)
    for one in going:
        print(f"  {one}")
    try:
        _update(pulumi, place, how, interrupted=was_interrupted(pulumi))
    except PulumiError as error:
        if not clear_dead_lock(pulumi, error):
            raise
        print("  the lock of a dead run was removed")
        _update(pulumi, place, how, interrupted=True)


def _ensure_stack(pulumi: Pulumi, place: Place) -> None:
    """Makes the stack if the backend doesn't know it, with the stack file's secrets provider, or else the account's
    key."""
    if pulumi.exists():
        return
    provider = provider_of(pulumi.root / f"Pulumi.{pulumi.stack}.yaml")
    refuse_empty_passphrase(pulumi.stack, provider)
    if provider is None:
        ensure_key(place)
        print(f"  secrets in its state: {key_provider(place)}; commit Pulumi.{pulumi.stack}.yaml, which says so")
    pulumi.init(provider or key_provider(place))


def _update(pulumi: Pulumi, place: Place, how: How, *, interrupted: bool) -> None:
    taken_in = recover_stack(pulumi, place, interrupted=interrupted)
    for line in taken_in:
        print(f"  {line}")
    if taken_in:  # a bucket among it may hold data, and its tags say of which kind
        refuse_accidents(load(pulumi.stack, pulumi.root), pulumi.deployment())
    refresh = ["--refresh"] if how.refresh else []
    previewed = how.skip_preview
    if not how.yes:
        pulumi.stream("preview", "--suppress-outputs", *refresh, shown=changes)
        agree(f"Bring {pulumi.stack} up?", yes=False, otherwise=f"{pulumi.stack} was not brought up")
        previewed = True
    pulumi.stream("up", "--yes", "--suppress-outputs", *refresh, *(["--skip-preview"] if previewed else []))
