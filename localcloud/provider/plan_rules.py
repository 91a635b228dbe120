"""Rules between the old state and the new inputs that the `custom_diff` sentences of the rules files state.

`RULES` holds the beginning of every such sentence, with the function that carries it out or the reason why none is
needed; a test compares it with the files. A function may change the planned inputs and returns what pulumi-aws
refuses at plan, as (Terraform path, reason).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from localcloud.provider.plan import FLAGS, REFUSED, Faults, Plan
from localcloud.provider.plan_balancing import BALANCING
from localcloud.provider.plan_delivery import DELIVERY
from localcloud.provider.plan_eks import EKS
from localcloud.provider.plan_network import NETWORK
from localcloud.provider.plan_orchestration import ORCHESTRATION
from localcloud.provider.plan_rds import RDS


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


_WARNING: Final = "a warning only: AWS refuses what is wrong"
RULES: Final[dict[str, tuple[tuple[str, Callable[[Plan], Faults] | str], ...]]] = {
    "aws_s3_bucket": (
        ("bucket, bucket_prefix, bucket_namespace", FLAGS),
        ("the inline blocks", "optional and computed in the rules; as inputs they are refused"),
    ),
    "aws_s3_bucket_versioning": (
        ("versioning_configuration.status Enabled or Suspended", _versioning_stays),
        ("expected_bucket_owner change", REFUSED),
    ),
    "aws_s3_bucket_cors_configuration": (("expected_bucket_owner change", REFUSED),),
    "aws_s3_bucket_logging": (("expected_bucket_owner change", REFUSED),),
    "aws_s3_bucket_server_side_encryption_configuration": (("expected_bucket_owner change", REFUSED),),
    "aws_s3_bucket_lifecycle_configuration": (
        ("framework type: bucket and expected_bucket_owner", FLAGS),
        ("transition_default_minimum_object_size unset", _minimum_object_size),
        ("rule.transition: date and days together", _transitions),
        ("rule.filter: more than one", _WARNING),
        ("rule.expiration: not exactly one", _WARNING),
        ("a rule without any action", _WARNING),
    ),
    "aws_s3_object": (
        ("change of any of content", "the type's `recomputed` outputs"),
        ("override_provider.default_tags", "provider.py computes tagsAll so"),
    ),
    "aws_iam_role": (("inline_policy is exclusive", REFUSED),),
    **BALANCING,
    **DELIVERY,
    **EKS,
    **NETWORK,
    **ORCHESTRATION,
    **RDS,
}


def apply(tf: str, sentences: tuple[str, ...], plan: Plan) -> Faults:
    """Carry out the type's rules. Raises KeyError for a sentence that is not in the table."""
    faults = Faults()
    for sentence in sentences:
        rule = lookup(tf, sentence)
        if not isinstance(rule, str):
            faults += rule(plan)
    return faults


def lookup(tf: str, sentence: str) -> Callable[[Plan], Faults] | str:
    """The function of a sentence, or the reason why it needs none. Raises KeyError when there is neither."""
    for start, rule in RULES.get(tf, ()):
        if sentence.startswith(start):
            return rule
    raise KeyError(f"{tf}: no function and no reason for: {sentence}")
