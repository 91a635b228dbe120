"""Encryption at rest: a bucket's default and what an object gets.

AWS facts: SSE-S3 (AES256) is every bucket's default and deleting the configuration brings it back; a KMS key must be
there, enabled and in the bucket's region when an object is written; without a key id aws:kms means the account's
``alias/aws/s3``. The ETag of an object encrypted by KMS is no MD5.
"""

from __future__ import annotations

import secrets
from copy import deepcopy

from localcloud.server.access import resources
from localcloud.server.access.resources import Key
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.s3.store import FakeBucket

from .conflicts import changing
from .refusals import malformed_xml, not_implemented
from .store import DEFAULT_ENCRYPTION, default_encryption, documents
from .versions import Encryption

KMS = ("aws:kms", "aws:kms:dsse")
MANAGED_KEY = "alias/aws/s3"


def of_new_object(call: Call, bucket: FakeBucket) -> Encryption:
    """How an object that the call writes is encrypted; raises :class:`Refusal` for a key that can't be used."""
    params, rule = call.params, default_encryption(bucket.name)
    default = rule["ApplyServerSideEncryptionByDefault"]
    algorithm: str = params.get("ServerSideEncryption") or default["SSEAlgorithm"]
    asked_key: str | None = params.get("SSEKMSKeyId")
    if asked_key and algorithm not in KMS:
        raise Refusal(
            "InvalidArgument",
            "Server Side Encryption with AWS KMS managed key requires HTTP header "
            "x-amz-server-side-encryption : aws:kms",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=algorithm,
        )
    if algorithm not in KMS:
        return Encryption(algorithm=algorithm)
    same_as_default = default["SSEAlgorithm"] == algorithm
    wanted = asked_key or (default.get("KMSMasterKeyID") if same_as_default else None) or MANAGED_KEY
    bucket_key = params.get("BucketKeyEnabled")
    if bucket_key is None:
        bucket_key = same_as_default and rule.get("BucketKeyEnabled", False)
    account = call.caller.account_id if asked_key else bucket.account_id
    key = usable_key(account, bucket.region_name, wanted)
    return Encryption(algorithm=algorithm, kms_key_arn=str(key.arn), bucket_key=bool(bucket_key))


def usable_key(account: str, region: str, name: str) -> Key:
    """The KMS key of that id, ARN or alias; raises :class:`Refusal` if S3 can't encrypt with it."""
    if name == MANAGED_KEY:
        resources.kms(account, region).describe_key(name)  # makes the AWS managed key at its first use
    elif name.startswith("arn:") and name.split(":")[3] != region:
        raise Refusal("KMS.NotFoundException", f"Invalid arn {name.split(':')[3]}")
    key = resources.key(account, region, name)
    if key is None:
        arn = name if name.startswith("arn:") else f"arn:aws:kms:{region}:{account}:key/{name}"
        raise Refusal("KMS.NotFoundException", f"Key '{arn}' does not exist")
    if key.key_state == "PendingDeletion":
        raise Refusal("KMS.KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if key.key_state == "Disabled" or not key.enabled:
        raise Refusal("KMS.DisabledException", f"{key.arn} is disabled.")
    return key


def etag(encrypted: Encryption, md5: str) -> str:
    return secrets.token_hex(16) if encrypted.algorithm in KMS else md5


@HOOKS.instead("s3", "PutBucketEncryption")
def put_bucket_encryption(call: Call) -> Params:
    configuration = call.params["ServerSideEncryptionConfiguration"]
    rules = configuration.get("Rules", [])
    if len(rules) != 1 or "ApplyServerSideEncryptionByDefault" not in rules[0]:
        raise malformed_xml()
    default = rules[0]["ApplyServerSideEncryptionByDefault"]
    if default.get("KMSMasterKeyID") and default["SSEAlgorithm"] not in KMS:
        raise Refusal(
            "InvalidArgument",
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            ArgumentName="ApplyServerSideEncryptionByDefault",
        )
    if "BlockedEncryptionTypes" in rules[0]:
        raise not_implemented("BlockedEncryptionTypes")
    with changing(call) as single:
        stored = deepcopy(configuration)
        stored["Rules"][0].setdefault("BucketKeyEnabled", False)
        single["encryption"] = stored
    return {}


@HOOKS.instead("s3", "GetBucketEncryption")
def get_bucket_encryption(call: Call) -> Params:
    return {"ServerSideEncryptionConfiguration": deepcopy(documents(call.params["Bucket"]).single["encryption"])}


@HOOKS.instead("s3", "DeleteBucketEncryption")
def delete_bucket_encryption(call: Call) -> Params:
    with changing(call) as single:
        single["encryption"] = deepcopy(DEFAULT_ENCRYPTION)
    return {}
