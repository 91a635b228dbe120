"""Buckets: made, found, listed and deleted.

AWS facts: the rules for names and regions in :mod:`.names`; a name is unique in all accounts; a bucket with any object,
version or delete marker cannot be deleted; an account has at most 10,000 buckets.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC
from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.s3.store import FakeBucket, backend_of

from . import acl, names
from .owners import owner
from .refusals import not_implemented
from .store import PARTITION, bucket_called, documents_of, find_bucket, forget
from .tagsets import tag_dict

MOST_BUCKETS = 10_000


def arn_of(bucket: str) -> str:
    return f"arn:{PARTITION}:s3:::{bucket}"


@HOOKS.instead("s3", "CreateBucket")
def create_bucket(call: Call) -> Params:
    name, configuration = call.params["Bucket"], call.params.get("CreateBucketConfiguration", {})
    names.check(name)
    region = names.region_of(configuration.get("LocationConstraint"), call.region)
    for member in ("Location", "Bucket"):
        if configuration.get(member):
            raise not_implemented(f"CreateBucketConfiguration.{member} (a directory bucket)")
    if call.params.get("BucketNamespace", "global") != "global":
        raise not_implemented("A BucketNamespace other than global")
    if (existing := find_bucket(name)) is not None:
        return _created_again(call, existing, region)
    acl.check_new_bucket(call)
    tags = tag_dict(configuration["Tags"]) if configuration.get("Tags") else {}
    backend = backend_of(call.caller.account_id)
    if len(backend.buckets) >= MOST_BUCKETS:
        raise Refusal("TooManyBuckets", "You have attempted to create more buckets than allowed")
    bucket = backend.create_bucket(name, region)
    documents = documents_of(bucket)
    if ownership := call.params.get("ObjectOwnership"):
        documents.single["ownership_controls"] = {"Rules": [{"ObjectOwnership": ownership}]}
    if tags:
        documents.single["tagging"] = {"TagSet": configuration["Tags"]}
        backend.put_bucket_tagging(name, tags)
    if call.params.get("ObjectLockEnabledForBucket"):
        bucket.object_lock_enabled = True
        bucket.versioning_status = "Enabled"
        documents.single["versioning"] = {"Status": "Enabled"}
    return {"Location": _location(name, region), "BucketArn": arn_of(name)}


def _location(name: str, region: str) -> str:
    return f"/{name}" if region == names.DEFAULT_REGION else f"http://{name}.s3.amazonaws.com/"


def _created_again(call: Call, bucket: FakeBucket, region: str) -> Params:
    if bucket.account_id != call.caller.account_id:
        raise Refusal(
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
            "Please select a different name and try again.",
            409,
            BucketName=bucket.name,
        )
    if call.region == region == bucket.region_name == names.DEFAULT_REGION:
        return {"Location": _location(bucket.name, region), "BucketArn": arn_of(bucket.name)}
    raise Refusal(
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        409,
        BucketName=bucket.name,
    )


@HOOKS.instead("s3", "DeleteBucket")
def delete_bucket(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    if bucket.keys:
        versioned = bucket.versioning_status is not None
        raise Refusal(
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty"
            + (". You must delete all versions in the bucket." if versioned else ""),
            409,
            BucketName=bucket.name,
        )
    backend = backend_of(bucket.account_id)
    backend.delete_bucket_tagging(bucket.name)
    backend.delete_bucket(bucket.name)
    forget(bucket)
    return {}


@HOOKS.instead("s3", "HeadBucket")
def head_bucket(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    return {"BucketRegion": bucket.region_name, "BucketArn": arn_of(bucket.name), "AccessPointAlias": False}


@HOOKS.instead("s3", "GetBucketLocation")
def get_bucket_location(call: Call) -> Params:
    region = bucket_called(call.params["Bucket"]).region_name
    return {} if region == names.DEFAULT_REGION else {"LocationConstraint": region}


@HOOKS.instead("s3", "ListBuckets")
def list_buckets(call: Call) -> Params:
    params = call.params
    prefix, region = params.get("Prefix", ""), params.get("BucketRegion")
    after = _bucket_after(params["ContinuationToken"]) if params.get("ContinuationToken") else ""
    buckets = [
        bucket
        for name, bucket in sorted(backend_of(call.caller.account_id).buckets.items())
        if name.startswith(prefix) and name > after and region in (None, bucket.region_name)
    ]
    page = buckets[: params.get("MaxBuckets", MOST_BUCKETS)]
    filtered = any(params.get(name) for name in ("Prefix", "BucketRegion", "MaxBuckets", "ContinuationToken"))
    answer: Params = {
        "Buckets": [_listed(bucket, filtered) for bucket in page],
        "Owner": owner(call.caller.account_id),
    }
    if prefix:
        answer["Prefix"] = prefix
    if len(page) < len(buckets):
        answer["ContinuationToken"] = base64.urlsafe_b64encode(page[-1].name.encode()).decode()
    return answer


def _listed(bucket: FakeBucket, with_region: bool) -> dict[str, Any]:
    listed = {
        "Name": bucket.name,
        "CreationDate": bucket.creation_date.astimezone(UTC),
        "BucketArn": arn_of(bucket.name),
    }
    return {**listed, "BucketRegion": bucket.region_name} if with_region else listed


def _bucket_after(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal("InvalidArgument", "The continuation token provided is incorrect") from None
