"""The project's stack files, as every command reads them."""

from __future__ import annotations

import yaml

from components.access.scope import PROJECT
from portal.errors import PortalError
from portal.pulumi_cli import ROOT, stacks
from settings import Portal, Settings, load
from settings.faults import file_of


def stack_files() -> Portal:
    """All stack files of the project. Raises SettingsError."""
    names = stacks(ROOT)
    if not names:
        raise PortalError(f"no {file_of('<stack>')} in {ROOT}")
    return load(names[0], ROOT)


def settings_of(portal: Portal, stack: str) -> Settings:
    if stack not in portal.stacks:
        raise PortalError(f"STACK: {stack!r}: must be one of {', '.join(sorted(portal.stacks))}")
    return portal.stacks[stack]


def refuse_other_project() -> None:
    """Raises PortalError where Pulumi.yaml names another project: no account has a state of it, so that an update would
    make everything a second time."""
    file = ROOT / "Pulumi.yaml"
    name = (yaml.safe_load(file.read_text()) or {}).get("name") if file.is_file() else PROJECT
    if name != PROJECT:
        raise PortalError(f"{file.name}: name: {name!r}: must be {PROJECT!r}, under which all states are kept")
