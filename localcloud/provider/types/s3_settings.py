"""The settings of a bucket that are resources of their own, one PUT each: all have the bucket's name as their id.

AWS facts: two settings of one bucket changed at once are a 409 OperationAborted for one of them (retried, as pulumi-
aws does); a policy that names a principal that doesn't exist is MalformedPolicy, one that makes a bucket public
against its public access block is AccessDenied; a bucket's encryption cannot be removed, only set back to AES256.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from localcloud.provider.api_names import Names, from_api, to_api
from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import REFUSED, Faults, Plan
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import PROPAGATION_SECONDS, has_code, invalid_principal
from localcloud.provider.types.s3_common import ABSENT, CONFLICT_SECONDS, GONE, UNSETTLED, optional


def _versioning_stays(plan: Plan) -> Faults:
    old: Mapping[str, Any] = plan.old.get("versioning_configuration") or {}
    new: Mapping[str, Any] = plan.new.get("versioning_configuration") or {}
    if old.get("status") in ("Enabled", "Suspended") and new.get("status") == "Disabled":
        return [("versioning_configuration.status", f"cannot be updated from '{old['status']}' to 'Disabled'")]
    return []


class BucketSetting(Resource):
    """One setting: `put` writes it whole, `get` reads it whole, `clear` goes back to AWS's default."""

    def put(self, op: Operation, bucket: str) -> None:
        """Write the setting."""
        raise NotImplementedError

    def get(self, op: Operation, bucket: str) -> State | None:
        """Read the setting; None when it is not set. A missing bucket or setting may raise AWS's own error."""
        raise NotImplementedError

    def clear(self, op: Operation, bucket: str) -> None:
        """Remove the setting."""
        raise NotImplementedError

    def create(self, op: Operation) -> str:
        bucket = str(op.new["bucket"])
        settled(op, lambda: self.put(op, bucket))
        return bucket

    def read(self, op: Operation) -> State | None:
        found = optional(lambda: self.get(op, op.resource_id), GONE | ABSENT)
        return None if found is None else {"bucket": op.resource_id, **found}

    def update(self, op: Operation) -> None:
        settled(op, lambda: self.put(op, op.resource_id))

    def delete(self, op: Operation) -> None:
        call = lambda: self.clear(op, op.resource_id)  # noqa: E731
        optional(lambda: settled(op, call), GONE | ABSENT)


def settled(op: Operation, call: Callable[[], None]) -> None:
    """Run the call until no other change of the bucket is under way and a new bucket is known everywhere."""
    op.retry(call, has_code(*UNSETTLED), CONFLICT_SECONDS)


class OwnershipControls(BucketSetting):
    """aws:s3/bucketOwnershipControls:BucketOwnershipControls."""

    tf = "aws_s3_bucket_ownership_controls"
    pulumi = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    handles = frozenset({"bucket", "rule"})
    awaits_removal = True

    def put(self, op: Operation, bucket: str) -> None:
        op.client("s3").put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [to_api(op.new["rule"], {})]}
        )

    def get(self, op: Operation, bucket: str) -> State | None:
        rules = op.client("s3").get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        return {"rule": from_api(rules[0], {})}

    def clear(self, op: Operation, bucket: str) -> None:
        op.client("s3").delete_bucket_ownership_controls(Bucket=bucket)


class PublicAccessBlock(BucketSetting):
    """aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock."""

    tf = "aws_s3_bucket_public_access_block"
    pulumi = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    flags: ClassVar = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    handles = frozenset({"bucket", *flags})
    awaits_removal = True
    steers: ClassVar = {"skip_destroy": None}

    def put(self, op: Operation, bucket: str) -> None:
        op.client("s3").put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=to_api({flag: op.new[flag] for flag in self.flags}, {})
        )

    def get(self, op: Operation, bucket: str) -> State | None:
        return from_api(op.client("s3").get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"], {})

    def clear(self, op: Operation, bucket: str) -> None:
        if not op.old.get("skip_destroy"):
            op.client("s3").delete_public_access_block(Bucket=bucket)


class BucketPolicy(BucketSetting):
    """aws:s3/bucketPolicy:BucketPolicy."""

    tf = "aws_s3_bucket_policy"
    pulumi = "aws:s3/bucketPolicy:BucketPolicy"
    handles = frozenset({"bucket", "policy"})
    awaits_removal = True

    def put(self, op: Operation, bucket: str) -> None:
        text = op.new["policy"]
        op.retry(
            lambda: op.client("s3").put_bucket_policy(Bucket=bucket, Policy=text),
            invalid_principal,
            PROPAGATION_SECONDS,
        )

    def get(self, op: Operation, bucket: str) -> State | None:
        text = op.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]
        return {"policy": json.dumps(json.loads(text), separators=(",", ":"))}

    def clear(self, op: Operation, bucket: str) -> None:
        op.client("s3").delete_bucket_policy(Bucket=bucket)


class Versioning(BucketSetting):
    """aws:s3/bucketVersioning:BucketVersioning. "Disabled" means never switched on: no call says so."""

    tf = "aws_s3_bucket_versioning"
    pulumi = "aws:s3/bucketVersioning:BucketVersioning"
    handles = frozenset({"bucket", "versioning_configuration"})
    refuses = frozenset({"versioning_configuration.mfa_delete"})
    plan_rules = (
        ("versioning_configuration.status Enabled or Suspended", _versioning_stays),
        ("expected_bucket_owner change", REFUSED),
    )

    def put(self, op: Operation, bucket: str) -> None:
        wanted = op.new["versioning_configuration"]
        if wanted["status"] != "Disabled":
            op.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration=to_api(wanted, {}))

    def get(self, op: Operation, bucket: str) -> State | None:
        found = op.client("s3").get_bucket_versioning(Bucket=bucket)
        mfa = {"mfa_delete": found["MFADelete"]} if "MFADelete" in found else {}
        return {"versioning_configuration": {"status": found.get("Status", "Disabled"), **mfa}}

    def clear(self, op: Operation, bucket: str) -> None:
        if op.old["versioning_configuration"]["status"] != "Disabled":
            op.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


class Encryption(BucketSetting):
    """aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration."""

    tf = "aws_s3_bucket_server_side_encryption_configuration"
    pulumi = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    handles = frozenset({"bucket", "rule"})
    plan_rules = (("expected_bucket_owner change", REFUSED),)
    names: ClassVar[Names] = {
        "apply_server_side_encryption_by_default": "ApplyServerSideEncryptionByDefault",
        "sse_algorithm": "SSEAlgorithm",
        "kms_master_key_id": "KMSMasterKeyID",
    }

    def put(self, op: Operation, bucket: str) -> None:
        rules = [_with_blocked_types(rule) for rule in to_api(op.new["rule"], self.names)]
        op.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})

    def get(self, op: Operation, bucket: str) -> State | None:
        rules = op.client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        return {"rule": [_without_wrapper(rule) for rule in from_api(rules, self.names)]}

    def clear(self, op: Operation, bucket: str) -> None:
        op.client("s3").delete_bucket_encryption(Bucket=bucket)


def _with_blocked_types(rule: dict[str, Any]) -> dict[str, Any]:
    """The API wraps the list that the resource gives plainly. A key id of "" means none."""
    if "BlockedEncryptionTypes" in rule:
        rule["BlockedEncryptionTypes"] = {"EncryptionType": rule["BlockedEncryptionTypes"]}
    chosen = rule.get("ApplyServerSideEncryptionByDefault", {})
    if chosen.get("KMSMasterKeyID") == "":
        del chosen["KMSMasterKeyID"]
    return rule


def _without_wrapper(rule: State) -> State:
    if "blocked_encryption_types" in rule:
        rule["blocked_encryption_types"] = rule["blocked_encryption_types"]["encryption_type"]
    return rule


class Cors(BucketSetting):
    """aws:s3/bucketCorsConfiguration:BucketCorsConfiguration."""

    tf = "aws_s3_bucket_cors_configuration"
    pulumi = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
    handles = frozenset({"bucket", "cors_rule"})
    awaits_removal = True
    plan_rules = (("expected_bucket_owner change", REFUSED),)
    names: ClassVar[Names] = {"id": "ID"}

    def put(self, op: Operation, bucket: str) -> None:
        rules = to_api(op.new["cors_rule"], self.names)
        op.client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})

    def get(self, op: Operation, bucket: str) -> State | None:
        return {"cors_rule": from_api(op.client("s3").get_bucket_cors(Bucket=bucket)["CORSRules"], self.names)}

    def clear(self, op: Operation, bucket: str) -> None:
        op.client("s3").delete_bucket_cors(Bucket=bucket)


class Logging(BucketSetting):
    """aws:s3/bucketLogging:BucketLogging. Removing it is a PUT of an empty status."""

    tf = "aws_s3_bucket_logging"
    pulumi = "aws:s3/bucketLogging:BucketLogging"
    handles = frozenset({"bucket", "target_bucket", "target_prefix", "target_object_key_format"})
    plan_rules = (("expected_bucket_owner change", REFUSED),)

    def put(self, op: Operation, bucket: str) -> None:
        enabled: dict[str, Any] = {"TargetBucket": op.new["target_bucket"], "TargetPrefix": op.new["target_prefix"]}
        if op.new.get("target_object_key_format"):
            enabled["TargetObjectKeyFormat"] = to_api(op.new["target_object_key_format"], {})
        op.client("s3").put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})

    def get(self, op: Operation, bucket: str) -> State | None:
        found = op.client("s3").get_bucket_logging(Bucket=bucket).get("LoggingEnabled")
        if found is None:
            return None
        if found.get("TargetGrants"):
            raise ProviderError(f"bucket {bucket}: target grants of its logging are not supported by the local cloud")
        key_format = from_api(found["TargetObjectKeyFormat"], {}) if "TargetObjectKeyFormat" in found else None
        return {
            "target_bucket": found["TargetBucket"],
            "target_prefix": found["TargetPrefix"],
            "target_object_key_format": key_format,
        }

    def clear(self, op: Operation, bucket: str) -> None:
        op.client("s3").put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
