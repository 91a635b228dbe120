"""Tags of buckets and objects.

AWS facts: a bucket has at most 50 tags, an object 10; keys of up to 128 characters, values of up to 256; letters,
digits, white space and ``_ . : / = + - @``; ``aws:`` is reserved; a key occurs once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import regex

from localcloud.server.call import Refusal

_ALLOWED = regex.compile(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")
MOST_OBJECT_TAGS = 10
MOST_BUCKET_TAGS = 50


def tag_dict(tag_set: Sequence[dict[str, Any]], most: int = MOST_BUCKET_TAGS) -> dict[str, str]:
    """The tags by key; raises :class:`Refusal` InvalidTag or BadRequest for what AWS refuses."""
    tags: dict[str, str] = {}
    for tag in tag_set:
        _check(tag["Key"], tag["Value"])
        if tag["Key"] in tags:
            raise Refusal("InvalidTag", "Cannot provide multiple Tags with the same key", TagKey=tag["Key"])
        tags[tag["Key"]] = tag["Value"]
    if len(tags) > most:
        kind = "Object" if most == MOST_OBJECT_TAGS else "Bucket"
        raise Refusal("BadRequest", f"{kind} tags cannot be greater than {most}")
    return tags


def from_header(text: str) -> dict[str, str]:
    """The tags of an ``x-amz-tagging`` header (a query string)."""
    pairs = parse_qsl(text, keep_blank_values=True)
    if len({key for key, _ in pairs}) < len(pairs):
        raise Refusal(
            "InvalidArgument",
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without "
            "tag name duplicates.",
            ArgumentName="x-amz-tagging",
            ArgumentValue=text,
        )
    return tag_dict([{"Key": key, "Value": value} for key, value in pairs], MOST_OBJECT_TAGS)


def tag_set(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _check(key: str, value: str) -> None:
    if key.lower().startswith("aws:"):
        raise Refusal("InvalidTag", "System tags cannot be added/updated by requester", TagKey=key)
    if not 1 <= len(key) <= 128 or not _ALLOWED.fullmatch(key):
        raise Refusal("InvalidTag", "The TagKey you have provided is invalid", TagKey=key)
    if len(value) > 256 or not _ALLOWED.fullmatch(value):
        raise Refusal("InvalidTag", "The TagValue you have provided is invalid", TagKey=key, TagValue=value)
