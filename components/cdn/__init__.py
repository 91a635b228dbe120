"""What CloudFront serves: the data of a bucket, and an environment's site."""

from collections.abc import Mapping
from typing import Final

CLOUDFRONT_REGION: Final = "us-east-1"
"""Where CloudFront has its certificates, web ACLs and log deliveries, wherever the bucket is."""
CLOSED: Final[Mapping[str, str]] = {"readers": "listed"}
"""Tag of a distribution that some networks or holders of keys alone may ask, of its web ACL and of its sets of
addresses. Without it anybody may ask the distribution."""
