"""Copies within S3.

AWS facts: a copy takes the source's metadata and tags unless the request says REPLACE; the copy of a part-wise object
has the MD5 of the whole as ETag; the destination's owner is whoever the destination bucket says; more than 5 GB need
a part-wise copy; a copy onto itself must change something.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any
from urllib.parse import unquote

from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.s3.store import FakeBucket

from . import acl, checksums, conditions, encryption, events, objects, tagsets, versions
from .refusals import access_denied
from .store import bucket_called
from .versions import Attributes, Version


def source_of(params: Params) -> tuple[str, str, str | None]:
    """Bucket, key and version id of a CopySource, as the dict or the text that boto3 takes."""
    source: Any = params["CopySource"]
    if isinstance(source, dict):
        return source["Bucket"], source["Key"], source.get("VersionId")
    path, _, query = str(source).partition("?")
    bucket, slash, key = unquote(path).removeprefix("/").partition("/")
    if not slash or not key or (query and not query.startswith("versionId=")):
        raise Refusal(
            "InvalidArgument",
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            ArgumentName="x-amz-copy-source",
            ArgumentValue=str(source),
        )
    return bucket, key, unquote(query.removeprefix("versionId=")) or None


def source_version(call: Call) -> tuple[FakeBucket, Version]:
    """What a copy reads, its conditions checked."""
    bucket_name, key, version_id = source_of(call.params)
    bucket = bucket_called(bucket_name)
    expected = call.params.get("ExpectedSourceBucketOwner")
    if expected and expected != bucket.account_id:
        raise access_denied()
    version = objects.existing(call, bucket, key, version_id)
    conditions.check_copy_source(call.params, version)
    if version.attributes.storage_class in ("GLACIER", "DEEP_ARCHIVE"):
        raise Refusal(
            "InvalidObjectState",
            "Operation is not valid for the source object's storage class",
            403,
            StorageClass=version.attributes.storage_class,
        )
    return bucket, version


@HOOKS.instead("s3", "CopyObject")
def copy_object(call: Call) -> Params:
    params, bucket = call.params, bucket_called(call.params["Bucket"])
    objects.check_write(call)
    source_bucket, source = source_version(call)
    if source.size > objects.LARGEST_PUT:
        raise Refusal(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
        )
    _check_changes_something(params, bucket, source)
    data = source.value
    version = objects.write(
        call, bucket, data, _attributes(call, bucket, source, data), _tags(params, source_bucket, source)
    )
    events.created(bucket, version, "Copy")
    return _answer(source_bucket, source, version)


def _answer(source_bucket: FakeBucket, source: Version, version: Version) -> Params:
    told = objects.written(version)
    result = {name: told.pop(name) for name in list(told) if name == "ETag" or name.startswith("Checksum")}
    result["LastModified"] = version.last_modified.replace(tzinfo=UTC)
    from_version = {} if source_bucket.versioning_status is None else {"CopySourceVersionId": source.version_id}
    return {"CopyObjectResult": result, **from_version, **told}


def _replaces(params: Params, directive: str) -> bool:
    wanted = params.get(directive, "COPY")
    if wanted not in ("COPY", "REPLACE"):
        name = "x-amz-metadata-directive" if directive == "MetadataDirective" else "x-amz-tagging-directive"
        raise Refusal("InvalidArgument", f"Unknown {name} directive.", ArgumentName=name, ArgumentValue=wanted)
    return wanted == "REPLACE"


def _tags(params: Params, source_bucket: FakeBucket, source: Version) -> dict[str, str]:
    if _replaces(params, "TaggingDirective"):
        return tagsets.from_header(params.get("Tagging", ""))
    if params.get("Tagging"):
        raise Refusal("InvalidRequest", "The x-amz-tagging header needs the tagging directive REPLACE")
    return versions.tags_of(source_bucket, source)


def _attributes(call: Call, bucket: FakeBucket, source: Version, data: bytes) -> Attributes:
    params = call.params
    replaces = _replaces(params, "MetadataDirective")
    encrypted = encryption.of_new_object(call, bucket)
    writer, shared = acl.owner_of_new_object(call)
    kept_algorithm = source.attributes.checksum_algorithm or checksums.DEFAULT_ALGORITHM
    algorithm = checksums.asked_for(params) or kept_algorithm
    kept_headers = {
        name: value for name, value in source.attributes.headers.items() if name != "WebsiteRedirectLocation"
    }
    redirect = {name: params[name] for name in ("WebsiteRedirectLocation",) if params.get(name)}
    return Attributes(
        headers=objects.headers_of(params) if replaces else kept_headers | redirect,
        metadata=params.get("Metadata", {}) if replaces else source.attributes.metadata,
        storage_class=params.get("StorageClass", "STANDARD"),
        encryption=encrypted,
        etag=encryption.etag(encrypted, checksums.etag(data)),
        checksum_algorithm=algorithm,
        checksum=checksums.encoded(algorithm, data),
        writer_account=writer,
        shared_with_bucket_owner=shared,
    )


def _check_changes_something(params: Params, bucket: FakeBucket, source: Version) -> None:
    """A copy of the latest version onto its own key needs a reason."""
    onto_itself = source.bucket_name == bucket.name and source.name == params["Key"]
    if not onto_itself or source is not versions.find(bucket, params["Key"]):
        return
    changing = ("ServerSideEncryption", "SSEKMSKeyId", "WebsiteRedirectLocation", "BucketKeyEnabled")
    new_class = params.get("StorageClass", "STANDARD") != source.attributes.storage_class
    if _replaces(params, "MetadataDirective") or new_class or any(params.get(name) is not None for name in changing):
        return
    raise Refusal(
        "InvalidRequest",
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
        "metadata, storage class, website redirect location or encryption attributes.",
    )
