"""The versions of each key, kept in moto's bucket so that whatever else in moto reads buckets sees them.

AWS facts: with versioning enabled each write adds a version and a plain delete adds a delete marker; suspended, both
replace the version whose id is ``null`` and leave the others; never versioned, a key has one version, ``null``.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, field
from typing import Any, Self, cast

from moto.core.utils import utcnow

from localcloud.server.call import Refusal
from localcloud.server.services.s3.store import (
    FakeBucket,
    FakeDeleteMarker,
    FakeKey,
    backend_of,
)

from .store import object_ownership

NULL_VERSION = "null"
_VERSION_ID = re.compile(r"[A-Za-z0-9._]{32}")
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """How an object is encrypted at rest, as its headers tell."""

    algorithm: str
    kms_key_arn: str | None = None
    bucket_key: bool = False

    def members(self) -> dict[str, Any]:
        told: dict[str, Any] = {"ServerSideEncryption": self.algorithm}
        if self.kms_key_arn:
            told["SSEKMSKeyId"] = self.kms_key_arn
        return {**told, "BucketKeyEnabled": True} if self.bucket_key else told


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of an object that was uploaded in parts."""

    number: int
    size: int
    checksum: str


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What is known of an object besides its bytes. ``headers`` by boto3's name (CacheControl, ContentType, ...)."""

    headers: dict[str, Any] = field(default_factory=dict[str, Any])
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    storage_class: str = "STANDARD"
    encryption: Encryption
    etag: str
    checksum_algorithm: str | None
    checksum: str | None
    checksum_type: str = "FULL_OBJECT"
    parts: tuple[Part, ...] = ()
    writer_account: str
    shared_with_bucket_owner: bool


class Version(FakeKey):
    """One version of an object: moto's, with our attributes."""

    def __new__(cls, bucket: FakeBucket, key: str, data: bytes, attributes: Attributes, version_id: str) -> Self:
        del bucket, key, data, attributes, version_id
        return object.__new__(cls)  # moto would keep every instance for good

    def __init__(self, bucket: FakeBucket, key: str, data: bytes, attributes: Attributes, version_id: str) -> None:
        super().__init__(
            name=key,
            value=data,
            account_id=bucket.account_id,
            region_name=bucket.region_name,
            storage=attributes.storage_class,
            etag=attributes.etag,
            is_versioned=bucket.versioning_status is not None,
            version_id=version_id,
            bucket_name=bucket.name,
            encryption=attributes.encryption.algorithm,
            kms_key_id=attributes.encryption.kms_key_arn,
            bucket_key_enabled=attributes.encryption.bucket_key or None,
            checksum_value=attributes.checksum,
            checksum_type=attributes.checksum_type,
        )
        self.checksum_algorithm = attributes.checksum_algorithm
        self.attributes = attributes
        self.set_metadata(
            {"Content-Type": content_type(attributes)}
            | {f"x-amz-meta-{name}": value for name, value in attributes.metadata.items()}
        )


class DeleteMarker(FakeDeleteMarker):
    """moto's delete marker, with a version id of our choosing."""

    def __new__(cls, key: str, version_id: str) -> Self:
        del key, version_id
        return object.__new__(cls)

    def __init__(self, key: str, version_id: str) -> None:
        self.name = key
        self.last_modified = utcnow()
        self._version_id = version_id


def content_type(attributes: Attributes) -> str:
    return attributes.headers.get("ContentType") or "binary/octet-stream"


Entry = Version | DeleteMarker


def entries(bucket: FakeBucket, key: str) -> list[Entry]:
    """All versions and delete markers of a key, oldest first."""
    return cast("list[Entry]", bucket.keys.getlist(key, default=[]))


def new_version_id(bucket: FakeBucket) -> str:
    if bucket.versioning_status != "Enabled":
        return NULL_VERSION
    return "".join(secrets.choice(_ALPHABET) for _ in range(32))


def put(bucket: FakeBucket, version: Version) -> None:
    """Makes the version its key's latest. Hold the bucket's lock."""
    _replace(bucket, version.name, version)


def _replace(bucket: FakeBucket, key: str, new: Entry) -> None:
    kept: list[Entry] = []
    for entry in entries(bucket, key):
        if new.version_id == NULL_VERSION == entry.version_id:
            _dispose(bucket, entry)
        else:
            kept.append(entry)
    bucket.keys.setlist(key, [*kept, new])


def _dispose(bucket: FakeBucket, entry: Entry) -> None:
    if isinstance(entry, Version):
        entry.dispose()
        backend_of(bucket.account_id).tagger.delete_all_tags_for_resource(entry.arn)


def add_delete_marker(bucket: FakeBucket, key: str) -> DeleteMarker:
    """What a plain delete leaves in a bucket that is or was versioned."""
    marker = DeleteMarker(key, new_version_id(bucket))
    _replace(bucket, key, marker)
    return marker


def remove(bucket: FakeBucket, key: str, version_id: str) -> Entry | None:
    """Deletes one version or marker for good; None if there is none of that id."""
    found = find(bucket, key, version_id)
    if found is None:
        return None
    _dispose(bucket, found)
    if kept := [entry for entry in entries(bucket, key) if entry is not found]:
        bucket.keys.setlist(key, kept)
    else:
        del bucket.keys[key]
    return found


def find(bucket: FakeBucket, key: str, version_id: str | None = None) -> Entry | None:
    """The latest entry of a key, or the one of that id. Raises :class:`Refusal` for what is no version id."""
    versions = entries(bucket, key)
    if version_id is None:
        return versions[-1] if versions else None
    if version_id != NULL_VERSION and not _VERSION_ID.fullmatch(version_id):
        raise Refusal(
            "InvalidArgument",
            "Invalid version id specified",
            ArgumentName="versionId",
            ArgumentValue=version_id,
        )
    return next((entry for entry in versions if entry.version_id == version_id), None)


def owner_account(bucket: FakeBucket, entry: Entry) -> str:
    """The account that an object belongs to: the bucket's own, unless ACLs are enabled and another wrote it."""
    if isinstance(entry, DeleteMarker) or object_ownership(bucket.name) == "BucketOwnerEnforced":
        return bucket.account_id
    return entry.attributes.writer_account


def tags_of(bucket: FakeBucket, version: Version) -> dict[str, str]:
    return dict(backend_of(bucket.account_id).tagger.get_tag_dict_for_resource(version.arn))


def set_tags(bucket: FakeBucket, version: Version, tags: dict[str, str]) -> None:
    tagger = backend_of(bucket.account_id).tagger
    tagger.delete_all_tags_for_resource(version.arn)
    if tags:
        tagger.tag_resource(version.arn, [{"Key": key, "Value": value} for key, value in tags.items()])
