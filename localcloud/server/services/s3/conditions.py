"""Conditional requests, as RFC 9110 and S3 have them.

AWS facts: If-Match outranks If-Unmodified-Since and If-None-Match outranks If-Modified-Since; a write knows
``If-None-Match: *`` (create only) and If-Match (replace only what I saw); a copy has the same for its source.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from localcloud.server.call import Call, Params, Refusal

from .versions import DeleteMarker, Entry, Version


def moment(value: datetime) -> datetime:
    """The time in UTC to the second, as HTTP and S3's listings tell it."""
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return aware.replace(microsecond=0)


def _matches(version: Version, etags: str) -> bool:
    return any(part.strip() == "*" or part.strip().strip('"') == version.etag.strip('"') for part in etags.split(","))


def precondition_failed(condition: str) -> Refusal:
    return Refusal(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        412,
        Condition=condition,
    )


def check_read(call: Call, version: Version) -> None:
    """Raises :class:`Refusal` PreconditionFailed (412), or NotModified (304) with the headers that go with it."""
    params = call.params
    changed = moment(version.last_modified)
    if params.get("IfMatch"):
        if not _matches(version, params["IfMatch"]):
            raise precondition_failed("If-Match")
    elif params.get("IfUnmodifiedSince") and changed > moment(params["IfUnmodifiedSince"]):
        raise precondition_failed("If-Unmodified-Since")
    if params.get("IfNoneMatch"):
        unchanged = _matches(version, params["IfNoneMatch"])
    else:
        unchanged = bool(params.get("IfModifiedSince")) and changed <= moment(params["IfModifiedSince"])
    if unchanged:
        call.response_headers["ETag"] = version.etag
        call.response_headers["Last-Modified"] = changed.strftime("%a, %d %b %Y %H:%M:%S GMT")
        raise Refusal("NotModified", "Not Modified", 304)


def check_copy_source(params: Params, version: Version) -> None:
    changed = moment(version.last_modified)
    if params.get("CopySourceIfMatch"):
        if not _matches(version, params["CopySourceIfMatch"]):
            raise precondition_failed("x-amz-copy-source-If-Match")
    elif params.get("CopySourceIfUnmodifiedSince") and changed > moment(params["CopySourceIfUnmodifiedSince"]):
        raise precondition_failed("x-amz-copy-source-If-Unmodified-Since")
    if params.get("CopySourceIfNoneMatch"):
        unchanged = _matches(version, params["CopySourceIfNoneMatch"])
    else:
        since: Any = params.get("CopySourceIfModifiedSince")
        unchanged = since is not None and changed <= moment(since)
    if unchanged:
        raise precondition_failed("x-amz-copy-source-If-None-Match")


def check_write(params: Params, latest: Entry | None) -> None:
    """Raises :class:`Refusal` for a write whose If-Match or If-None-Match doesn't hold. Hold the bucket's lock."""
    there = latest if isinstance(latest, Version) else None
    if_none_match, if_match = params.get("IfNoneMatch"), params.get("IfMatch")
    if if_none_match and if_none_match != "*":
        raise Refusal(
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            501,
            Header="If-None-Match",
            additionalMessage="We don't accept the provided value of If-None-Match header for this API",
        )
    if if_none_match and there:
        raise precondition_failed("If-None-Match")
    if if_match:
        check_if_match(params["Key"], if_match, latest)


def check_if_match(key: str, if_match: str, latest: Entry | None) -> None:
    if latest is None or isinstance(latest, DeleteMarker):
        raise Refusal("NoSuchKey", "The specified key does not exist.", 404, Key=key)
    if not _matches(latest, if_match):
        raise precondition_failed("If-Match")
