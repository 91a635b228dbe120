"""Names that S3 gives a general purpose bucket, and where it may be made.

AWS facts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; the regional endpoints want
their own region as LocationConstraint, us-east-1 wants none (or another region's) and answers a repeated CreateBucket
of one's own bucket with success.
"""

from __future__ import annotations

import re
from functools import cache

import botocore.session

from localcloud.server.call import Refusal

_SHAPE = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
DEFAULT_REGION = "us-east-1"


def is_valid(name: str) -> bool:
    """Whether AWS would create a bucket of that name."""
    return (
        bool(_SHAPE.fullmatch(name))
        and ".." not in name
        and not _IP_ADDRESS.fullmatch(name)
        and not name.startswith(RESERVED_PREFIXES)
        and not name.endswith(RESERVED_SUFFIXES)
    )


def check(name: str) -> None:
    """Raises :class:`Refusal` InvalidBucketName."""
    if not is_valid(name):
        raise Refusal("InvalidBucketName", "The specified bucket is not valid.", 400, BucketName=name)


@cache
def regions() -> frozenset[str]:
    """The regions that botocore knows for S3 in the partition aws."""
    return frozenset(botocore.session.get_session().get_available_regions("s3", "aws"))


def region_of(location_constraint: str | None, endpoint_region: str) -> str:
    """The region of a bucket made with that LocationConstraint at that endpoint; raises :class:`Refusal`."""
    if location_constraint is not None:
        location_constraint = {"EU": "eu-west-1"}.get(location_constraint, location_constraint)
        if location_constraint not in regions() or location_constraint == DEFAULT_REGION == endpoint_region:
            raise Refusal(
                "InvalidLocationConstraint",
                "The specified location-constraint is not valid",
                LocationConstraint=location_constraint,
            )
    if endpoint_region == DEFAULT_REGION:
        return location_constraint or DEFAULT_REGION
    if location_constraint != endpoint_region:
        raise Refusal(
            "IllegalLocationConstraintException",
            f"The {location_constraint or 'unspecified'} location constraint is incompatible for the region specific "
            "endpoint this request was sent to.",
        )
    return endpoint_region
