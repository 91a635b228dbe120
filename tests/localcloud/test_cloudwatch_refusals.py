"""What CloudWatch and CloudWatch Logs refuse, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from . import refusal_rows
from .batch_steps import refused
from .conftest import DEV, PROD, REGION, Cloud

ERROR, INVALID = "ValidationError", "InvalidParameterException"
ALARM: dict[str, Any] = {
    "MetricName": "ApproximateNumberOfMessagesVisible",
    "Namespace": "AWS/SQS",
    "Statistic": "Maximum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}
METRIC = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible"}
QUERIED: dict[str, Any] = {name: ALARM[name] for name in ("EvaluationPeriods", "Threshold", "ComparisonOperator")}
TOPIC = f"arn:aws:sns:{REGION}:{DEV}:topic"
SEARCH = "SEARCH('{AWS/SQS,QueueName} MetricName=\"a\"', 'Sum', 300)"


@pytest.fixture
def cloudwatch(cloud: Cloud) -> Any:
    return cloud.client("cloudwatch")


@pytest.fixture
def logs(cloud: Cloud) -> Any:
    return cloud.client("logs")


@pytest.fixture
def alarm(cloud: Cloud) -> str:
    """A name."""
    return cloud.name("alarm")


@pytest.fixture
def group(cloud: Cloud, logs: Any) -> str:
    """A log group's name."""
    name = f"/test/{cloud.name('group')}"
    logs.create_log_group(logGroupName=name)
    return name


def query(name: str, **more: Any) -> dict[str, Any]:
    """A query of a metric, for five minutes."""
    stat = {"Metric": METRIC, "Period": 300, "Stat": "Maximum"}
    return {"Id": name, "MetricStat": stat, "ReturnData": name == "m0"} | more


def resource_policy(principal: Any, resource: str = "*", **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": resource, "Principal": principal} | more
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_cw_01_periods(cloudwatch: Any, alarm: str) -> None:
    for period in (1, 45, 90):
        with refused(ERROR, "Period must be 10, 20, 30 or a multiple of 60"):
            cloudwatch.put_metric_alarm(AlarmName=alarm, **ALARM | {"Period": period})
    stat = {"Metric": METRIC, "Period": 45, "Stat": "Maximum"}
    with refused(ERROR, "Period must be 10, 20, 30 or a multiple of 60"):
        cloudwatch.put_metric_alarm(AlarmName=alarm, Metrics=[query("m0", MetricStat=stat)], **QUERIED)
    for period in (10, 30, 60, 120):
        cloudwatch.put_metric_alarm(AlarmName=alarm, **ALARM | {"Period": period})


def test_cw_02_datapoints_and_how_far_an_alarm_looks_back(cloudwatch: Any, alarm: str) -> None:
    with refused(ERROR, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"):
        cloudwatch.put_metric_alarm(AlarmName=alarm, **ALARM | {"EvaluationPeriods": 3, "DatapointsToAlarm": 4})
    for period, count, text in ((3600, 169, "more than a week"), (60, 1441, "more than a day")):
        with refused(ERROR, text):
            cloudwatch.put_metric_alarm(AlarmName=alarm, **ALARM | {"Period": period, "EvaluationPeriods": count})
        given = {"Period": period, "EvaluationPeriods": count - 1, "DatapointsToAlarm": count - 1}
        cloudwatch.put_metric_alarm(AlarmName=alarm, **ALARM | given)


def test_cw_04_log_group_that_exists(logs: Any, group: str) -> None:
    with refused("ResourceAlreadyExistsException", "already exists"):
        logs.create_log_group(logGroupName=group)


def test_cw_05_names_of_log_groups(logs: Any) -> None:
    with refused(INVALID, "reserved for AWS"):
        logs.create_log_group(logGroupName="aws/x")
    for name in ("a b", "a:b", "ä", "x" * 513):
        with refused(INVALID, "at 'logGroupName' failed to satisfy constraint"):
            logs.create_log_group(logGroupName=name)


def test_cw_06_days_of_retention(logs: Any, group: str) -> None:
    for days in (2, 29, 3654):
        with refused(INVALID, "enum value set: [1, 3, 5"):
            logs.put_retention_policy(logGroupName=group, retentionInDays=days)
    logs.put_retention_policy(logGroupName=group, retentionInDays=30)


def test_cw_07_key_that_the_service_may_not_use(cloud: Cloud, logs: Any, group: str) -> None:
    kms, other = cloud.client("kms"), f"{group}-other"
    key = kms.create_key()["KeyMetadata"]["Arn"]
    for arn in (key, f"arn:aws:kms:{REGION}:{DEV}:key/none", key.replace(REGION, "us-east-1"), f"{key[:-3]}abc"):
        with refused("AccessDeniedException", "is not allowed to be used with Arn"):
            logs.create_log_group(logGroupName=other, kmsKeyId=arn)
        with refused(
            "AccessDeniedException", f"is not allowed to be used with Arn 'arn:aws:logs:{REGION}:{DEV}:log-gr"
        ):
            logs.associate_kms_key(logGroupName=group, kmsKeyId=arn)
    service = {
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{DEV}:log-group:/test/*"}
        },
    }
    document = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    document["Statement"].append(service)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))
    with refused("AccessDeniedException", "is not allowed to be used with Arn"):
        logs.create_log_group(logGroupName=f"/not{other}", kmsKeyId=key)
    logs.create_log_group(logGroupName=other, kmsKeyId=key)
    logs.associate_kms_key(logGroupName=group, kmsKeyId=key)
    kms.disable_key(KeyId=key)
    with refused(INVALID, "is disabled"):
        logs.associate_kms_key(logGroupName=group, kmsKeyId=key)


def test_cw_08_log_policies_that_are_none_name_nobody_or_are_too_many(cloud: Cloud, logs: Any) -> None:
    nobody = {"AWS": f"arn:aws:iam::{DEV}:role/nobody"}
    service = {"Service": "events.amazonaws.com"}
    for text in (
        "{",
        "{}",
        resource_policy(nobody),
        resource_policy({"Service": "nothing.amazonaws.com"}),
        resource_policy(service, Effect="May"),
        json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}),
    ):
        with refused(INVALID, "parsing accessPolicy"):
            logs.put_resource_policy(policyName="bad", policyDocument=text)
    with refused(INVALID, "5120"):
        logs.put_resource_policy(policyName="long", policyDocument=resource_policy(service, "x" * 5120))
    other = cloud.client("logs", PROD)
    held = len(other.describe_resource_policies()["resourcePolicies"])
    names = [cloud.name("policy") for _ in range(11 - held)]
    for name in names[:-1]:
        other.put_resource_policy(policyName=name, policyDocument=resource_policy(service))
    with refused("LimitExceededException", "Resource limit exceeded"):
        other.put_resource_policy(policyName=names[-1], policyDocument=resource_policy(service))
    for name in names[:-1]:
        other.delete_resource_policy(policyName=name)


@pytest.mark.parametrize(
    ("actions", "text"),
    [
        ([TOPIC] * 6, "length less than or equal to 5"),
        (["arn:aws:s3:::bucket"], "Unsupported AWS vendor s3"),
        (["topic"], "Invalid arn syntax: topic"),
        (["arn:aws:automate:eu-west-1:ec2:stop"], f"Invalid region eu-west-1 specified. Only {REGION} is supported."),
    ],
)
def test_cw_09_actions(cloudwatch: Any, alarm: str, actions: list[str], text: str) -> None:
    for kind in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        with refused(ERROR, text):
            cloudwatch.put_metric_alarm(AlarmName=alarm, **ALARM, **{kind: actions})
    cloudwatch.put_metric_alarm(AlarmName=alarm, AlarmActions=[TOPIC, f"arn:aws:automate:{REGION}:ec2:stop"], **ALARM)


@pytest.mark.parametrize("name", ["ComparisonOperator", "Statistic", "Unit"])
def test_cw_10_words_that_are_not_known(cloudwatch: Any, alarm: str, name: str) -> None:
    with refused(ERROR, "Member must satisfy enum value set"):
        cloudwatch.put_metric_alarm(AlarmName=alarm, **ALARM | {name: "Most"})


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (ALARM | {"Metrics": [query("m0")]}, "mutually exclusive"),
        (QUERIED | {"Metrics": [query("m0", Expression="m1 * 2")]}, "Expression and MetricStat are mutually exclusive"),
        (QUERIED | {"Metrics": [{"Id": "e", "Expression": SEARCH}]}, "SEARCH is not supported on Metric Alarms."),
        (QUERIED | {"Metrics": [query(f"m{n}") for n in range(11)]}, "Too many metrics in alarm, maximum is 10"),
    ],
)
def test_cw_11_queries(cloudwatch: Any, alarm: str, given: dict[str, Any], text: str) -> None:
    with refused(ERROR, text):
        cloudwatch.put_metric_alarm(AlarmName=alarm, **given)
    cloudwatch.put_metric_alarm(AlarmName=alarm, **QUERIED, Metrics=[query(f"m{n}") for n in range(10)])


def test_cw_13_deleting_alarms_that_are_not_there(cloudwatch: Any, alarm: str) -> None:
    cloudwatch.put_metric_alarm(AlarmName=alarm, **ALARM)
    cloudwatch.delete_alarms(AlarmNames=[f"{alarm}-other", alarm])
    assert cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"Threshold": None}, "should have valid Threshold parameter"),
        (
            {"ComparisonOperator": "GreaterThanUpperThreshold"},
            "ComparisonOperators for ranges require ThresholdMetricId",
        ),
        ({"Namespace": None}, "Namespace must be specified"),
        ({"Period": None}, "Period must be specified"),
        ({"Statistic": None}, "Exactly one of Statistic and ExtendedStatistic"),
        ({"ExtendedStatistic": "p99"}, "Exactly one of Statistic and ExtendedStatistic"),
    ],
)
def test_alarms_that_lack_what_they_need(cloudwatch: Any, alarm: str, given: dict[str, Any], text: str) -> None:
    whole = {name: value for name, value in (ALARM | given).items() if value is not None}
    with refused(ERROR, text):
        cloudwatch.put_metric_alarm(AlarmName=alarm, **whole)


def test_what_is_not_here_is_an_error(cloudwatch: Any, logs: Any, group: str) -> None:
    with refused("NotImplemented", "PutCompositeAlarm"):
        cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(a) AND ALARM(b)")
    with refused("NotImplemented", "PutDashboard"):
        cloudwatch.put_dashboard(DashboardName="board", DashboardBody="{}")
    filtered = {"logGroupName": group, "filterName": "errors", "filterPattern": "ERROR"}
    counted = {"metricName": "errors", "metricNamespace": "portal", "metricValue": "1"}
    with refused("NotImplemented", "PutMetricFilter"):
        logs.put_metric_filter(**filtered, metricTransformations=[counted])
    with refused("NotImplemented", "PutSubscriptionFilter"):
        logs.put_subscription_filter(**filtered, destinationArn=f"arn:aws:kinesis:{REGION}:{DEV}:stream/a")


def test_tags_go_with_their_log_group(logs: Any, group: str) -> None:
    arn = f"arn:aws:logs:{REGION}:{DEV}:log-group:{group}"
    logs.tag_resource(resourceArn=arn, tags={"a": "1"})
    logs.delete_log_group(logGroupName=group)
    logs.create_log_group(logGroupName=group, tags={"b": "2"})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}


def test_rows_and_tests_name_each_other() -> None:
    refusal_rows.check("CloudWatch and CloudWatch Logs", "CW", "test_cloudwatch_refusals.py")
