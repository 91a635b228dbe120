"""`portal sync`: copies data from one bucket to another under the role that releases there.

The copying is the AWS CLI's `aws s3 sync`, the same that the ingestion clients' sync jobs run: server-side, resumable,
with their options. It runs under the destination's sync role (``cryoet-sync-<bucket>``), whose credentials the AWS CLI
fetches again by itself when they run out: a chained role's session lasts one hour at most, a large sync longer.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from components import names
from portal.accounts import session
from portal.errors import LOCAL, PortalError
from settings import Portal

PROFILE = "portal-sync"
CONCURRENT_REQUESTS, QUEUE_SIZE = 100, 10_000
"""Datasets are tens of thousands of small objects: the AWS CLI's ten requests at a time starve on them."""


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


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `aws s3 sync` is told; ``filters`` keeps the order of --include and --exclude, the last match wins."""

    filters: Sequence[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    delete: bool = False
    exact_timestamps: bool = False
    size_only: bool = False
    dryrun: bool = False

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


def _profile(where: Route) -> str:
    """A configuration of the AWS CLI whose credentials come from `portal credentials` in the caller's environment."""
    ambient = {key: os.environ.get(key) for key in ("AWS_CONFIG_FILE", "AWS_PROFILE")}
    restore = [f"{key}={value}" if value else f"--unset={key}" for key, value in ambient.items()]
    fetch = [
        "env",
        *sorted(restore, reverse=True),
        sys.executable,
        "-m",
        "portal",
        "credentials",
        where.role_arn,
        where.region,
    ]
    return "\n".join([
        f"[profile {PROFILE}]",
        f"region = {where.region}",
        f"credential_process = {shlex.join(fetch)}",
        "s3 =",
        f"  max_concurrent_requests = {CONCURRENT_REQUESTS}",
        f"  max_queue_size = {QUEUE_SIZE}",
    ])  # fmt: skip


def command(source: Uri, destination: Uri, options: Options) -> list[str]:
    """The AWS CLI's command line for one pair."""
    return ["aws", "--profile", PROFILE, "s3", "sync", *options.arguments(), str(source), str(destination)]


def shown(source: Uri, destination: Uri, options: Options) -> str:
    """The command line as one can read it, without the profile that carries the credentials."""
    return shlex.join(["aws", "s3", "sync", *options.arguments(), str(source), str(destination)])


@contextmanager
def environment(where: Route) -> Generator[dict[str, str]]:
    """Variables for the AWS CLI's commands. Raises PortalError where the AWS CLI is missing."""
    if shutil.which("aws") is None:
        raise PortalError(f"aws is not on PATH: make setup, then {LOCAL}")
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch) / "config"
        config.write_text(_profile(where))
        env = {key: value for key, value in os.environ.items() if key != "AWS_PROFILE"}
        yield {**env, "AWS_CONFIG_FILE": str(config)}


def run(where: Route, jobs: Sequence[Pair], options: Options) -> int:
    """Runs the syncs one after another, output and all; the number of those that failed."""
    failed = 0
    with environment(where) as env:
        for source, destination in jobs:
            line = [*command(source, destination, options), *([] if sys.stdout.isatty() else ["--no-progress"])]
            failed += subprocess.run(line, env=env, check=False).returncode != 0
    return failed
