"""What an environment's jobs can do, as its stack file says: a submission that needs more is refused before anything.

Ingests and validations run in the role of ``ingest``, database imports in that of ``import``; neither role may touch
other buckets than those that the stack file names for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.environments import Home
from portal.errors import PortalError
from settings import BucketRef, Portal
from settings.faults import file_of


@dataclass(frozen=True, kw_only=True)
class IngestBuckets:
    """The buckets that ingests and validations of an environment may touch, by name. What they write they may read."""

    environment: str
    file: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    def refuse_unreadable(self, argument: str, bucket: str) -> None:
        self._refuse(argument, bucket, "read", (*self.reads, *self.writes))

    def refuse_unwritable(self, argument: str, output_path: str) -> None:
        """``output_path``: a bucket, or ``bucket/prefix``."""
        bucket, *folders = output_path.removesuffix("/").split("/")
        self._refuse(argument, bucket, "write", self.writes)
        if any(folder in ("", ".", "..") for folder in folders):
            raise PortalError(f"{argument}: {output_path!r}: must have folders' names alone behind the bucket's")

    def _refuse(self, argument: str, bucket: str, verb: str, allowed: Iterable[str]) -> None:
        if bucket not in allowed:
            rule = f"jobs of the environment {self.environment!r} may {verb} {', '.join(dict.fromkeys(allowed))} alone"
            raise PortalError(f"{argument}: {bucket!r}: {rule} (ingest in {self.file})")


def ingest_buckets(portal: Portal, where: Home) -> IngestBuckets:
    """Raises PortalError for an environment without ``ingest``."""
    file, ingest = file_of(where.stack), where.settings.ingest
    if ingest is None:
        rule = f"has no ingest in {file}: its jobs may neither read sources nor write data"
        raise PortalError(f"--environment: {where.name!r}: {rule}")

    def names(refs: Iterable[BucketRef]) -> tuple[str, ...]:
        return tuple(portal.bucket(ref, where.stack).name for ref in refs)

    return IngestBuckets(
        environment=where.name, file=file, reads=names(ingest.reads), writes=names(ingest.writes)
    )  # fmt: skip


def import_bucket(portal: Portal, where: Home, given: str | None) -> str:
    """The bucket that the environment imports from. Raises PortalError for another, or if it imports from none."""
    file, ref = file_of(where.stack), where.settings.import_from
    if ref is None:
        raise PortalError(f"--environment: {where.name!r}: has no import in {file}: its jobs may not read the database")
    bucket = portal.bucket(ref, where.stack).name
    if given not in (None, bucket):
        rule = f"jobs of the environment {where.name!r} import from {bucket} alone (import in {file})"
        raise PortalError(f"--s3-bucket: {given!r}: {rule}")
    return bucket
