"""`portal bootstrap`: what an account has once, before its stack."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer

from components import names
from portal.agreement import Yes
from portal.bootstrap import StateBucket, ensure_account_key
from portal.errors import PortalError
from portal.former_parts import move_former_parts
from portal.pulumi_cli import Pulumi, engine
from portal.recovery import Place
from portal.stack_files import refuse_other_project, settings_of, stack_files
from portal.target import target
from portal.updating import How, ensure_stack, update
from settings import Settings
from settings.faults import file_of

PROGRAM: Final = "bootstrap"
"""The folder of the program, in the project's."""
BACKEND: Final = "PULUMI_BACKEND_URL"


def bootstrap(
    stack: Annotated[str, typer.Argument(help="The stack whose account it is")],
    state_bucket: Annotated[
        str, typer.Option(help="Also the bucket for the states of all stacks, in this account")
    ] = "",
    yes: Yes = False,
) -> None:
    """Make what an account has before its stack's first `up`, and after its last: the key of its state, the bucket for
    states, permissions boundaries, GitHub's roles, the block of public access, and a budget.

    What is there is taken over, after a preview of what changes of it; a second run changes nothing.
    """
    how = How(yes=yes, skip_preview=yes)
    refuse_other_project()
    portal = stack_files()
    place = Place.of(settings_of(portal, stack))
    engine()
    refuse_ci()
    how.refuse_unasked("bootstrap the account?")
    bucket = StateBucket(name=state_bucket, place=place, portal=portal) if state_bucket else None
    if bucket:
        bucket.check()
        os.environ.setdefault(BACKEND, bucket.url)  # for the engine, and for what is told of the target
    for line in target({stack: place}):
        print(line)
    for line in environments_of_github(settings_of(portal, stack)):
        print(f"  {line}")
    for line in [
        *(bucket.ensure(yes=yes) if bucket else ()),
        *ensure_account_key(place, portal.project.engineers, yes=yes),
    ]:
        print(f"  {line}")
    program = Pulumi(stack=stack, root=portal.directory / PROGRAM, variables=place.provider_variables)
    known = ensure_stack(program, place, portal.directory / file_of(stack), portal.project.engineers, yes=yes)
    if move_former_parts(Pulumi(stack=stack, root=portal.directory), program, yes=yes):
        known = program.deployment() or {}
    update(program, place, how, f"the bootstrap of {stack}", known)
    known = program.deployment() or {}
    if imported := imported_as_it_is(known):
        print(f"  {imported} of these were there already, and are taken over as they are; what differs comes next")
        update(program, place, how, f"the bootstrap of {stack}", known)


def environments_of_github(settings: Settings) -> Iterator[str]:
    """What has to be set on GitHub before the account trusts its jobs."""
    if github := settings.access.github:
        yield (
            f"on GitHub, {github.repository} has to have before this: the environment {github.environment} with "
            f"reviewers and {github.branch} as its only branch, and {github.preview_environment} with reviewers; "
            "GitHub makes one that is missing without any protection"
        )


def refuse_ci() -> None:
    """Raises PortalError under a role of CI's, which reaches no state of a bootstrap."""
    if role := os.environ.get(names.ROLE_VARIABLE):
        rule = "must not be set: an administrator bootstraps an account, through the stack file's role"
        raise PortalError(f"{names.ROLE_VARIABLE}: {role!r}: {rule}")


def imported_as_it_is(deployment: Mapping[str, Any]) -> int:
    """How many resources the last update imported; the one after it brings them to what the program says."""
    return sum(bool(one.get("importID")) for one in deployment.get("resources") or [])
