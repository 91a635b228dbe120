"""Folders of buckets, as `portal sync` and `portal restore` are told them."""

from __future__ import annotations

from dataclasses import dataclass

from portal.errors import PortalError


class SyncError(PortalError):
    """The sync can't be started as asked; the message names the argument, its value and the rule."""


@dataclass(frozen=True, kw_only=True)
class Uri:
    """``s3://bucket/prefix``."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, argument: str, value: str) -> Uri:
        bucket, _, prefix = value.removeprefix("s3://").partition("/")
        if not value.startswith("s3://") or not bucket:
            raise SyncError(f"{argument}: {value!r}: must be s3://bucket or s3://bucket/prefix")
        return cls(bucket=bucket, prefix=prefix.strip("/"))

    def under(self, name: str) -> Uri:
        return Uri(bucket=self.bucket, prefix=f"{self.prefix}/{name}" if self.prefix else name)

    def of(self, key: str) -> str:
        """The URI of an object in the folder. ``key``: relative to it."""
        return f"s3://{self.bucket}/{self.key_prefix}{key}"

    @property
    def key_prefix(self) -> str:
        """What the keys of the folder's objects begin with."""
        return f"{self.prefix}/" if self.prefix else ""

    def above(self, other: Uri) -> bool:
        """Whether ``other``'s folder, but for the bucket, lies in this one and is another."""
        return other.prefix != self.prefix and f"{other.prefix}/".startswith(self.key_prefix)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


Pair = tuple[Uri, Uri]
"""What is copied, and where to."""
