"""Importing this registers every S3 operation that is answered here, and refuses those that are not."""

from __future__ import annotations

from localcloud.server.call import HOOKS, Call

from . import (
    acl,
    attributes,
    buckets,
    copying,
    cors,
    deleting,
    encryption,
    events,
    lifecycle,
    listing,
    multipart,
    object_lock,
    objects,
    policies,
    refusals,
    replication,
    reports,
    server_logs,
    tagging,
    upload_listing,
    versioning,
)
from .preconditions import check_every_call

__all__ = [
    "acl",
    "attributes",
    "buckets",
    "check_every_call",
    "copying",
    "cors",
    "deleting",
    "encryption",
    "events",
    "lifecycle",
    "listing",
    "multipart",
    "object_lock",
    "objects",
    "policies",
    "replication",
    "reports",
    "server_logs",
    "tagging",
    "upload_listing",
    "versioning",
]

LEFT_OUT = (
    "GetObjectTorrent",
    "PutBucketLifecycle",
    "GetBucketLifecycle",
    "PutBucketNotification",
    "GetBucketNotification",
    "PutObjectRetention",
    "GetObjectRetention",
    "PutObjectLegalHold",
    "GetObjectLegalHold",
    "RestoreObject",
    "SelectObjectContent",
)
"""Operations that moto would answer from its own, partly other state."""


@HOOKS.instead("s3", *LEFT_OUT)
def not_implemented(call: Call) -> dict[str, object]:
    raise refusals.not_implemented(f"s3 {call.operation}")
