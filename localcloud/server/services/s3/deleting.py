"""Deleting objects, one or up to a thousand at a time.

AWS facts: a plain delete of a key in a bucket that is or was versioned adds a delete marker, even for a key that was
never there; with a version id it removes that version for good. DeleteObjects answers each key for itself,
refusals too, and is done with success whatever they were; each key counts as a call of its own in the logs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.pipeline import Exchange
from localcloud.server.services.s3.store import FakeBucket

from . import conditions, events, versions
from .refusals import malformed_xml, not_implemented
from .store import bucket_called, documents_of
from .versions import DeleteMarker, Version

MOST_KEYS = 1000


@HOOKS.instead("s3", "DeleteObject")
def delete_object(call: Call) -> Params:
    params = call.params
    bucket = bucket_called(params["Bucket"])
    return _delete(bucket, params["Key"], params.get("VersionId"), params.get("IfMatch"))


def _delete(bucket: FakeBucket, key: str, version_id: str | None, if_match: str | None) -> Params:
    with documents_of(bucket).lock:
        if if_match:
            conditions.check_if_match(key, if_match, versions.find(bucket, key, version_id))
        if version_id is not None:
            return _delete_version(bucket, key, version_id)
        latest = versions.find(bucket, key)
        if bucket.versioning_status is None:
            versions.remove(bucket, key, versions.NULL_VERSION)
            if isinstance(latest, Version):
                events.removed(bucket, latest, "Delete")
            return {}
        marker = versions.add_delete_marker(bucket, key)
    if isinstance(latest, Version):
        events.removed(bucket, latest, "DeleteMarkerCreated")
    return {"DeleteMarker": True, "VersionId": marker.version_id}


def _delete_version(bucket: FakeBucket, key: str, version_id: str) -> Params:
    entry = versions.find(bucket, key, version_id)
    if isinstance(entry, Version):
        events.removed(bucket, entry, "Delete")
    removed = versions.remove(bucket, key, version_id)
    if bucket.versioning_status is None:
        return {}
    marker: Params = {"DeleteMarker": True} if isinstance(removed, DeleteMarker) else {}
    return {**marker, "VersionId": version_id}


@HOOKS.instead("s3", "DeleteObjects")
def delete_objects(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    wanted: list[dict[str, Any]] = call.params["Delete"].get("Objects", [])
    if not 1 <= len(wanted) <= MOST_KEYS:
        raise malformed_xml()
    deleted: list[Params] = []
    errors: list[Params] = []
    for item in wanted:
        named = {name: item[name] for name in ("Key", "VersionId") if item.get(name)}
        if unsupported := [name for name in ("LastModifiedTime", "Size") if item.get(name) is not None]:
            raise not_implemented(unsupported[0])
        try:
            done = _delete_as_a_call(call, bucket, item)
        except Refusal as refusal:
            errors.append({**named, "Code": refusal.code, "Message": refusal.message})
        else:
            deleted.append(named | _told(done, item))
    answer: Params = {"Errors": errors} if errors else {}
    return answer if call.params["Delete"].get("Quiet") else {"Deleted": deleted, **answer}


def _told(done: Params, item: dict[str, Any]) -> Params:
    if not done.get("DeleteMarker"):
        return {}
    return {"DeleteMarker": True, "DeleteMarkerVersionId": item.get("VersionId") or done["VersionId"]}


def _delete_as_a_call(call: Call, bucket: FakeBucket, item: dict[str, Any]) -> Params:
    """One key's deletion: decided, done and logged as the DeleteObject call that it amounts to."""
    single = replace(
        call,
        operation="DeleteObject",
        params={name: value for name, value in item.items() if name in ("Key", "VersionId")} | {"Bucket": bucket.name},
        response_headers={},
    )
    exchange = Exchange(single)
    with exchange.finished(204):
        exchange.permit()
        return _delete(bucket, item["Key"], item.get("VersionId"), item.get("ETag"))
