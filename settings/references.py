"""What one entry says of another's bucket: it exists, it is of a fitting kind, and it stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from settings.base import BucketRef
from settings.faults import Fault, fault_at, file_of
from settings.schema import Bucket, Environment, Settings


@dataclass(frozen=True, kw_only=True)
class Use:
    """What an entry may refer to: buckets of these kinds, in its own stack, in another, or in any.

    ``any``: in another stack it must be public, since nothing else is opened to another account.
    """

    kinds: tuple[str, ...]
    holder: Literal["own", "other", "any"]


READ = Use(kinds=("source", "staging", "embargo", "public", "workspace"), holder="any")
WRITE = Use(kinds=("staging", "embargo", "workspace"), holder="own")
IMPORT = Use(kinds=("staging", "public"), holder="any")
RELEASE = Use(kinds=("staging",), holder="other")
SYNC = Use(kinds=("public",), holder="other")
Reference = tuple[tuple[str | int, ...], BucketRef, Use]


def check(stack: str, settings: Settings, stacks: Mapping[str, Settings], unread: frozenset[str]) -> Iterator[Fault]:
    """Faults of every reference of a stack; what lies in an ``unread`` stack is not judged."""
    for key, bucket in settings.buckets.items():
        yield from _receiver(stack, key, bucket)
    for at, ref, use in _references(settings):
        holder = ref.stack or stack
        if holder in unread:
            continue
        if holder not in stacks:
            yield fault_at(stack, (*at, "stack"), holder, f"no such stack: there is no {file_of(holder)}")
            continue
        if use.holder == "own" and holder != stack:
            yield fault_at(stack, (*at, "stack"), holder, "must be a bucket of this stack")
        if use.holder == "other" and holder == stack:
            yield fault_at(stack, (*at, "stack"), holder, "must be another stack")
        bucket = stacks[holder].buckets.get(ref.bucket)
        rule = _rule(bucket, use, file_of(holder))
        if not rule and bucket and use.holder == "any" and holder != stack and bucket.kind != "public":
            rule = f"is of kind {bucket.kind}; of another stack's buckets only public ones can be read"
        if rule:
            yield fault_at(stack, (*at, "bucket"), ref.bucket, rule)


def _receiver(stack: str, key: str, bucket: Bucket) -> Iterator[Fault]:
    if not bucket.receives_from:
        if "large_deletion_percent" in bucket.model_fields_set:
            at = ("buckets", key, "large_deletion_percent")
            yield fault_at(stack, at, bucket.large_deletion_percent, "only a bucket with receives_from has it")
        return
    if bucket.kind != "public":
        yield fault_at(stack, ("buckets", key, "receives_from"), None, "only a public bucket is released into")
    if bucket.retire:
        yield fault_at(stack, ("buckets", key, "retire"), True, "is released into: remove receives_from first")


def _references(settings: Settings) -> Iterator[Reference]:
    for key, bucket in settings.buckets.items():
        if bucket.receives_from:
            yield ("buckets", key, "receives_from"), bucket.receives_from, RELEASE
    for name, environment in settings.environments.items():
        yield from _of_environment(("environments", name), environment)


def _of_environment(at: tuple[str, ...], environment: Environment) -> Iterator[Reference]:
    if environment.import_from:
        yield (*at, "import"), environment.import_from, IMPORT
    if environment.ingest:
        for index, ref in enumerate(environment.ingest.reads):
            yield (*at, "ingest", "reads", index), ref, READ
        for index, ref in enumerate(environment.ingest.writes):
            yield (*at, "ingest", "writes", index), ref, WRITE
    if environment.orchestrator and environment.orchestrator.sync_into:
        yield (*at, "orchestrator", "sync_into"), environment.orchestrator.sync_into, SYNC


def _rule(bucket: Bucket | None, use: Use, file: str) -> str | None:
    if bucket is None:
        return f"no such bucket in {file}"
    if bucket.kind not in use.kinds:
        return f"is of kind {bucket.kind}; must be {' or '.join(use.kinds)}"
    return f"{file} retires this bucket: remove what refers to it first" if bucket.retire else None
