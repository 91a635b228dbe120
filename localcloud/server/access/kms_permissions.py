"""The permissions of KMS calls, and those that S3 needs from KMS on a caller's behalf.

Rests on the KMS developer guide's permissions reference: alias operations need their action on the alias (identity
policy) and on the key (key policy); a key that does not exist needs none, KMS answers NotFoundException. An object
written with aws:kms needs kms:GenerateDataKey, read kms:Decrypt, a multipart upload both. The AWS managed key
``alias/aws/s3`` lets in everybody in its own account who comes through S3, and nobody else.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

from moto.kms.models import Key
from moto.kms.utils import RESERVED_ALIASE_TARGET_KEY_IDS
from moto.s3.models import FakeBucket

from localcloud.server.access import resources
from localcloud.server.access.iam_permissions import request_tags
from localcloud.server.access.permission import Permission, Unmapped, Values
from localcloud.server.access.s3_permissions import copy_source
from localcloud.server.call import Call
from localcloud.server.s3 import store, versions

KEY = {
    "CancelKeyDeletion", "CreateGrant", "DescribeKey", "DisableKey", "DisableKeyRotation", "EnableKey",
    "EnableKeyRotation", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GetKeyPolicy", "GetKeyRotationStatus", "GetPublicKey",
    "ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListResourceTags", "PutKeyPolicy", "RetireGrant",
    "RevokeGrant", "RotateKeyOnDemand", "ScheduleKeyDeletion", "Sign", "TagResource", "UntagResource",
    "UpdateKeyDescription", "Verify", "VerifyMac",
}  # fmt: skip
ANY = {"CreateKey", "GenerateRandom", "ListAliases", "ListKeys"}
WRITES = {"PutObject", "CopyObject", "CreateMultipartUpload"}
READS = {"GetObject", "HeadObject", "GetObjectAttributes"}
PARTS = {
    "UploadPart": ["kms:GenerateDataKey", "kms:Decrypt"],
    "UploadPartCopy": ["kms:GenerateDataKey", "kms:Decrypt"],
    "CompleteMultipartUpload": ["kms:Decrypt"],
}
S3_KEY = "alias/aws/s3"
_KEY_ID_LENGTH = 36


def permissions(call: Call) -> list[Permission]:
    if call.operation in ANY:
        owner = call.caller.account_id
        needed = [Permission(action=f"kms:{call.operation}", resource="*", context=_create(call), owner_account=owner)]
        if call.operation == "CreateKey" and call.params.get("Tags"):
            needed.append(
                Permission(action="kms:TagResource", resource="*", context=_create(call), owner_account=owner)
            )
        return needed
    if call.operation in ("CreateAlias", "UpdateAlias", "DeleteAlias"):
        return _alias(call)
    if call.operation in ("Decrypt", "ReEncrypt"):
        return _with_ciphertext(call)
    if call.operation in KEY:
        return _on_keys(call, {f"kms:{call.operation}": call.params.get("KeyId")})
    raise Unmapped(f"kms:{call.operation}")


def _create(call: Call) -> Values:
    context = _tags(call.params)
    names = {"KeySpec": "kms:KeySpec", "KeyUsage": "kms:KeyUsage", "Origin": "kms:KeyOrigin"}
    return context | {key: [str(call.params[name])] for name, key in names.items() if call.params.get(name)}


def _tags(params: dict[str, Any]) -> Values:
    tags = [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in params.get("Tags", [])]
    return request_tags({"Tags": tags, "TagKeys": params.get("TagKeys", [])})


def on_key(action: str, key: Key, context: Values) -> Permission:
    """An action on a key, under its key policy."""
    return Permission(
        action=action,
        resource=str(key.arn),
        context=context,
        owner_account=key.account_id,
        resource_policy=key.policy,
    )


def _on_keys(call: Call, wanted: dict[str, str | None]) -> list[Permission]:
    context = _tags(call.params)
    for name, value in (call.params.get("EncryptionContext") or {}).items():
        context[f"kms:EncryptionContext:{name}"] = [value]
    if call.operation == "CreateGrant":
        context["kms:GrantOperations"] = list(call.params.get("Operations", []))
        context["kms:GranteePrincipal"] = [call.params["GranteePrincipal"]]
    if call.operation == "ScheduleKeyDeletion" and call.params.get("PendingWindowInDays"):
        context["kms:ScheduleKeyDeletionPendingWindowInDays"] = [str(call.params["PendingWindowInDays"])]
    keys = {action: resources.key(call.caller.account_id, call.region, name) for action, name in wanted.items() if name}
    return [on_key(action, key, context) for action, key in keys.items() if key]


def _alias(call: Call) -> list[Permission]:
    account, name = call.caller.account_id, call.params["AliasName"]
    action = f"kms:{call.operation}"
    arn = f"arn:aws:kms:{call.region}:{account}:{name}"
    needed = [Permission(action=action, resource=arn, owner_account=account)]
    targets = [] if call.operation == "CreateAlias" else [name]
    targets += [call.params["TargetKeyId"]] if call.operation != "DeleteAlias" else []
    keys = (resources.key(account, call.region, target) for target in targets)
    return needed + [on_key(action, key, {}) for key in keys if key]


def ciphertext_key(blob: bytes) -> str | None:
    """The key id that a ciphertext of moto's begins with."""
    try:
        return struct.unpack(f">{_KEY_ID_LENGTH}s", blob[:_KEY_ID_LENGTH])[0].decode()
    except (struct.error, UnicodeDecodeError):
        return None


def _with_ciphertext(call: Call) -> list[Permission]:
    source = ciphertext_key(call.params["CiphertextBlob"])
    if call.operation == "Decrypt":
        return _on_keys(call, {"kms:Decrypt": call.params.get("KeyId") or source})
    wanted = {"kms:ReEncryptFrom": call.params.get("SourceKeyId") or source}
    return _on_keys(call, {**wanted, "kms:ReEncryptTo": call.params.get("DestinationKeyId")})


def of_objects(call: Call) -> list[Permission]:
    """What an S3 call needs from KMS."""
    if call.operation not in WRITES | READS | set(PARTS):
        return []
    bucket = store.find_bucket(call.params["Bucket"])
    if bucket is None:
        return []
    needed: list[Permission] = []
    if call.operation in WRITES:
        actions = ["kms:GenerateDataKey"] + ["kms:Decrypt"] * (call.operation == "CreateMultipartUpload")
        needed += _through_s3(call, bucket, _written_with(call, bucket), actions)
    elif call.operation in READS:
        needed += _through_s3(call, bucket, _stored_with(bucket, call.params["Key"]), ["kms:Decrypt"])
    else:
        upload = store.documents_of(bucket).uploads.get(call.params["UploadId"])
        arn = upload.encryption.kms_key_arn if upload else None
        key = _key(bucket.account_id, bucket.region_name, arn) if arn else None
        needed += _through_s3(call, bucket, key, PARTS[call.operation])
    source = store.find_bucket(copy_source(call)[0]) if call.operation in ("CopyObject", "UploadPartCopy") else None
    if source:
        needed += _through_s3(call, source, _stored_with(source, copy_source(call)[1]), ["kms:Decrypt"])
    return needed


def _key(account: str, region: str, name: str) -> Key | None:
    return resources.key(account, region, name)


def _written_with(call: Call, bucket: FakeBucket) -> Key | None:
    """The key that an object is written with; None for SSE-S3, and for a key that S3 will say is not there."""
    default = store.default_encryption(bucket.name)["ApplyServerSideEncryptionByDefault"]
    algorithm: str = call.params.get("ServerSideEncryption") or default["SSEAlgorithm"]
    if not algorithm.startswith("aws:kms"):
        return None
    asked: str | None = call.params.get("SSEKMSKeyId")
    name = asked or (default.get("KMSMasterKeyID") if default["SSEAlgorithm"] == algorithm else None)
    account = call.caller.account_id if asked else bucket.account_id
    if name is None:
        resources.kms(account, bucket.region_name).describe_key(S3_KEY)  # makes it at its first use
    return _key(account, bucket.region_name, name or S3_KEY)


def _stored_with(bucket: FakeBucket, key: str) -> Key | None:
    stored = versions.find(bucket, key)
    arn = stored.attributes.encryption.kms_key_arn if isinstance(stored, versions.Version) else None
    return _key(bucket.account_id, bucket.region_name, arn) if arn else None


def _through_s3(call: Call, bucket: FakeBucket, key: Key | None, actions: list[str]) -> list[Permission]:
    if key is None:
        return []
    context = {
        "kms:ViaService": [f"s3.{bucket.region_name}.amazonaws.com"],
        "kms:EncryptionContext:aws:s3:arn": [f"arn:aws:s3:::{bucket.name}"],
    }
    if key.id == RESERVED_ALIASE_TARGET_KEY_IDS[S3_KEY]:
        # AWS's own key for S3 in that account: its policy cannot be changed and admits only that account.
        policy = None
        if key.account_id == call.caller.account_id:
            return []
    else:
        policy = key.policy
    return [replace(on_key(action, key, context), resource_policy=policy) for action in actions]
