"""`portal restore`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import typer

from portal import restore as restoring
from portal.agreement import Yes, agree
from portal.errors import PortalError
from portal.recovery import Place
from portal.s3_uri import Uri
from portal.stack_files import stack_files
from settings import Portal, Settings

SHOWN = 20


def restore(
    folder: Annotated[str, typer.Argument(help="s3://bucket[/prefix], or one object")],
    since: Annotated[str, typer.Option(help="What was deleted at this time or later: 2026-01-31T18:00Z")],
    until: Annotated[str | None, typer.Option(help="And not after this time")] = None,
    yes: Yes = False,
) -> None:
    """Bring back deleted objects out of a bucket's versions, as the account's role, which `portal up` assumes.

    Objects that are there now stay as they are.
    """
    uri, begin = Uri.parse("FOLDER", folder), _time("--since", since)
    end = _time("--until", until) if until else None
    s3 = Place.of(_account_of(stack_files(), uri.bucket)).client("s3")
    objects = list(restoring.deleted(s3, uri, begin, end))
    if not objects:
        raise PortalError(f"FOLDER: {str(uri)!r}: nothing that is missing there was deleted in that time")
    for one in objects[:SHOWN]:
        print(f"{one.key}: {one.size} bytes, deleted {one.at:%Y-%m-%dT%H:%M:%SZ}")
    if len(objects) > SHOWN:
        print(f"and {len(objects) - SHOWN} more")
    agree(f"bring back {len(objects)} objects, {sum(one.size for one in objects)} bytes?", yes=yes)
    restoring.restore(s3, uri.bucket, objects)
    print(f"{len(objects)} objects are back")


def _time(option: str, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PortalError(f"{option}: {value!r}: must be a time with its zone, as 2026-01-31T18:00Z")
    return moment


def _account_of(portal: Portal, bucket: str) -> Settings:
    for settings in portal.stacks.values():
        if bucket in _buckets(settings):
            return settings
    raise PortalError(f"FOLDER: {bucket!r}: is no bucket of a stack file")


def _buckets(settings: Settings) -> Iterator[str]:
    yield from (bucket.name for bucket in settings.buckets.values())
    for environment in settings.environments.values():
        yield from (environment.wdl_bucket, environment.comms_bucket)
