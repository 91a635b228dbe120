"""The infrastructure of the CryoET Data Portal: what one account holds, as its stack file says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from components import names
from composition import short_previews
from composition.account import load_settings, verified_provider
from composition.last_update import read_state, refuse_accidents
from composition.program import run

if TYPE_CHECKING:
    from composition.stack import Outputs


def role_of_ci() -> str | None:
    """The role whose session the credentials at hand are, if they are CI's."""
    role, roles_of_ci = os.environ.get(names.ROLE_VARIABLE), names.roles_of_ci()
    if role and role not in roles_of_ci:
        raise pulumi.RunError(f"{names.ROLE_VARIABLE}: {role!r}: must be one of {', '.join(roles_of_ci)}")
    return role


def main() -> Outputs:
    portal, state = load_settings(Path(__file__).absolute().parent), read_state()
    refuse_accidents(portal, state.outputs)
    role = role_of_ci()
    with short_previews.loading(portal):
        provider = verified_provider(portal, role)
    from composition.adoption import existing_parts
    from composition.bootstrap import refuse_without
    from composition.stack import compose

    refuse_without(portal, provider)
    return compose(portal, provider, state, existing_parts(portal, role), role)


run(main)
