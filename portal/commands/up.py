"""`portal up`: names its target, previews, asks, and brings stacks up."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console

from components import names
from portal.agreement import Yes
from portal.earlier_machines import earlier_machines, propose, refuse_busy
from portal.errors import PortalError
from portal.former_parts import refuse_former_parts
from portal.previewing import Step
from portal.protection import refuse_accidents
from portal.pulumi_cli import Pulumi, engine
from portal.reach import refuse_unreachable_cluster
from portal.recovery import Place
from portal.removal import refuse_running, removals
from portal.review import refuse_administrators, refuse_unreviewed
from portal.stack_files import refuse_other_project, settings_of, stack_files
from portal.state_key import refuse_empty_passphrase
from portal.target import target
from portal.updating import How, ensure_stack, update
from settings import load
from settings.faults import file_of

out = Console(highlight=False, soft_wrap=True)


def up(
    stack: Annotated[list[str] | None, typer.Argument(help="The stacks; left out: all")] = None,
    yes: Yes = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Read the accounts first")] = False,
    skip_preview: Annotated[
        bool, typer.Option("--skip-preview", help="With --yes: don't plan it all before the first change")
    ] = False,
    remove_idle_machines: Annotated[
        bool, typer.Option("--remove-idle-machines", help="Remove earlier machines on which no job runs; don't ask")
    ] = False,
    approved: Annotated[
        str | None, typer.Option(help="With --yes: the digests of the steps that were approved, by portal preview")
    ] = None,
) -> None:
    """`pulumi up` of each stack, after its preview and a yes; what a killed run left behind is put right first."""
    how = How(yes=yes, refresh=refresh, skip_preview=skip_preview)
    if approved is not None and (not yes or skip_preview or refresh or len(stack or ()) != 1):
        raise PortalError("--approved: needs --yes and one stack, without --skip-preview and --refresh")
    refuse_other_project()
    portal = stack_files()
    places = {name: Place.of(settings_of(portal, name)) for name in stack or sorted(portal.stacks)}
    engine()
    how.refuse_unasked("bring the stacks up?")
    for line in target(places):
        out.print(line)
    for name, place in places.items():
        out.print(f"[bold]{name}[/bold]: account {place.account}")
        bring_up(
            Pulumi(stack=name, variables=place.provider_variables),
            place,
            how,
            remove_idle_machines=remove_idle_machines,
            approved=approved,
        )


def bring_up(
    pulumi: Pulumi, place: Place, how: How, *, remove_idle_machines: bool, approved: str | None = None
) -> None:
    """Everything that may refuse comes before what touches state or account."""
    portal = load(pulumi.stack, pulumi.root)
    file = pulumi.root / file_of(pulumi.stack)
    deployment = ensure_stack(pulumi, place, file, portal.project.engineers, yes=how.yes)
    refuse_empty_passphrase(pulumi.stack, (deployment.get("secrets_providers") or {}).get("type"))
    refuse_former_parts(pulumi.stack, deployment)
    refuse_accidents(portal, deployment)
    refuse_unreachable_cluster(portal, deployment)
    going = removals(portal.current, deployment, place)
    refuse_running(pulumi.stack, going)
    for one in going:
        print(f"  {one}")
    earlier = earlier_machines(portal.current, deployment, place)
    refuse_busy(pulumi.stack, portal.current, earlier)
    propose(pulumi, portal.current, earlier, ask=not how.yes, remove=remove_idle_machines)

    def refuse_accidents_again() -> None:
        """What was taken in may be a bucket that holds data, and its tags say of which kind."""
        refuse_accidents(load(pulumi.stack, pulumi.root), pulumi.deployment() or {})

    def check_steps(steps: Sequence[Step]) -> None:
        refuse_administrators(portal, steps, deployment)
        if approved is not None:
            refuse_unreviewed(pulumi.stack, steps, approved)

    by_ci = os.environ.get(names.ROLE_VARIABLE) == names.GITHUB_DEPLOY and not how.skip_preview
    checked = replace(how, check_steps=check_steps) if by_ci or approved is not None else how
    update(pulumi, place, checked, pulumi.stack, deployment, refuse_accidents_again)
