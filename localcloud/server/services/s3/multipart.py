"""Objects uploaded, or copied, in parts.

AWS facts: parts 1 to 10,000, each but the last of 5 MiB at least, named in ascending order with their ETags when the
upload is completed; the object's ETag is the MD5 of the parts' MD5s with ``-N``. An upload belongs to a key until it is
completed or aborted, whether or not the key is there.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.s3.store import FakeBucket

from . import acl, checksums, copying, encryption, events, objects, ranges, tagsets
from .owners import initiator
from .refusals import malformed_xml
from .store import bucket_called, documents_of
from .versions import Attributes, Encryption, Part

SMALLEST_PART = 5 * 1024**2
LARGEST_PART = 5 * 1024**3
MOST_PARTS = 10_000


@dataclass(frozen=True, kw_only=True)
class UploadedPart:
    data: bytes
    etag: str
    checksum: str
    modified: datetime


@dataclass(kw_only=True)
class Upload:
    """A part-wise upload in progress. ``names_algorithm``: the client did, and so has to stay with it."""

    id: str
    key: str
    headers: dict[str, Any]
    metadata: dict[str, str]
    tags: dict[str, str]
    storage_class: str
    encryption: Encryption
    algorithm: str
    checksum_type: str
    names_algorithm: bool
    writer_account: str
    shared_with_bucket_owner: bool
    initiator: Params
    initiated: datetime
    parts: dict[int, UploadedPart] = field(default_factory=dict[int, UploadedPart])


def uploads(bucket: FakeBucket) -> dict[str, Upload]:
    return documents_of(bucket).uploads


def upload_called(bucket: FakeBucket, params: Params) -> Upload:
    upload = uploads(bucket).get(params["UploadId"])
    if upload is None or upload.key != params["Key"]:
        raise Refusal(
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
            "completed.",
            404,
            UploadId=params["UploadId"],
        )
    return upload


@HOOKS.instead("s3", "CreateMultipartUpload")
def create_multipart_upload(call: Call) -> Params:
    params, bucket = call.params, bucket_called(call.params["Bucket"])
    objects.check_write(call)
    named = checksums.asked_for(params)
    if params.get("ChecksumType") and named is None:
        raise Refusal(
            "InvalidRequest", "The x-amz-checksum-type header can only be used with x-amz-checksum-algorithm."
        )
    algorithm = named or checksums.DEFAULT_ALGORITHM
    writer, shared = acl.owner_of_new_object(call)
    upload = Upload(
        id=secrets.token_urlsafe(64),
        key=params["Key"],
        headers=objects.headers_of(params),
        metadata=params.get("Metadata", {}),
        tags=tagsets.from_header(params.get("Tagging", "")),
        storage_class=params.get("StorageClass", "STANDARD"),
        encryption=encryption.of_new_object(call, bucket),
        algorithm=algorithm,
        checksum_type=checksums.type_of(algorithm, params.get("ChecksumType")),
        names_algorithm=named is not None,
        writer_account=writer,
        shared_with_bucket_owner=shared,
        initiator=initiator(call.caller),
        initiated=datetime.now(UTC),
    )
    uploads(bucket)[upload.id] = upload
    told = {"ChecksumAlgorithm": algorithm, "ChecksumType": upload.checksum_type} if named else {}
    return {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": upload.id,
        **upload.encryption.members(),
        **told,
    }


def _part_number(params: Params) -> int:
    number: int = params["PartNumber"]
    if not 1 <= number <= MOST_PARTS:
        raise Refusal(
            "InvalidArgument",
            "Part number must be an integer between 1 and 10000, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(number),
        )
    return number


def _keep(upload: Upload, number: int, data: bytes) -> UploadedPart:
    if len(data) > LARGEST_PART:
        raise Refusal("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
    part = UploadedPart(
        data=data,
        etag=checksums.etag(data),
        checksum=checksums.encoded(upload.algorithm, data),
        modified=datetime.now(UTC),
    )
    upload.parts[number] = part
    return part


@HOOKS.instead("s3", "UploadPart")
def upload_part(call: Call) -> Params:
    params, bucket = call.params, bucket_called(call.params["Bucket"])
    number, upload = _part_number(params), upload_called(bucket, params)
    sent = checksums.asked_for(params)
    if upload.names_algorithm and sent is not None and sent != upload.algorithm:
        raise Refusal(
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {upload.algorithm.lower()}, actual checksum "
            f"Type: {sent.lower()}",
        )
    part = _keep(upload, number, params.get("Body", b""))
    told = {checksums.member(sent): checksums.encoded(sent, part.data)} if sent else {}
    return {"ETag": f'"{part.etag}"', **upload.encryption.members(), **told}


@HOOKS.instead("s3", "UploadPartCopy")
def upload_part_copy(call: Call) -> Params:
    params, bucket = call.params, bucket_called(call.params["Bucket"])
    number, upload = _part_number(params), upload_called(bucket, params)
    source_bucket, source = copying.source_version(call)
    data = source.value
    if params.get("CopySourceRange"):
        first, last = ranges.copy_span(params["CopySourceRange"], len(data))
        data = data[first : last + 1]
    part = _keep(upload, number, data)
    result = {"ETag": f'"{part.etag}"', "LastModified": part.modified}
    if upload.names_algorithm:
        result[checksums.member(upload.algorithm)] = part.checksum
    from_version = {} if source_bucket.versioning_status is None else {"CopySourceVersionId": source.version_id}
    return {"CopyPartResult": result, **from_version, **upload.encryption.members()}


@HOOKS.instead("s3", "AbortMultipartUpload")
def abort_multipart_upload(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    upload = upload_called(bucket, call.params)
    uploads(bucket).pop(upload.id, None)
    return {}


@HOOKS.instead("s3", "CompleteMultipartUpload")
def complete_multipart_upload(call: Call) -> Params:
    params, bucket = call.params, bucket_called(call.params["Bucket"])
    upload = upload_called(bucket, params)
    listed: list[dict[str, Any]] = params.get("MultipartUpload", {}).get("Parts", [])
    parts = _listed_parts(upload, listed)
    data = b"".join(part.data for part in parts)
    checksum = checksums.of_parts(upload.algorithm, upload.checksum_type, [part.data for part in parts], data)
    _check_sent(params, upload, checksum, len(data))
    etag = checksums.etag_of_parts([part.etag for part in parts])
    attributes = Attributes(
        headers=upload.headers,
        metadata=upload.metadata,
        storage_class=upload.storage_class,
        encryption=upload.encryption,
        etag=etag if upload.encryption.algorithm not in encryption.KMS else f"{secrets.token_hex(16)}-{len(parts)}",
        checksum_algorithm=upload.algorithm,
        checksum=checksum,
        checksum_type=upload.checksum_type,
        parts=tuple(
            Part(number=item["PartNumber"], size=len(part.data), checksum=part.checksum)
            for item, part in zip(listed, parts, strict=True)
        ),
        writer_account=upload.writer_account,
        shared_with_bucket_owner=upload.shared_with_bucket_owner,
    )
    version = objects.write(call, bucket, data, attributes, upload.tags)
    uploads(bucket).pop(upload.id, None)
    events.created(bucket, version, "CompleteMultipartUpload")
    location = f"https://{bucket.name}.s3.{bucket.region_name}.amazonaws.com/{upload.key}"
    return {"Location": location, "Bucket": bucket.name, "Key": upload.key, **objects.written(version)}


def _listed_parts(upload: Upload, listed: list[dict[str, Any]]) -> list[UploadedPart]:
    """The parts that a completion names; raises :class:`Refusal` as AWS does for each way to name them wrongly."""
    if not listed:
        raise malformed_xml()
    numbers = [item["PartNumber"] for item in listed]
    if numbers != sorted(set(numbers)):
        raise Refusal(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
            UploadId=upload.id,
        )
    parts = [_listed_part(upload, item) for item in listed]
    for item, part in zip(listed[:-1], parts[:-1], strict=True):
        if len(part.data) < SMALLEST_PART:
            raise Refusal(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                ProposedSize=str(len(part.data)),
                MinSizeAllowed=str(SMALLEST_PART),
                PartNumber=str(item["PartNumber"]),
                ETag=part.etag,
            )
    return parts


def _listed_part(upload: Upload, item: dict[str, Any]) -> UploadedPart:
    part = upload.parts.get(item["PartNumber"])
    etag = str(item.get("ETag", "")).strip('"')
    sent = item.get(checksums.member(upload.algorithm))
    missing = upload.names_algorithm and upload.checksum_type == "COMPOSITE" and sent is None
    if part is not None and missing:
        raise Refusal(
            "InvalidRequest",
            f"The upload was created using a {upload.algorithm.lower()} checksum. The complete request must include "
            f"the checksum for each part. It was missing for part {item['PartNumber']} in the request.",
        )
    if part is None or part.etag != etag or (upload.names_algorithm and sent not in (None, part.checksum)):
        raise Refusal(
            "InvalidPart",
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
            "specified entity tag may not match the part's entity tag.",
            UploadId=upload.id,
            PartNumber=str(item["PartNumber"]),
            ETag=etag,
        )
    return part


def _check_sent(params: Params, upload: Upload, checksum: str, size: int) -> None:
    sent = params.get(checksums.member(upload.algorithm))
    if sent and sent.partition("-")[0] != checksum.partition("-")[0]:
        raise Refusal(
            "BadDigest", f"The {upload.algorithm.lower()} you specified did not match the calculated checksum."
        )
    if params.get("ChecksumType", upload.checksum_type) != upload.checksum_type:
        raise Refusal(
            "InvalidRequest",
            f"The upload was created using the {upload.checksum_type} checksum mode. The complete request must use the "
            "same checksum mode.",
        )
    if params.get("MpuObjectSize") is not None and params["MpuObjectSize"] != size:
        raise Refusal(
            "InvalidRequest",
            f"The provided 'x-amz-mp-object-size' header value {params['MpuObjectSize']} does not match what was "
            f"computed: {size}",
        )
