"""What CloudFront serves: the data of a bucket, and an environment's site."""

from typing import Final

CLOUDFRONT_REGION: Final = "us-east-1"
"""Where CloudFront has its certificates, web ACLs and log deliveries, wherever the bucket is."""
