"""Object Lock, as far as a bucket without retention has it.

AWS facts: a bucket may be made with Object Lock, or get it later if it is versioned; from then on it stays versioned
and locked. A default retention is in days or in years.
Here: retention and legal hold are not enforced and so are errors, by default or on an object.
"""

from __future__ import annotations

from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal

from .conflicts import changing
from .refusals import malformed_xml, not_configured, not_implemented
from .store import bucket_called


@HOOKS.instead("s3", "GetObjectLockConfiguration")
def get_object_lock_configuration(call: Call) -> Params:
    if not bucket_called(call.params["Bucket"]).object_lock_enabled:
        raise not_configured(
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
            call.params["Bucket"],
        )
    return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}


@HOOKS.instead("s3", "PutObjectLockConfiguration")
def put_object_lock_configuration(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    asked: dict[str, Any] = call.params.get("ObjectLockConfiguration", {})
    if asked.get("ObjectLockEnabled") != "Enabled":
        raise malformed_xml()
    if "Rule" in asked:
        retention = asked["Rule"].get("DefaultRetention", {})
        if ("Days" in retention) == ("Years" in retention):
            raise malformed_xml()
    if bucket.versioning_status != "Enabled":
        text = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        raise Refusal("InvalidBucketState", text, 409)
    if "Rule" in asked:
        raise not_implemented("A default retention of Object Lock")
    with changing(call):
        bucket.object_lock_enabled = True
    return {}
