"""Objects: written, read and deleted.

AWS facts: a key that isn't there is 404 NoSuchKey to who may list the bucket and 403 AccessDenied to anybody else; a
delete marker reads as 404 with ``x-amz-delete-marker``, and asked for by its version id as 405. An object is encrypted
as its request says, else as its bucket's default. A part-wise object can be read part by part.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.s3.store import FakeBucket

from . import acl, checksums, conditions, encryption, events, ranges, tagsets, versions
from .authorization import may_list
from .refusals import access_denied, not_implemented
from .store import bucket_called, documents_of
from .versions import Attributes, DeleteMarker, Version

LARGEST_PUT = 5 * 1024**3
LONGEST_KEY = 1024
MOST_METADATA = 2048
HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
)
STORAGE_CLASSES = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
)
NOT_KEPT = (
    "SSECustomerAlgorithm",
    "SSECustomerKey",
    "CopySourceSSECustomerAlgorithm",
    "SSEKMSEncryptionContext",
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "ObjectLockLegalHoldStatus",
    "ObjectLockEventHold",
    "WriteOffsetBytes",
)
"""Parameters of a write that would mean more than is done here: an error, never dropped."""


def check_write(call: Call) -> None:
    """What every write of an object is refused for; raises :class:`Refusal`."""
    params = call.params
    for member in NOT_KEPT:
        if params.get(member):
            raise not_implemented(member)
    if len(params["Key"].encode()) > LONGEST_KEY:
        raise Refusal(
            "KeyTooLongError",
            "Your key is too long",
            Size=str(len(params["Key"].encode())),
            MaxSizeAllowed=str(LONGEST_KEY),
        )
    if params.get("StorageClass", "STANDARD") not in STORAGE_CLASSES:
        raise Refusal("InvalidStorageClass", "The storage class you specified is not valid")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in params.get("Metadata", {}).items())
    if size > MOST_METADATA:
        raise Refusal(
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
            Size=str(size),
            MaxSizeAllowed=str(MOST_METADATA),
        )
    acl.check_object_acl(call)


def headers_of(params: Params) -> dict[str, Any]:
    return {name: params[name] for name in HEADERS if params.get(name) is not None}


@HOOKS.instead("s3", "PutObject")
def put_object(call: Call) -> Params:
    params, bucket = call.params, bucket_called(call.params["Bucket"])
    check_write(call)
    data: bytes = params.get("Body", b"")
    if len(data) > LARGEST_PUT:
        raise Refusal("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
    tags = tagsets.from_header(params.get("Tagging", ""))
    algorithm = checksums.asked_for(params) or checksums.DEFAULT_ALGORITHM
    encrypted = encryption.of_new_object(call, bucket)
    writer, shared = acl.owner_of_new_object(call)
    attributes = Attributes(
        headers=headers_of(params),
        metadata=params.get("Metadata", {}),
        storage_class=params.get("StorageClass", "STANDARD"),
        encryption=encrypted,
        etag=encryption.etag(encrypted, checksums.etag(data)),
        checksum_algorithm=algorithm,
        checksum=checksums.encoded(algorithm, data),
        writer_account=writer,
        shared_with_bucket_owner=shared,
    )
    version = write(call, bucket, data, attributes, tags)
    events.created(bucket, version, "Put")
    return written(version)


def write(call: Call, bucket: FakeBucket, data: bytes, attributes: Attributes, tags: dict[str, str]) -> Version:
    """Stores an object under the call's Key if the call's conditions hold."""
    key = call.params["Key"]
    with documents_of(bucket).lock:
        conditions.check_write(call.params, versions.find(bucket, key))
        version = Version(bucket, key, data, attributes, versions.new_version_id(bucket))
        versions.put(bucket, version)
        versions.set_tags(bucket, version, tags)
    return version


def version_member(bucket: FakeBucket, entry: Version | DeleteMarker) -> Params:
    """VersionId, which a bucket that was never versioned doesn't tell."""
    return {} if bucket.versioning_status is None else {"VersionId": entry.version_id}


def written(version: Version) -> Params:
    """The output members of a write."""
    attributes, bucket = version.attributes, bucket_called(version.bucket_name or "")
    return {
        "ETag": version.etag,
        **version_member(bucket, version),
        **attributes.encryption.members(),
        **checksums.members(attributes.checksum_algorithm, attributes.checksum, attributes.checksum_type),
    }


def existing(call: Call, bucket: FakeBucket, key: str, version_id: str | None) -> Version:
    """The version that a call reads; raises :class:`Refusal` as AWS does for one that isn't there for the caller."""
    version = versions.find(bucket, key, version_id)
    if isinstance(version, Version):
        _check_owner(call, bucket, version)
        return version
    if not may_list(call, bucket.name):
        raise access_denied()
    if isinstance(version, DeleteMarker):
        raise _on_a_delete_marker(call, key, version, version_id)
    if version_id is not None:
        raise Refusal("NoSuchVersion", "The specified version does not exist.", 404, Key=key, VersionId=version_id)
    raise Refusal("NoSuchKey", "The specified key does not exist.", 404, Key=key)


def _on_a_delete_marker(call: Call, key: str, marker: DeleteMarker, version_id: str | None) -> Refusal:
    call.response_headers["x-amz-delete-marker"] = "true"
    call.response_headers["x-amz-version-id"] = marker.version_id
    if version_id is None:
        return Refusal("NoSuchKey", "The specified key does not exist.", 404, Key=key)
    call.response_headers["Allow"] = "DELETE"
    return Refusal(
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        405,
        Method=call.method or "GET",
        ResourceType="DeleteMarker",
    )


def _check_owner(call: Call, bucket: FakeBucket, version: Version) -> None:
    """The bucket's policy says nothing of an object that another account owns (a bucket with ACLs enabled)."""
    owner = versions.owner_account(bucket, version)
    shared = version.attributes.shared_with_bucket_owner and call.caller.account_id == bucket.account_id
    if owner not in (bucket.account_id, call.caller.account_id) and not shared:
        raise access_denied()


@HOOKS.instead("s3", "GetObject")
def get_object(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    with documents_of(bucket).lock:
        version = existing(call, bucket, call.params["Key"], call.params.get("VersionId"))
        answer, span = _read(call, bucket, version)
        data = version.value
    answer["Body"] = data if span is None else data[span[0] : span[1] + 1]
    call.response_headers["Content-Type"] = answer["ContentType"]  # the serializer would say application/xml
    return answer


@HOOKS.instead("s3", "HeadObject")
def head_object(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    version = existing(call, bucket, call.params["Key"], call.params.get("VersionId"))
    return _read(call, bucket, version)[0]


def _read(call: Call, bucket: FakeBucket, version: Version) -> tuple[Params, tuple[int, int] | None]:
    """The output members that tell of an object, and which bytes are asked for."""
    params, attributes = call.params, version.attributes
    if attributes.storage_class in ("GLACIER", "DEEP_ARCHIVE") and call.operation == "GetObject":
        raise Refusal(
            "InvalidObjectState",
            "The operation is not valid for the object's storage class",
            403,
            StorageClass=attributes.storage_class,
        )
    conditions.check_read(call, version)
    span = _span(call, version)
    answer: Params = {
        "AcceptRanges": "bytes",
        "LastModified": version.last_modified.replace(tzinfo=UTC),
        "ContentLength": version.size if span is None else span[1] - span[0] + 1,
        "ETag": version.etag,
        **attributes.headers,
        "ContentType": versions.content_type(attributes),
        "Metadata": attributes.metadata,
        **attributes.encryption.members(),
        **version_member(bucket, version),
    }
    if span is not None:
        answer["ContentRange"] = f"bytes {span[0]}-{span[1]}/{version.size}"
        call.response_status = 206
    if attributes.storage_class != "STANDARD":
        answer["StorageClass"] = attributes.storage_class
    if tags := versions.tags_of(bucket, version):
        answer["TagCount"] = len(tags)
    if params.get("PartNumber") is not None and attributes.parts:
        answer["PartsCount"] = len(attributes.parts)
    if params.get("ChecksumMode") == "ENABLED" and span is None:
        answer |= checksums.members(attributes.checksum_algorithm, attributes.checksum, attributes.checksum_type)
    return answer | _overrides(call), span


def _overrides(call: Call) -> Params:
    """``response-content-type`` and the like, which only a signed request may ask for."""
    wanted = {
        name.removeprefix("Response"): value
        for name, value in call.params.items()
        if name.startswith("Response") and value is not None
    }
    if wanted and call.caller.kind == "anonymous":
        raise Refusal("InvalidRequest", "Request specific response headers cannot be used for anonymous GET requests.")
    return wanted


def _span(call: Call, version: Version) -> tuple[int, int] | None:
    number: int | None = call.params.get("PartNumber")
    if number is None:
        return ranges.span(call.params.get("Range"), version.size)
    if call.params.get("Range"):
        raise Refusal("InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
    sizes = [part.size for part in version.attributes.parts] or [version.size]
    if not 1 <= number <= len(sizes):
        raise Refusal("InvalidPartNumber", "The requested partnumber is not satisfiable", 416)
    first = sum(sizes[: number - 1])
    return (first, first + sizes[number - 1] - 1) if sizes[number - 1] else None
