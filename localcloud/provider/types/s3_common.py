"""What the S3 types share: which refusals mean "not there", and which pass.

AWS facts: S3 serialises changes of one bucket and answers the losers with 409 OperationAborted; a new bucket may be
answered with NoSuchBucket for a moment.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from localcloud.provider.errors import error_code

T = TypeVar("T")
CONFLICT_SECONDS: Final = 120.0
"""pulumi-aws's bucketPropagationTimeout."""
GONE: Final = frozenset({"NoSuchBucket", "404", "NotFound"})
"""There is no such bucket. HEAD has no body, so its only code is the status."""
UNSETTLED: Final = ("OperationAborted",)
"""Refusals that pass by themselves."""
ABSENT: Final = frozenset(
    {
        "NoSuchTagSet", "NoSuchBucketPolicy", "NoSuchCORSConfiguration", "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration", "OwnershipControlsNotFoundError", "NoSuchOwnershipControls",
        "ServerSideEncryptionConfigurationNotFoundError", "ObjectLockConfigurationNotFoundError",
        "NoSuchWebsiteConfiguration", "ReplicationConfigurationNotFoundError",
    }
)  # fmt: skip
"""The bucket is there, the setting isn't."""


def optional(call: Callable[[], T], codes: frozenset[str]) -> T | None:
    """The call's result; None when AWS answers with one of the codes."""
    try:
        return call()
    except Exception as error:
        if error_code(error) in codes:
            return None
        raise
