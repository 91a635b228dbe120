"""`portal preview` and `portal drift`: look at one stack, and change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from portal import previewing, review
from portal.errors import PortalError
from portal.pulumi_cli import Pulumi, engine
from portal.recovery import Place
from portal.stack_files import settings_of, stack_files

Stack = Annotated[str, typer.Argument(help="The stack")]


def preview(
    stack: Stack,
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="Fail where something would change")
    ] = False,
    digests: Annotated[
        Path | None, typer.Option(help="Append STACK= and the digests of the steps to it, for portal up --approved")
    ] = None,
) -> None:
    """Show what `up` would change. Needs no key of the state: its secrets are left out."""
    steps = previewing.preview(*_stack(stack))
    if digests:
        with digests.open("a") as file:
            file.write(f"{stack}={review.digests(steps)}\n")
    if expect_no_changes and steps:
        raise PortalError(f"--expect-no-changes: {stack}: would change: {_named(steps)}")


def drift(stack: Stack) -> None:
    """Show what of a stack is not as its last update left it, and fail where something isn't. Needs no key of the
    state; versions of secrets are not looked at."""
    if steps := previewing.drift(*_stack(stack)):
        raise PortalError(f"{stack} is not as its last update left it: {_named(steps)}")


def _stack(name: str) -> tuple[Pulumi, str]:
    """The stack and its account."""
    engine()
    portal = stack_files()
    place = Place.of(settings_of(portal, name))
    return Pulumi(stack=name, root=portal.directory, variables=place.provider_variables), place.account


def _named(steps: Sequence[previewing.Step]) -> str:
    return ", ".join(f"{step.operation} of {step.type} {step.urn.rpartition('::')[2]}" for step in steps)
