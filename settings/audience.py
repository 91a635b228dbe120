"""Who may read a bucket, and which changes of its entry let more of them read what is in it.

Judged are people and the public. Jobs read what their environment names (``ingest``, ``import``), in roles that only
the program's own services may assume.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from components.kinds import BucketKind
from settings import cdn_audience
from settings.faults import Fault, fault_at
from settings.schema import Bucket, Settings

ANYONE, OPERATORS, RELEASES = "anyone", "operators", "releases"
BY_KIND: Final[Mapping[str, frozenset[str]]] = {
    "source": frozenset({OPERATORS}),
    "staging": frozenset({OPERATORS, RELEASES}),
    "public": frozenset({ANYONE}),
}
"""Kinds that are not here open nothing by themselves."""
CONSEQUENCES: Final = {
    ANYONE: "anyone could read what is in it",
    OPERATORS: "operators could read what is in it",
    RELEASES: "what is in it could be released to the public",
}


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A bucket as its stack was last brought up."""

    kind: BucketKind
    readers: frozenset[str] | None
    """Principals that it was shared with by name. None: not known, and not judged."""
    cdn: cdn_audience.Readers | None = None
    """Those whom its data CDN serves. None: not known, and not judged."""


def readers(bucket: Bucket, settings: Settings) -> frozenset[str]:
    """Principals of the readers that a bucket names."""
    named = (settings.access.readers[name] for name in bucket.readers if name in settings.access.readers)
    return frozenset(principal for reader in named for principal in reader.principals)


def audience(kind: BucketKind, shared_with: frozenset[str]) -> frozenset[str]:
    """``anyone``, ``operators``, ``releases``, and principals."""
    return BY_KIND.get(kind, frozenset()) | shared_with


def declared(stack: str, settings: Settings) -> Iterator[Fault]:
    """Faults of ``open_contents_to``: it names those who could read, and no others."""
    for key, bucket in settings.buckets.items():
        may_read = audience(bucket.kind, readers(bucket, settings))
        for index, one in enumerate(bucket.open_contents_to):
            if one not in may_read:
                allowed = ", ".join(sorted(may_read)) or "nobody"
                rule = f"could not read this bucket of kind {bucket.kind}; those who could: {allowed}"
                yield fault_at(stack, ("buckets", key, "open_contents_to", index), one, rule)
    for key, cdn in settings.data_cdn.items():
        yield from cdn_audience.declared(stack, ("data_cdn", key), cdn)
    for name, site in settings.sites.items():
        yield from cdn_audience.declared(stack, ("environments", name, "site"), site)


def opened(stack: str, settings: Settings, deployed: Mapping[str, Deployed]) -> Iterator[Fault]:
    """Buckets, deployed (by name) or taken in, whose contents more people could read, by themselves or through a CDN,
    though the file does not say so.

    Nobody is taken to read a bucket that is taken in: what its policy says is not known here.
    """
    for key, bucket in settings.buckets.items():
        before = deployed.get(bucket.name)
        if before is None and bucket.import_id is None:
            continue
        now = readers(bucket, settings)
        had = frozenset[str]()
        if before is not None:
            had = audience(before.kind, now if before.readers is None else before.readers)
        more = frozenset[str]() if ANYONE in had else audience(bucket.kind, now) - had
        if more - {*bucket.open_contents_to}:
            yield _fault(stack, key, bucket, before, sorted(more))
        cdn = settings.data_cdn.get(key)
        if cdn and before and ANYONE not in had | more:
            what = f"the data CDN of the bucket {bucket.name}"
            yield from cdn_audience.opened(stack, ("data_cdn", key), what, cdn, before.cdn)


def opened_sites(
    stack: str, settings: Settings, deployed: Mapping[str, cdn_audience.Readers | None]
) -> Iterator[Fault]:
    """Sites, by environment, that serve more than before, though the file does not say so."""
    for name, site in settings.sites.items():
        at, what = ("environments", name, "site"), f"the site of the environment {name}"
        yield from cdn_audience.opened(stack, at, what, site, deployed.get(name))


def _fault(stack: str, key: str, bucket: Bucket, before: Deployed | None, more: list[str]) -> Fault:
    state = f"deployed with the kind {before.kind}" if before else "taken in"
    consequences = " and ".join(CONSEQUENCES.get(one, f"{one} could read what is in it") for one in more)
    rule = f"the bucket {bucket.name} is {state}: {consequences}; if that is meant, set open_contents_to: "
    changed = "kind" if BY_KIND.get(bucket.kind, frozenset()) & {*more} else "readers"
    return fault_at(stack, ("buckets", key, changed), getattr(bucket, changed), f"{rule}[{', '.join(more)}]")


def outputs(settings: Settings) -> dict[str, dict[str, Any]]:
    """What ``deployed`` reads again: each bucket's kind, those that it is shared with and those whom its CDN serves, by
    its name."""
    return {
        bucket.name: {
            "kind": bucket.kind,
            "readers": sorted(readers(bucket, settings)),
            "cdn": cdn_audience.outputs(settings.data_cdn.get(key)),
        }
        for key, bucket in settings.buckets.items()
    }


def deployed(outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Deployed]:
    """The buckets of a stack's last outputs."""
    return {
        name: Deployed(kind=one["kind"], readers=frozenset(one["readers"]), cdn=cdn_audience.deployed(one.get("cdn")))
        for name, one in outputs.items()
    }
