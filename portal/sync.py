"""`portal sync`: copies data from one bucket to another under the role that releases there.

The copying is the AWS CLI's `aws s3 sync`, the same that the ingestion clients' sync jobs run: server-side, resumable,
with their options, but for objects that S3 copies in parts alone (:mod:`.large_objects`). It runs under the
destination's sync role (``cryoet-sync-<bucket>``), whose credentials the AWS CLI fetches again by itself when they run
out: a chained role's session lasts one hour at most, a large sync longer.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from components import names
from portal import large_objects
from portal.accounts import session
from portal.errors import LOCAL, PortalError
from portal.role_profile import variables
from portal.s3_uri import Pair, SyncError, Uri
from settings import Portal

CLI_SETTINGS: Final = ("s3 =", "  max_concurrent_requests = 100", "  max_queue_size = 10000")
"""Datasets are tens of thousands of small objects: the AWS CLI's ten requests at a time starve on them."""
LARGEST_COPY_BYTES: Final = 5 * 2**30
"""S3's limit of CopyObject."""
SMALLEST_PARTS_BYTES: Final = 5 * 2**20
"""S3's limit of a part, but for an object's last."""
ANSWER_SECONDS: Final = 900
"""How long the AWS CLI waits for an answer: S3 answers a CopyObject once it has copied."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `aws s3 sync` is told; ``filters`` keeps the order of --include and --exclude, the last match wins."""

    filters: Sequence[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    delete: bool = False
    exact_timestamps: bool = False
    size_only: bool = False
    dryrun: bool = False
    multipart_threshold: int = LARGEST_COPY_BYTES + 1
    """Objects of this many bytes or more are copied in parts."""

    def arguments(self) -> list[str]:
        flags = {
            "--delete": self.delete,
            "--exact-timestamps": self.exact_timestamps,
            "--size-only": self.size_only,
            "--dryrun": self.dryrun,
        }
        return [flag for flag, on in flags.items() if on] + [word for pair in self.filters for word in pair]


@dataclass(frozen=True, kw_only=True)
class Route:
    """How data gets from one bucket to another: the role that may copy it, and the region to work in."""

    region: str
    role_arn: str
    large_deletion_percent: int
    """Of the destination's stack file."""

    @cached_property
    def s3(self) -> Any:
        """S3 under the role. Raises botocore's errors."""
        return session(self.role_arn, self.region).client("s3")


def route(portal: Portal, source: str, destination: str) -> Route:
    """The route between two buckets, by name, that the stack files describe. Raises :class:`SyncError`."""
    releases = {release.destination.name: release for release in portal.releases()}
    if destination not in releases:
        known = ", ".join(sorted(releases)) or "none"
        raise SyncError(f"DEST: {destination!r}: must be a bucket with receives_from in its stack file: {known}")
    release = releases[destination]
    if release.source.name != source:
        raise SyncError(f"SOURCE: {source!r}: {destination} receives from {release.source.name} alone")
    region = next(one.account.region for one in portal.stacks.values() if one.account.id == release.source_account)
    return Route(
        region=region,
        role_arn=names.role_arn(release.source_account, names.sync_role(release.key)),
        large_deletion_percent=release.destination.large_deletion_percent,
    )


def refuse_empty(s3: Any, source: Uri) -> None:
    """Raises :class:`SyncError` for a folder without objects: a mistyped one, whose sync would copy nothing and, with
    ``--delete``, empty its destination. Folders' own markers, which the AWS CLI doesn't copy either, are none."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=source.bucket, Prefix=source.key_prefix)
    rows = (row for page in pages for row in page.get("Contents", ()))
    if not any(row["Size"] or not row["Key"].endswith("/") for row in rows):
        raise SyncError(f"SOURCE: {str(source)!r}: has no objects")


def datasets(where: Route, source: Uri) -> list[str]:
    """The folders directly under ``source``, as the sync role sees them."""
    prefix = source.key_prefix
    pages = where.s3.get_paginator("list_objects_v2").paginate(Bucket=source.bucket, Prefix=prefix, Delimiter="/")
    return [folder.get("Prefix", "")[len(prefix) : -1] for page in pages for folder in page.get("CommonPrefixes", [])]


def pairs(where: Route, source: Uri, destination: Uri, chosen: Sequence[str], per_dataset: bool) -> list[Pair]:
    """What to copy where: one pair, or one a dataset. Raises :class:`SyncError` for a dataset that isn't there."""
    if not chosen and not per_dataset:
        return [(source, destination)]
    there = datasets(where, source)
    missing = sorted(set(chosen) - set(there))
    if missing:
        raise SyncError(f"--dataset: {missing[0]!r}: no such folder under {source}")
    if not there:
        raise SyncError(f"SOURCE: {str(source)!r}: has no folders: no dataset is there")
    return [(source.under(name), destination.under(name)) for name in chosen or there]


def command(source: Uri, destination: Uri, options: Options) -> list[str]:
    """The AWS CLI's command line for one pair."""
    wait = ["--cli-read-timeout", str(ANSWER_SECONDS)]
    return ["aws", *wait, "s3", "sync", *options.arguments(), str(source), str(destination)]


def shown(source: Uri, destination: Uri, options: Options) -> str:
    """The command line as one can read it, without what it takes to wait."""
    return shlex.join(["aws", "s3", "sync", *options.arguments(), str(source), str(destination)])


def environment(where: Route, options: Options) -> dict[str, str]:
    """Variables for the AWS CLI's commands. Raises PortalError where the AWS CLI is missing."""
    if shutil.which("aws") is None:
        raise PortalError(f"aws is not on PATH: make setup, then {LOCAL}")
    threshold = f"  multipart_threshold = {options.multipart_threshold}"
    return {**os.environ, **variables(where.role_arn, where.region, *CLI_SETTINGS, threshold)}


def run(where: Route, jobs: Sequence[Pair], options: Options) -> int:
    """Runs the syncs one after another, output and all; the number of those that failed."""
    env = environment(where, options)
    return sum(not _run(where, pair, options, env) for pair in jobs)


def _run(where: Route, pair: Pair, options: Options, env: dict[str, str]) -> bool:
    """Whether all was copied: by the AWS CLI, but for what is copied in parts."""
    large = [] if options.dryrun else large_objects.large_objects(where.s3, pair[0], options.multipart_threshold)
    outdated = large_objects.to_copy(dry_run(pair, options, env), pair, large) if large else []
    rest = replace(options, filters=[*options.filters, *large_objects.exclusions(large)])
    line = [*command(*pair, rest), *([] if sys.stdout.isatty() else ["--no-progress"])]
    done = subprocess.run(line, env=env, check=False).returncode == 0
    return large_objects.copy(where.s3, pair, outdated) == 0 and done


def dry_run(pair: Pair, options: Options, env: dict[str, str]) -> str:
    """What the AWS CLI says that it would copy and delete. Raises :class:`SyncError` where it can't say."""
    line = command(*pair, replace(options, dryrun=True))
    process = subprocess.run(line, env=env, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        raise SyncError(f"DEST: {str(pair[1])!r}: what the sync would do is not known: {process.stderr.strip()}")
    return process.stdout
