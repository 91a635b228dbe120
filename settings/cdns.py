"""Rules for CDNs beyond one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.cdn import CLOUDFRONT_REGION, distributions
from components.kinds import SERVED_KINDS
from settings.cdn import Hosts
from settings.faults import Fault, fault_at, file_of
from settings.schema import Bucket, Settings
from settings.service import Site

Key = tuple[str | int, ...]


def check(stack: str, settings: Settings) -> Iterator[Fault]:
    """Faults of a stack's CDNs by themselves."""
    for key, cdn in settings.data_cdn.items():
        at, bucket = ("data_cdn", key), settings.buckets.get(key)
        if fault := _bucket_fault(stack, bucket):
            yield fault_at(stack, at, key, fault)
        yield from host_faults(stack, at, cdn, settings)
        if bucket and (rule := distributions.closing(bucket.kind)):
            for name, value in (("addresses", cdn.addresses), ("public_keys", tuple(cdn.public_keys))):
                if value:
                    yield fault_at(stack, (*at, name), value, rule)


def host_faults(stack: str, at: Key, own: Hosts, settings: Settings) -> Iterator[Fault]:
    """Faults of a distribution's own host names."""
    fault = distributions.zone_id(own.hosts, own.zone_id, "others'" if own.external_dns else None)
    if fault:
        fault = (
            fault if own.zone_id else "must be given with hosts, or external_dns: true where others make the records"
        )
        yield fault_at(stack, (*at, "zone_id"), own.zone_id, fault)
    if own.external_dns and (own.zone_id or not own.hosts):
        rule = "is for hosts without zone_id: others make their records"
        yield fault_at(stack, (*at, "external_dns"), own.external_dns, rule)
    elif own.external_dns and not own.certificate_arn:
        rule = "is needed with external_dns: a certificate is proved in this account's own zones alone"
        yield fault_at(stack, (*at, "certificate_arn"), own.certificate_arn, rule)
    if fault := distributions.certificate_arn(own.certificate_arn, CLOUDFRONT_REGION, settings.account.id):
        yield fault_at(stack, (*at, "certificate_arn"), own.certificate_arn, fault)


def balancer_faults(stack: str, at: Key, site: Site, settings: Settings) -> Iterator[Fault]:
    """Faults of the certificate of the load balancer before a site's services."""
    arn, account = site.balancer_certificate_arn, settings.account
    if arn is None and site.external_dns:
        rule = "is needed with external_dns: the load balancer speaks TLS for the hosts"
        yield fault_at(stack, (*at, "balancer_certificate_arn"), arn, rule)
    elif arn and not site.hosts:
        yield fault_at(stack, (*at, "balancer_certificate_arn"), arn, "is for hosts: without them there is no TLS")
    elif fault := distributions.certificate_arn(arn, account.region, account.id):
        yield fault_at(stack, (*at, "balancer_certificate_arn"), arn, fault)


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
        for at, own in hosts_of(settings):
            for index, host in enumerate(own.hosts):
                if host in taken:
                    rule = f"is a host of {taken[host]} too: one distribution answers for a host"
                    yield fault_at(stack, (*at, "hosts", index), host, rule)
                taken.setdefault(host, f"{file_of(stack)}: {'.'.join(at)}")


def hosts_of(settings: Settings) -> Iterator[tuple[tuple[str, ...], Hosts]]:
    """Of each distribution of an account: where its entry stands, and its hosts."""
    for key, cdn in settings.data_cdn.items():
        yield ("data_cdn", key), cdn
    for name, site in settings.sites.items():
        yield ("environments", name, "site"), site
