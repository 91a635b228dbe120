"""aws:kms/key:Key and aws:kms/alias:Alias.

AWS facts: a key is never deleted at once, only scheduled for deletion in 7 to 30 days, and counts as gone from then
on; a key policy that names a principal that doesn't exist is refused; a disabled key cannot have its rotation
changed.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import PROPAGATION_SECONDS, invalid_principal
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import name_of
from localcloud.provider.types.s3_common import optional

_GONE: Final = frozenset({"NotFoundException"})
_TAG: Final = ("TagKey", "TagValue")


class Key(Resource):
    """A KMS key. Its id is the key's uuid."""

    tf = "aws_kms_key"
    pulumi = "aws:kms/key:Key"
    awaits_removal = True
    handles = frozenset(
        {
            "customer_master_key_spec", "description", "enable_key_rotation", "is_enabled", "key_usage", "multi_region",
            "policy", "rotation_period_in_days",
        }
    )  # fmt: skip
    steers: ClassVar = {"bypass_policy_lockout_safety_check": False, "deletion_window_in_days": None}

    def create(self, op: Operation) -> str:
        request: dict[str, Any] = {
            "KeySpec": op.new["customer_master_key_spec"],
            "KeyUsage": op.new["key_usage"],
            "BypassPolicyLockoutSafetyCheck": bool(op.new.get("bypass_policy_lockout_safety_check")),
            "Tags": as_list(op.new["tags_all"], *_TAG),
        }
        for name, parameter in (("description", "Description"), ("policy", "Policy"), ("multi_region", "MultiRegion")):
            if op.new.get(name):
                request[parameter] = op.new[name]
        kms = op.client("kms")
        return str(
            op.retry(lambda: kms.create_key(**request), invalid_principal, PROPAGATION_SECONDS)["KeyMetadata"]["KeyId"]
        )

    def settle(self, op: Operation) -> None:
        kms = op.client("kms")
        if op.new["enable_key_rotation"]:
            _rotate(kms, op.resource_id, op.new)
        op.new.get("rotation_period_in_days")
        if not op.new["is_enabled"]:
            kms.disable_key(KeyId=op.resource_id)

    def read(self, op: Operation) -> State | None:
        kms, key = op.client("kms"), {"KeyId": op.resource_id}
        found = optional(lambda: kms.describe_key(**key), _GONE)
        if found is None or found["KeyMetadata"]["KeyState"] == "PendingDeletion":
            return None
        metadata = found["KeyMetadata"]
        policy = json.loads(kms.get_key_policy(**key, PolicyName="default")["Policy"])
        tags = [tag for page in kms.get_paginator("list_resource_tags").paginate(**key) for tag in page["Tags"]]
        rotation = kms.get_key_rotation_status(**key) if metadata["KeySpec"] == "SYMMETRIC_DEFAULT" else {}
        return {
            "arn": metadata["Arn"],
            "key_id": metadata["KeyId"],
            "description": metadata.get("Description", ""),
            "customer_master_key_spec": metadata["KeySpec"],
            "key_usage": metadata["KeyUsage"],
            "is_enabled": metadata["Enabled"],
            "multi_region": metadata.get("MultiRegion", False),
            "policy": json.dumps(policy, separators=(",", ":")),
            "enable_key_rotation": rotation.get("KeyRotationEnabled", False),
            "rotation_period_in_days": rotation.get("RotationPeriodInDays"),
            "tags_all": as_map(tags, *_TAG),
        }

    def update(self, op: Operation) -> None:
        kms, key = op.client("kms"), {"KeyId": op.resource_id}
        if "is_enabled" in op.changed and op.new["is_enabled"]:
            kms.enable_key(**key)
        if op.changed & {"enable_key_rotation", "rotation_period_in_days"}:
            if op.new["enable_key_rotation"]:
                _rotate(kms, op.resource_id, op.new)
            else:
                op.new.get("rotation_period_in_days")
                kms.disable_key_rotation(**key)
        if "description" in op.changed:
            kms.update_key_description(**key, Description=op.new["description"])
        if "policy" in op.changed:
            text, bypass = op.new["policy"], bool(op.new.get("bypass_policy_lockout_safety_check"))
            wanted = {"PolicyName": "default", "Policy": text, "BypassPolicyLockoutSafetyCheck": bypass}
            op.retry(lambda: kms.put_key_policy(**key, **wanted), invalid_principal, PROPAGATION_SECONDS)
        if "is_enabled" in op.changed and not op.new["is_enabled"]:
            kms.disable_key(**key)
        op.retag(
            lambda keys: kms.untag_resource(**key, TagKeys=keys),
            lambda tags: kms.tag_resource(**key, Tags=as_list(tags, "TagKey", "TagValue")),
        )

    def delete(self, op: Operation) -> None:
        days = op.old.get("deletion_window_in_days")
        window = {"PendingWindowInDays": days} if days else {}
        call = lambda: op.client("kms").schedule_key_deletion(KeyId=op.resource_id, **window)  # noqa: E731
        try:
            optional(call, _GONE)
        except op.client("kms").exceptions.KMSInvalidStateException as error:
            if "pending deletion" not in str(error):
                raise


def _rotate(kms: Any, key: str, new: Mapping[str, Any]) -> None:
    days = new.get("rotation_period_in_days")
    kms.enable_key_rotation(KeyId=key, **({"RotationPeriodInDays": days} if days else {}))


class Alias(Resource):
    """A name for a key. Its id is the name, `alias/…`."""

    tf = "aws_kms_alias"
    pulumi = "aws:kms/alias:Alias"
    handles = frozenset({"name", "name_prefix", "target_key_id"})
    autoname = Autoname("name", 238, prefix="alias/")

    def create(self, op: Operation) -> str:
        name = name_of(op.new)
        op.client("kms").create_alias(AliasName=name, TargetKeyId=op.new["target_key_id"])
        return name

    def read(self, op: Operation) -> State | None:
        pages = op.client("kms").get_paginator("list_aliases").paginate()
        found = next((item for page in pages for item in page["Aliases"] if item["AliasName"] == op.resource_id), None)
        if found is None:
            return None
        key = found["TargetKeyId"]
        return {
            "arn": found["AliasArn"],
            "name": op.resource_id,
            "target_key_id": key,
            "target_key_arn": f"{found['AliasArn'].rsplit(':', 1)[0]}:key/{key}",
        }

    def update(self, op: Operation) -> None:
        op.client("kms").update_alias(AliasName=op.resource_id, TargetKeyId=op.new["target_key_id"])

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("kms").delete_alias(AliasName=op.resource_id), _GONE)
