"""
The arguments of the portal's `db_import.importer load`, and which rows they ask for.

As there, a dataset's own row is always written, and others only if an `--import-…` asks for them; one asks for what its
rows belong to as well.
"""

import argparse
import os
from dataclasses import dataclass
from typing import Final

from examples.postgresql import VARIABLES, uri_of_variables

_ANY_RUN: Final = (
    "runs",
    "alignments",
    "annotations",
    "annotation-authors",
    "annotation-method-links",
    "frame-acquisition-files",
    "frames",
    "gains",
    "identified-objects",
    "tiltseries",
    "tomogram-authors",
    "tomogram-voxel-spacing",
    "tomograms",
)
"""What belongs to a run."""
_TOMOGRAMS: Final = ("tomograms", "tomogram-authors")
WITH_EFFECT: Final = ("runs", *_TOMOGRAMS, "depositions")
IMPORTS: Final = (*_ANY_RUN, "dataset-authors", "dataset-funding", "depositions")
WITHOUT_EFFECT: Final = {
    **{f"--import-{name}": f"no rows of {name} here" for name in IMPORTS if name not in WITH_EFFECT},
    "--debug": "there are no queries to print",
}
"""Why an argument has none, by argument. Those of what belongs to a run ask for the rows of runs all the same."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be imported.

    Attributes:
        dataset: its folder; empty: every dataset in the bucket
        only: folders of datasets, of which no others are imported; empty: all
        depositions: their numbers
    """

    bucket: str
    https_prefix: str
    database: str
    dataset: str = ""
    only: tuple[str, ...] = ()
    depositions: tuple[str, ...] = ()
    runs: bool = False
    tomograms: bool = False
    anonymous: bool = False
    endpoint_url: str | None = None


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m examples.importer", allow_abbrev=False)
    command = top.add_subparsers(dest="command", required=True).add_parser("load", allow_abbrev=False)
    command.add_argument("s3_bucket")
    command.add_argument("https_prefix")
    command.add_argument("--postgres_url", help=f"left out: from {', '.join(VARIABLES.values())}")
    command.add_argument("--s3-prefix", default="", metavar="DATASET", help="left out: every dataset")
    command.add_argument(
        "--filter-dataset", action="append", default=[], metavar="DATASET", help="this one; repeatable"
    )
    command.add_argument("--deposition-id", action="append", default=[], metavar="ID", help="with --import-depositions")
    command.add_argument("--anonymous", action="store_true", help="read the bucket as anyone can")
    command.add_argument("--endpoint-url", help="of S3")
    command.add_argument("--import-everything", action="store_true")
    command.add_argument("--debug", action="store_true", help="ignored: there are no queries to print")
    for name in IMPORTS:
        command.add_argument(f"--import-{name}", action="store_true")
    return top


def wanted(given: argparse.Namespace) -> Wanted:
    """What the arguments ask for.

    Raises:
        ValueError: no database
    """

    def asks(*names: str) -> bool:
        return given.import_everything or any(getattr(given, f"import_{name.replace('-', '_')}") for name in names)

    return Wanted(
        bucket=given.s3_bucket,
        https_prefix=given.https_prefix.rstrip("/"),
        database=_database(given.postgres_url),
        dataset=given.s3_prefix.strip("/"),
        only=tuple(name.strip("/") for name in given.filter_dataset),
        depositions=tuple(given.deposition_id) if asks("depositions") else (),
        runs=asks(*_ANY_RUN),
        tomograms=asks(*_TOMOGRAMS),
        anonymous=given.anonymous,
        endpoint_url=given.endpoint_url,
    )


def _database(uri: str | None) -> str:
    if uri is not None:
        return uri
    try:
        return uri_of_variables(os.environ)
    except ValueError as error:
        raise ValueError(f"--postgres_url: must be given, or the variables {', '.join(VARIABLES.values())}") from error
