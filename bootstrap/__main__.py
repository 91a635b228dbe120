"""What an account has before its stack is brought up, and keeps after that is gone. `portal bootstrap` runs this."""

from __future__ import annotations

from pathlib import Path

from composition import bootstrap
from composition.account import load_settings, verified_provider
from composition.existing import import_existing
from composition.last_update import read_state, refuse_foreign
from composition.program import run


def main() -> bootstrap.Outputs:
    portal, state = load_settings(Path(__file__).absolute().parents[1]), read_state()
    refuse_foreign(portal, state)
    provider = verified_provider(portal)
    if not state.outputs:
        import_existing(portal, provider)
    return bootstrap.compose(portal, provider)


run(main)
