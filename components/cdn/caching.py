"""What CloudFront keeps and for how long, and the headers that it adds.

Rests on: CloudFront keeps an object for `default_ttl` where S3 sends no Cache-Control (it sends what the writer set),
and never longer than `max_ttl`. It compresses only listed types (JSON is one, chunks, MRC and images are none) of 1 kB
to 10 MB, and keys by Accept-Encoding where a policy has gzip or brotli on. A path pattern matches in the order listed,
`*` also across `/`. CORS headers of a response headers policy take the place of S3's, so that the cache needs no
variant by Origin. They go on answers alone: a preflight is answered by S3, by the bucket's own CORS rule.
"""

from __future__ import annotations

from typing import Final

import pulumi
from pulumi_aws import cloudfront

from .. import cors

METADATA: Final = ("*.json", "*/.zattrs", "*/.zgroup", "*/.zarray", "*/.zmetadata", "*/info")
"""Objects that a new ingest of a run writes anew under the same key: portal metadata, zarr's, Neuroglancer's."""
CORS_TO_S3: Final = "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"
"""AWS's own origin request policy CORS-S3Origin: Origin and the two headers of a preflight go to S3."""
STRICT_TRANSPORT_SECONDS: Final = 31_536_000
REMOVED_HEADERS: Final = ("x-amz-server-side-encryption", "x-amz-version-id")
"""S3's, of no use to a reader."""


def cache_policy(
    name: str, comment: str, seconds: int, opts: pulumi.ResourceOptions, *, compressed: bool
) -> cloudfront.CachePolicy:
    """Nothing of a request but its path is in the key or goes to S3: a query string can list nothing."""
    parameters = cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginArgs(
        cookies_config=cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginCookiesConfigArgs(
            cookie_behavior="none"
        ),
        headers_config=cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginHeadersConfigArgs(
            header_behavior="none"
        ),
        query_strings_config=cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginQueryStringsConfigArgs(
            query_string_behavior="none"
        ),
        enable_accept_encoding_brotli=compressed,
        enable_accept_encoding_gzip=compressed,
    )
    return cloudfront.CachePolicy(
        name,
        comment=comment,
        min_ttl=0,
        default_ttl=seconds,
        max_ttl=seconds,
        parameters_in_cache_key_and_forwarded_to_origin=parameters,
        opts=opts,
    )


def response_headers(
    name: str, comment: str, origins: tuple[str, ...], opts: pulumi.ResourceOptions
) -> cloudfront.ResponseHeadersPolicy:
    removed = [cloudfront.ResponseHeadersPolicyRemoveHeadersConfigItemArgs(header=one) for one in REMOVED_HEADERS]
    return cloudfront.ResponseHeadersPolicy(
        name,
        comment=comment,
        cors_config=_cors(origins) if origins else None,
        security_headers_config=_security(),
        remove_headers_config=cloudfront.ResponseHeadersPolicyRemoveHeadersConfigArgs(items=removed),
        opts=opts,
    )


def _cors(origins: tuple[str, ...]) -> cloudfront.ResponseHeadersPolicyCorsConfigArgs:
    """The bucket's own CORS rule in CloudFront's words."""
    return cloudfront.ResponseHeadersPolicyCorsConfigArgs(
        access_control_allow_credentials=False,
        access_control_allow_headers=cloudfront.ResponseHeadersPolicyCorsConfigAccessControlAllowHeadersArgs(
            items=[*cors.REQUEST_HEADERS]
        ),
        access_control_allow_methods=cloudfront.ResponseHeadersPolicyCorsConfigAccessControlAllowMethodsArgs(
            items=[*cors.METHODS]
        ),
        access_control_allow_origins=cloudfront.ResponseHeadersPolicyCorsConfigAccessControlAllowOriginsArgs(
            items=[*origins]
        ),
        access_control_expose_headers=cloudfront.ResponseHeadersPolicyCorsConfigAccessControlExposeHeadersArgs(
            items=[*cors.EXPOSED_HEADERS]
        ),
        access_control_max_age_sec=cors.MAX_AGE_SECONDS,
        origin_override=True,
    )


def _security() -> cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgs:
    """A browser takes an object for what its type says, and comes back by HTTPS."""
    return cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgs(
        content_type_options=cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentTypeOptionsArgs(override=True),
        strict_transport_security=cloudfront.ResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurityArgs(
            access_control_max_age_sec=STRICT_TRANSPORT_SECONDS, override=True
        ),
    )
