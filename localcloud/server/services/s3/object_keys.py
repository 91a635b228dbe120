"""What S3 calls need from KMS on a caller's behalf.

AWS facts (KMS developer guide, permissions reference): an object written with aws:kms needs kms:GenerateDataKey, read
kms:Decrypt, a multipart upload both. The AWS managed key ``alias/aws/s3`` lets in everybody in its own account who
comes through S3, and nobody else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

from localcloud.server.access import resources
from localcloud.server.access.permission import Permission
from localcloud.server.access.resources import RESERVED_ALIASE_TARGET_KEY_IDS, Key
from localcloud.server.call import Call
from localcloud.server.permissions import on
from localcloud.server.services.s3.store import FakeBucket

from . import store, versions

WRITES = {"PutObject", "CopyObject", "CreateMultipartUpload"}
READS = {"GetObject", "HeadObject", "GetObjectAttributes"}
PARTS = {
    "UploadPart": ["kms:GenerateDataKey", "kms:Decrypt"],
    "UploadPartCopy": ["kms:GenerateDataKey", "kms:Decrypt"],
    "CompleteMultipartUpload": ["kms:Decrypt"],
}
S3_KEY = "alias/aws/s3"


def permissions(call: Call) -> list[Permission]:
    """What an S3 call needs from KMS."""
    if call.operation not in WRITES | READS | set(PARTS):
        return []
    bucket = store.find_bucket(call.params["Bucket"])
    if bucket is None:
        return []
    needed: list[Permission] = []
    if call.operation in WRITES:
        actions = ["kms:GenerateDataKey"] + ["kms:Decrypt"] * (call.operation == "CreateMultipartUpload")
        needed += _through_s3(call, bucket, _written_with(call, bucket), actions)
    elif call.operation in READS:
        needed += _through_s3(call, bucket, _stored_with(bucket, call.params["Key"]), ["kms:Decrypt"])
    else:
        upload = store.documents_of(bucket).uploads.get(call.params["UploadId"])
        arn = upload.encryption.kms_key_arn if upload else None
        key = _key(bucket.account_id, bucket.region_name, arn) if arn else None
        needed += _through_s3(call, bucket, key, PARTS[call.operation])
    source = store.find_bucket(copy_source(call)[0]) if call.operation in ("CopyObject", "UploadPartCopy") else None
    if source:
        needed += _through_s3(call, source, _stored_with(source, copy_source(call)[1]), ["kms:Decrypt"])
    return needed


def copy_source(call: Call) -> tuple[str, str, str | None]:
    """(bucket, key, version) that a copy reads."""
    source: Any = call.params["CopySource"]
    if isinstance(source, dict):
        return source["Bucket"], source["Key"], source.get("VersionId")
    path, _, query = str(source).partition("?versionId=")
    bucket, _, key = unquote_plus(path).lstrip("/").partition("/")
    return bucket, key, query or None


def _key(account: str, region: str, name: str) -> Key | None:
    return resources.key(account, region, name)


def _written_with(call: Call, bucket: FakeBucket) -> Key | None:
    """The key that an object is written with; None for SSE-S3, and for a key that S3 will say is not there."""
    default = store.default_encryption(bucket.name)["ApplyServerSideEncryptionByDefault"]
    algorithm: str = call.params.get("ServerSideEncryption") or default["SSEAlgorithm"]
    if not algorithm.startswith("aws:kms"):
        return None
    asked: str | None = call.params.get("SSEKMSKeyId")
    name = asked or (default.get("KMSMasterKeyID") if default["SSEAlgorithm"] == algorithm else None)
    account = call.caller.account_id if asked else bucket.account_id
    if name is None:
        resources.kms(account, bucket.region_name).describe_key(S3_KEY)  # makes it at its first use
    return _key(account, bucket.region_name, name or S3_KEY)


def _stored_with(bucket: FakeBucket, key: str) -> Key | None:
    stored = versions.find(bucket, key)
    arn = stored.attributes.encryption.kms_key_arn if isinstance(stored, versions.Version) else None
    return _key(bucket.account_id, bucket.region_name, arn) if arn else None


def _through_s3(call: Call, bucket: FakeBucket, key: Key | None, actions: list[str]) -> list[Permission]:
    if key is None:
        return []
    context = {
        "kms:ViaService": [f"s3.{bucket.region_name}.amazonaws.com"],
        "kms:EncryptionContext:aws:s3:arn": [f"arn:aws:s3:::{bucket.name}"],
    }
    if key.id == RESERVED_ALIASE_TARGET_KEY_IDS[S3_KEY]:
        # AWS's own key for S3 in that account: its policy cannot be changed and admits only that account.
        policy = None
        if key.account_id == call.caller.account_id:
            return []
    else:
        policy = key.policy
    return [replace(on(call, action, str(key.arn), context), resource_policy=policy) for action in actions]
