"""
What a dataset consists of, to the portal's `standardize_dirs.py`, and what of it this ingest knows.

For each entity the tool has `--import-{plural}`, `--filter-{name}-name`, `--exclude-{name}-name` and, where it has
metadata, `--import-{name}-metadata`.
"""

import argparse
import json
import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Entity:
    """Its name and plural as they stand in arguments."""

    name: str
    plural: str
    metadata: bool = False
    imported: bool = False
    """`--import-{plural}` has an effect here."""
    documented: bool = False
    """`--import-{name}-metadata` has an effect here."""
    chosen: bool = False
    """The filters by name have an effect here."""


ENTITIES: Final = (
    Entity(name="deposition", plural="depositions", metadata=True),
    Entity(name="deposition-keyphoto", plural="deposition-keyphotos"),
    Entity(name="dataset", plural="datasets", metadata=True, documented=True, chosen=True),
    Entity(name="dataset-keyphoto", plural="dataset-keyphotos"),
    Entity(name="run", plural="runs", metadata=True, documented=True, chosen=True),
    Entity(name="gain", plural="gains"),
    Entity(name="frame", plural="frames", metadata=True),
    Entity(name="collection-metadata", plural="collection-metadata"),
    Entity(name="rawtilt", plural="rawtilts"),
    Entity(name="ctf", plural="ctfs"),
    Entity(name="tiltseries", plural="tiltseries", metadata=True),
    Entity(name="alignment", plural="alignments", metadata=True),
    Entity(name="identified-object", plural="identified-objects", metadata=True),
    Entity(name="voxel-spacing", plural="voxel-spacings", chosen=True),
    Entity(name="annotation", plural="annotations", metadata=True),
    Entity(name="annotation-viz", plural="annotation-viz"),
    Entity(name="tomogram", plural="tomograms", metadata=True, imported=True, documented=True),
    Entity(name="key-image", plural="key-images"),
    Entity(name="viz-config", plural="viz-config"),
)


def arguments(entity: Entity) -> dict[str, bool]:
    """The arguments of an entity; whether each has an effect here."""
    metadata = {f"--import-{entity.name}-metadata": entity.documented} if entity.metadata else {}
    filters = {f"--{kind}-{entity.name}-name": entity.chosen for kind in ("filter", "exclude")}
    return {f"--import-{entity.plural}": entity.imported, **metadata, **filters}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of every entity: regular expressions are repeatable."""
    for entity in ENTITIES:
        for name, has_effect in arguments(entity).items():
            text = None if has_effect else f"ignored: {_reason(entity)}"
            if name.startswith("--import-"):
                command.add_argument(name, action="store_true", help=text)
            else:
                command.add_argument(name, action="append", default=[], type=_pattern, metavar="REGEX", help=text)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{json.dumps(text)}: not a regular expression: {error}") from error
    return text


def _reason(entity: Entity) -> str:
    if entity.imported:
        return f"a {entity.name} is chosen by its run"
    if entity.chosen:
        return f"of a {entity.name} there is metadata alone"
    return f"this ingest has no {entity.plural}"


WITHOUT_EFFECT: Final = {
    name: _reason(entity) for entity in ENTITIES for name, has_effect in arguments(entity).items() if not has_effect
}
"""Why an argument has none, by argument."""
