"""Listings of part-wise uploads and of their parts."""

from __future__ import annotations

from typing import Any

from localcloud.server.call import HOOKS, Call, Params

from . import checksums
from .listing import encoder, most_entries, page_of
from .multipart import Upload, upload_called, uploads
from .owners import owner
from .store import bucket_called


@HOOKS.instead("s3", "ListMultipartUploads")
def list_multipart_uploads(call: Call) -> Params:
    params, bucket = call.params, bucket_called(call.params["Bucket"])
    prefix, delimiter = params.get("Prefix") or "", params.get("Delimiter") or ""
    key_marker, id_marker = params.get("KeyMarker") or "", params.get("UploadIdMarker") or ""
    most, encode = most_entries(params, "MaxUploads"), encoder(params)
    pending = sorted(uploads(bucket).values(), key=lambda upload: (upload.key, upload.initiated))
    later = [upload for upload in pending if upload.key > key_marker or _same_key_later(upload, pending, params)]
    names = sorted({upload.key for upload in later})
    whole = page_of(names, prefix, delimiter, "", len(names) + 1)
    found = [upload for upload in later if upload.key in set(whole.keys)]
    page = found[:most]
    answer: Params = {
        "Bucket": bucket.name,
        "Prefix": encode(prefix),
        "KeyMarker": encode(key_marker),
        "UploadIdMarker": id_marker,
        "MaxUploads": most,
        "IsTruncated": len(page) < len(found),
        "Uploads": [_upload(upload, bucket.account_id, encode(upload.key)) for upload in page],
    }
    if whole.prefixes:
        answer["CommonPrefixes"] = [{"Prefix": encode(name)} for name in whole.prefixes]
    if page and answer["IsTruncated"]:
        answer |= {"NextKeyMarker": encode(page[-1].key), "NextUploadIdMarker": page[-1].id}
    return answer | ({"EncodingType": params["EncodingType"]} if params.get("EncodingType") else {})


def _same_key_later(upload: Upload, pending: list[Upload], params: Params) -> bool:
    if upload.key != params.get("KeyMarker") or not params.get("UploadIdMarker"):
        return False
    ids = [one.id for one in pending]
    marker = params["UploadIdMarker"]
    return marker in ids and ids.index(upload.id) > ids.index(marker)


def _upload(upload: Upload, account_id: str, key: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "UploadId": upload.id,
        "Key": key,
        "Initiated": upload.initiated,
        "StorageClass": upload.storage_class,
        "Owner": owner(account_id),
        "Initiator": upload.initiator,
    }
    if upload.names_algorithm:
        told |= {"ChecksumAlgorithm": upload.algorithm, "ChecksumType": upload.checksum_type}
    return told


@HOOKS.instead("s3", "ListParts")
def list_parts(call: Call) -> Params:
    params, bucket = call.params, bucket_called(call.params["Bucket"])
    upload = upload_called(bucket, params)
    after, most = params.get("PartNumberMarker") or 0, most_entries(params, "MaxParts")
    later = [(number, part) for number, part in sorted(upload.parts.items()) if number > after]
    page = later[:most]
    parts: list[dict[str, Any]] = []
    for number, part in page:
        told = {"PartNumber": number, "LastModified": part.modified, "ETag": f'"{part.etag}"', "Size": len(part.data)}
        parts.append(told | ({checksums.member(upload.algorithm): part.checksum} if upload.names_algorithm else {}))
    answer: Params = {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": upload.id,
        "PartNumberMarker": after,
        "NextPartNumberMarker": page[-1][0] if page else 0,
        "MaxParts": most,
        "IsTruncated": len(page) < len(later),
        "Parts": parts,
        "Initiator": upload.initiator,
        "Owner": owner(bucket.account_id),
        "StorageClass": upload.storage_class,
    }
    if upload.names_algorithm:
        answer |= {"ChecksumAlgorithm": upload.algorithm, "ChecksumType": upload.checksum_type}
    return answer
