"""The permissions of S3 calls: the tables of :mod:`.permission_tables` applied to parameters.

A bucket that does not exist needs no permission: S3 answers NoSuchBucket to anybody.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from localcloud.server.access import public
from localcloud.server.access.decide import decide
from localcloud.server.access.permission import Permission, Unmapped, Values
from localcloud.server.access.policy import PolicyError
from localcloud.server.call import Call
from localcloud.server.permissions import pass_role
from localcloud.server.routing import PREFLIGHT

from . import object_keys, store, versions
from .object_keys import copy_source
from .permission_tables import BUCKET, CONTROL, HEADER_KEYS, OBJECT, VERSION_TWIN

GRANTS = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


def permissions(call: Call) -> list[Permission]:
    return _of_s3(call) + object_keys.permissions(call)


def _of_s3(call: Call) -> list[Permission]:
    if call.operation in (PREFLIGHT, "DeleteObjects"):
        # A preflight is for the bucket's CORS rules to answer, whoever asks. DeleteObjects answers each key for
        # itself: it asks for the permissions of as many DeleteObject calls when it comes to them.
        return []
    if call.operation == "ListBuckets":
        return [Permission(action="s3:ListAllMyBuckets", resource="*", owner_account=call.caller.account_id or None)]
    if call.operation in BUCKET:
        return _bucket(call)
    if call.operation in OBJECT:
        return _object(call)
    raise Unmapped(f"s3:{call.operation}")


def control_permissions(call: Call) -> list[Permission]:
    """Of the account's own settings, and of tags by ARN."""
    if call.operation not in CONTROL:
        raise Unmapped(f"s3control:{call.operation}")
    action = f"s3:{CONTROL[call.operation]}"
    arn: str = call.params.get("ResourceArn", "*")
    if arn == "*":
        return [Permission(action=action, resource="*", owner_account=call.params["AccountId"])]
    name = arn.split(":", 5)[-1]
    if store.bucket_owner(name) is None:
        return []
    tags = {tag["Key"]: tag["Value"] for tag in call.params.get("Tags", [])}
    return [_on(action, name, "", _tag_context("aws:RequestTag", "aws:TagKeys", tags))]


def _on(action: str, bucket: str, key: str, context: Values) -> Permission:
    return Permission(
        action=action,
        resource=f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else ""),
        context=context,
        owner_account=store.bucket_owner(bucket),
        resource_policy=store.bucket_policy(bucket),
        public_access_blocks=store.public_access_blocks(bucket),
    )


def may_list(call: Call, bucket: str) -> bool:
    """Whether the caller may list a bucket: who may not is told 403, not 404, about a key that is not there."""
    return decide(call, _on("s3:ListBucket", bucket, "", {})).allowed


def _tag_context(key: str, all_keys: str, tags: dict[str, str]) -> Values:
    context = {f"{key}/{name}": [value] for name, value in tags.items()}
    return {**context, all_keys: list(tags)} if tags else {}


def _headers(call: Call) -> Values:
    """Condition keys that parameters set. Listings have s3:prefix and s3:delimiter only if they were asked for."""
    context = {key: [str(call.params[name])] for name, key in HEADER_KEYS.items() if call.params.get(name) is not None}
    tags = (
        {name: values[0] for name, values in parse_qs(call.params.get("Tagging") or "", True).items()}
        if isinstance(call.params.get("Tagging", ""), str)
        else {tag["Key"]: tag["Value"] for tag in call.params["Tagging"].get("TagSet", [])}
    )
    return {**context, **_tag_context("s3:RequestObjectTag", "s3:RequestObjectTagKeys", tags)}


def _bucket(call: Call) -> list[Permission]:
    name: str = call.params["Bucket"]
    action = BUCKET[call.operation]
    context = _headers(call)
    if call.operation == "CreateBucket":
        return [
            Permission(
                action=f"s3:{needed}",
                resource=f"arn:aws:s3:::{name}",
                context=extra | context,
                public_access_blocks=store.public_access_blocks(name),
            )
            for needed, extra in _create_bucket(call).items()
        ]
    if store.bucket_owner(name) is None:
        return []
    needed = [_on(f"s3:{action}", name, "", context)]
    if call.operation == "PutBucketPolicy":
        needed = [replace(item, policy_to_store=_policy_to_store(call)) for item in needed]
    if call.operation == "PutBucketReplication":
        role = call.params["ReplicationConfiguration"]["Role"]
        needed.append(pass_role(call, role, "s3.amazonaws.com"))
    return needed


def _policy_to_store(call: Call) -> str | None:
    """None for one that will be refused as MalformedPolicy."""
    text = str(call.params.get("Policy", ""))
    try:
        public.is_public(text)
    except (PolicyError, ValueError):
        return None
    return text


def _create_bucket(call: Call) -> dict[str, Values]:
    configuration: dict[str, Any] = call.params.get("CreateBucketConfiguration") or {}
    location = configuration.get("LocationConstraint")
    needed: dict[str, Values] = {"CreateBucket": {"s3:LocationConstraint": [location]} if location else {}}
    if any(call.params.get(name) for name in GRANTS):
        needed["PutBucketAcl"] = {}
    if call.params.get("ObjectOwnership"):
        needed["PutBucketOwnershipControls"] = {}
    if call.params.get("ObjectLockEnabledForBucket"):
        needed |= {"PutBucketObjectLockConfiguration": {}, "PutBucketVersioning": {}}
    tags = {tag["Key"]: tag["Value"] for tag in configuration.get("Tags", [])}
    if tags:
        needed["TagResource"] = _tag_context("aws:RequestTag", "aws:TagKeys", tags)
    return needed


def _object(call: Call) -> list[Permission]:
    bucket, key = str(call.params["Bucket"]), str(call.params["Key"])
    if store.bucket_owner(bucket) is None:
        return []
    version: str | None = call.params.get("VersionId")
    context = _headers(call) | existing_tags(bucket, key, version)
    needed = [_on(f"s3:{name}", bucket, key, context) for name in _object_actions(call, version)]
    if call.operation in ("CopyObject", "UploadPartCopy"):
        needed = _source(call, needed, context)
    return needed


def _object_actions(call: Call, version: str | None) -> list[str]:
    def of(action: str) -> str:
        return VERSION_TWIN.get(action, action) if version else action

    actions = [of(OBJECT[call.operation])]
    if call.operation == "GetObjectAttributes":
        actions.insert(0, of("GetObject"))
    if OBJECT[call.operation] == "PutObject":
        if any(call.params.get(name) for name in GRANTS):
            actions.append("PutObjectAcl")
        if call.params.get("Tagging"):
            actions.append("PutObjectTagging")
        if call.params.get("ObjectLockMode") or call.params.get("ObjectLockRetainUntilDate"):
            actions.append("PutObjectRetention")
        if call.params.get("ObjectLockLegalHoldStatus"):
            actions.append("PutObjectLegalHold")
        if call.params.get("IfMatch"):
            actions.append("GetObject")
    if call.params.get("BypassGovernanceRetention"):
        actions.append("BypassGovernanceRetention")
    return actions


def _source(call: Call, needed: list[Permission], context: Values) -> list[Permission]:
    bucket, key, version = copy_source(call)
    if store.bucket_owner(bucket) is None:
        return needed
    tags = existing_tags(bucket, key, version)
    twin = "Version" if version else ""
    source = [_on(f"s3:GetObject{twin}", bucket, key, tags | ({"s3:VersionId": [version]} if version else {}))]
    from_header = {"s3:x-amz-copy-source": [f"{bucket}/{key}"]}
    needed = [replace(item, context=item.context | from_header) for item in needed]
    if call.operation == "CopyObject" and tags and call.params.get("TaggingDirective", "COPY") == "COPY":
        source.append(_on(f"s3:GetObject{twin}Tagging", bucket, key, tags))
        needed.append(_on("s3:PutObjectTagging", call.params["Bucket"], call.params["Key"], context | from_header))
    return source + needed


def existing_tags(bucket: str, key: str, version: str | None) -> Values:
    """s3:ExistingObjectTag/... of an object; nothing if it is not there."""
    existing = store.find_bucket(bucket)
    if existing is None:
        return {}
    matching = [item for item in versions.entries(existing, key) if version in (None, str(item.version_id))]
    if not matching or not isinstance(matching[-1], versions.Version):
        return {}
    tags = versions.tags_of(existing, matching[-1])
    return {f"s3:ExistingObjectTag/{name}": [value] for name, value in tags.items()}
