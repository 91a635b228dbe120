"""Rules between the old state and the new inputs that the `custom_diff` sentences of the rules files state.

`RULES` holds every such sentence, word for word, with the function that carries it out or the reason why none is needed; a
test compares it with the files. A function may change the planned inputs and returns what pulumi-aws refuses at plan, as
(Terraform path, reason).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.provider.config import Settings

State = dict[str, Any]
Faults = list[tuple[str, str]]


@dataclass(frozen=True)
class Plan:
    """One planned change: `old` is empty when the resource is new."""

    old: Mapping[str, Any]
    new: State
    settings: Settings


def _versioning_stays(plan: Plan) -> Faults:
    old: Mapping[str, Any] = plan.old.get("versioning_configuration") or {}
    new: Mapping[str, Any] = plan.new.get("versioning_configuration") or {}
    if old.get("status") in ("Enabled", "Suspended") and new.get("status") == "Disabled":
        return [("versioning_configuration.status", f"cannot be updated from '{old['status']}' to 'Disabled'")]
    return []


def _minimum_object_size(plan: Plan) -> Faults:
    plan.new.setdefault("transition_default_minimum_object_size", "all_storage_classes_128K")
    return []


def _transitions(plan: Plan) -> Faults:
    faults = Faults()
    for index, rule in enumerate(_blocks(plan.new.get("rule"))):
        for place, transition in enumerate(_blocks(rule.get("transition"))):
            if transition.get("date") and transition.get("days") is not None:
                faults.append((f"rule[{index}].transition[{place}]", "date and days exclude each other"))
    return faults


def _blocks(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


_OWNER = "expected_bucket_owner change → replace, except '' → the provider's own account id (update, no replace)"
_FLAGS = "the fields' own force_new says it"
_WARNING = "a warning only: AWS refuses what is wrong"
RULES: Final[dict[tuple[str, str], Callable[[Plan], Faults] | str]] = {
    ("aws_s3_bucket", "bucket, bucket_prefix, bucket_namespace, object_lock_enabled (and object_lock_configuration.object_lock_enabled) → replace"): _FLAGS,
    ("aws_s3_bucket", "the inline blocks (acl, grant, cors_rule, lifecycle_rule, logging, policy, replication_configuration, server_side_encryption_configuration, versioning, website, acceleration_status, request_payer, object_lock_configuration.rule) are deprecated, Optional+Computed: leaving them out never makes a diff"): "optional and computed in the rules; as inputs they are refused",
    ("aws_s3_bucket_versioning", "versioning_configuration.status Enabled or Suspended → Disabled is refused at plan"): _versioning_stays,
    ("aws_s3_bucket_versioning", _OWNER): "expected_bucket_owner is refused",
    ("aws_s3_bucket_cors_configuration", _OWNER): "expected_bucket_owner is refused",
    ("aws_s3_bucket_logging", _OWNER): "expected_bucket_owner is refused",
    ("aws_s3_bucket_server_side_encryption_configuration", _OWNER): "expected_bucket_owner is refused",
    ("aws_s3_bucket_lifecycle_configuration", "framework type: bucket and expected_bucket_owner → replace"): _FLAGS,
    ("aws_s3_bucket_lifecycle_configuration", "transition_default_minimum_object_size unset → planned as all_storage_classes_128K (directory buckets: left out)"): _minimum_object_size,
    ("aws_s3_bucket_lifecycle_configuration", "rule.transition: date and days together → error; neither → warning only, days planned 0; date given → days planned null"): _transitions,
    ("aws_s3_bucket_lifecycle_configuration", "rule.filter: more than one of prefix, tag, and, object_size_greater_than, object_size_less_than → warning only (AWS then refuses); with and/tag set, prefix plans null, otherwise ''"): _WARNING,
    ("aws_s3_bucket_lifecycle_configuration", "rule.expiration: not exactly one of date, days, expired_object_delete_marker → warning only"): _WARNING,
    ("aws_s3_bucket_lifecycle_configuration", "a rule without any action passes plan, AWS refuses it (MalformedXML)"): _WARNING,
    ("aws_s3_object", "change of any of content, content_base64, source, source_hash, etag, metadata, storage_class, kms_key_id, server_side_encryption, cache/content headers, website_redirect, checksum_algorithm, bucket_key_enabled → version_id (and etag for source_hash) become unknown"): "the type's `recomputed` outputs",
    ("aws_s3_object", "override_provider.default_tags with an empty map → tags_all = tags"): "provider.py computes tagsAll so",
    ("aws_iam_role", "inline_policy is exclusive when given (unknown extra inline policies are removed); managed_policy_arns likewise; both deprecated"): "both are refused",
    ("aws_cloudwatch_log_group", "name, name_prefix, log_group_class → replace"): _FLAGS,
    ("aws_cloudwatch_log_group", "DELIVERY class: retention_in_days changes ignored (AWS keeps 2)"): "the DELIVERY class is refused",
}  # fmt: skip


def apply(tf: str, sentences: tuple[str, ...], plan: Plan) -> Faults:
    """Carry out the type's rules. Raises KeyError for a sentence that is not in the table."""
    faults = Faults()
    for sentence in sentences:
        rule = RULES[tf, sentence]
        if not isinstance(rule, str):
            faults += rule(plan)
    return faults
