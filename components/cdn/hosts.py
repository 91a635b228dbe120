"""Host names of a distribution: one certificate for all, and the DNS records that prove and announce them.

Rests on: CloudFront takes certificates of us-east-1 alone, a load balancer those of its own region. ACM issues one when
each name has the CNAME record that ACM asks for, the same in every region, and renews it as long as the record stays.
A name served by IPv6 too needs an AAAA record beside the A.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws import acm, cloudfront, route53

from . import CLOUDFRONT_REGION

_PROOF_SECONDS: Final = 300


@dataclass(frozen=True, kw_only=True)
class Certificate:
    arn: pulumi.Output[str]
    """Known once the certificate is issued."""
    proofs: tuple[route53.Record, ...]


def certificate(
    name: str,
    hosts: Sequence[str],
    zone_id: str,
    opts: pulumi.ResourceOptions,
    *,
    region: str | None = CLOUDFRONT_REGION,
    proofs: Sequence[route53.Record] = (),
) -> Certificate:
    """A certificate for the hosts. ``region`` None: the account's. ``proofs``: those of another one for the same hosts,
    which prove this one too."""
    requested = acm.Certificate(
        name,
        domain_name=hosts[0],
        subject_alternative_names=[*hosts],
        validation_method="DNS",
        region=region,
        opts=opts,
    )
    proofs = proofs or [_proof(f"{name}-{host}", requested, host, zone_id, opts) for host in hosts]
    issued = acm.CertificateValidation(
        f"{name}-issued",
        certificate_arn=requested.arn,
        validation_record_fqdns=[proof.fqdn for proof in proofs],
        region=region,
        opts=opts,
    )
    return Certificate(arn=issued.certificate_arn, proofs=tuple(proofs))


def _proof(
    name: str, requested: acm.Certificate, host: str, zone_id: str, opts: pulumi.ResourceOptions
) -> route53.Record:
    """The record by which ACM knows that the host is ours. ACM asks for the same one at every request."""
    option = requested.domain_validation_options.apply(
        lambda options: next(one for one in options if one.domain_name == host)
    )
    return route53.Record(
        name,
        zone_id=zone_id,
        name=option.apply(lambda one: str(one.resource_record_name)),
        type=option.apply(lambda one: str(one.resource_record_type)),
        records=[option.apply(lambda one: str(one.resource_record_value))],
        ttl=_PROOF_SECONDS,
        allow_overwrite=True,
        opts=opts,
    )


def records(
    name: str, hosts: Sequence[str], zone_id: str, target: cloudfront.Distribution, opts: pulumi.ResourceOptions
) -> None:
    """Each host's addresses are the distribution's."""
    alias = route53.RecordAliasArgs(
        name=target.domain_name, zone_id=target.hosted_zone_id, evaluate_target_health=False
    )
    for host in hosts:
        for kind in ("A", "AAAA"):
            route53.Record(
                f"{name}-{host}-{kind.lower()}", zone_id=zone_id, name=host, type=kind, aliases=[alias], opts=opts
            )
