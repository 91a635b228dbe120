"""Access logs of a distribution, as W3C text in a log bucket.

Rests on: CloudFront user guide "Standard logging (v2)": source, destination and delivery are set up in us-east-1,
wherever the bucket is. When a delivery is made AWS puts `AWSLogs/{account-id}/CloudFront/` before its path, which
pulumi-aws leaves out of what it reads back; when the path of a delivery is changed AWS takes it as it is.
"""

from __future__ import annotations

from typing import Final

import pulumi
from pulumi_aws import cloudfront, cloudwatch

from ..storage import DataBucket
from . import CLOUDFRONT_REGION

LOG_FIELDS: Final = (
    "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status",
    "cs(Referer)", "cs(User-Agent)", "x-edge-result-type", "x-edge-request-id", "x-host-header", "cs-protocol",
    "time-taken", "ssl-protocol", "cs-protocol-version", "time-to-first-byte", "sc-content-type", "sc-content-len",
    "sc-range-start", "sc-range-end", "cache-behavior-path-pattern",
)  # fmt: skip
"""No query string: it holds the signature of a signed URL."""
LOG_PATH: Final = "{DistributionId}/{yyyy}/{MM}/{dd}"
"""Below ``AWSLogs/{account-id}/CloudFront/``, the one part of the log bucket that its policy opens to the delivery."""


def access_logs(
    name: str, label: str, distribution: cloudfront.Distribution, logs: DataBucket, opts: pulumi.ResourceOptions
) -> None:
    """Who asked for what. ``label``: by which the log bucket's policy knows the delivery."""
    source = cloudwatch.LogDeliverySource(
        f"{name}-log-source",
        name=label,
        log_type="ACCESS_LOGS",
        resource_arn=distribution.arn,
        region=CLOUDFRONT_REGION,
        opts=opts,
    )
    destination = cloudwatch.LogDeliveryDestination(
        f"{name}-log-destination",
        name=label,
        delivery_destination_configuration=cloudwatch.LogDeliveryDestinationDeliveryDestinationConfigurationArgs(
            destination_resource_arn=logs.arn
        ),
        output_format="w3c",
        region=CLOUDFRONT_REGION,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[logs])),
    )
    cloudwatch.LogDelivery(
        f"{name}-log",
        delivery_source_name=source.name,
        delivery_destination_arn=destination.arn,
        record_fields=[*LOG_FIELDS],
        s3_delivery_configurations=[
            cloudwatch.LogDeliveryS3DeliveryConfigurationArgs(suffix_path=LOG_PATH, enable_hive_compatible_path=False)
        ],
        region=CLOUDFRONT_REGION,
        # A changed path would not begin with what AWS puts before it; a source has one delivery to a bucket at a time.
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(replace_on_changes=["s3DeliveryConfigurations"], delete_before_replace=True)
        ),
    )
