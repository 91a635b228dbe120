"""`portal restore-drill`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from portal.agreement import Yes, agree
from portal.commands.restore import SHOWN
from portal.console import INTERRUPTED
from portal.drills import database
from portal.drills.comparison import Table
from portal.drills.dataset import Version, drill
from portal.drills.measuring import Measuring
from portal.environments import Home, home
from portal.errors import PortalError
from portal.recovery import Place
from portal.s3_uri import Uri
from portal.stack_files import settings_of, stack_files
from portal.submission import defaults, listing
from settings import Portal
from settings.databases import identifier

_NAME = "An environment with a database; with --dataset a stack with a public bucket"


def restore_drill(
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT|STACK", help=_NAME)],
    dataset: Annotated[str | None, typer.Option(help="Try this dataset of the public bucket, not a database")] = None,
    read_gib: Annotated[float, typer.Option(min=0, help="With --dataset: read so much of it whole, at random")] = 10,
    image_tag: Annotated[str, typer.Option(help="Of the import's image, in which the job compares")] = defaults.TAG,
    yes: Yes = False,
) -> None:
    """Try whether what is lost could be brought back, and change nothing, as the account's role.

    A database: its newest snapshot is restored beside it, every table is compared, the copy is removed. A dataset: all
    versions of its objects are looked up and read.
    """
    if dataset is not None:
        _dataset(stack_files(), name, dataset, read_gib)
        return
    of_database = _drill(stack_files(), name, image_tag)
    copy = of_database.copy.name
    if left := of_database.copy.described():
        since = f"{left['ClusterCreateTime']:%Y-%m-%dT%H:%M:%SZ}"
        agree(f"{copy} is there, of a drill of {since} that did not end or still runs: remove it?", yes=yes)
        of_database.remove()
    of_database.measuring.check()
    snapshot = of_database.snapshot()
    print(f"{name}: {snapshot.summary()}, version {snapshot.version}")
    agree(f"restore it as {copy}, which costs until it is removed again?", yes=yes)
    try:
        tables = of_database.run(snapshot)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    _print(tables)
    if faults := [f"{one.name}: {one.says}" for one in tables if one.fault]:
        raise PortalError("the snapshot is not whole: " + "; ".join(faults))


def _drill(portal: Portal, name: str, image_tag: str) -> database.DatabaseDrill:
    """Raises PortalError for an environment without a database."""
    databases = {key: one for stack in portal.stacks.values() for key, one in stack.databases.items()}
    if name not in databases:
        known = ", ".join(sorted(databases)) or "(no stack file has one)"
        raise PortalError(f"ENVIRONMENT: {name!r}: must be one with a database: {known}")
    where = home(portal, name)
    settings = portal.stacks[where.stack]
    place = Place.of(settings)
    rds = place.client("rds")
    return database.DatabaseDrill(
        environment=name,
        rds=rds,
        secrets=place.client("secretsmanager"),
        running=database.cluster(rds, identifier(name, databases[name])),
        tags={**settings.tags, "environment": name},
        measuring=_measuring(where, place, image_tag),
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )


def _measuring(where: Home, place: Place, image_tag: str) -> Measuring:
    return Measuring(where=where, states=place.client("stepfunctions"), s3=place.client("s3"), image_tag=image_tag)


def _dataset(portal: Portal, stack: str, dataset: str, read_gib: float) -> None:
    """Of the stack's public bucket. Raises PortalError if there is not exactly one, or if a version is not whole."""
    settings = settings_of(portal, stack)
    public = [bucket.name for bucket in settings.buckets.values() if bucket.kind == "public"]
    if len(public) != 1:
        raise PortalError(f"STACK: {stack!r}: must have one bucket of kind public, has {len(public)}")
    folder = Uri(bucket=public[0], prefix=listing.number("--dataset", dataset))
    result = drill(Place.of(settings).client("s3"), folder, int(read_gib * 2**30))
    for one in result.restored[:SHOWN]:
        print(f"would be brought back: {one.key}: {one.size} bytes")
    if len(result.restored) > SHOWN:
        print(f"and {len(result.restored) - SHOWN} more")
    print(f"{folder}: {result.objects} objects with {len(result.versions)} versions, {_size(result.versions)}")
    print(f"deleted: {len(result.restored)} objects, which `portal restore` would bring back, {_size(result.restored)}")
    print(f"read whole: {len(result.read)} versions, {_size(result.read)}; looked up: all")
    if result.faults:
        more = f"; and {len(result.faults) - SHOWN} more" if len(result.faults) > SHOWN else ""
        raise PortalError("; ".join(result.faults[:SHOWN]) + more)


def _size(versions: Sequence[Version]) -> str:
    return f"{sum(one.size for one in versions)} bytes"


def _print(tables: Sequence[Table]) -> None:
    for one in tables:
        print(f"{one.name}: {one.says}; in the copy {_total(one.copy)}; now {_total(one.running)}")
    rows = sum(one.running[0] for one in tables if one.running)
    print(f"{sum(one.compared for one in tables)} of {rows} rows are older than the snapshot and the same in the copy")


def _total(total: tuple[int, str] | None) -> str:
    return "no such table" if total is None else f"{total[0]} rows, checksum {total[1]}"
