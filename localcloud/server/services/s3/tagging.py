"""Tags put on buckets and on objects that are there; the rules are in :mod:`.tagsets`.

Buckets have two families of calls: S3's own, which write all tags at once, and S3 Control's for tags of any resource,
by its ARN, which add and remove.
"""

from __future__ import annotations

from localcloud.server.call import HOOKS, Call, Params
from localcloud.server.services.s3.store import backend_of

from . import objects, tagsets, versions
from .conflicts import changing
from .refusals import not_configured
from .store import bucket_called, documents


@HOOKS.instead("s3", "PutBucketTagging")
def put_bucket_tagging(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    tags = tagsets.tag_dict(call.params["Tagging"]["TagSet"])
    with changing(call) as single:
        single["tagging"] = {"TagSet": tagsets.tag_set(tags)}
        backend_of(bucket.account_id).put_bucket_tagging(bucket.name, tags)
    return {}


@HOOKS.instead("s3", "GetBucketTagging")
def get_bucket_tagging(call: Call) -> Params:
    tagging = documents(call.params["Bucket"]).single.get("tagging", {})
    if not tagging.get("TagSet"):
        raise not_configured("NoSuchTagSet", "The TagSet does not exist", call.params["Bucket"])
    return {"TagSet": [dict(tag) for tag in tagging["TagSet"]]}


@HOOKS.instead("s3", "DeleteBucketTagging")
def delete_bucket_tagging(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    with changing(call) as single:
        single.pop("tagging", None)
        backend_of(bucket.account_id).delete_bucket_tagging(bucket.name)
    return {}


@HOOKS.instead("s3control", "ListTagsForResource")
def list_tags_for_resource(call: Call) -> Params:
    tagging = documents(_bucket_of(call)).single.get("tagging", {})
    return {"Tags": [dict(tag) for tag in tagging.get("TagSet", [])]}


@HOOKS.instead("s3control", "TagResource", "UntagResource")
def tag_resource(call: Call) -> Params:
    bucket = bucket_called(_bucket_of(call))
    configuration = documents(bucket.name)
    with configuration.lock:
        present = configuration.single.get("tagging", {}).get("TagSet", [])
        tags = {tag["Key"]: tag["Value"] for tag in present} | tagsets.tag_dict(call.params.get("Tags", []))
        gone = set(call.params.get("TagKeys", []))
        tags = tagsets.tag_dict([{"Key": key, "Value": value} for key, value in tags.items() if key not in gone])
        configuration.single["tagging"] = {"TagSet": tagsets.tag_set(tags)}
        backend_of(bucket.account_id).put_bucket_tagging(bucket.name, tags)
    return {}


def _bucket_of(call: Call) -> str:
    """The name of the bucket that the ARN names. Raises Refusal where there is none."""
    return bucket_called(str(call.params["ResourceArn"]).split(":", 5)[-1]).name


@HOOKS.instead("s3", "PutObjectTagging")
def put_object_tagging(call: Call) -> Params:
    tags = tagsets.tag_dict(call.params["Tagging"]["TagSet"], tagsets.MOST_OBJECT_TAGS)
    return _tag(call, tags)


@HOOKS.instead("s3", "DeleteObjectTagging")
def delete_object_tagging(call: Call) -> Params:
    return _tag(call, {})


def _tag(call: Call, tags: dict[str, str]) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    version = objects.existing(call, bucket, call.params["Key"], call.params.get("VersionId"))
    versions.set_tags(bucket, version, tags)
    return objects.version_member(bucket, version)


@HOOKS.instead("s3", "GetObjectTagging")
def get_object_tagging(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    version = objects.existing(call, bucket, call.params["Key"], call.params.get("VersionId"))
    return {"TagSet": tagsets.tag_set(versions.tags_of(bucket, version)), **objects.version_member(bucket, version)}
