"""What an account has before its stack is brought up, and keeps after that is gone. `portal bootstrap` runs this."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pulumi

from composition import bootstrap, short_previews
from composition.account import load_settings, verified_provider
from composition.existing import import_existing
from composition.last_update import read_state
from settings import SettingsError


def main() -> None:
    portal = load_settings(Path(__file__).absolute().parents[1])
    provider = verified_provider(portal, None)
    if not read_state().outputs:
        import_existing(portal, provider)
    outputs = bootstrap.compose(portal, provider)
    for field in fields(outputs):
        pulumi.export(field.name, getattr(outputs, field.name))


short_previews.begin()
try:
    main()
except SettingsError as error:
    raise pulumi.RunError(str(error)) from None
