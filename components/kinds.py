"""Kinds of buckets, and what follows from them for settings and components."""

from __future__ import annotations

from typing import Final, Literal, get_args

BucketKind = Literal["source", "staging", "embargo", "public", "log", "workspace"]
BUCKET_KINDS: Final[tuple[BucketKind, ...]] = get_args(BucketKind)
SERVED_KINDS: Final[tuple[BucketKind, ...]] = ("staging", "public")
"""Kinds that a data CDN serves."""


def protected(kind: BucketKind) -> bool:
    """Whether deleting a bucket of this kind is refused."""
    return kind != "workspace"
