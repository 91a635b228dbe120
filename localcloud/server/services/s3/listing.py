"""Listings of keys, versions, uploads and parts, page by page.

AWS facts: a page has at most 1,000 entries, keys and common prefixes together, in the order of their UTF-8 bytes;
``encoding-type=url`` percent-encodes keys and prefixes; a listing of versions has the newest of each key first.
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from urllib.parse import quote

from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.s3.store import FakeBucket

from . import versions
from .owners import owner
from .refusals import not_implemented
from .store import bucket_called
from .versions import DeleteMarker, Version

MOST_ENTRIES = 1000


def most_entries(params: Params, name: str) -> int:
    """The size of the page that is asked for, at most 1,000."""
    wanted = params.get(name)
    if wanted is not None and wanted < 0:
        argument = {"MaxKeys": "max-keys", "MaxUploads": "max-uploads", "MaxParts": "max-parts"}[name]
        raise Refusal(
            "InvalidArgument",
            f"Argument {name[:1].lower()}{name[1:]} must be an integer between 0 and 2147483647",
            ArgumentName=argument,
            ArgumentValue=str(wanted),
        )
    return MOST_ENTRIES if wanted is None else min(wanted, MOST_ENTRIES)


def encoder(params: Params) -> Callable[[str], str]:
    """How the answer writes keys and prefixes."""
    wanted = params.get("EncodingType")
    if wanted not in (None, "url"):
        raise Refusal(
            "InvalidArgument",
            "Invalid Encoding Method specified in Request",
            ArgumentName="encoding-type",
            ArgumentValue=str(wanted),
        )
    return (lambda text: quote(text, safe="/-_.~*")) if wanted else (lambda text: text)


@dataclass(kw_only=True)
class Page:
    """Keys and common prefixes of one page; ``last`` is the last of either, ``truncated`` that there are more."""

    keys: list[str] = field(default_factory=list[str])
    prefixes: list[str] = field(default_factory=list[str])
    last: str = ""
    truncated: bool = False


def page_of(names: list[str], prefix: str, delimiter: str, after: str, most: int) -> Page:
    """The page of the sorted ``names`` that begins behind ``after`` (a key or a common prefix)."""
    page = Page()
    for name, is_prefix in _entries(names, prefix, delimiter, after):
        if len(page.keys) + len(page.prefixes) >= most:
            page.truncated = most > 0
            break
        (page.prefixes if is_prefix else page.keys).append(name)
        page.last = name
    return page


def _entries(names: list[str], prefix: str, delimiter: str, after: str) -> Iterator[tuple[str, bool]]:
    index = max(bisect_left(names, prefix), bisect_right(names, after))
    while index < len(names) and names[index].startswith(prefix):
        end = names[index].find(delimiter, len(prefix)) if delimiter else -1
        if end < 0:
            yield names[index], False
            index += 1
            continue
        group = names[index][: end + len(delimiter)]
        if group != after:  # else the page before ended with this common prefix
            yield group, True
        index = bisect_left(names, _after_all(group), index)


def _after_all(prefix: str) -> str:
    """The least string that is greater than each one beginning with ``prefix``."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1) if prefix[-1] != "\U0010ffff" else prefix + "\U0010ffff"


def _current(bucket: FakeBucket) -> dict[str, Version]:
    """The keys that are there, with their latest version."""
    latest = ((key, versions_of_key[-1]) for key, versions_of_key in dict.items(bucket.keys.copy()) if versions_of_key)
    return {key: entry for key, entry in latest if isinstance(entry, Version)}


def _object(bucket: FakeBucket, version: Version, encode: Callable[[str], str], with_owner: bool) -> Params:
    attributes = version.attributes
    told: Params = {
        "Key": encode(version.name),
        "LastModified": version.last_modified.replace(tzinfo=UTC),
        "ETag": version.etag,
        "Size": version.size,
        "StorageClass": attributes.storage_class,
    }
    if attributes.checksum_algorithm:
        told["ChecksumAlgorithm"] = [attributes.checksum_algorithm]
        told["ChecksumType"] = attributes.checksum_type
    if with_owner:
        told["Owner"] = owner(versions.owner_account(bucket, version))
    return told


def _common(page: Page, encode: Callable[[str], str]) -> Params:
    return {"CommonPrefixes": [{"Prefix": encode(name)} for name in page.prefixes]} if page.prefixes else {}


@HOOKS.instead("s3", "ListObjectsV2")
def list_objects_v2(call: Call) -> Params:
    params, bucket = call.params, bucket_called(call.params["Bucket"])
    prefix, delimiter = params.get("Prefix") or "", params.get("Delimiter") or ""
    most, encode = most_entries(params, "MaxKeys"), encoder(params)
    token = params.get("ContinuationToken")
    after = params.get("StartAfter") or "" if token is None else _decoded(token)
    _unsupported(params)
    current = _current(bucket)
    page = page_of(sorted(current), prefix, delimiter, after, most)
    answer: Params = {
        "Name": bucket.name,
        "Prefix": encode(prefix),
        "MaxKeys": most,
        "KeyCount": len(page.keys) + len(page.prefixes),
        "IsTruncated": page.truncated,
        **_common(page, encode),
    }
    if page.keys:
        owned = bool(params.get("FetchOwner"))
        answer["Contents"] = [_object(bucket, current[key], encode, owned) for key in page.keys]
    for name in ("Delimiter", "StartAfter"):
        if params.get(name):
            answer[name] = encode(params[name])
    for name in ("EncodingType", "ContinuationToken"):
        if params.get(name):
            answer[name] = params[name]
    if page.truncated:
        answer["NextContinuationToken"] = base64.urlsafe_b64encode(page.last.encode()).decode()
    return answer


def _unsupported(params: Params) -> None:
    if params.get("OptionalObjectAttributes"):
        raise not_implemented("OptionalObjectAttributes")


def _decoded(token: str) -> str:
    try:
        name = base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeDecodeError):
        name = ""
    if not name:
        raise Refusal(
            "InvalidArgument", "The continuation token provided is incorrect", ArgumentName="continuation-token"
        )
    return name


@HOOKS.instead("s3", "ListObjects")
def list_objects(call: Call) -> Params:
    params, bucket = call.params, bucket_called(call.params["Bucket"])
    prefix, delimiter = params.get("Prefix") or "", params.get("Delimiter") or ""
    most, encode = most_entries(params, "MaxKeys"), encoder(params)
    _unsupported(params)
    current = _current(bucket)
    page = page_of(sorted(current), prefix, delimiter, params.get("Marker") or "", most)
    answer: Params = {
        "Name": bucket.name,
        "Prefix": encode(prefix),
        "Marker": encode(params.get("Marker") or ""),
        "MaxKeys": most,
        "IsTruncated": page.truncated,
        **_common(page, encode),
    }
    if page.keys:
        answer["Contents"] = [_object(bucket, current[key], encode, with_owner=True) for key in page.keys]
    if delimiter:
        answer["Delimiter"] = encode(delimiter)
        if page.truncated:
            answer["NextMarker"] = encode(page.last)
    return answer | ({"EncodingType": params["EncodingType"]} if params.get("EncodingType") else {})


@HOOKS.instead("s3", "ListObjectVersions")
def list_object_versions(call: Call) -> Params:
    params, bucket = call.params, bucket_called(call.params["Bucket"])
    prefix, delimiter = params.get("Prefix") or "", params.get("Delimiter") or ""
    key_marker, version_marker = params.get("KeyMarker") or "", params.get("VersionIdMarker") or ""
    if version_marker and not key_marker:
        raise Refusal("InvalidArgument", "A version-id marker cannot be specified without a key marker.")
    most, encode = most_entries(params, "MaxKeys"), encoder(params)
    _unsupported(params)
    found = _versions(bucket, prefix, delimiter, key_marker, version_marker, most)
    page = found[:most]
    answer: Params = {
        "Name": bucket.name,
        "Prefix": encode(prefix),
        "KeyMarker": encode(key_marker),
        "VersionIdMarker": version_marker,
        "MaxKeys": most,
        "IsTruncated": most < len(found) and most > 0,
    }
    kinds: dict[str, type[Version | DeleteMarker]] = {"Versions": Version, "DeleteMarkers": DeleteMarker}
    for name, kind in kinds.items():
        if told := [_version(bucket, entry, encode) for entry in page if isinstance(entry, kind)]:
            answer[name] = told
    if prefixes := [entry for entry in page if isinstance(entry, str)]:
        answer["CommonPrefixes"] = [{"Prefix": encode(name)} for name in prefixes]
    if answer["IsTruncated"]:
        last = page[-1]
        answer["NextKeyMarker"] = encode(last if isinstance(last, str) else last.name)
        if not isinstance(last, str):
            answer["NextVersionIdMarker"] = last.version_id
    for name in ("Delimiter", "EncodingType"):
        if params.get(name):
            answer[name] = encode(params[name]) if name == "Delimiter" else params[name]
    return answer


def _versions(
    bucket: FakeBucket, prefix: str, delimiter: str, key_marker: str, version_marker: str, most: int
) -> list[versions.Entry | str]:
    """One entry more than a page: versions and markers, the newest of each key first, and common prefixes."""
    names = sorted(bucket.keys.copy())
    entries: list[versions.Entry | str] = []
    if version_marker:
        newest_first = versions.entries(bucket, key_marker)[::-1]
        ids = [entry.version_id for entry in newest_first]
        entries += newest_first[ids.index(version_marker) + 1 :] if version_marker in ids else []
    for name, is_prefix in _entries(names, prefix, delimiter, key_marker):
        if len(entries) > most:
            break
        entries += [name] if is_prefix else versions.entries(bucket, name)[::-1]
    return entries[: most + 1]


def _version(bucket: FakeBucket, entry: versions.Entry, encode: Callable[[str], str]) -> Params:
    told: Params = (
        _object(bucket, entry, encode, with_owner=True)
        if isinstance(entry, Version)
        else {
            "Key": encode(entry.name),
            "LastModified": entry.last_modified.replace(tzinfo=UTC),
            "Owner": owner(bucket.account_id),
        }
    )
    latest = versions.find(bucket, entry.name)
    return {**told, "VersionId": entry.version_id, "IsLatest": entry is latest}
