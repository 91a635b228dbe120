"""What a stack file says of CloudFront, and its rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from components import rules
from settings.base import Model, Word, rule
from settings.faults import Fault, fault_at, file_of

if TYPE_CHECKING:
    from settings.schema import Bucket, Settings

Host = Annotated[str, rule(rules.host)]
SERVED = ("staging", "public")


class DataCdn(Model):
    """A bucket over HTTPS, by CloudFront. Web pages of the bucket's own ``cors.origins`` may read it."""

    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"] = "PriceClass_All"
    """From where it is served: ``_100`` is North America and Europe, ``_All`` the whole world, at each one's price."""
    data_seconds: Annotated[int, Field(ge=0, le=31_536_000)] = 86_400
    """How long CloudFront keeps an object that is no metadata; one written anew is seen by then."""
    metadata_seconds: Annotated[int, Field(ge=0, le=3_600)] = 60
    """The same for metadata (``*.json``, zarr's ``.z…`` files, ``info``), and for the answer that a key is missing."""
    hosts: Annotated[tuple[Host, ...], Field(max_length=10)] = ()
    """Host names beside CloudFront's own; the first is the one that data is named by."""
    zone_id: Annotated[str, rule(rules.zone_id)] | None = None
    """The hosts' Route 53 zone, which is in this account and there already. With ``hosts``, and with them alone."""
    requests_per_5_minutes: Annotated[int, Field(ge=10, le=2_000_000_000)] | None = None
    """An address that asks more often is refused for a while. Left out: no limit."""
    addresses: Annotated[tuple[Annotated[str, rule(rules.addresses)], ...], Field(max_length=1_000)] = ()
    """Networks like ``192.0.2.0/24`` that may read, no others. For ``staging`` alone; left out: anybody."""
    public_keys: Annotated[dict[Word, Annotated[str, rule(rules.public_key)]], Field(max_length=5)] = Field(default={})
    """Only URLs signed with the private half of one of these keys (PEM) are served. For ``staging`` alone."""


def check(stack: str, settings: Settings) -> Iterator[Fault]:
    """Faults of a stack's CDNs by themselves."""
    for key, cdn in settings.data_cdn.items():
        at, bucket = ("data_cdn", key), settings.buckets.get(key)
        if fault := _bucket_fault(stack, bucket):
            yield fault_at(stack, at, key, fault)
        if bool(cdn.hosts) != bool(cdn.zone_id):
            yield fault_at(stack, (*at, "zone_id"), cdn.zone_id, "must be given with hosts, and with them alone")
        if bucket and bucket.kind == "public":
            rule_ = "anybody reads a public bucket without the CDN: this would close nothing"
            for name, value in (("addresses", cdn.addresses), ("public_keys", tuple(cdn.public_keys))):
                if value:
                    yield fault_at(stack, (*at, name), value, rule_)


def _bucket_fault(stack: str, bucket: Bucket | None) -> str | None:
    """Why a bucket cannot be served."""
    if bucket is None:
        return f"no such bucket in {file_of(stack)}: a data CDN has the key of its bucket"
    if bucket.kind not in SERVED:
        return f"is a bucket of kind {bucket.kind}; only {' and '.join(SERVED)} buckets are served"
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
                    rule_ = f"is a host of {taken[host]} too: one distribution answers for a host"
                    yield fault_at(stack, (*at, "hosts", index), host, rule_)
                taken.setdefault(host, f"{file_of(stack)}: {'.'.join(at)}")


def _hosts(settings: Settings) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Of each distribution of an account: where its entry stands, and its hosts."""
    for key, cdn in settings.data_cdn.items():
        yield ("data_cdn", key), cdn.hosts
    for name, site in settings.sites.items():
        yield ("environments", name, "site"), site.hosts
