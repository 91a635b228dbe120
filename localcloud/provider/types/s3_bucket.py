"""aws:s3/bucket:Bucket.

AWS facts: a new bucket blocks public access, is encrypted with AES256, has ACLs switched off and no versioning.
Settings have resources of their own; the inline blocks of pulumi-aws are deprecated and refused here, but read, as
pulumi-aws does.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.api_names import from_api
from localcloud.provider.autoname import Autoname
from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import FLAGS
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import has_code
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.s3_common import ABSENT, CONFLICT_SECONDS, GONE, UNSETTLED, optional

_HOSTED_ZONES: Final = {
    "us-east-1": "Z3AQBSTGFYJSTF", "us-east-2": "Z2O1EMRO9K5GLX", "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M", "eu-west-1": "Z1BKCTXD74EZPE", "eu-central-1": "Z21DNDUVLTQW6Q",
}  # fmt: skip
_NAME: Final = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PAGE: Final = 1000
_LACKING: Final = frozenset({"MethodNotAllowed", "UnsupportedArgument", "NotImplemented", "XNotImplemented"})
"""What a region or an S3-compatible store without a feature answers: pulumi-aws then leaves the property unset."""


class Bucket(Resource):
    """A general purpose bucket."""

    tf = "aws_s3_bucket"
    pulumi = "aws:s3/bucket:Bucket"
    handles = frozenset({"bucket", "bucket_prefix", "object_lock_enabled"})
    steers: ClassVar = {"force_destroy": False}
    awaits_removal = True
    autoname = Autoname("bucket", 63, lower=True)
    plan_rules = (
        ("bucket, bucket_prefix, bucket_namespace", FLAGS),
        ("the inline blocks", "optional and computed in the rules; as inputs they are refused"),
    )

    def create(self, op: Operation) -> str:
        name = str(op.new.get("bucket") or _from_prefix(op.new["bucket_prefix"]))
        if not _NAME.fullmatch(name):
            raise ProviderError(
                f"bucket {name!r}: must be 3 to 63 of a-z, 0-9, '-', '.', begin and end with a letter or digit, "
                "have no '..' and not be an IP address"
            )
        request: dict[str, Any] = {"Bucket": name}
        if op.region != "us-east-1":
            request["CreateBucketConfiguration"] = {"LocationConstraint": op.region}
        if op.new.get("object_lock_enabled"):
            request["ObjectLockEnabledForBucket"] = True
        s3 = op.client("s3")
        op.retry(lambda: s3.create_bucket(**request), has_code("OperationAborted"), CONFLICT_SECONDS)
        return name

    def settle(self, op: Operation) -> None:
        if op.new["tags_all"]:
            _put_tags(op, op.resource_id, op.new["tags_all"])

    def read(self, op: Operation) -> State | None:
        s3 = op.client("s3")
        head = optional(lambda: s3.head_bucket(Bucket=op.resource_id), GONE)
        if head is None:
            return None
        region = head["BucketRegion"]
        state = {
            "bucket": op.resource_id,
            "arn": f"arn:{op.partition}:s3:::{op.resource_id}",
            "bucket_domain_name": f"{op.resource_id}.s3.amazonaws.com",
            "bucket_region": region,
            "bucket_regional_domain_name": f"{op.resource_id}.s3.{region}.amazonaws.com",
            "hosted_zone_id": _HOSTED_ZONES.get(region),
        }
        for reader in _READERS:
            state |= optional(lambda reader=reader: reader(s3, op.resource_id), _LACKING) or {}
        tags = op.client("s3control").list_tags_for_resource(**_tagged(op))["Tags"]
        return {**state, "tags_all": as_map(tags)}

    def update(self, op: Operation) -> None:
        control = op.client("s3control")
        op.retag(
            lambda keys: control.untag_resource(**_tagged(op), TagKeys=keys),
            lambda tags: control.tag_resource(**_tagged(op), Tags=as_list(tags)),
        )

    def delete(self, op: Operation) -> None:
        s3 = op.client("s3")

        def remove() -> None:
            if op.old.get("force_destroy"):
                _empty(s3, op.resource_id)
            s3.delete_bucket(Bucket=op.resource_id)

        retried = ("OperationAborted", "BucketNotEmpty") if op.old.get("force_destroy") else ("OperationAborted",)
        optional(lambda: op.retry(remove, has_code(*retried), CONFLICT_SECONDS), GONE)


def _tagged(op: Operation) -> dict[str, str]:
    """What S3's calls for tags of any resource name a bucket by."""
    return {"AccountId": op.account_id, "ResourceArn": f"arn:{op.partition}:s3:::{op.resource_id}"}


def _from_prefix(prefix: str) -> str:
    import secrets

    return f"{prefix}{secrets.token_hex(13)}"


def _put_tags(op: Operation, bucket: str, tags: Mapping[str, str]) -> None:
    s3 = op.client("s3")
    if tags:
        call: Callable[[], Any] = lambda: s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": as_list(tags)})  # noqa: E731
    else:
        call = lambda: s3.delete_bucket_tagging(Bucket=bucket)  # noqa: E731
    op.retry(call, has_code(*UNSETTLED), CONFLICT_SECONDS)


def _empty(s3: Any, bucket: str) -> None:
    """Delete every version and delete marker."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": _PAGE}):
        doomed = [
            {"Key": item["Key"], "VersionId": item["VersionId"]}
            for kind in ("Versions", "DeleteMarkers")
            for item in page.get(kind, [])
        ]
        if doomed:
            failed = s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True}).get("Errors", [])
            if failed:
                raise ProviderError(
                    f"emptying {bucket}: {failed[0]['Key']}: {failed[0]['Code']}: {failed[0].get('Message', '')}"
                )


def _read_acl(s3: Any, bucket: str) -> State:
    grants: dict[tuple[str, str, str], list[str]] = {}
    for grant in s3.get_bucket_acl(Bucket=bucket)["Grants"]:
        who = grant["Grantee"]
        grants.setdefault((who["Type"], who.get("ID", ""), who.get("URI", "")), []).append(grant["Permission"])
    return {
        "grant": [
            {"type": kind, "id": person, "uri": uri, "permissions": sorted(permissions)}
            for (kind, person, uri), permissions in grants.items()
        ]
    }


def _read_policy(s3: Any, bucket: str) -> State:
    found = optional(lambda: s3.get_bucket_policy(Bucket=bucket), ABSENT)
    return {"policy": json.dumps(json.loads(found["Policy"]), separators=(",", ":"))} if found else {}


def _read_cors(s3: Any, bucket: str) -> State:
    found = optional(lambda: s3.get_bucket_cors(Bucket=bucket), ABSENT)
    names = ("allowed_headers", "allowed_methods", "allowed_origins", "expose_headers", "max_age_seconds")
    rules = from_api(found["CORSRules"], {}) if found else []
    return {"cors_rule": [{name: rule[name] for name in names if name in rule} for rule in rules]}


def _read_versioning(s3: Any, bucket: str) -> State:
    found = s3.get_bucket_versioning(Bucket=bucket)
    return {
        "versioning": {"enabled": found.get("Status") == "Enabled", "mfa_delete": found.get("MFADelete") == "Enabled"}
    }


def _read_payer(s3: Any, bucket: str) -> State:
    return {"request_payer": s3.get_bucket_request_payment(Bucket=bucket).get("Payer", "BucketOwner")}


def _read_acceleration(s3: Any, bucket: str) -> State:
    return {"acceleration_status": s3.get_bucket_accelerate_configuration(Bucket=bucket).get("Status", "")}


def _read_logging(s3: Any, bucket: str) -> State:
    found = s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled")
    return {
        "logging": {"target_bucket": found["TargetBucket"], "target_prefix": found["TargetPrefix"]} if found else None
    }


def _read_encryption(s3: Any, bucket: str) -> State:
    found = optional(lambda: s3.get_bucket_encryption(Bucket=bucket), ABSENT)
    if not found:
        return {}
    rule = found["ServerSideEncryptionConfiguration"]["Rules"][0]
    chosen = rule["ApplyServerSideEncryptionByDefault"]
    default = {"sse_algorithm": chosen["SSEAlgorithm"], "kms_master_key_id": chosen.get("KMSMasterKeyID", "")}
    return {
        "server_side_encryption_configuration": {
            "rule": {
                "apply_server_side_encryption_by_default": default,
                "bucket_key_enabled": rule.get("BucketKeyEnabled", False),
            }
        }
    }


def _read_lock(s3: Any, bucket: str) -> State:
    found = optional(lambda: s3.get_object_lock_configuration(Bucket=bucket), ABSENT)
    lock: Any = found["ObjectLockConfiguration"] if found else {}
    state: State = {"object_lock_enabled": lock.get("ObjectLockEnabled") == "Enabled"}
    if lock:
        rule = from_api(lock["Rule"], {}) if "Rule" in lock else None
        state["object_lock_configuration"] = {"object_lock_enabled": lock["ObjectLockEnabled"], "rule": rule}
    return state


def _read_lifecycle(s3: Any, bucket: str) -> State:
    found = optional(lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket), ABSENT)
    return {"lifecycle_rule": [_old_rule(rule) for rule in found["Rules"]] if found else []}


def _old_rule(rule: Mapping[str, Any]) -> State:
    """A rule as the deprecated inline block spells it."""
    chosen = rule.get("Filter", {}).get("And", rule.get("Filter", {}))
    pairs = chosen.get("Tags", [chosen["Tag"]] if "Tag" in chosen else [])
    ends = rule.get("NoncurrentVersionExpiration")
    return {
        "id": rule["ID"],
        "enabled": rule["Status"] == "Enabled",
        "prefix": chosen.get("Prefix", rule.get("Prefix", "")),
        "tags": as_map(pairs),
        "abort_incomplete_multipart_upload_days": rule.get("AbortIncompleteMultipartUpload", {}).get(
            "DaysAfterInitiation"
        ),
        "expiration": _days(rule["Expiration"]) if "Expiration" in rule else None,
        "noncurrent_version_expiration": {"days": ends["NoncurrentDays"]} if ends else None,
        "transition": [_days(item) for item in rule.get("Transitions", [])],
        "noncurrent_version_transition": [
            {"days": item.get("NoncurrentDays"), "storage_class": item["StorageClass"]}
            for item in rule.get("NoncurrentVersionTransitions", [])
        ],
    }


def _read_website(s3: Any, bucket: str) -> State:
    found = optional(lambda: s3.get_bucket_website(Bucket=bucket), ABSENT)
    if not found:
        return {}
    pages = {"index_document": found.get("IndexDocument", {}).get("Suffix")}
    return {"website": {**pages, "error_document": found.get("ErrorDocument", {}).get("Key")}}


def _read_replication(s3: Any, bucket: str) -> State:
    found = optional(lambda: s3.get_bucket_replication(Bucket=bucket), ABSENT)
    return {"replication_configuration": {"role": found["ReplicationConfiguration"]["Role"]}} if found else {}


def _days(action: Mapping[str, Any]) -> State:
    plain = from_api(action, {})
    if "date" in plain:
        plain["date"] = plain["date"].strftime("%Y-%m-%d")
    return plain


_READERS: Final[tuple[Callable[[Any, str], State], ...]] = (
    _read_acl, _read_policy, _read_cors, _read_website, _read_versioning, _read_payer, _read_acceleration,
    _read_logging, _read_encryption, _read_lock, _read_lifecycle, _read_replication,
)  # fmt: skip
