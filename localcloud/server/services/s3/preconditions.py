"""What every S3 call on a bucket is refused for.

AWS facts: a bucket that isn't there is NoSuchBucket whoever asks; a caller may say whom it expects the bucket to belong
to, with an account id of 12 digits, and is denied if that is wrong; from a bucket whose requester pays, only its owner
and who says that it will pay gets an answer; some operations must come with a checksum of their body.
"""

from __future__ import annotations

import re

from botocore.session import get_session

from localcloud.server.call import HOOKS, Call, Refusal

from .refusals import access_denied
from .store import bucket_called, documents

_ACCOUNT_ID = re.compile(r"\d{12}")
OPERATIONS = tuple(get_session().get_service_model("s3").operation_names)

WITH_CHECKSUM = ("DeleteObjects", "PutBucketCors", "PutBucketLifecycleConfiguration", "PutBucketTagging")


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
        raise access_denied()
    _check_payer(call, bucket.account_id)
    _check_has_checksum(call)


def _check_payer(call: Call, owner: str) -> None:
    payer = documents(call.params["Bucket"]).single.get("request_payment", {}).get("Payer")
    if payer == "Requester" and call.caller.account_id != owner and call.params.get("RequestPayer") != "requester":
        raise access_denied()


def _check_has_checksum(call: Call) -> None:
    """Of requests over HTTP; calls from within the server have no body to check."""
    if not call.method or call.operation not in WITH_CHECKSUM or "content-md5" in call.headers:
        return
    if not any(name.startswith("x-amz-checksum-") for name in call.headers):
        raise Refusal("InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
