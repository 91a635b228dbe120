"""Rules for CDNs beyond one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.cdn import distributions
from components.kinds import SERVED_KINDS
from settings.faults import Fault, fault_at, file_of
from settings.schema import Bucket, Settings


def check(stack: str, settings: Settings) -> Iterator[Fault]:
    """Faults of a stack's CDNs by themselves."""
    for key, cdn in settings.data_cdn.items():
        at, bucket = ("data_cdn", key), settings.buckets.get(key)
        if fault := _bucket_fault(stack, bucket):
            yield fault_at(stack, at, key, fault)
        if fault := distributions.zone_id(cdn.hosts, cdn.zone_id):
            yield fault_at(stack, (*at, "zone_id"), cdn.zone_id, fault)
        if bucket and (rule := distributions.closing(bucket.kind)):
            for name, value in (("addresses", cdn.addresses), ("public_keys", tuple(cdn.public_keys))):
                if value:
                    yield fault_at(stack, (*at, name), value, rule)


def _bucket_fault(stack: str, bucket: Bucket | None) -> str | None:
    """Why a bucket cannot be served."""
    if bucket is None:
        return f"no such bucket in {file_of(stack)}: a data CDN has the key of its bucket"
    if bucket.kind not in SERVED_KINDS:
        return f"is a bucket of kind {bucket.kind}; only {' and '.join(SERVED_KINDS)} buckets are served"
    if bucket.import_id:
        return "is being taken in, which changes nothing of it; add its data CDN when import_id is gone"
    return "retires this bucket: remove its data CDN first" if bucket.retire else None


def distinct_hosts(stacks: Mapping[str, Settings]) -> Iterator[Fault]:
    """A host name belongs to one distribution in all of AWS."""
    taken: dict[str, str] = {}
    for stack, settings in stacks.items():
        for at, hosts in _hosts(settings):
            for index, host in enumerate(hosts):
                if host in taken:
                    rule = f"is a host of {taken[host]} too: one distribution answers for a host"
                    yield fault_at(stack, (*at, "hosts", index), host, rule)
                taken.setdefault(host, f"{file_of(stack)}: {'.'.join(at)}")


def _hosts(settings: Settings) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Of each distribution of an account: where its entry stands, and its hosts."""
    for key, cdn in settings.data_cdn.items():
        yield ("data_cdn", key), cdn.hosts
    for name, site in settings.sites.items():
        yield ("environments", name, "site"), site.hosts
