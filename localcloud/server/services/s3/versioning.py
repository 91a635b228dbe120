"""Versioning, transfer acceleration, who pays, and static website hosting: settings of a few words each.

AWS facts: versioning once enabled can only be suspended, and not even that with Object Lock or with replication; MFA
delete needs the root user and a device, which is an error here; acceleration is not for names with dots.
"""

from __future__ import annotations

from copy import deepcopy

from localcloud.server.call import HOOKS, Call, Params, Refusal

from .conflicts import changing
from .refusals import not_configured, not_implemented
from .store import bucket_called, documents


@HOOKS.instead("s3", "PutBucketVersioning")
def put_bucket_versioning(call: Call) -> Params:
    bucket, asked = bucket_called(call.params["Bucket"]), call.params["VersioningConfiguration"]
    if not asked.get("Status"):
        raise Refusal("IllegalVersioningConfigurationException", "The Versioning element must be specified")
    if asked.get("MFADelete", "Disabled") != "Disabled":
        raise not_implemented("MFADelete")
    suspends = asked["Status"] == "Suspended"
    if suspends and bucket.object_lock_enabled:
        raise Refusal(
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
            409,
        )
    if suspends and documents(bucket.name).single.get("replication"):
        raise Refusal(
            "InvalidBucketState",
            "A replication configuration is present on this bucket, so the versioning state cannot be changed.",
            409,
        )
    with changing(call) as single:
        single["versioning"] = deepcopy(asked)
        bucket.versioning_status = asked["Status"]
    return {}


@HOOKS.instead("s3", "GetBucketVersioning")
def get_bucket_versioning(call: Call) -> Params:
    return deepcopy(documents(call.params["Bucket"]).single.get("versioning", {}))


@HOOKS.instead("s3", "PutBucketAccelerateConfiguration")
def put_bucket_accelerate_configuration(call: Call) -> Params:
    if "." in call.params["Bucket"]:
        raise Refusal(
            "InvalidRequest", "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        )
    with changing(call) as single:
        single["accelerate"] = deepcopy(call.params["AccelerateConfiguration"])
    return {}


@HOOKS.instead("s3", "GetBucketAccelerateConfiguration")
def get_bucket_accelerate_configuration(call: Call) -> Params:
    return deepcopy(documents(call.params["Bucket"]).single.get("accelerate", {}))


@HOOKS.instead("s3", "PutBucketRequestPayment")
def put_bucket_request_payment(call: Call) -> Params:
    with changing(call) as single:
        single["request_payment"] = deepcopy(call.params["RequestPaymentConfiguration"])
    return {}


@HOOKS.instead("s3", "GetBucketRequestPayment")
def get_bucket_request_payment(call: Call) -> Params:
    return deepcopy(documents(call.params["Bucket"]).single.get("request_payment", {"Payer": "BucketOwner"}))


@HOOKS.instead("s3", "PutBucketWebsite")
def put_bucket_website(call: Call) -> Params:
    asked = call.params["WebsiteConfiguration"]
    if asked.get("RedirectAllRequestsTo"):
        if len(asked) > 1:
            raise Refusal(
                "InvalidArgument", "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
            )
    elif not asked.get("IndexDocument", {}).get("Suffix"):
        raise Refusal(
            "InvalidArgument", "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
        )
    elif "/" in asked["IndexDocument"]["Suffix"]:
        raise Refusal("InvalidArgument", "The IndexDocument Suffix is not well formed")
    with changing(call) as single:
        single["website"] = deepcopy(asked)
    return {}


@HOOKS.instead("s3", "GetBucketWebsite")
def get_bucket_website(call: Call) -> Params:
    stored = documents(call.params["Bucket"]).single.get("website")
    if stored is None:
        raise not_configured(
            "NoSuchWebsiteConfiguration",
            "The specified bucket does not have a website configuration",
            call.params["Bucket"],
        )
    return deepcopy(stored)


@HOOKS.instead("s3", "DeleteBucketWebsite")
def delete_bucket_website(call: Call) -> Params:
    with changing(call) as single:
        single.pop("website", None)
    return {}
