"""The stack files of a directory, read and checked together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from components import names
from settings import checks, sizes
from settings.faults import Fault, SettingsError, file_of
from settings.portal import Portal
from settings.project import read_project
from settings.reading import Reading, read_config, read_data
from settings.yamlfile import read

_FILE = re.compile(r"Pulumi\.([A-Za-z0-9_.-]{1,100})\.yaml")


def load(stack: str, directory: Path, config: Mapping[str, str] | None = None, secret: Iterable[str] = ()) -> Portal:
    """Reads and checks all stack files of a directory and what holds for all of them; from then on names begin with the
    project's prefix.

    ``config`` is the current stack's configuration as the engine hands it over (JSON texts by key), ``secret`` the keys
    whose values are secret; without ``config`` the current stack is read from its file like the others. Raises
    SettingsError with every fault of every file.
    """
    readings = {
        name: read_data(file.name, *read(file))
        for name, file in files_of_stacks(directory).items()
        if name != stack or not config
    }
    if config:
        readings[stack] = read_config(file_of(stack), config, secret)
    faults = [fault for reading in readings.values() for fault in reading.faults]
    faults += _misnamed(directory)
    if stack not in readings:
        rule = "no such stack file; stacks here: " + (", ".join(sorted(readings)) or "none")
        faults.append(Fault(file=file_of(stack), key="", value="", rule=rule))
    known = {name: reading.settings for name, reading in sorted(readings.items()) if reading.settings}
    project, wrong = read_project(directory)
    faults += wrong
    if project:
        faults += checks.across(project, known, frozenset(_unread(readings)))
    for name, settings in known.items():
        faults += checks.folders(name, settings, directory)
    if faults or project is None:
        raise SettingsError(faults)
    names.use_prefix(project.prefix)
    siblings = {name: settings for name, settings in known.items() if name != stack}
    portal = Portal(stack=stack, current=known[stack], siblings=siblings, project=project, directory=directory)
    if too_long := [*sizes.faults(portal)]:
        raise SettingsError(too_long)
    return portal


def files_of_stacks(directory: Path) -> dict[str, Path]:
    """The stacks that have a file, by their names and in the names' order. A name may have dots in it."""
    files = {match[1]: file for file in directory.glob("Pulumi.*.yaml") if (match := _FILE.fullmatch(file.name))}
    return dict(sorted(files.items()))


def _misnamed(directory: Path) -> Iterator[Fault]:
    """What looks like a stack's file and is none: the engine looks for the ending of Pulumi.yaml alone."""
    for file in sorted(directory.glob("Pulumi.*.y*ml")):
        if file.suffix in (".yaml", ".yml") and not _FILE.fullmatch(file.name):
            rule = "must be Pulumi.NAME.yaml, NAME of letters, digits, '.', '_', '-': the engine reads no other name"
            yield Fault(file=file.name, key="", value="", rule=rule)


def _unread(readings: Mapping[str, Reading]) -> Iterator[str]:
    return (name for name, reading in readings.items() if not reading.settings)
