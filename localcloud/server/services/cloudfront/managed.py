"""AWS's own policies, the same in every account; those that programs here may name.

Source: CloudFront developer guide, "Use managed cache policies" and "Use managed origin request policies".
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


def _to_origin(policy_id: str, name: str, *headers: str) -> tuple[str, Entity]:
    listed = {"Quantity": len(headers), "Items": [*headers]}
    config: dict[str, Any] = {
        "Name": f"Managed-{name}",
        "Comment": "",
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": listed},
        "CookiesConfig": {"CookieBehavior": _NOTHING},
        "QueryStringsConfig": {"QueryStringBehavior": _NOTHING},
    }
    return policy_id, Entity(id=policy_id, config=config)


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
        )
    ),
}
"""By kind and id."""
