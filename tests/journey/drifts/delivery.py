"""The data CDN: CloudFront and the delivery of its logs."""

from __future__ import annotations

from typing import Any

from tests.journey.drifts.kind import Aws, Drift, Drifts, Held

EAST = "us-east-1"


def changed(word: str, **members: Any) -> Any:
    """Some members of a CloudFront configuration."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in word)

    def change(aws: Aws, held: Held) -> None:
        client = aws("cloudfront")
        one = getattr(client, f"get{snake}")(Id=held["id"])
        config = {**one[word][f"{word}Config"], **members}
        getattr(client, f"update{snake}")(Id=held["id"], IfMatch=one["ETag"], **{f"{word}Config": config})

    return change


def logs(aws: Aws) -> Any:
    return aws("logs", region_name=EAST)


DRIFTS: Drifts = {
    "aws:cloudfront/originAccessControl:OriginAccessControl": (
        Drift(
            name="staging-cdn-access",
            change=changed("OriginAccessControl", SigningBehavior="never"),
            shows="signingBehavior",
        ),
    ),
    "aws:cloudfront/cachePolicy:CachePolicy": (
        Drift(name="staging-cdn-metadata", change=changed("CachePolicy", MaxTTL=86_400), shows="maxTtl"),
    ),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": (
        Drift(
            name="staging-cdn-headers",
            change=changed("ResponseHeadersPolicy", RemoveHeadersConfig={"Quantity": 0}),
            shows="removeHeadersConfig",
        ),
    ),
    "aws:cloudfront/distribution:Distribution": (
        Drift(name="staging-cdn", change=changed("Distribution", DefaultRootObject=""), shows="defaultRootObject"),
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": (
        Drift(
            name="staging-cdn-log-source",
            change=lambda aws, held: logs(aws).tag_resource(resourceArn=held["arn"], tags={"who": "else"}),
            shows="tags",
        ),
    ),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": (
        Drift(
            name="staging-cdn-log-destination",
            change=lambda aws, held: logs(aws).put_delivery_destination(
                name=held["name"],
                deliveryDestinationConfiguration={"destinationResourceArn": "arn:aws:s3:::elsewhere"},
            ),
            shows="deliveryDestinationConfiguration.destinationResourceArn",
        ),
    ),
    "aws:cloudwatch/logDelivery:LogDelivery": (
        Drift(
            name="staging-cdn-log",
            change=lambda aws, held: logs(aws).update_delivery_configuration(id=held["id"], recordFields=["date"]),
            shows="recordFields",
        ),
    ),
}
