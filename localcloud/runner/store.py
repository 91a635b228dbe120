"""
S3 as the runner needs it: objects by URI, each written whole or not at all.

A PUT and a multipart upload both appear in S3 only when they are complete, so that a runner killed at any moment
leaves no partial object; parts of an upload that was never completed are removed by the bucket's lifecycle rule.
"""

import json
import mimetypes
import threading
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

NOT_FOUND = {"404", "NoSuchKey"}


class StoppedError(Exception):
    """A transfer was given up because the runner is ending."""


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URI.

    Raises:
        ValueError: the URI is of another kind
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise ValueError(f"not an s3:// URI: {uri!r}")
    return bucket, key


class Store:
    """Objects by s3:// URI, with the credentials and the region of the environment. May be used from many threads.

    `stopping`, once set, ends every transfer with `StoppedError`.
    """

    def __init__(self, session: boto3.Session, stopping: threading.Event) -> None:
        self._s3 = session.client("s3")
        self._stopping = stopping

    def _progress(self, _transferred: int) -> None:
        if self._stopping.is_set():
            raise StoppedError

    def read(self, uri: str) -> bytes | None:
        """The object's bytes, None if there is no such object."""
        bucket, key = split_uri(uri)
        try:
            return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if _code(error) in NOT_FOUND:
                return None
            raise

    def exists(self, uri: str) -> bool:
        bucket, key = split_uri(uri)
        try:
            self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if _code(error) in NOT_FOUND:
                return False
            raise
        return True

    def list(self, uri: str) -> list[str]:
        """URIs of all objects under a folder."""
        bucket, prefix = split_uri(uri.rstrip("/") + "/")
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [f"s3://{bucket}/{item['Key']}" for page in pages for item in page.get("Contents", []) if "Key" in item]

    def download(self, uri: str, path: Path) -> None:
        """Raises FileNotFoundError, which names the URI, if there is no such object."""
        bucket, key = split_uri(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._s3.download_file(bucket, key, str(path), Callback=self._progress)
        except ClientError as error:
            if _code(error) in NOT_FOUND:
                raise FileNotFoundError(f"there is no object {uri}") from error
            raise

    def upload(self, path: Path, uri: str) -> None:
        bucket, key = split_uri(uri)
        kind = mimetypes.guess_type(path.name)[0]
        self._s3.upload_file(
            str(path), bucket, key, ExtraArgs={"ContentType": kind} if kind else None, Callback=self._progress
        )

    def write_json(self, value: object, uri: str) -> None:
        bucket, key = split_uri(uri)
        body = json.dumps(value, indent=2).encode()
        self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")

    def delete(self, uri: str) -> None:
        bucket, key = split_uri(uri)
        self._s3.delete_object(Bucket=bucket, Key=key)

    def mark_intermediate(self, uri: str) -> None:
        """Tag an object as `intermediate_output=true`: a lifecycle rule may remove it."""
        bucket, key = split_uri(uri)
        self._s3.put_object_tagging(
            Bucket=bucket, Key=key, Tagging={"TagSet": [{"Key": "intermediate_output", "Value": "true"}]}
        )


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
