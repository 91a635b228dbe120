"""What CloudFront keeps of a site, and the headers that its pages have.

Rests on: with a minimum of 0, CloudFront keeps an answer for as long as the answer itself says, and with a default of 0
not at all where it says nothing. What an answer depends on must be in the key: the query string, and for the API what
form and which origin was asked for. Cookies are sent on and are not in the key: a page that differs by them says
`private`. A policy's headers take the place of the server's own, so that no server can loosen them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pulumi
from pulumi_aws import cloudfront

from .caching import STRICT_TRANSPORT_SECONDS

ALL_VIEWER: Final = "216adef6-5c7f-47e4-b989-5492eafa07d3"
"""AWS's own origin request policy: all of a request goes on, the viewer's Host too."""
ALL_BUT_HOST: Final = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""AWS's own policy that sends everything, with the origin's name as Host."""
IMMUTABLE: Final = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""AWS's own cache policy CachingOptimized: kept by path alone, for as long as the answer says, a day if nothing."""
LONGEST_SECONDS: Final = 31_536_000


def cache_policy(
    name: str, comment: str, headers: Sequence[str], opts: pulumi.ResourceOptions
) -> cloudfront.CachePolicy:
    """Answers are kept as they say themselves. ``headers``: those of a request that they depend on."""
    header_config = cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginHeadersConfigArgs(
        header_behavior="whitelist" if headers else "none",
        headers=(
            cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginHeadersConfigHeadersArgs(items=[*headers])
            if headers
            else None
        ),
    )
    parameters = cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginArgs(
        cookies_config=cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginCookiesConfigArgs(
            cookie_behavior="none"
        ),
        headers_config=header_config,
        query_strings_config=cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginQueryStringsConfigArgs(
            query_string_behavior="all"
        ),
        enable_accept_encoding_brotli=True,
        enable_accept_encoding_gzip=True,
    )
    return cloudfront.CachePolicy(
        name,
        comment=comment,
        min_ttl=0,
        default_ttl=0,
        max_ttl=LONGEST_SECONDS,
        parameters_in_cache_key_and_forwarded_to_origin=parameters,
        opts=opts,
    )


def response_headers(
    name: str, comment: str, content: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> cloudfront.ResponseHeadersPolicy:
    """``content``: the Content-Security-Policy."""
    security = cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgs(
        content_security_policy=cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicyArgs(
            content_security_policy=content, override=True
        ),
        content_type_options=cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentTypeOptionsArgs(override=True),
        referrer_policy=cloudfront.ResponseHeadersPolicySecurityHeadersConfigReferrerPolicyArgs(
            referrer_policy="strict-origin-when-cross-origin", override=True
        ),
        strict_transport_security=cloudfront.ResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurityArgs(
            access_control_max_age_sec=STRICT_TRANSPORT_SECONDS, override=True
        ),
    )
    return cloudfront.ResponseHeadersPolicy(name, comment=comment, security_headers_config=security, opts=opts)
