"""What each bucket is configured as: whole documents, in the words of boto3's parameters.

moto keeps the objects; it drops fields of several bucket configurations and lacks others, so the documents are here.
They hang on moto's own bucket object and vanish with it, and a name is found whichever account owns the bucket.

AWS facts: a bucket made since April 2023 blocks all public access and has ACLs disabled (BucketOwnerEnforced); since
January 2023 it is encrypted with SSE-S3. All three are there without having been put. The account's public access
block adds to the bucket's: each setting counts if either has it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from moto.s3 import notifications
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends
from moto.s3control.models import s3control_backends

from localcloud.server.call import Params, Refusal
from localcloud.server.service import Resource

__all__ = ["FakeBucket", "FakeDeleteMarker", "FakeKey", "S3Backend", "notifications"]

PARTITION = "aws"
PUBLIC_ACCESS_SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
DEFAULT_ENCRYPTION: Params = {
    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
}


@dataclass
class Documents:
    """One bucket's configuration: ``single`` by sub-resource, ``by_id`` by sub-resource and the caller's Id."""

    single: dict[str, Any] = field(default_factory=dict[str, Any])
    by_id: dict[str, dict[str, Params]] = field(default_factory=dict[str, dict[str, Params]])
    uploads: dict[str, Any] = field(default_factory=dict[str, Any])
    """Part-wise uploads in progress, by upload id; see :mod:`.multipart`."""
    log_records: list[Any] = field(default_factory=list[Any])
    """Requests not delivered to the log bucket yet; see :mod:`.server_logs`."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Held while a configuration or a key's versions are changed, and while versions are read with their bytes."""
    last_race: float = 0.0
    """When the last configuration was written that others race with; see :mod:`.conflicts`."""


_documents: WeakKeyDictionary[FakeBucket, Documents] = WeakKeyDictionary()
_documents_lock = threading.Lock()


def _of_a_new_bucket() -> Documents:
    return Documents(
        single={
            "public_access_block": dict.fromkeys(PUBLIC_ACCESS_SETTINGS, True),
            "ownership_controls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "encryption": deepcopy(DEFAULT_ENCRYPTION),
        }
    )


def backend_of(account: str) -> S3Backend:
    """The account's S3 in moto."""
    return s3_backends[account][PARTITION]


def find_bucket(name: str) -> FakeBucket | None:
    """moto's bucket of that name in any account, or None."""
    located = s3_backends.bucket_accounts.get(name)
    if located is None:
        return None
    partition, account_id = located
    return s3_backends[account_id][partition].buckets.get(name)


def no_such_bucket(name: str) -> Refusal:
    return Refusal("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=name)


def bucket_called(name: str) -> FakeBucket:
    """moto's bucket of that name; raises :class:`Refusal` NoSuchBucket."""
    bucket = find_bucket(name)
    if bucket is None:
        raise no_such_bucket(name)
    return bucket


def documents_of(bucket: FakeBucket) -> Documents:
    with _documents_lock:
        if bucket not in _documents:
            _documents[bucket] = _of_a_new_bucket()
        return _documents[bucket]


def known_buckets() -> list[FakeBucket]:
    """The buckets that have documents and are still there."""
    with _documents_lock:
        buckets = list(_documents)
    return [bucket for bucket in buckets if find_bucket(bucket.name) is bucket]


def forget(bucket: FakeBucket) -> None:
    """Drops a deleted bucket's documents, though moto may hold the bucket object a while longer."""
    with _documents_lock:
        _documents.pop(bucket, None)


def documents(name: str) -> Documents:
    """The documents of the bucket ``name``; raises :class:`Refusal` NoSuchBucket."""
    return documents_of(bucket_called(name))


def bucket_owner(name: str) -> str | None:
    """The account id that owns the bucket, or None if there is no such bucket."""
    bucket = find_bucket(name)
    return bucket.account_id if bucket else None


def bucket_policy(name: str) -> str | None:
    """The bucket policy as it was put (JSON text), or None."""
    bucket = find_bucket(name)
    return documents_of(bucket).single.get("policy") if bucket else None


def account_public_access_block(account_id: str) -> dict[str, bool]:
    """The account's own settings: all false unless they were put."""
    block = s3control_backends[account_id][PARTITION].public_access_block
    if block is None:
        return dict.fromkeys(PUBLIC_ACCESS_SETTINGS, False)
    return {setting: bool(getattr(block, attribute)) for setting, attribute in _PAB_ATTRIBUTES.items()}


_PAB_ATTRIBUTES: Mapping[str, str] = {
    "BlockPublicAcls": "block_public_acls",
    "IgnorePublicAcls": "ignore_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "RestrictPublicBuckets": "restrict_public_buckets",
}


def public_access_blocks(name: str) -> dict[str, list[str]]:
    """The settings that are on, of the ``bucket`` itself and of its ``account``. None are if there is no bucket."""
    bucket = find_bucket(name)
    if bucket is None:
        return {"bucket": [], "account": []}
    own: dict[str, bool] = documents_of(bucket).single.get("public_access_block", {})
    both = {"bucket": own, "account": account_public_access_block(bucket.account_id)}
    return {level: [name for name in PUBLIC_ACCESS_SETTINGS if settings.get(name)] for level, settings in both.items()}


def public_access_block(name: str) -> dict[str, bool]:
    """The settings in force on a bucket: its own or its account's, whichever is stricter. All false if no bucket."""
    both = public_access_blocks(name)
    return {setting: any(setting in level for level in both.values()) for setting in PUBLIC_ACCESS_SETTINGS}


def default_encryption(name: str) -> Params:
    """The bucket's encryption rule: ``ApplyServerSideEncryptionByDefault`` and ``BucketKeyEnabled``."""
    return deepcopy(documents(name).single["encryption"]["Rules"][0])


def object_ownership(name: str) -> str:
    """BucketOwnerEnforced, BucketOwnerPreferred or ObjectWriter (what a bucket without ownership controls has)."""
    controls = documents(name).single.get("ownership_controls")
    return controls["Rules"][0]["ObjectOwnership"] if controls else "ObjectWriter"


def resource(arn: str) -> Resource | None:
    """A bucket, also by the ARN of one of its objects; its policy holds for both."""
    name = arn.split(":", 5)[5].partition("/")[0]
    bucket = find_bucket(name)
    if bucket is None:
        return None
    return Resource(
        owner=bucket.account_id, policy=bucket_policy(name), public_access_blocks=public_access_blocks(name)
    )


def inventory(account: str) -> list[str]:
    return [f"arn:aws:s3:::{name}" for name in backend_of(account).buckets]


def details(account: str) -> dict[str, Any]:
    """``buckets``, each with its objects' keys, all versions."""
    buckets: dict[str, Any] = {}
    for bucket in backend_of(account).buckets.values():
        versions = [version for key in bucket.keys for version in bucket.keys.getlist(key)]
        buckets[bucket.name] = {
            "region": bucket.region_name,
            "objects": sorted(str(key) for key in bucket.keys),
            "versions": len(versions),
            "delete_markers": sum(isinstance(key, FakeDeleteMarker) for key in versions),
            "uploads": len(bucket.multiparts),
        }
    return {"buckets": buckets}
