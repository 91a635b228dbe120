"""Rules between old state and new inputs of the types of queues, topics, events, Batch, Step Functions, ECR and alarms.
See `plan_rules`."""

import re
from collections.abc import Callable
from typing import Any, Final

from localcloud.provider.plan import FLAGS, REFUSED, Faults, Plan, Rule

_RELATION: Final = "the fields' own exactly_one_of, at_least_one_of or conflicts_with says it"


def _named(flag: str, most: int) -> Callable[[Plan], Faults]:
    """A check of the name of a queue or topic: a FIFO one's ends in ".fifo"."""

    def check(plan: Plan) -> Faults:
        name = plan.new.get("name")
        if not isinstance(name, str):
            return []
        fifo = bool(plan.new.get(flag))
        pattern = rf"[A-Za-z0-9_-]{{1,{most - 5}}}\.fifo" if fifo else rf"[A-Za-z0-9_-]{{1,{most}}}"
        return [] if re.fullmatch(pattern, name) else [("name", f"must match ^{pattern}$, is {name!r}")]

    return check


def _fifo_only(flag: str) -> Callable[[Plan], Faults]:
    def check(plan: Plan) -> Faults:
        wrong = plan.new.get("content_based_deduplication") and not plan.new.get(flag)
        return [("content_based_deduplication", "is for FIFO alone")] if wrong else []

    return check


def _filter_scope(plan: Plan) -> Faults:
    given: Any = plan.new.get("filter_policy")
    if not given and plan.new.get("filter_policy_scope"):
        return [("filter_policy_scope", "needs filter_policy too")]
    if given:
        plan.new.setdefault("filter_policy_scope", "MessageAttributes")
    return []


def _alarm_of_metric(plan: Plan) -> Faults:
    """`evaluation_periods` and `comparison_operator` go with a metric."""
    if not plan.new.get("metric_name"):
        return []
    needed = ("comparison_operator", "evaluation_periods")
    return [(name, "is required with metric_name") for name in needed if plan.new.get(name) is None]


def _one_statistic(plan: Plan) -> Faults:
    if not plan.new.get("metric_name") or plan.new.get("statistic") is not None:
        return []
    return [("statistic", "one of statistic and extended_statistic is required with metric_name")]


def _unmanaged(plan: Plan) -> Faults:
    wrong = str(plan.new.get("type")).upper() == "UNMANAGED" and plan.new.get("compute_resources")
    return [("compute_resources", "is not for environments of type UNMANAGED")] if wrong else []


def _valid_definition(plan: Plan) -> Faults:
    """pulumi-aws has AWS look at a changed definition, in previews too."""
    text: Any = plan.new.get("definition")
    if plan.client is None or not isinstance(text, str) or text == plan.old.get("definition"):
        return []
    region = plan.new.get("region")
    client = plan.client("stepfunctions", region if isinstance(region, str) else "")
    answer = client.validate_state_machine_definition(definition=text, type=plan.new.get("type") or "STANDARD")
    if answer["result"] == "OK":
        return []
    found = [f"{item['severity']} ({item['code']}): {item['message']}" for item in answer["diagnostics"]]
    return [("definition", "; ".join(found))]


_REPLACES: Final = "the type's `replaces`"
ORCHESTRATION: Final[dict[str, tuple[Rule, ...]]] = {
    "aws_sqs_queue": (
        ("name pattern checked", _named("fifo_queue", 80)),
        ("content_based_deduplication without", _fifo_only("fifo_queue")),
        ("sqs_managed_sse_enabled=true clears", REFUSED),
        ("name, name_prefix, fifo_queue", FLAGS),
    ),
    "aws_sns_topic": (
        ("name pattern", _named("fifo_topic", 256)),
        ("fifo-only:", _fifo_only("fifo_topic")),
        ("name, name_prefix, fifo_topic", FLAGS),
    ),
    "aws_sns_topic_subscription": (
        ("protocol, endpoint", FLAGS),
        ("filter_policy set without scope", _filter_scope),
    ),
    "aws_cloudwatch_event_rule": (
        ("at least one of schedule_expression", _RELATION),
        ("is_enabled (deprecated)", _RELATION),
    ),
    "aws_cloudwatch_event_target": (
        ("rule, target_id, event_bus_name", FLAGS),
        ("input, input_path, input_transformer", _RELATION),
    ),
    "aws_ecr_repository": (
        ("name, encryption_configuration", FLAGS),
        ("image_tag_mutability_exclusion_filter only", REFUSED),
    ),
    "aws_ecr_lifecycle_policy": (("policy change", FLAGS),),
    "aws_cloudwatch_metric_alarm": (
        ("metric_name or metric_query given", _alarm_of_metric),
        ("metric_name given", _one_statistic),
        ("a metric_query with both", REFUSED),
        ("exactly one of evaluation_criteria", _RELATION),
    ),
    "aws_batch_compute_environment": (
        ("type UNMANAGED with", _unmanaged),
        ("'updatable' =", _REPLACES),
        ("not updatable", _REPLACES),
        ("Fargate has no allocation_strategy", _REPLACES),
        ("always replace:", FLAGS),
        ("never replace:", FLAGS),
    ),
    "aws_batch_job_queue": (
        ("only name", FLAGS),
        ("removing scheduling_policy_arn", REFUSED),
    ),
    "aws_batch_job_definition": (
        ("change in container/ecs/node/eks properties", "the type's `recomputed` outputs"),
        ("only name", FLAGS),
    ),
    "aws_sfn_state_machine": (
        ("definition changed and known", _valid_definition),
        ("publish=true", REFUSED),
        ("name, name_prefix, type", FLAGS),
    ),
}
