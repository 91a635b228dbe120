"""The infrastructure of the CryoET Data Portal: what one account holds, as its stack file says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from composition import short_previews
from composition.account import load_settings, verified_provider
from composition.last_update import read_state, refuse_accidents, refuse_foreign
from composition.program import run
from settings import cdns

if TYPE_CHECKING:
    from composition.stack import Outputs


def main() -> Outputs:
    portal, state = load_settings(Path(__file__).absolute().parent), read_state()
    refuse_foreign(portal, state)
    refuse_accidents(portal, state.outputs)
    with short_previews.loading(portal):
        provider = verified_provider(portal)
    from composition.adoption import existing_parts
    from composition.bootstrap import refuse_without
    from composition.stack import compose

    refuse_without(portal, provider)
    if any(own.zone_id for _, own in cdns.hosts_of(portal.current)):
        from composition.host_records import refuse_existing

        refuse_existing(portal, provider, state)
    return compose(portal, provider, state, existing_parts(portal))


run(main)
