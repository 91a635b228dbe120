"""
A bucket as the tool uses it.

Every object is written whole or not at all (a PUT or a completed multipart upload), so that a job killed at any moment
leaves no partial object. What it may leave is a folder with some of its objects; the tool's order of writing makes
that visible (metadata last) and a rerun completes it.
"""

import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

THREADS = 16
DELETE_AT_ONCE = 1000  # S3's limit
ONE_PART = 64 << 20  # bytes; up to here the entity tag is the content's MD5
NOT_FOUND = {"404", "NoSuchKey"}


@dataclass(frozen=True)
class Stored:
    """An object as a listing gives it."""

    size: int
    etag: str

    def is_like(self, path: Path) -> bool:
        """Same size; and same content if the entity tag can tell: it is the MD5 of what was uploaded in one part."""
        if path.stat().st_size != self.size or "-" in self.etag:
            return path.stat().st_size == self.size
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == self.etag


@dataclass
class Counts:
    """What an ingest did to objects."""

    uploaded: int = 0
    skipped: int = 0
    deleted: int = 0


class Bucket:
    """One bucket, with the credentials of the environment, or as anyone (`anonymous`)."""

    def __init__(self, name: str, *, anonymous: bool = False, endpoint_url: str | None = None) -> None:
        self.name = name
        self.counts = Counts()
        settings = Config(
            signature_version=UNSIGNED if anonymous else None,
            max_pool_connections=THREADS,
            retries={"mode": "standard", "max_attempts": 5},
        )
        self._s3 = boto3.Session().client("s3", config=settings, endpoint_url=endpoint_url)

    def objects(self, prefix: str) -> dict[str, Stored]:
        """Every object under a prefix, by key."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        found = [item for page in pages for item in page.get("Contents", [])]
        return {item.get("Key", ""): Stored(item.get("Size", 0), item.get("ETag", "").strip('"')) for item in found}

    def folders(self) -> list[str]:
        """Those at the top; each ends with a slash."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Delimiter="/")
        return [folder.get("Prefix", "") for page in pages for folder in page.get("CommonPrefixes", [])]

    def has(self, key: str) -> bool:
        return key in self.objects(key)

    def read(self, key: str) -> bytes | None:
        """An object's bytes, None if it isn't there."""
        try:
            return self._s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in NOT_FOUND:
                return None
            raise

    def download(self, key: str, path: Path) -> None:
        """Raises RuntimeError, which names the object: S3 answers the request for its head without a word."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._s3.download_file(self.name, key, str(path))
        except ClientError as error:
            raise RuntimeError(f"s3://{self.name}/{key} can't be read: {error}") from error

    def download_folder(self, folder: str, path: Path) -> None:
        """All objects under `folder`, which ends with a slash."""
        keys = sorted(self.objects(folder))
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda key: self.download(key, path / key.removeprefix(folder)), keys))

    def read_range(self, key: str, length: int) -> bytes:
        """The first `length` bytes of an object."""
        return self._s3.get_object(Bucket=self.name, Key=key, Range=f"bytes=0-{length - 1}")["Body"].read()

    def write(self, key: str, body: bytes, content_type: str) -> None:
        self._s3.put_object(Bucket=self.name, Key=key, Body=body, ContentType=content_type)
        self.counts.uploaded += 1

    def write_json(self, value: object, key: str) -> None:
        self.write(key, json.dumps(value, indent=2).encode(), "application/json")

    def upload(self, path: Path, key: str, *, content_type: str = "application/octet-stream") -> None:
        if path.stat().st_size > ONE_PART:
            self._s3.upload_file(str(path), self.name, key, ExtraArgs={"ContentType": content_type})
        else:
            self._s3.put_object(Bucket=self.name, Key=key, Body=path.read_bytes(), ContentType=content_type)

    def publish(self, files: list[tuple[Path, str]], present: dict[str, Stored], *, force: bool) -> None:
        """Upload files to keys, many at a time; what is `present` already only if forced."""
        wanted = [(path, key) for path, key in files if force or key not in present or not present[key].is_like(path)]
        self.counts.skipped += len(files) - len(wanted)
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda pair: self.upload(*pair, content_type=_content_type(pair[0])), wanted))
        self.counts.uploaded += len(wanted)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; in a versioned bucket they can be recovered.

        Raises:
            RuntimeError: S3 did not delete some of them
        """
        doomed = sorted(keys)
        for start in range(0, len(doomed), DELETE_AT_ONCE):
            some = doomed[start : start + DELETE_AT_ONCE]
            answer = self._s3.delete_objects(Bucket=self.name, Delete={"Objects": [{"Key": key} for key in some]})
            if failed := [f"{error.get('Key')}: {error.get('Message')}" for error in answer.get("Errors", [])]:
                raise RuntimeError(f"not deleted from {self.name}: {'; '.join(failed)}")
        self.counts.deleted += len(doomed)


def _content_type(path: Path) -> str:
    return "application/json" if path.name in {".zattrs", ".zgroup", ".zarray"} else "application/octet-stream"
