"""DataCdn: a CloudFront distribution over one bucket, and all that it needs.

Rests on: CloudFront signs its requests to S3 (origin access control), and the bucket's policy knows this one
distribution by `aws:SourceArn`. With `s3:ListBucket` a missing key is 404, which CloudFront may keep; without it 403,
which it may not. That action would list the bucket at `/`, so `/` has a default root object and no query string goes
to S3. CloudFront's own name takes TLS 1.0 whatever is asked; hosts with a certificate are held to TLS 1.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_aws import cloudfront

from .. import names, rules
from ..checks import Args, Check, Fault, broken, refused
from ..kinds import SERVED_KINDS
from ..storage import DataBucket
from . import CLOSED, CLOUDFRONT_REGION, caching, distributions, logs

ROOT_OBJECT: Final = "index.html"
"""The object that answers `/`. A bucket without it answers 404 instead of a listing."""
MINIMUM_TLS: Final = "TLSv1.2_2021"
ORIGIN: Final = "bucket"
EVERYTHING: Final = "/*"
"""Matches each path; `*` itself is the default behavior's alone."""


@dataclass(frozen=True, kw_only=True)
class DataCdnArgs(Args):
    region: str
    """The bucket's."""
    bucket: DataBucket
    """A bucket of kind ``staging`` or ``public``: no others are served."""
    logs: DataBucket
    """The account's log bucket, whose policy admits the delivery (``access.buckets.cdn_log_delivery``)."""
    cors_origins: tuple[str, ...] = ()
    """The origins of the bucket's own CORS rule, which answers preflights. Empty: web pages read nothing from here."""
    data_seconds: int = 86_400
    """CloudFront keeps objects so long, but for metadata. A changed one is seen then, or after an invalidation."""
    metadata_seconds: int = 60
    """CloudFront keeps metadata so long, which every ingest writes anew, and the answer that a key is missing."""
    price_class: str = "PriceClass_All"
    """From where it is served: 100 is North America and Europe, All the whole world, at each region's price."""
    hosts: tuple[str, ...] = ()
    """Own host names, the main one first; none: CloudFront's own name alone."""
    zone_id: str | None = None
    """The Route 53 zone of the hosts, in the same account. None: others make the hosts' records."""
    certificate_arn: str | None = None
    """A certificate of us-east-1 that covers the hosts. None: one is made, and proved in the zone. It may be there
    before the hosts, so that a name can be moved here from another distribution."""
    requests_per_5_minutes: int | None = None
    """Beyond it one address is refused for a while. None: no limit, and no web ACL on its account."""
    addresses: tuple[str, ...] = ()
    """Networks that may read, all others are refused. Empty: anybody."""
    public_keys: Mapping[str, str] = field(default_factory=dict[str, str])
    """Public keys (PEM) by name: URLs signed with their private half are served, no others. None: no signature."""

    def faults(self) -> Iterator[Fault]:
        price = distributions.price_class(self.price_class)
        zone = distributions.zone_id(self.hosts, self.zone_id, self.certificate_arn)
        certificate = distributions.certificate_arn(self.certificate_arn, CLOUDFRONT_REGION)
        kinds = " or ".join(SERVED_KINDS)
        checks: tuple[Check, ...] = (
            (self.bucket.kind in SERVED_KINDS, "bucket", self.bucket.kind, f"a bucket of kind {kinds}"),
            (self.logs.kind == "log", "logs", self.logs.kind, "a bucket of kind log"),
            (price is None, "price_class", self.price_class, str(price)),
            (zone is None, "zone_id", self.zone_id, str(zone)),
            (certificate is None, "certificate_arn", self.certificate_arn, str(certificate)),
            (not any(map(rules.addresses, self.addresses)), "addresses", self.addresses, "networks like 192.0.2.0/24"),
        )
        yield from broken(checks)
        data, metadata, limit = self.data_seconds, self.metadata_seconds, self.requests_per_5_minutes
        yield from refused("data_seconds", data, distributions.DATA_SECONDS.fault(data))
        yield from refused("metadata_seconds", metadata, distributions.METADATA_SECONDS.fault(metadata))
        yield from refused("requests_per_5_minutes", limit, distributions.request_limit(limit))
        for key, value in (("addresses", self.addresses), ("public_keys", tuple(self.public_keys))):
            if value:
                yield from refused(key, value, distributions.closing(self.bucket.kind))


class DataCdn(pulumi.ComponentResource):
    """A bucket over HTTPS: cached, readable by web pages, logged, listing nothing."""

    arn: pulumi.Output[str]
    """The distribution's: the bucket's policy admits it."""
    distribution_id: pulumi.Output[str]
    """For invalidations."""
    url: pulumi.Output[str]
    """``https://`` and the main host, without a slash at the end."""
    domain: pulumi.Output[str]
    """CloudFront's own name."""
    key_ids: dict[str, pulumi.Output[str]]
    """CloudFront's ids of the public keys, by the names given: a signed URL names its key so."""

    def __init__(self, name: str, args: DataCdnArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:cdn:DataCdn", name, None, opts)
        self._key, self._name, self._args = name, f"{name}-cdn", args
        self._comment = f"Data of the bucket {name}"
        self._opts = pulumi.ResourceOptions(parent=self)
        self.key_ids, key_groups = self._keys()
        distribution = self._distribution(key_groups)
        if args.hosts and args.zone_id:
            from . import hosts  # so that a CDN without them doesn't load their part of the SDK

            hosts.records(self._name, args.hosts, args.zone_id, distribution, self._opts)
        label = names.cdn_log_delivery(name)
        logs.access_logs(self._name, label, distribution, args.logs, self._opts)
        self.arn, self.distribution_id, self.domain = distribution.arn, distribution.id, distribution.domain_name
        self.url = pulumi.Output.concat("https://", args.hosts[0] if args.hosts else distribution.domain_name)
        self.register_outputs({"arn": self.arn, "distribution_id": self.distribution_id, "url": self.url})

    def _keys(self) -> tuple[dict[str, pulumi.Output[str]], list[pulumi.Output[str]]]:
        """The ids of the keys by name, and the group of them that signs."""
        keys = {
            key: cloudfront.PublicKey(
                f"{self._name}-{key}",
                encoded_key=distributions.encoded_key(pem),
                comment=f"{self._comment}: {key}",
                opts=self._opts,
            ).id
            for key, pem in sorted(self._args.public_keys.items())
        }
        if not keys:
            return {}, []
        group = cloudfront.KeyGroup(
            f"{self._name}-keys", items=[*keys.values()], comment=self._comment, opts=self._opts
        )
        return keys, [group.id]

    def _distribution(self, key_groups: list[pulumi.Output[str]]) -> cloudfront.Distribution:
        args = self._args
        default, metadata = self._behaviors(key_groups)
        missing = cloudfront.DistributionCustomErrorResponseArgs(
            error_code=404, error_caching_min_ttl=args.metadata_seconds
        )
        return cloudfront.Distribution(
            self._name,
            enabled=True,
            comment=self._comment,
            aliases=[*args.hosts],
            origins=[self._origin()],
            default_cache_behavior=default,
            ordered_cache_behaviors=metadata,
            default_root_object=ROOT_OBJECT,
            custom_error_responses=[missing],
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class=args.price_class,
            restrictions=cloudfront.DistributionRestrictionsArgs(
                geo_restriction=cloudfront.DistributionRestrictionsGeoRestrictionArgs(restriction_type="none")
            ),
            viewer_certificate=self._viewer_certificate(),
            web_acl_id=self._web_acl(),
            tags=CLOSED if args.addresses or args.public_keys else None,
            opts=self._opts,
        )

    def _origin(self) -> cloudfront.DistributionOriginArgs:
        """The bucket by the name of its region: CloudFront follows no redirect. The bucket exists by then, so that
        nobody else's of this name is served; its policy, which names the distribution, comes after."""
        access = cloudfront.OriginAccessControl(
            f"{self._name}-access",
            description=self._comment,
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self._opts,
        )
        return cloudfront.DistributionOriginArgs(
            origin_id=ORIGIN,
            domain_name=self._args.bucket.bucket.apply(lambda bucket: f"{bucket}.s3.{self._args.region}.amazonaws.com"),
            origin_access_control_id=access.id,
        )

    def _behaviors(
        self, key_groups: list[pulumi.Output[str]]
    ) -> tuple[cloudfront.DistributionDefaultCacheBehaviorArgs, list[cloudfront.DistributionOrderedCacheBehaviorArgs]]:
        """Metadata by the patterns of its keys, then data. The default behavior is never reached, since the pattern
        before it matches everything: pulumi-aws cannot take key groups away from it, so it must never have any.
        """
        args, name = self._args, self._name
        headers = caching.response_headers(f"{name}-headers", self._comment, args.cors_origins, self._opts)
        data = caching.cache_policy(
            f"{name}-data", f"{self._comment}: data", args.data_seconds, self._opts, compressed=False
        )
        compressed = args.metadata_seconds > 0  # CloudFront compresses nothing that it doesn't keep
        metadata = caching.cache_policy(
            f"{name}-metadata", f"{self._comment}: metadata", args.metadata_seconds, self._opts, compressed=compressed
        )
        common: dict[str, Any] = {
            "target_origin_id": ORIGIN,
            "allowed_methods": ["GET", "HEAD", *(["OPTIONS"] if args.cors_origins else [])],
            "cached_methods": ["GET", "HEAD"],
            "viewer_protocol_policy": "redirect-to-https",
            "origin_request_policy_id": caching.CORS_TO_S3 if args.cors_origins else None,
            "response_headers_policy_id": headers.id,
        }
        policies = {**dict.fromkeys(caching.METADATA, metadata), EVERYTHING: data}
        ordered = [
            cloudfront.DistributionOrderedCacheBehaviorArgs(
                path_pattern=pattern,
                cache_policy_id=policy.id,
                compress=policy is metadata and compressed,
                trusted_key_groups=key_groups or None,
                **common,
            )
            for pattern, policy in policies.items()
        ]
        return cloudfront.DistributionDefaultCacheBehaviorArgs(
            cache_policy_id=data.id, compress=False, **common
        ), ordered

    def _viewer_certificate(self) -> cloudfront.DistributionViewerCertificateArgs:
        certificate = self._certificate()
        if certificate is None:
            return cloudfront.DistributionViewerCertificateArgs(cloudfront_default_certificate=True)
        return cloudfront.DistributionViewerCertificateArgs(
            acm_certificate_arn=certificate, minimum_protocol_version=MINIMUM_TLS, ssl_support_method="sni-only"
        )

    def _certificate(self) -> pulumi.Input[str] | None:
        args = self._args
        if args.certificate_arn or not args.hosts or not args.zone_id:
            return args.certificate_arn
        from . import hosts

        return hosts.certificate(f"{self._name}-certificate", args.hosts, args.zone_id, self._opts).arn

    def _web_acl(self) -> pulumi.Output[str] | None:
        args = self._args
        if args.requests_per_5_minutes is None and not args.addresses:
            return None
        from . import firewall  # its part of the SDK is the largest of all

        return firewall.web_acl(self._name, args.requests_per_5_minutes, args.addresses, self._opts).arn
