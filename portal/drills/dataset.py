"""A restore drill of a dataset: whether all versions of its objects can be read, and what a restoration would bring.

S3 facts: a version has its size, and an ETag by which its content can be checked: the MD5 of the content, or for an
upload in parts the MD5 of the parts' MD5s, a hyphen and the number of parts (not if KMS encrypts it: then the SDK
checks what checksum S3 has). What lies in an archive's storage class can't be read until it was brought back.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError

from portal.errors import PortalError
from portal.restore import rows_of
from portal.s3_uri import Uri

PARALLELISM: Final = 10  # as many as botocore keeps connections
CHUNK: Final = 1 << 20
_ARCHIVES: Final = ("GLACIER", "DEEP_ARCHIVE")


@dataclass(frozen=True, kw_only=True)
class Version:
    key: str
    id: str
    size: int
    etag: str
    storage_class: str
    restored: bool
    """Its object is deleted, and this is the version that a restoration brings back."""


@dataclass(kw_only=True)
class Result:
    """What a drill found. ``faults``: by key and version, in words."""

    objects: int = 0
    versions: Sequence[Version] = ()
    read: Sequence[Version] = ()
    """Those that were read whole."""
    faults: list[str] = field(default_factory=list[str])

    @property
    def restored(self) -> list[Version]:
        return [one for one in self.versions if one.restored]


def versions(s3: Any, folder: Uri) -> Iterator[Version]:
    """Every version of every object of a folder."""
    for key, rows in groupby(rows_of(s3, Bucket=folder.bucket, Prefix=folder.key_prefix), key=lambda row: row["Key"]):
        yield from _versions(str(key), list(rows))


def _versions(key: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Version]:
    """``rows``: as S3 lists versions and markers of one key; versions have a size."""
    of_key = [row for row in rows if "Size" in row]
    deleted = not any(row["IsLatest"] for row in of_key)
    newest = max((row["LastModified"] for row in of_key), default=None)
    for row in of_key:
        last = deleted and row["LastModified"] == newest
        newest = None if last else newest  # S3's times are whole seconds; it lists the newer one first
        yield Version(
            key=key,
            id=row["VersionId"],
            size=row["Size"],
            etag=row["ETag"].strip('"'),
            storage_class=row.get("StorageClass", "STANDARD"),
            restored=last,
        )


def drill(s3: Any, folder: Uri, read_bytes: int, choose: random.Random | None = None) -> Result:
    """Looks up every version, and reads some whole: at random, ``read_bytes`` altogether. Raises PortalError if there
    is none."""
    candidates = list(versions(s3, folder))
    if not candidates:
        raise PortalError(f"{folder}: has no versions: nothing of it could be brought back")
    chosen = list(_chosen(candidates, read_bytes, choose or random.Random()))  # noqa: S311 - a sample, no secret
    with ThreadPoolExecutor(max_workers=PARALLELISM) as pool:
        looked_up = pool.map(lambda one: _looked_up(s3, folder.bucket, one), candidates)
        read = pool.map(lambda one: _read(s3, folder.bucket, one), chosen)
        faults = {**_faults(candidates, looked_up), **_faults(chosen, read)}
    return Result(
        objects=len({one.key for one in candidates}),
        versions=candidates,
        read=chosen,
        faults=[f"{one.key} (version {one.id}): {says}" for one, says in faults.items()],
    )


def _chosen(candidates: Iterable[Version], read_bytes: int, choose: random.Random) -> Iterator[Version]:
    left, shuffled = read_bytes, list(candidates)
    choose.shuffle(shuffled)
    for one in shuffled:
        if one.size <= left and one.storage_class not in _ARCHIVES:
            left -= one.size
            yield one


def _faults(ones: Iterable[Version], says: Iterable[str]) -> dict[Version, str]:
    return {one: text for one, text in zip(ones, says, strict=True) if text}


def _looked_up(s3: Any, bucket: str, one: Version) -> str:
    """What is wrong with a version, without its content; empty: nothing."""
    if one.storage_class in _ARCHIVES:
        return f"is in {one.storage_class}: it can't be read until `aws s3api restore-object` has brought it back"
    try:
        head = s3.head_object(Bucket=bucket, Key=one.key, VersionId=one.id)
    except (ClientError, BotoCoreError) as error:
        return f"can't be read: {error}"
    if head["ContentLength"] != one.size or head["ETag"].strip('"') != one.etag:
        return f"is listed with {one.size} bytes, ETag {one.etag}, and has {head['ContentLength']}, {head['ETag']}"
    return ""


def _read(s3: Any, bucket: str, one: Version) -> str:
    """What is wrong with a version's content; empty: nothing."""
    parts = int(one.etag.partition("-")[2] or 0)
    digests, size, encrypted = list[bytes](), 0, ""
    try:
        for number in range(1, max(parts, 1) + 1):
            part = {"PartNumber": number} if parts else {}
            answer = s3.get_object(Bucket=bucket, Key=one.key, VersionId=one.id, ChecksumMode="ENABLED", **part)
            encrypted = answer.get("ServerSideEncryption", "")
            digest = hashlib.md5(usedforsecurity=False)
            for chunk in answer["Body"].iter_chunks(CHUNK):
                digest.update(chunk)
                size += len(chunk)
            digests.append(digest.digest())
    except FlexibleChecksumError as error:
        return f"is damaged: {error}"
    except (ClientError, BotoCoreError) as error:
        return f"can't be read: {error}"
    if size != one.size:
        return f"has {size} bytes of {one.size}"
    whole = hashlib.md5(b"".join(digests), usedforsecurity=False).hexdigest() if parts else digests[0].hex()
    expected = one.etag.partition("-")[0]
    return "" if whole == expected or encrypted.startswith("aws:kms") else f"is damaged: its MD5 is {whole}"
