"""What every S3 call on a bucket is refused for.

AWS facts: a bucket that isn't there is NoSuchBucket whoever asks; a caller may say whom it expects the bucket to belong
to, with an account id of 12 digits, and is denied if that is wrong.
"""

from __future__ import annotations

import re

from botocore.session import get_session

from ..call import HOOKS, Call, Refusal
from .store import bucket_called

_ACCOUNT_ID = re.compile(r"\d{12}")
OPERATIONS = tuple(get_session().get_service_model("s3").operation_names)


@HOOKS.before("s3", *OPERATIONS)
def check_every_call(call: Call) -> None:
    name = call.params.get("Bucket")
    if name is None or call.operation == "CreateBucket":
        return
    bucket = bucket_called(name)
    for member in ("ExpectedBucketOwner", "ExpectedSourceBucketOwner"):
        expected = call.params.get(member)
        if expected is not None and not _ACCOUNT_ID.fullmatch(expected):
            raise Refusal(
                "InvalidBucketOwnerAWSAccountID",
                f"The value of the expected bucket owner parameter must be an AWS Account ID... [{expected}]",
            )
    if call.params.get("ExpectedBucketOwner", bucket.account_id) != bucket.account_id:
        raise Refusal("AccessDenied", "Access Denied", 403)
