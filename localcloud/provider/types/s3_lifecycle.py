"""aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration.

AWS facts: PUT replaces all rules; an empty filter and the prefix "" both mean the whole bucket; since 2024 objects
under 128 KiB are not moved between classes unless `varies_by_storage_class` says so.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.api_names import Names, from_api, to_api
from localcloud.provider.plan import FLAGS, Faults, Plan, block_list
from localcloud.provider.resource import Operation, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.s3_settings import BucketSetting


def _minimum_object_size(plan: Plan) -> Faults:
    plan.new.setdefault("transition_default_minimum_object_size", "all_storage_classes_128K")
    return []


def _transitions(plan: Plan) -> Faults:
    faults = Faults()
    for index, rule in enumerate(block_list(plan.new.get("rule"))):
        for place, transition in enumerate(block_list(rule.get("transition"))):
            if transition.get("date") and transition.get("days") is not None:
                faults.append((f"rule[{index}].transition[{place}]", "date and days exclude each other"))
    return faults


_WARNING: Final = "a warning only: AWS refuses what is wrong"


class Lifecycle(BucketSetting):
    """All lifecycle rules of a bucket."""

    tf = "aws_s3_bucket_lifecycle_configuration"
    pulumi = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    awaits_removal = True
    handles = frozenset({"bucket", "rule", "transition_default_minimum_object_size"})
    plan_rules = (
        ("framework type: bucket and expected_bucket_owner", FLAGS),
        ("transition_default_minimum_object_size unset", _minimum_object_size),
        ("rule.transition: date and days together", _transitions),
        ("rule.filter: more than one", _WARNING),
        ("rule.expiration: not exactly one", _WARNING),
        ("a rule without any action", _WARNING),
    )
    names: ClassVar[Names] = {
        "id": "ID",
        "transition": "Transitions",
        "noncurrent_version_transition": "NoncurrentVersionTransitions",
    }

    def put(self, op: Operation, bucket: str) -> None:
        op.client("s3").put_bucket_lifecycle_configuration(
            Bucket=bucket,
            TransitionDefaultMinimumObjectSize=op.new["transition_default_minimum_object_size"],
            LifecycleConfiguration={"Rules": [self._to_api(rule) for rule in op.new.get("rule") or []]},
        )

    def get(self, op: Operation, bucket: str) -> State | None:
        found = op.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)
        size = found.get("TransitionDefaultMinimumObjectSize")
        return {
            "rule": [self._from_api(rule) for rule in found["Rules"]],
            "transition_default_minimum_object_size": size,
        }

    def clear(self, op: Operation, bucket: str) -> None:
        op.client("s3").delete_bucket_lifecycle(Bucket=bucket)

    def _to_api(self, rule: Mapping[str, Any]) -> dict[str, Any]:
        plain = to_api({key: value for key, value in rule.items() if key != "filter"}, self.names)
        chosen: Mapping[str, Any] = rule.get("filter") or {}
        both = chosen.get("and")
        if "prefix" in rule and not chosen:
            return plain
        plain["Filter"] = to_api({key: value for key, value in chosen.items() if key != "and"}, self.names)
        if both is not None:
            plain["Filter"]["And"] = to_api({key: value for key, value in both.items() if key != "tags"}, self.names)
            if both.get("tags"):
                plain["Filter"]["And"]["Tags"] = as_list(both["tags"])
        if not plain["Filter"]:
            plain["Filter"] = {"Prefix": ""}
        return plain

    def _from_api(self, rule: Mapping[str, Any]) -> State:
        plain = from_api({key: value for key, value in rule.items() if key != "Filter"}, self.names)
        for action in [plain.get("expiration", {}), *plain.get("transition", [])]:
            if "date" in action:
                action["date"] = action["date"].strftime("%Y-%m-%dT%H:%M:%SZ")
        chosen: Mapping[str, Any] = rule.get("Filter", {})
        plain["filter"] = from_api({key: value for key, value in chosen.items() if key != "And"}, self.names)
        if "And" in chosen:
            both = from_api({key: value for key, value in chosen["And"].items() if key != "Tags"}, self.names)
            plain["filter"]["and"] = {**both, "tags": as_map(chosen["And"].get("Tags", []))}
        return plain
