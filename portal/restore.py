"""`portal restore`: brings deleted objects of a bucket with versions back.

AWS facts: a deletion puts a marker on the object's versions, and taking the marker away by its version id brings the
newest version back as it was, with its tags and metadata. An object that is deleted while it is deleted gets another
marker. S3 lists versions and markers in the order of their keys, and their times in whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from portal.errors import PortalError
from portal.s3_uri import Uri

AT_A_TIME = 1000
"""S3's limit of versions that one call deletes."""


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """An object that was deleted."""

    key: str
    size: int
    at: datetime
    markers: Sequence[str]
    """Version ids of the markers on it."""


def deleted(s3: Any, folder: Uri, since: datetime, until: datetime | None) -> Iterator[Deleted]:
    """The objects of a folder, or the one object, that were deleted between two times and are not there now."""
    for key, rows in groupby(rows_of(s3, Bucket=folder.bucket, Prefix=folder.prefix), key=lambda row: str(row["Key"])):
        inside = key == folder.prefix or key.startswith(folder.key_prefix)
        deletion = _deleted(key, list(rows)) if inside else None
        if deletion and since <= deletion.at and (until is None or deletion.at <= until):
            yield deletion


def _pages(s3: Any, **where: str) -> Iterator[Mapping[str, Any]]:
    yield from s3.get_paginator("list_object_versions").paginate(**where)


def rows_of(s3: Any, **where: str) -> Iterator[Mapping[str, Any]]:
    """Versions and markers, by key; versions have a size."""
    for page in _pages(s3, **where):
        rows = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        yield from sorted(rows, key=lambda row: str(row["Key"]).encode())


def _deleted(key: str, rows: Sequence[Mapping[str, Any]]) -> Deleted | None:
    """None for an object that is there, or of which no version is left."""
    versions = [row for row in rows if "Size" in row]
    if not versions or any(row["IsLatest"] for row in versions):
        return None
    newest = max(versions, key=lambda row: row["LastModified"])
    # A marker of the version's own second may lie on it or under it: it is taken away, and its time counts only if no
    # other marker is there.
    markers = [row for row in rows if "Size" not in row and row["LastModified"] >= newest["LastModified"]]
    later = [row["LastModified"] for row in markers if row["LastModified"] > newest["LastModified"]]
    return Deleted(
        key=key,
        size=newest["Size"],
        at=min(later, default=newest["LastModified"]),
        markers=[row["VersionId"] for row in markers],
    )


def restore(s3: Any, bucket: str, objects: Sequence[Deleted]) -> None:
    """Takes the markers away. Raises PortalError for those that S3 refuses, once it was asked for all."""
    refused: list[Mapping[str, Any]] = []
    markers = [{"Key": one.key, "VersionId": marker} for one in objects for marker in one.markers]
    for begin in range(0, len(markers), AT_A_TIME):
        some = markers[begin : begin + AT_A_TIME]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True})
        refused += answer.get("Errors", ())
    if refused:
        first = refused[0]
        rule = f"{first['Key']}: {first['Code']}: {first['Message']}"
        raise PortalError(f"{len(refused)} of {len(markers)} markers stay; the first: {rule}")
