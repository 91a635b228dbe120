"""aws:cloudwatch/metricAlarm:MetricAlarm and aws:cloudwatch/logResourcePolicy:LogResourcePolicy.

Their id is their name. AWS facts: PutMetricAlarm replaces all of an alarm but its tags; DeleteAlarms is silent about
alarms that aren't there; a log policy is for the whole account and region.
"""

from typing import Any, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.plan import REFUSED, RELATION, Faults, Plan
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.s3_common import optional

GONE: Final = frozenset({"ResourceNotFound", "ResourceNotFoundException"})
_VALUES: Final = {
    "alarm_description": "AlarmDescription",
    "comparison_operator": "ComparisonOperator",
    "datapoints_to_alarm": "DatapointsToAlarm",
    "evaluation_periods": "EvaluationPeriods",
    "metric_name": "MetricName",
    "namespace": "Namespace",
    "period": "Period",
    "statistic": "Statistic",
    "threshold": "Threshold",
    "treat_missing_data": "TreatMissingData",
    "unit": "Unit",
}
_ACTIONS: Final = {
    "alarm_actions": "AlarmActions",
    "insufficient_data_actions": "InsufficientDataActions",
    "ok_actions": "OKActions",
}


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


class MetricAlarm(Resource):
    """An alarm on one metric."""

    tf = "aws_cloudwatch_metric_alarm"
    pulumi = "aws:cloudwatch/metricAlarm:MetricAlarm"
    handles = frozenset({"alarm_name", "actions_enabled", "dimensions", *_VALUES, *_ACTIONS})
    autoname = Autoname("alarm_name", 255)
    plan_rules = (
        ("metric_name or metric_query given", _alarm_of_metric),
        ("metric_name given", _one_statistic),
        ("a metric_query with both", REFUSED),
        ("exactly one of evaluation_criteria", RELATION),
    )

    def create(self, op: Operation) -> str:
        tags = as_list(op.new["tags_all"])
        self._put(op, str(op.new["alarm_name"]), {"Tags": tags} if tags else {})
        return str(op.new["alarm_name"])

    def read(self, op: Operation) -> State | None:
        cloudwatch = op.client("cloudwatch")
        found = cloudwatch.describe_alarms(AlarmNames=[op.resource_id], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
        if not found:
            return None
        alarm = found[0]
        return {
            "arn": alarm["AlarmArn"],
            "alarm_name": op.resource_id,
            "actions_enabled": alarm["ActionsEnabled"],
            "dimensions": {item["Name"]: item["Value"] for item in alarm.get("Dimensions", [])},
            **{name: alarm.get(api) for name, api in _VALUES.items()},
            **{name: alarm.get(api, []) for name, api in _ACTIONS.items()},
            "tags_all": as_map(cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]),
        }

    def update(self, op: Operation) -> None:
        if op.changed - {"tags", "tags_all"}:
            self._put(op, op.resource_id, {})
        api = op.client("cloudwatch")
        op.retag(
            lambda keys: api.untag_resource(ResourceARN=op.old["arn"], TagKeys=keys),
            lambda tags: api.tag_resource(ResourceARN=op.old["arn"], Tags=as_list(tags)),
        )

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("cloudwatch").delete_alarms(AlarmNames=[op.resource_id]), GONE)

    def _put(self, op: Operation, name: str, more: dict[str, Any]) -> None:
        values = {api: op.new.get(key) for key, api in _VALUES.items()}
        given = {api: value for api, value in values.items() if value not in (None, "")}
        dimensions = op.new.get("dimensions") or {}
        op.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            ActionsEnabled=op.new["actions_enabled"],
            Dimensions=[{"Name": key, "Value": value} for key, value in sorted(dimensions.items())],
            **given,
            **{api: op.new.get(key) or [] for key, api in _ACTIONS.items()},
            **more,
        )


class LogResourcePolicy(Resource):
    """Which services may write into log groups of the account."""

    tf = "aws_cloudwatch_log_resource_policy"
    pulumi = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
    handles = frozenset({"policy_name", "policy_document"})

    def create(self, op: Operation) -> str:
        self._put(op, str(op.new["policy_name"]))
        return str(op.new["policy_name"])

    def read(self, op: Operation) -> State | None:
        pages = op.client("logs").get_paginator("describe_resource_policies").paginate()
        found = [item for page in pages for item in page["resourcePolicies"] if item["policyName"] == op.resource_id]
        if not found:
            return None
        return {
            "policy_name": op.resource_id,
            "policy_document": found[0]["policyDocument"],
            "policy_scope": "ACCOUNT",
            "revision_id": found[0].get("revisionId", ""),
        }

    def update(self, op: Operation) -> None:
        self._put(op, op.resource_id)

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("logs").delete_resource_policy(policyName=op.resource_id), GONE)

    def _put(self, op: Operation, name: str) -> None:
        op.client("logs").put_resource_policy(policyName=name, policyDocument=op.new["policy_document"])
