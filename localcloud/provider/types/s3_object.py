"""aws:s3/bucketObjectv2:BucketObjectv2: one object, from a file, a text or base64.

AWS facts: an object is replaced whole by PutObject, its tags alone can be changed in place; the etag of an object in
one part that isn't encrypted by KMS is the MD5 of its content; in a versioned bucket a delete leaves a marker unless
it names a version.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import RECOMPUTED
from localcloud.provider.property_values import Asset
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import has_code
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.s3_common import CONFLICT_SECONDS, UNSETTLED, optional

_GONE: Final = frozenset({"NoSuchBucket", "NoSuchKey", "404", "NotFound"})
_HEADERS: Final = {
    "cache_control": "CacheControl", "content_disposition": "ContentDisposition", "content_encoding": "ContentEncoding",
    "content_language": "ContentLanguage", "content_type": "ContentType", "website_redirect": "WebsiteRedirectLocation",
    "server_side_encryption": "ServerSideEncryption", "kms_key_id": "SSEKMSKeyId",
    "bucket_key_enabled": "BucketKeyEnabled", "storage_class": "StorageClass", "metadata": "Metadata",
}  # fmt: skip
_CHECKSUMS: Final = {
    "checksum_crc32": "ChecksumCRC32", "checksum_crc32c": "ChecksumCRC32C", "checksum_crc64nvme": "ChecksumCRC64NVME",
    "checksum_sha1": "ChecksumSHA1", "checksum_sha256": "ChecksumSHA256",
}  # fmt: skip
_SOURCES: Final = ("source", "content", "content_base64")
_TYPE: Final = "application/octet-stream"


class BucketObject(Resource):
    """An object. Its id is `bucket/key`."""

    tf = "aws_s3_object"
    pulumi = "aws:s3/bucketObjectv2:BucketObjectv2"
    handles = frozenset(
        {"bucket", "key", "etag", "source_hash", "checksum_algorithm", "override_provider", *_SOURCES, *_HEADERS}
    )
    steers: ClassVar = {"force_destroy": False}
    recomputed = frozenset({"version_id", "etag", *_CHECKSUMS})
    autoname = Autoname("key", 1024, plain=True)
    plan_rules = (
        ("change of any of content", RECOMPUTED),
        ("override_provider.default_tags", "provider.py computes tagsAll so"),
    )

    def create(self, op: Operation) -> str:
        self._put(op, op.new)
        return f"{op.new['bucket']}/{_key(op.new)}"

    def read(self, op: Operation) -> State | None:
        s3 = op.client("s3")
        bucket, key = _split(op.resource_id)
        head = optional(lambda: s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED"), _GONE)
        if head is None:
            return None
        tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        state: State = {name: head.get(header) for name, header in {**_HEADERS, **_CHECKSUMS}.items()}
        state |= {
            name: op.old.get(name) for name in (*_SOURCES, "source_hash", "checksum_algorithm", "override_provider")
        }
        return state | {
            "bucket": bucket,
            "key": key,
            "arn": f"arn:{op.partition}:s3:::{bucket}/{key}",
            "etag": head["ETag"].strip('"'),
            "storage_class": head.get("StorageClass", "STANDARD"),
            "version_id": head.get("VersionId", ""),
            "tags_all": as_map(tags),
        }

    def update(self, op: Operation) -> None:
        if op.changed - {"tags", "tags_all", "force_destroy", "override_provider"}:
            self._put(op, op.new)
            return
        op.new.get("override_provider")
        bucket, key = _split(op.resource_id)
        if "tags_all" in op.changed:
            tags = {"TagSet": as_list(op.new["tags_all"])}
            op.client("s3").put_object_tagging(Bucket=bucket, Key=key, Tagging=tags)

    def delete(self, op: Operation) -> None:
        s3 = op.client("s3")
        bucket, key = _split(op.resource_id)
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
        force = {"BypassGovernanceRetention": True} if op.old.get("force_destroy") else {}
        versions = optional(
            lambda: [
                item["VersionId"]
                for page in pages
                for item in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
                if item["Key"] == key
            ],
            _GONE,
        )
        for version in versions or []:
            optional(
                lambda version=version: s3.delete_object(Bucket=bucket, Key=key, VersionId=version, **force), _GONE
            )

    def _put(self, op: Operation, new: Mapping[str, Any]) -> None:
        request: dict[str, Any] = {"Bucket": new["bucket"], "Key": _key(new), "Body": _body(new)}
        request |= {header: new[name] for name, header in _HEADERS.items() if new.get(name) not in (None, "", {})}
        request.setdefault("ContentType", _TYPE)
        if new.get("kms_key_id"):
            request["ServerSideEncryption"] = new.get("server_side_encryption") or "aws:kms"
        if new.get("checksum_algorithm"):
            request["ChecksumAlgorithm"] = new["checksum_algorithm"]
        tags = new["tags_all"]
        if tags:
            from urllib.parse import urlencode

            request["Tagging"] = urlencode(sorted(tags.items()))
        for steering in ("etag", "source_hash", "override_provider"):
            new.get(steering)  # Triggers of a new PutObject: their values are not sent.
        s3 = op.client("s3")
        op.retry(lambda: s3.put_object(**request), has_code(*UNSETTLED), CONFLICT_SECONDS)


def _key(new: Mapping[str, Any]) -> str:
    """A leading '/' is cleaned away, as by pulumi-aws."""
    return str(new["key"]).lstrip("/")


def _split(resource_id: str) -> tuple[str, str]:
    bucket, mark, key = resource_id.removeprefix("s3://").partition("/")
    if not mark or not key:
        raise ProviderError(f"id {resource_id!r} must be bucket/key or s3://bucket/key")
    return bucket, key


def _body(new: Mapping[str, Any]) -> bytes:
    source, content, encoded = (new.get(name) for name in _SOURCES)
    if isinstance(source, Asset):
        return _asset(source)
    if source is not None:
        return Path(source).read_bytes()
    if encoded is not None:
        return base64.b64decode(encoded, validate=True)
    return (content or "").encode()


def _asset(asset: Asset) -> bytes:
    if asset.text is not None:
        return asset.text.encode()
    if asset.path:
        return Path(asset.path).read_bytes()
    raise ProviderError("not supported by the local cloud: a remote asset as source of an object")
