"""Copies of objects in parts, which `portal sync` makes itself.

Rests on: S3 copies an object of up to 5 GiB by one CopyObject, which keeps its metadata and tags, and a larger one in
parts alone. Version 1 of the AWS CLI copies in parts without metadata or tags; boto3 keeps the metadata. S3 refuses
the parts of an object that changed since the copy began.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from typing import Any, Final

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from portal.console import say
from portal.s3_uri import Pair, Uri

PART_BYTES: Final = 512 * 2**20
"""Of a copy in parts; boto3 takes larger ones where there would be more than 10,000."""
PARTS_AT_A_TIME: Final = 20


def large_objects(s3: Any, source: Uri, threshold: int) -> list[str]:
    """Keys, relative to the folder, of its objects that have ``threshold`` bytes or more. Raises botocore's errors."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=source.bucket, Prefix=source.key_prefix)
    rows = (row for page in pages for row in page.get("Contents", ()))
    return [row["Key"].removeprefix(source.key_prefix) for row in rows if row["Size"] >= threshold]


def exclusions(keys: Sequence[str]) -> list[tuple[str, str]]:
    """The AWS CLI's filters that leave these keys out."""
    return [("--exclude", glob.escape(key)) for key in keys]


def to_copy(dry_run: str, pair: Pair, keys: Sequence[str]) -> list[str]:
    """Those of the keys that a sync would copy, by what its ``--dryrun`` printed."""
    source, destination = pair
    lines = set(dry_run.splitlines())
    return [key for key in keys if f"(dryrun) copy: {source.of(key)} to {destination.of(key)}" in lines]


def copy(s3: Any, pair: Pair, keys: Sequence[str]) -> int:
    """Copies the objects one after another, each in parts at once; the number of those that failed."""
    return sum(not _copied(s3, *pair, key) for key in keys)


def _copied(s3: Any, source: Uri, destination: Uri, key: str) -> bool:
    config = TransferConfig(multipart_threshold=1, multipart_chunksize=PART_BYTES, max_concurrency=PARTS_AT_A_TIME)
    origin, target = source.of(key), destination.of(key)
    source_object = {"Bucket": source.bucket, "Key": source.key_prefix + key}
    target_object = {"Bucket": destination.bucket, "Key": destination.key_prefix + key}
    try:
        tags = s3.get_object_tagging(**source_object)["TagSet"]
        s3.copy(source_object, *target_object.values(), Config=config)
        if tags:  # boto3's own way to copy them names the new version, which takes another permission
            s3.put_object_tagging(**target_object, Tagging={"TagSet": tags})
    except (Boto3Error, BotoCoreError, ClientError) as error:
        say.print(f"copy failed: {origin} to {target} {error}")
        return False
    print(f"copy: {origin} to {target}", flush=True)
    return True
