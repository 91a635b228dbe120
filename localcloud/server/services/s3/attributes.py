"""What can be asked of an object besides reading it: its ACL and GetObjectAttributes."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from localcloud.server.call import HOOKS, Call, Params

from . import acl, checksums, objects, versions
from .store import bucket_called
from .versions import Version

MOST_PARTS = 1000


@HOOKS.instead("s3", "GetObjectAcl")
def get_object_acl(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    version = objects.existing(call, bucket, call.params["Key"], call.params.get("VersionId"))
    owner = versions.owner_account(bucket, version)
    answer = acl.owner_only(owner)
    if owner != bucket.account_id and version.attributes.shared_with_bucket_owner:
        answer["Grants"] += acl.owner_only(bucket.account_id)["Grants"]
    return answer


@HOOKS.instead("s3", "PutObjectAcl")
def put_object_acl(call: Call) -> Params:
    if not acl.names_an_acl(call.params):
        acl.check_bucket_acl(call)  # refuses the missing header
    acl.check_object_acl(call)
    bucket = bucket_called(call.params["Bucket"])
    objects.existing(call, bucket, call.params["Key"], call.params.get("VersionId"))
    return {}


@HOOKS.instead("s3", "GetObjectAttributes")
def get_object_attributes(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    version = objects.existing(call, bucket, call.params["Key"], call.params.get("VersionId"))
    told: dict[str, Any] = {
        "ETag": version.etag.strip('"'),
        "Checksum": _checksum(version),
        "ObjectParts": _parts(call, version),
        "StorageClass": version.attributes.storage_class,
        "ObjectSize": version.size,
    }
    wanted = {name: told[name] for name in call.params["ObjectAttributes"] if told[name] is not None}
    changed = version.last_modified.replace(tzinfo=UTC)
    return {"LastModified": changed, **objects.version_member(bucket, version), **wanted}


def _checksum(version: Version) -> Params | None:
    attributes = version.attributes
    return checksums.members(attributes.checksum_algorithm, attributes.checksum, attributes.checksum_type) or None


def _parts(call: Call, version: Version) -> Params | None:
    attributes = version.attributes
    if not attributes.parts:
        return None
    after, most = call.params.get("PartNumberMarker", 0), call.params.get("MaxParts", MOST_PARTS)
    later = [part for part in attributes.parts if part.number > after]
    page = later[:most]
    answer: Params = {
        "TotalPartsCount": len(attributes.parts),
        "PartNumberMarker": after,
        "NextPartNumberMarker": page[-1].number if page else 0,
        "MaxParts": most,
        "IsTruncated": len(page) < len(later),
    }
    if attributes.checksum_type == "COMPOSITE" and attributes.checksum_algorithm:
        name = checksums.member(attributes.checksum_algorithm)
        answer["Parts"] = [{"PartNumber": part.number, "Size": part.size, name: part.checksum} for part in page]
    return answer
