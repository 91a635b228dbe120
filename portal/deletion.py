"""What a sync would delete, counted by the AWS CLI itself (``--dryrun``), so that the filters are its own; and the
agreement to it.

AWS fact: a deletion in a bucket with versions only puts a marker on the object, which `portal restore` takes away as
long as the bucket's lifecycle keeps the version (``lifecycle.noncurrent_days``).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Annotated

import typer

from portal import sync as syncing
from portal.agreement import agree, agree_by_number
from portal.console import say
from portal.s3_uri import Pair, Uri

COUNTS_AT_A_TIME = 8
SHOWN_FOLDERS = 20
DELETED = "(dryrun) delete: "
COUNT_OPTION = "--delete-count"
Count = Annotated[
    int | None,
    typer.Option(COUNT_OPTION, min=0, help="With --delete: the number of objects to delete, where they are many"),
]


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """How many of a folder's objects a sync would delete."""

    folder: Uri
    objects: int
    of: int
    at: datetime
    """By S3's clock, before anything was deleted."""

    def exceeds(self, percent: int) -> bool:
        return self.objects * 100 > percent * self.of

    def __str__(self) -> str:
        return f"{self.objects} of {self.of} objects under {self.folder}"


def refuse_wide(source: Uri, destination: Uri, options: syncing.Options, number: int | None) -> None:
    """``--delete`` from a folder to one above it would take what lies beside it there. Raises SyncError."""
    if number is not None and not options.delete:
        raise syncing.SyncError(f"{COUNT_OPTION}: {number}: only with --delete")
    if options.delete and destination.above(source):
        rule = f"with --delete must not be above SOURCE's folder {source.prefix!r}: all else in it would be deleted"
        raise syncing.SyncError(f"DEST: {str(destination)!r}: {rule}")


def confirm(
    where: syncing.Route,
    jobs: Sequence[Pair],
    options: syncing.Options,
    target: Uri,
    *,
    yes: bool,
    number: int | None,
) -> None:
    """Counts what the syncs will delete under ``target``, asks, and says how it comes back. Raises PortalError."""
    deletions = count(where, jobs, options)
    agree_to(deletions, where.large_deletion_percent, yes=yes, number=number)
    if deletions:
        say.print(way_back(deletions, target))


def count(where: syncing.Route, jobs: Sequence[Pair], options: syncing.Options) -> list[Deletion]:
    """For each pair that would lose objects. Raises SyncError where that can't be found out."""
    env = syncing.environment(where, options)
    with ThreadPoolExecutor(COUNTS_AT_A_TIME) as pool:
        deletions = pool.map(lambda pair: _count(where, pair, options, env), jobs)
        return [one for one in deletions if one.objects]


def _count(where: syncing.Route, pair: Pair, options: syncing.Options, env: dict[str, str]) -> Deletion:
    _, folder = pair
    pages = iter(where.s3.get_paginator("list_objects_v2").paginate(Bucket=folder.bucket, Prefix=folder.key_prefix))
    first = next(pages)
    planned = syncing.dry_run(pair, options, env)
    return Deletion(
        folder=folder,
        objects=sum(line.startswith(DELETED) for line in planned.splitlines()),
        of=first["KeyCount"] + sum(page["KeyCount"] for page in pages),
        at=parsedate_to_datetime(first["ResponseMetadata"]["HTTPHeaders"]["date"]),
    )


def agree_to(deletions: Sequence[Deletion], percent: int, *, yes: bool, number: int | None) -> None:
    """Says how many objects go, and asks. Raises PortalError without an agreement.

    ``percent``: if more of a folder goes, the number of all objects that go must be repeated (``number``).
    """
    total = sum(one.objects for one in deletions)
    for one in deletions[:SHOWN_FOLDERS]:
        say.print(f"deletes {one}")
    if len(deletions) > SHOWN_FOLDERS:
        say.print(f"deletes objects in {len(deletions) - SHOWN_FOLDERS} more folders")
    large = next((one for one in deletions if one.exceeds(percent)), None)
    if large or number is not None:
        rule = f"; of {large.folder} more than {percent} %" if large else ""
        agree_by_number(f"it deletes {total} objects{rule}", total, number, COUNT_OPTION)
    elif total:
        agree(f"delete {total} objects?", yes=yes)


def way_back(deletions: Sequence[Deletion], target: Uri) -> str:
    """The command that brings back what was deleted."""
    since = min(one.at for one in deletions)
    return f"to bring back what is deleted: portal restore {target} --since {since:%Y-%m-%dT%H:%M:%SZ}"
