"""CloudFront and the delivery of its logs."""

from __future__ import annotations

from typing import Any

from .kind import Case, Change, Of

EAST = "us-east-1"
FIELDS = ["date", "time", "sc-status"]


def cache_key() -> dict[str, Any]:
    return {
        "cookiesConfig": {"cookieBehavior": "none"},
        "headersConfig": {"headerBehavior": "none"},
        "queryStringsConfig": {"queryStringBehavior": "none"},
    }


def distribution() -> dict[str, Any]:
    """Over the bucket ``one``, with a policy of AWS's own."""
    return {
        "enabled": True,
        "origins": [{"originId": "bucket", "domainName": "types-one.s3.us-west-2.amazonaws.com"}],
        "defaultCacheBehavior": {
            "targetOriginId": "bucket",
            "viewerProtocolPolicy": "https-only",
            "allowedMethods": ["GET", "HEAD"],
            "cachedMethods": ["GET", "HEAD"],
            "cachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
        "restrictions": {"geoRestriction": {"restrictionType": "none"}},
        "viewerCertificate": {"cloudfrontDefaultCertificate": True},
    }


def into(bucket: str) -> dict[str, Any]:
    return {"destinationResourceArn": f"arn:aws:s3:::types-{bucket}"}


DELIVERY: dict[str, Case] = {
    "cloudfront.OriginAccessControl": Case(
        rules="aws_cloudfront_origin_access_control",
        inputs={
            "name": "types-access",
            "originAccessControlOriginType": "s3",
            "signingBehavior": "always",
            "signingProtocol": "sigv4",
        },
        update=Change(path="signing_behavior", inputs={"signingBehavior": "no-override"}),
        lacks="nothing of it replaces, not even its name",
    ),
    "cloudfront.CachePolicy": Case(
        rules="aws_cloudfront_cache_policy",
        inputs={"name": "types-cache", "minTtl": 0, "parametersInCacheKeyAndForwardedToOrigin": cache_key()},
        update=Change(path="min_ttl", inputs={"minTtl": 1}),
        lacks="nothing of it replaces, not even its name",
    ),
    "cloudfront.ResponseHeadersPolicy": Case(
        rules="aws_cloudfront_response_headers_policy",
        inputs={"name": "types-headers", "securityHeadersConfig": {"contentTypeOptions": {"override": True}}},
        update=Change(path="name", inputs={"name": "types-headers-renamed"}),
        lacks="nothing of it replaces, not even its name",
    ),
    "cloudfront.Distribution": Case(
        rules="aws_cloudfront_distribution",
        inputs=distribution(),
        update=Change(path="price_class", inputs={"priceClass": "PriceClass_100"}),
        lacks="nothing of it replaces but `staging`, which the local cloud refuses",
    ),
    "cloudwatch.LogDeliverySource": Case(
        rules="aws_cloudwatch_log_delivery_source",
        inputs={
            "name": "types-source",
            "logType": "ACCESS_LOGS",
            "resourceArn": Of("one-distribution", "arn"),
            "region": EAST,
        },
        update=Change(path="tags", inputs={"tags": {"a": "1"}}),
        # A distribution has one source: another name alone would be refused.
        replace=Change(
            path="resource_arn", inputs={"resourceArn": Of("other-distribution", "arn"), "name": "types-renamed"}
        ),
    ),
    "cloudwatch.LogDeliveryDestination": Case(
        rules="aws_cloudwatch_log_delivery_destination",
        inputs={
            "name": "types-destination",
            "outputFormat": "w3c",
            "deliveryDestinationConfiguration": into("one"),
            "region": EAST,
        },
        update=Change(
            path="delivery_destination_configuration.destination_resource_arn",
            inputs={"deliveryDestinationConfiguration": into("other")},
        ),
        # AWS refuses another format under the same name.
        replace=Change(path="output_format", inputs={"outputFormat": "json", "name": "types-renamed"}),
    ),
    "cloudwatch.LogDelivery": Case(
        rules="aws_cloudwatch_log_delivery",
        inputs={
            "deliverySourceName": Of("one-source", "name"),
            "deliveryDestinationArn": Of("one-destination", "arn"),
            "recordFields": FIELDS[:2],
            "region": EAST,
        },
        update=Change(path="record_fields", inputs={"recordFields": FIELDS}),
        replace=Change(path="delivery_source_name", inputs={"deliverySourceName": Of("other-source", "name")}),
    ),
}
