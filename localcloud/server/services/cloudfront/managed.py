"""AWS's own policies, the same in every account; those that programs here may name.

Source: CloudFront developer guide, "Use managed cache policies", "Use managed origin request policies" and "Use managed
response headers policies".
"""

from __future__ import annotations

from typing import Any, Final

from .store import Config, Entity

_NOTHING: Final = "none"


def _key(*, compressed: bool) -> Config:
    return {
        "EnableAcceptEncodingGzip": compressed,
        "EnableAcceptEncodingBrotli": compressed,
        "HeadersConfig": {"HeaderBehavior": _NOTHING},
        "CookiesConfig": {"CookieBehavior": _NOTHING},
        "QueryStringsConfig": {"QueryStringBehavior": _NOTHING},
    }


def _cache(policy_id: str, name: str, ttls: tuple[int, int, int], *, compressed: bool) -> tuple[str, Entity]:
    least, default, most = ttls
    config: dict[str, Any] = {
        "Name": f"Managed-{name}",
        "Comment": "",
        "MinTTL": least,
        "DefaultTTL": default,
        "MaxTTL": most,
        "ParametersInCacheKeyAndForwardedToOrigin": _key(compressed=compressed),
    }
    return policy_id, Entity(id=policy_id, config=config)


def _to_origin(
    policy_id: str, name: str, *headers: str, behavior: str = "whitelist", others: str = _NOTHING
) -> tuple[str, Entity]:
    """``others``: the behavior of cookies and query strings."""
    listed = {"Headers": {"Quantity": len(headers), "Items": [*headers]}} if headers else {}
    config: dict[str, Any] = {
        "Name": f"Managed-{name}",
        "Comment": "",
        "HeadersConfig": {"HeaderBehavior": behavior, **listed},
        "CookiesConfig": {"CookieBehavior": others},
        "QueryStringsConfig": {"QueryStringBehavior": others},
    }
    return policy_id, Entity(id=policy_id, config=config)


def _by_origin(policy_id: str, name: str, query: str) -> tuple[str, Entity]:
    """For as long as the origin says, with all cookies in the key."""
    headers = ("host", "origin", "x-http-method", "x-http-method-override", "x-method-override")
    key: Config = {
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
        "HeadersConfig": {
            "HeaderBehavior": "whitelist",
            "Headers": {"Quantity": len(headers), "Items": [*headers]},
        },
        "CookiesConfig": {"CookieBehavior": "all"},
        "QueryStringsConfig": {"QueryStringBehavior": query},
    }
    ttls = {"MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 31_536_000}
    config = {"Name": f"Managed-{name}", "Comment": "", **ttls, "ParametersInCacheKeyAndForwardedToOrigin": key}
    return policy_id, Entity(id=policy_id, config=config)


_SECURITY: Final[Config] = {
    "XSSProtection": {"Override": False, "Protection": True, "ModeBlock": True},
    "FrameOptions": {"Override": False, "FrameOption": "SAMEORIGIN"},
    "ReferrerPolicy": {"Override": False, "ReferrerPolicy": "strict-origin-when-cross-origin"},
    "ContentTypeOptions": {"Override": True},
    "StrictTransportSecurity": {"Override": False, "AccessControlMaxAgeSec": 31_536_000},
}


POLICIES: Final[dict[str, dict[str, Entity]]] = {
    "CachePolicy": dict(
        (
            _cache(
                "658327ea-f89d-4fab-a63d-7e88639e58f6", "CachingOptimized", (1, 86_400, 31_536_000), compressed=True
            ),
            _cache(
                "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
                "CachingOptimizedForUncompressedObjects",
                (1, 86_400, 31_536_000),
                compressed=False,
            ),
            _cache("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "CachingDisabled", (0, 0, 0), compressed=False),
            _by_origin("83da9c7e-98b4-4e11-a168-04f0df8e2c65", "UseOriginCacheControlHeaders", _NOTHING),
            _by_origin("4cc15a8a-d715-48a4-82b8-cc0b614638fe", "UseOriginCacheControlHeaders-QueryStrings", "all"),
        )
    ),
    "OriginRequestPolicy": dict(
        (
            _to_origin(
                "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
                "CORS-S3Origin",
                "origin",
                "access-control-request-headers",
                "access-control-request-method",
            ),
            _to_origin("59781a5b-3903-41f3-afcb-af62929ccde1", "CORS-CustomOrigin", "origin"),
            _to_origin("216adef6-5c7f-47e4-b989-5492eafa07d3", "AllViewer", behavior="allViewer", others="all"),
            _to_origin(
                "b689b0a8-53d0-40ab-baf2-68738e2966ac",
                "AllViewerExceptHostHeader",
                "host",
                behavior="allExcept",
                others="all",
            ),
            _to_origin("acba4595-bd28-49b8-b9fe-13317c0390fa", "UserAgentRefererHeaders", "user-agent", "referer"),
            _to_origin("bf0718e1-ba1e-49d1-88b1-f726733018ae", "HostHeaderOnly", "host"),
        )
    ),
    "ResponseHeadersPolicy": {
        "67f7725c-6f97-4210-82d7-5512b31e9d03": Entity(
            id="67f7725c-6f97-4210-82d7-5512b31e9d03",
            config={"Name": "Managed-SecurityHeadersPolicy", "Comment": "", "SecurityHeadersConfig": _SECURITY},
        )
    },
}
"""By kind and id."""
