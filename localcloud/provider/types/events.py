"""aws:cloudwatch/eventRule:EventRule and aws:cloudwatch/eventTarget:EventTarget, of EventBridge.

AWS facts: PutRule and PutTargets replace all of a rule or target; PutTargets answers 200 and says in the answer which
targets it refused; a rule that has targets cannot be deleted. On another bus than the default one its name goes before
the rule's in the id.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.errors import ProviderError, describe
from localcloud.provider.plan import FLAGS, RELATION
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import name_of
from localcloud.provider.types.s3_common import optional

GONE: Final = frozenset({"ResourceNotFoundException"})
DEFAULT_BUS: Final = "default"
TARGETS_SECONDS: Final = 10.0
"""How long a deletion waits for targets that others take away. pulumi-aws waits 5 minutes."""
_RULE: Final = {
    "description": "Description",
    "event_pattern": "EventPattern",
    "role_arn": "RoleArn",
    "schedule_expression": "ScheduleExpression",
    "state": "State",
}


class EventRule(Resource):
    """A rule."""

    tf = "aws_cloudwatch_event_rule"
    pulumi = "aws:cloudwatch/eventRule:EventRule"
    handles = frozenset({"name", "name_prefix", "event_bus_name", *_RULE})
    steers: ClassVar = {"force_destroy": False}
    plan_rules = (
        ("at least one of schedule_expression", RELATION),
        ("is_enabled (deprecated)", RELATION),
    )

    def create(self, op: Operation) -> str:
        name, bus = name_of(op.new), str(op.new["event_bus_name"])
        tags = as_list(op.new["tags_all"])
        self._put(op, name, bus, {"Tags": tags} if tags else {})
        return name if bus == DEFAULT_BUS else f"{bus}/{name}"

    def read(self, op: Operation) -> State | None:
        name, bus = _place(op.resource_id)
        events = op.client("events")
        found = optional(lambda: events.describe_rule(Name=name, EventBusName=bus), GONE)
        if found is None:
            return None
        return {
            "arn": found["Arn"],
            "name": name,
            "event_bus_name": bus,
            **{name: found.get(api, "") for name, api in _RULE.items()},
            "tags_all": as_map(events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]),
        }

    def update(self, op: Operation) -> None:
        if op.changed & set(_RULE):
            name, bus = _place(op.resource_id)
            self._put(op, name, bus, {})
        events = op.client("events")
        op.retag(
            lambda keys: events.untag_resource(ResourceARN=op.old["arn"], TagKeys=keys),
            lambda tags: events.tag_resource(ResourceARN=op.old["arn"], Tags=as_list(tags)),
        )

    def delete(self, op: Operation) -> None:
        name, bus = _place(op.resource_id)
        request = {"Name": name, "EventBusName": bus, "Force": bool(op.old.get("force_destroy"))}
        call = lambda: optional(lambda: op.client("events").delete_rule(**request), GONE)  # noqa: E731 (read once)
        op.retry(call, lambda error: "since it has targets" in describe(error), TARGETS_SECONDS)

    def _put(self, op: Operation, name: str, bus: str, more: dict[str, Any]) -> None:
        values = {api: op.new.get(name) for name, api in _RULE.items()}
        given = {api: value for api, value in values.items() if value}
        op.client("events").put_rule(Name=name, EventBusName=bus, **given, **more)


def _place(resource_id: str) -> tuple[str, str]:
    """(rule, bus). A bus may be an ARN, which has slashes of its own."""
    bus, _, name = resource_id.rpartition("/")
    return name, bus or DEFAULT_BUS


_TARGET: Final = {"arn": "Arn", "input": "Input", "input_path": "InputPath", "role_arn": "RoleArn"}
_BLOCKS: Final = ("batch_target", "dead_letter_config", "input_transformer", "retry_policy", "sqs_target")


class EventTarget(Resource):
    """Where a rule's events go."""

    tf = "aws_cloudwatch_event_target"
    pulumi = "aws:cloudwatch/eventTarget:EventTarget"
    handles = frozenset({"rule", "target_id", "event_bus_name", *_TARGET, *_BLOCKS})
    steers: ClassVar = {"force_destroy": False}
    autoname = Autoname("target_id", 64)
    plan_rules = (
        ("rule, target_id, event_bus_name", FLAGS),
        ("input, input_path, input_transformer", RELATION),
    )

    def create(self, op: Operation) -> str:
        rule, target, bus = op.new["rule"], op.new["target_id"], op.new["event_bus_name"]
        self._put(op)
        return "-".join(([] if bus == DEFAULT_BUS else [bus]) + [rule, target])

    def read(self, op: Operation) -> State | None:
        for rule, target, bus in _places(op):
            found = self._find(op, rule, target, bus)
            if found is not None:
                return {"rule": rule, "target_id": target, "event_bus_name": bus, **_state(found)}
        return None

    def update(self, op: Operation) -> None:
        self._put(op)

    def delete(self, op: Operation) -> None:
        request = {"Rule": op.old["rule"], "EventBusName": op.old["event_bus_name"], "Ids": [op.old["target_id"]]}
        forced = bool(op.old.get("force_destroy"))
        answer = optional(lambda: op.client("events").remove_targets(**request, Force=forced), GONE)
        _all_done(answer or {})

    def _find(self, op: Operation, rule: str, target: str, bus: str) -> dict[str, Any] | None:
        asked = {"Rule": rule, "EventBusName": bus}
        found = optional(lambda: op.client("events").list_targets_by_rule(**asked), GONE)
        return next((item for item in (found or {}).get("Targets", []) if item["Id"] == target), None)

    def _put(self, op: Operation) -> None:
        values = {api: op.new.get(name) for name, api in _TARGET.items()}
        target = {api: value for api, value in values.items() if value}
        for name in _BLOCKS:
            block = op.new.get(name)
            if block:
                target |= _to_api(name, block)
        request = {"Rule": op.new["rule"], "EventBusName": op.new["event_bus_name"]}
        _all_done(op.client("events").put_targets(**request, Targets=[{"Id": op.new["target_id"], **target}]))


def _places(op: Operation) -> Iterator[tuple[str, str, str]]:
    """(rule, target, bus): known, or what an import's id may mean: `[bus/]rule/target`, or an id with hyphens."""
    if op.old.get("target_id"):
        yield op.old["rule"], op.old["target_id"], op.old.get("event_bus_name") or DEFAULT_BUS
        return
    if "/" in op.resource_id:
        place, _, target = op.resource_id.rpartition("/")
        yield (*_place(place)[:1], target, _place(place)[1])
        return
    words = op.resource_id.split("-")
    for cut in range(1, len(words)):
        yield "-".join(words[:cut]), "-".join(words[cut:]), DEFAULT_BUS


def _all_done(answer: Mapping[str, Any]) -> None:
    failed = answer.get("FailedEntries") or []
    if failed:
        raise ProviderError("; ".join(f"{item.get('ErrorCode')}: {item.get('ErrorMessage')}" for item in failed))


def _to_api(name: str, block: Mapping[str, Any]) -> dict[str, Any]:
    if name == "batch_target":
        size, attempts = block.get("array_size"), block.get("job_attempts")
        parameters: dict[str, Any] = {"JobDefinition": block["job_definition"], "JobName": block["job_name"]}
        parameters |= {"ArrayProperties": {"Size": size}} if size else {}
        return {"BatchParameters": parameters | ({"RetryStrategy": {"Attempts": attempts}} if attempts else {})}
    if name == "dead_letter_config":
        return {"DeadLetterConfig": {"Arn": block["arn"]}} if block.get("arn") else {}
    if name == "input_transformer":
        paths = block.get("input_paths") or {}
        return {"InputTransformer": {"InputPathsMap": paths, "InputTemplate": block["input_template"]}}
    if name == "sqs_target":
        return {"SqsParameters": {"MessageGroupId": block["message_group_id"]}} if block.get("message_group_id") else {}
    ages = {"MaximumEventAgeInSeconds": block.get("maximum_event_age_in_seconds") or None}
    policy = {**ages, "MaximumRetryAttempts": block.get("maximum_retry_attempts")}
    return {"RetryPolicy": {key: value for key, value in policy.items() if value is not None}}


def _state(found: Mapping[str, Any]) -> State:
    batch, retry = found.get("BatchParameters"), found.get("RetryPolicy")
    transformer, queue, dead = (found.get(key) for key in ("InputTransformer", "SqsParameters", "DeadLetterConfig"))
    blocks: State = {
        "batch_target": batch
        and {
            "job_definition": batch["JobDefinition"],
            "job_name": batch["JobName"],
            "array_size": batch.get("ArrayProperties", {}).get("Size"),
            "job_attempts": batch.get("RetryStrategy", {}).get("Attempts"),
        },
        "dead_letter_config": dead and {"arn": dead["Arn"]},
        "input_transformer": transformer
        and {
            "input_paths": transformer.get("InputPathsMap", {}),
            "input_template": transformer["InputTemplate"],
        },
        "retry_policy": retry
        and {
            "maximum_event_age_in_seconds": retry.get("MaximumEventAgeInSeconds"),
            "maximum_retry_attempts": retry.get("MaximumRetryAttempts"),
        },
        "sqs_target": queue and {"message_group_id": queue["MessageGroupId"]},
    }
    given = {name: _present(block) for name, block in blocks.items() if block}
    return {**{name: found.get(api, "") for name, api in _TARGET.items()}, **given}


def _present(block: Mapping[str, Any]) -> State:
    return {key: value for key, value in block.items() if value is not None}
