"""SiteCdn: one environment's site, a CloudFront distribution before its frontend and its API.

Rests on, of the CloudFront user guide:
- "Restrict access with VPC origins": the load balancer has no public address; a VPC origin that a distribution uses
  can't be changed, not even its tags, and takes up to a quarter of an hour to be deployed. So another one is made
  beside it, the distribution moves, and the one before goes.
- "Require HTTPS to a custom origin": the load balancer's certificate must be for the origin's domain name or for the
  Host that CloudFront sends on. With hosts there is TLS, the viewer's Host goes on, and the origin's domain name is the
  main host, so that requests by CloudFront's own name are answered too; a VPC origin is found by its id, whatever the
  domain name is. Without hosts: HTTP inside the VPC and the load balancer's own name.
- "How CloudFront processes HTTP 4xx and 5xx": errors are kept for ten seconds where nothing else is said.
Access logs and the web ACL are made as those of a data CDN are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_aws import cloudfront

from .. import names
from ..balancer import IDLE_SECONDS, Balancer
from ..checks import Args, Check, Fault, broken, refused
from ..storage import DataBucket
from . import CLOSED, CLOUDFRONT_REGION, contents, distributions, logs, pages

MINIMUM_TLS: Final = "TLSv1.2_2021"
ORIGIN: Final = "services"
API_PATHS: Final = "/graphql*"
BUILD_PATHS: Final = "/build/*"
EVERY_METHOD: Final = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
"""CloudFront knows three sets of methods; the load balancer refuses those that the API doesn't have."""
PAGE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
API_KEY_HEADERS: Final = ("Accept", "Origin")
ERRORS: Final = (404, 500, 502, 503, 504)
"""Never kept: what fails in one moment is there in the next."""


@dataclass(frozen=True, kw_only=True)
class SiteCdnArgs(Args):
    environment: str
    balancer: Balancer
    routes: pulumi.Input[Sequence[pulumi.Resource]] = ()
    """The rules by which the load balancer sends requests on: the distribution comes to it once they are there."""
    logs: DataBucket
    """The account's log bucket, whose policy admits the delivery (``access.buckets.cdn_log_delivery``)."""
    data_origins: tuple[pulumi.Input[str], ...]
    """Origins like ``https://files.example.org`` that pages read data from."""
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Further sources of the Content-Security-Policy, by directive."""
    price_class: str = "PriceClass_100"
    """From where it is served: 100 is North America and Europe, All the whole world, at each region's price."""
    hosts: tuple[str, ...] = ()
    """Own host names, the main one first, which are the balancer's too; none: CloudFront's own name alone."""
    zone_id: str | None = None
    """The Route 53 zone of the hosts, in the same account. None: others make the hosts' records."""
    certificate_arn: str | None = None
    """A certificate of us-east-1 that covers the hosts. None: one is made, and proved in the zone. It may be there
    before the hosts, so that a name can be moved here from another distribution."""
    requests_per_5_minutes: int | None = None
    """Beyond it one address is refused for a while. None: no limit, and no web ACL on its account."""
    addresses: tuple[str, ...] = ()
    """Networks that may ask, all others are refused. Empty: anybody."""
    managed_rules: bool = False
    """Whether AWS's own rules against known attacks are asked first."""

    def faults(self) -> Iterator[Fault]:
        price = distributions.price_class(self.price_class)
        zone = distributions.zone_id(self.hosts, self.zone_id, self.certificate_arn)
        certificate = distributions.certificate_arn(self.certificate_arn, CLOUDFRONT_REGION)
        checks: tuple[Check, ...] = (
            (self.logs.kind == "log", "logs", self.logs.kind, "a bucket of kind log"),
            (price is None, "price_class", self.price_class, str(price)),
            (zone is None, "zone_id", self.zone_id, str(zone)),
            (certificate is None, "certificate_arn", self.certificate_arn, str(certificate)),
        )
        yield from broken(checks)
        limit = self.requests_per_5_minutes
        yield from refused("requests_per_5_minutes", limit, distributions.request_limit(limit))
        for one in self.sources:
            yield from refused("sources", one, contents.directive(one))


class SiteCdn(pulumi.ComponentResource):
    """A site over HTTPS: pages and API under one name, with the headers that protect whoever reads them."""

    url: pulumi.Output[str]
    """``https://`` and the main host, without a slash at the end. Known once the distribution is there, so that pods
    which ask the site come after it."""
    domain: pulumi.Output[str]
    """CloudFront's own name."""
    distribution_id: pulumi.Output[str]

    def __init__(self, name: str, args: SiteCdnArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:cdn:SiteCdn", name, None, opts)
        self._name, self._args = name, args
        self._comment = f"Site of the environment {args.environment}"
        self._opts = pulumi.ResourceOptions(parent=self)
        distribution = self._distribution()
        if args.hosts and args.zone_id:
            from . import hosts  # so that a site without them doesn't load their part of the SDK

            hosts.records(name, args.hosts, args.zone_id, distribution, self._opts)
        label = names.site_log_delivery(args.environment)
        logs.access_logs(name, label, distribution, args.logs, self._opts)
        self.distribution_id, self.domain = distribution.id, distribution.domain_name
        self.url = self.domain.apply(lambda own: f"https://{args.hosts[0] if args.hosts else own}")
        self.register_outputs({"url": self.url, "domain": self.domain, "distribution_id": self.distribution_id})

    def _distribution(self) -> cloudfront.Distribution:
        default, ordered = self._behaviors()
        errors = [
            cloudfront.DistributionCustomErrorResponseArgs(error_code=code, error_caching_min_ttl=0) for code in ERRORS
        ]
        return cloudfront.Distribution(
            self._name,
            enabled=True,
            comment=self._comment,
            aliases=[*self._args.hosts],
            origins=[self._origin()],
            default_cache_behavior=default,
            ordered_cache_behaviors=ordered,
            custom_error_responses=errors,
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class=self._args.price_class,
            restrictions=cloudfront.DistributionRestrictionsArgs(
                geo_restriction=cloudfront.DistributionRestrictionsGeoRestrictionArgs(restriction_type="none")
            ),
            viewer_certificate=self._viewer_certificate(),
            web_acl_id=self._web_acl(),
            tags=CLOSED if self._args.addresses else None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._args.routes),
        )

    def _origin(self) -> cloudfront.DistributionOriginArgs:
        """The load balancer, from inside its VPC."""
        balancer, hosts = self._args.balancer, self._args.hosts
        protocols = cloudfront.VpcOriginVpcOriginEndpointConfigOriginSslProtocolsArgs(items=["TLSv1.2"], quantity=1)
        way_in = cloudfront.VpcOrigin(
            self._name,
            vpc_origin_endpoint_config=cloudfront.VpcOriginVpcOriginEndpointConfigArgs(
                name=balancer.arn.apply(self._origin_name),
                arn=balancer.arn,
                http_port=80,
                https_port=443,
                origin_protocol_policy=self._protocol,
                origin_ssl_protocols=protocols,
            ),
            timeouts=cloudfront.VpcOriginTimeoutsArgs(create="30m", update="30m", delete="30m"),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[balancer],
                replace_on_changes=["vpcOriginEndpointConfig"],
                ignore_changes=["tags", "tagsAll"],
            ),
        )
        return cloudfront.DistributionOriginArgs(
            origin_id=ORIGIN,
            domain_name=hosts[0] if hosts else balancer.host,
            vpc_origin_config=cloudfront.DistributionOriginVpcOriginConfigArgs(
                vpc_origin_id=way_in.id, origin_read_timeout=IDLE_SECONDS
            ),
        )

    @property
    def _protocol(self) -> str:
        return "https-only" if self._args.hosts else "http-only"

    def _origin_name(self, balancer_arn: str) -> str:
        """Another one for each VPC origin: two have not the same name, also while one takes the other's place."""
        of = hashlib.sha256(f"{balancer_arn} {self._protocol}".encode()).hexdigest()[:8]
        return f"{names.site_log_delivery(self._args.environment)}-{of}"

    def _behaviors(
        self,
    ) -> tuple[cloudfront.DistributionDefaultCacheBehaviorArgs, list[cloudfront.DistributionOrderedCacheBehaviorArgs]]:
        """The API, what a build made once and for all, and pages."""
        name = self._name
        api = pages.cache_policy(f"{name}-api", f"{self._comment}: API", API_KEY_HEADERS, self._opts)
        page = pages.cache_policy(f"{name}-pages", f"{self._comment}: pages", (), self._opts)
        content = pulumi.Output.all(*self._args.data_origins).apply(self._content_policy)
        headers = pages.response_headers(f"{name}-headers", self._comment, content, self._opts)
        common: dict[str, Any] = {
            "target_origin_id": ORIGIN,
            "cached_methods": ["GET", "HEAD"],
            "viewer_protocol_policy": "redirect-to-https",
            "origin_request_policy_id": pages.ALL_VIEWER if self._args.hosts else pages.ALL_BUT_HOST,
            "response_headers_policy_id": headers.id,
            "compress": True,
        }
        ordered = [
            cloudfront.DistributionOrderedCacheBehaviorArgs(
                path_pattern=pattern, cache_policy_id=policy, allowed_methods=[*methods], **common
            )
            for pattern, policy, methods in (
                (API_PATHS, api.id, EVERY_METHOD),
                (BUILD_PATHS, pages.IMMUTABLE, PAGE_METHODS),
            )
        ]
        default = cloudfront.DistributionDefaultCacheBehaviorArgs(
            cache_policy_id=page.id, allowed_methods=[*PAGE_METHODS], **common
        )
        return default, ordered

    def _content_policy(self, data: Sequence[str]) -> str:
        return contents.content_policy(data, self._args.sources)

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

        name, proofs = f"{self._name}-certificate", args.balancer.proofs
        return hosts.certificate(name, args.hosts, args.zone_id, self._opts, proofs=proofs).arn

    def _web_acl(self) -> pulumi.Output[str] | None:
        args = self._args
        if args.requests_per_5_minutes is None and not args.addresses and not args.managed_rules:
            return None
        from . import firewall  # its part of the SDK is the largest of all

        managed = firewall.MANAGED_RULES if args.managed_rules else ()
        return firewall.web_acl(
            self._name, args.requests_per_5_minutes, args.addresses, self._opts, managed=managed
        ).arn
