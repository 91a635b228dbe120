"""What EventBridge refuses about buses, rules and targets, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from . import refusal_rows
from .batch_steps import policy, refused, trust
from .conftest import DEV, REGION, Cloud

INVALID = "ValidationException"
QUEUE = f"arn:aws:sqs:{REGION}:{DEV}:queue"
MACHINE = f"arn:aws:states:{REGION}:{DEV}:stateMachine:a"
JOB_QUEUE = f"arn:aws:batch:{REGION}:{DEV}:job-queue/a"
OTHER_BUS = f"arn:aws:events:{REGION}:{DEV}:event-bus/other"
JOB = {"JobName": "a", "JobDefinition": "b"}
PATTERN = '{"source": ["test"]}'


@pytest.fixture
def events(cloud: Cloud) -> Any:
    return cloud.client("events")


@pytest.fixture
def rule(cloud: Cloud, events: Any) -> str:
    """A rule's name."""
    name = cloud.name("rule")
    events.put_rule(Name=name, EventPattern=PATTERN)
    return name


@pytest.fixture
def role(cloud: Cloud) -> str:
    """The ARN of a role that EventBridge may assume for rules of this account."""
    document = json.loads(trust("events.amazonaws.com"))
    document["Statement"][0]["Condition"] = {"ArnLike": {"aws:SourceArn": f"arn:aws:events:*:{DEV}:rule/*"}}
    return make_role(cloud, json.dumps(document))


def make_role(cloud: Cloud, document: str) -> str:
    iam, name = cloud.client("iam"), cloud.name("events-role")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy("states:StartExecution"))
    return str(arn)


def put_target(events: Any, rule: str, **target: Any) -> None:
    answer = events.put_targets(Rule=rule, Targets=[{"Id": "a", "Arn": QUEUE} | target])
    assert answer["FailedEntryCount"] == 0


def test_evt_01_names_of_rules_buses_and_targets(events: Any, rule: str) -> None:
    for name in ("a b", "a/b", "x" * 65):
        with refused(INVALID, "at 'name' failed to satisfy constraint"):
            events.put_rule(Name=name, EventPattern=PATTERN)
        with refused(INVALID, "at 'targets.1.member.id' failed to satisfy constraint"):
            put_target(events, rule, Id=name)
    for name in ("a b", "x" * 257):
        with refused(INVALID, "at 'name' failed to satisfy constraint"):
            events.create_event_bus(Name=name)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{", "Expecting"),
        ('["a"]', "Filter is not an object"),
        ('{"source": "a"}', '"source" must be an object or an array'),
        ('{"source": []}', "Empty arrays are not allowed"),
        ('{"detail": {}}', "Empty objects are not allowed"),
        ('{"source": [["a"]]}', "Match value must be String, number, true, false, or null"),
        ('{"source": [{}]}', "Match expression name not found"),
        ('{"source": [{"startsWith": "a"}]}', "Unrecognized match type startsWith"),
        ('{"source": [{"EXISTS": true}]}', "Unrecognized match type EXISTS"),
        ('{"source": [{"exists": "true"}]}', "exists match pattern must be either true or false."),
        ('{"source": [{"prefix": 1}]}', "prefix match pattern must be a string"),
        ('{"source": [{"suffix": ["a"]}]}', "suffix match pattern must be a string"),
        ('{"source": [{"prefix": "a", "suffix": "b"}]}', "Only one key allowed in match expression"),
        ('{"source": [{"equals-ignore-case": ["a"]}]}', "equals-ignore-case match pattern must be a string"),
        ('{"source": [{"wildcard": 1}]}', "wildcard match pattern must be a string"),
        ('{"source": [{"wildcard": "a**b"}]}', "Consecutive wildcard characters"),
        ('{"source": [{"wildcard": "a\\\\b"}]}', "Invalid escape character"),
        ('{"ip": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR, one '/' required"),
        ('{"ip": [{"cidr": "10.0.0.0/a"}]}', "Malformed CIDR, mask bits must be an integer"),
        ('{"ip": [{"cidr": "10.0.0/8"}]}', "Nonstandard IP address: 10.0.0"),
        ('{"ip": [{"cidr": "10.0.0.0/33"}]}', "Malformed CIDR"),
        ('{"n": [{"numeric": 1}]}', "Value of numeric must be an array."),
        ('{"n": [{"numeric": []}]}', "Invalid member in numeric match"),
        ('{"n": [{"numeric": ["=>", 1]}]}', "Unrecognized numeric range operator: =>"),
        ('{"n": [{"numeric": ["=", "1"]}]}', "Value of equals must be numeric"),
        ('{"n": [{"numeric": ["<", 1, ">", 0]}]}', "Too many elements in numeric expression"),
        ('{"n": [{"numeric": [">", 0, ">", 1]}]}', "Bad numeric range operator: >"),
        ('{"n": [{"numeric": [">", 0, "<"]}]}', "Value of < must be numeric"),
        ('{"n": [{"numeric": [">", 1, "<", 1]}]}', "Bottom must be less than top"),
        ('{"n": [{"numeric": [">", 1, "<", 2, 3]}]}', "Too many terms in numeric range expression"),
        ('{"a": [{"anything-but": true}]}', "Value of anything-but must be an array or single string/number value."),
        ('{"a": [{"anything-but": [null]}]}', "Inside anything but list, start|null|boolean is not supported."),
        ('{"a": [{"anything-but": ["a", 1]}]}', "Inside anything but list, either all values are"),
        ('{"a": [{"anything-but": []}]}', "Inside anything but list, either all values are"),
        ('{"a": [{"anything-but": {"exists": true}}]}', "Unsupported anything-but pattern: exists"),
        ('{"a": [{"anything-but": {"prefix": ""}}]}', "Null prefix/suffix not allowed"),
        ('{"a": [{"anything-but": {"suffix": [1, "a"]}}]}', "prefix/suffix match pattern must be a string"),
        ('{"a": [{"anything-but": {"wildcard": 1}}]}', "wildcard match pattern must be a string"),
        ('{"a": [{"anything-but": {"equals-ignore-case": 1}}]}', "Inside anything-but/equals-ignore-case list"),
        ('{"a": [{"anything-but": {"prefix": {"equals-ignore-case": "a"}}}]}', "Value of anything-but must be"),
        ('{"detail": {"$or": [{"x": ["1"]}], "y": ["2"]}}', "Unrecognized match type x"),
        ('{"$or": [{"x": "1"}, {"y": ["2"]}]}', '"x" must be an object or an array'),
    ],
)  # fmt: skip
def test_evt_02_patterns(events: Any, cloud: Cloud, pattern: str, reason: str) -> None:
    with refused("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}"):
        events.put_rule(Name=cloud.name("rule"), EventPattern=pattern)


def test_evt_02_every_operator_is_taken(events: Any, rule: str) -> None:
    operators: list[Any] = [
        "a", 1, None, True,
        {"prefix": "a"}, {"prefix": {"equals-ignore-case": "a"}}, {"suffix": "a"}, {"equals-ignore-case": "a"},
        {"wildcard": "a*b\\*"}, {"cidr": "10.0.0.0/8"}, {"cidr": "2001:db8::/32"}, {"exists": False},
        {"numeric": [">=", 0, "<=", 5]}, {"numeric": ["=", 3.5]},
        {"anything-but": "a"}, {"anything-but": [1, 2.5]}, {"anything-but": {"prefix": ["a", "b"]}},
        {"anything-but": {"wildcard": "*/a/*"}}, {"anything-but": {"equals-ignore-case": ["a"]}},
    ]  # fmt: skip
    pattern = {"detail": {"a": operators}, "$or": [{"source": ["a"]}, {"detail-type": ["b"]}]}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    assert json.loads(events.describe_rule(Name=rule)["EventPattern"]) == pattern


def test_evt_03_schedule_on_another_bus(events: Any, cloud: Cloud) -> None:
    bus = cloud.name("bus")
    events.create_event_bus(Name=bus)
    with refused(INVALID, "ScheduleExpression is supported only on the default event bus."):
        events.put_rule(Name=cloud.name("rule"), EventBusName=bus, ScheduleExpression="rate(1 minute)")


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)", "rate(10 minute)", "rate(10 seconds)", "rate(10 years)", "rate()", "rate(10)",
        "rate(x days)", "rate(0 minutes)", "rate(-10 minutes)", "rate(10 MINUTES)", "rate( 10 minutes )",
        " rate(10 minutes)", "cron(0 10 * * ?)", "cron(0 10 * * * *)", "cron(0 10 1 * MON *)", "cron(0 10 ? * ? *)",
        "cron(75 20 * * ? *)",
        "cron(0 24 * * ? *)", "cron(0 20 32 * ? *)", "cron(0 20 * 13 ? *)", "cron(0 20 ? * 8 *)",
        "cron(0/0 20 * * ? *)", "cron(0 20 3#1 * ? *)", "cron(0 20 ? * XYZ#1 *)", "cron(0 5- * * ? *)",
        "at(2030-01-01T00:00:00)",
    ],
)  # fmt: skip
def test_evt_04_schedules(events: Any, cloud: Cloud, expression: str) -> None:
    with refused(INVALID, "Parameter ScheduleExpression is not valid."):
        events.put_rule(Name=cloud.name("rule"), ScheduleExpression=expression)


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)", "rate(2 hours)", "cron(0 10 * * ? *)", "cron(0 18 ? * MON-FRI *)", "cron(0 8 1 * ? *)",
        "cron(0/15 8-17,20 * JAN,7 ? *)", "cron(0 8 L * ? *)", "cron(0 8 LW * ? *)", "cron(0 8 15W * ? *)",
        "cron(0 8 ? * 6L *)", "cron(0 8 ? * MON#2 *)", "cron(0 20 * * ? 2500)",
    ],
)  # fmt: skip
def test_evt_04_schedules_that_are_taken(events: Any, rule: str, expression: str) -> None:
    events.put_rule(Name=rule, ScheduleExpression=expression)
    assert events.describe_rule(Name=rule)["ScheduleExpression"] == expression


def test_evt_05_targets_that_need_a_role(events: Any, rule: str) -> None:
    for arn in (MACHINE, JOB_QUEUE, OTHER_BUS):
        with refused(INVALID, f"RoleArn is required for target {arn}"):
            put_target(events, rule, Arn=arn)


def test_evt_06_role_that_cannot_be_assumed(events: Any, rule: str, cloud: Cloud, role: str) -> None:
    elsewhere = json.loads(trust("events.amazonaws.com"))
    elsewhere["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    for wrong in (
        f"arn:aws:iam::{DEV}:role/no",
        make_role(cloud, trust("states.amazonaws.com")),
        make_role(cloud, json.dumps(elsewhere)),
    ):
        with refused(INVALID, f"'{wrong}' cannot be assumed by principal 'events.amazonaws.com'"):
            put_target(events, rule, Arn=MACHINE, RoleArn=wrong)
    put_target(events, rule, Arn=MACHINE, RoleArn=role)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"Arn": JOB_QUEUE}, "BatchParameters must be specified for target"),
        ({"Arn": JOB_QUEUE, "BatchParameters": JOB | {"ArrayProperties": {"Size": 1}}}, "between 2 and 10000"),
        ({"Arn": JOB_QUEUE, "BatchParameters": JOB | {"RetryStrategy": {"Attempts": 11}}}, "between 1 and 10"),
        ({"Arn": MACHINE, "BatchParameters": JOB}, "BatchParameters not supported for target"),
        ({"Arn": MACHINE, "SqsParameters": {"MessageGroupId": "a"}}, "SqsParameters not supported for target"),
    ],
)
def test_evt_07_parameters_of_batch_targets(
    events: Any, rule: str, role: str, target: dict[str, Any], text: str
) -> None:
    with refused(INVALID, text):
        put_target(events, rule, RoleArn=role, **target)


def test_evt_08_what_is_in_use_and_the_default_bus_stay(events: Any, rule: str, cloud: Cloud) -> None:
    put_target(events, rule)
    with refused(INVALID, "since it has targets"):
        events.delete_rule(Name=rule)
    with refused(INVALID, "Cannot delete event bus default"):
        events.delete_event_bus(Name="default")
    bus, name = cloud.name("bus"), cloud.name("rule")
    events.create_event_bus(Name=bus)
    events.put_rule(Name=name, EventBusName=bus, EventPattern=PATTERN)
    with refused(INVALID, "since it has rules"):
        events.delete_event_bus(Name=bus)
    events.delete_rule(Name=name, EventBusName=bus)
    events.delete_event_bus(Name=bus)


def test_evt_11_rule_without_pattern_and_schedule(events: Any, cloud: Cloud) -> None:
    for given in ({}, {"EventPattern": "{}"}):
        with refused(INVALID, "EventPattern or ScheduleExpression must be specified"):
            events.put_rule(Name=cloud.name("rule"), **given)


def test_evt_12_sixth_target_of_a_rule(events: Any, rule: str) -> None:
    events.put_targets(Rule=rule, Targets=[{"Id": str(n), "Arn": QUEUE} for n in range(5)])
    with refused("LimitExceededException", "maximum number allowed"):
        put_target(events, rule)
    put_target(events, rule, Id="0")


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"Input": "{"}, "JSON syntax error in input"),
        ({"Input": "1", "InputPath": "$"}, "Only one of Input, InputPath, or InputTransformer"),
        ({"InputTransformer": {"InputTemplate": '"<x>"'}}, "contains invalid placeholder <x>"),
    ],
)
def test_evt_13_inputs_of_targets(events: Any, rule: str, target: dict[str, Any], text: str) -> None:
    with refused(INVALID, text):
        put_target(events, rule, **target)


def test_evt_14_dead_letter_queues(events: Any, rule: str) -> None:
    for arn in (f"{QUEUE}.fifo", f"arn:aws:sqs:eu-west-1:{DEV}:queue", f"arn:aws:sns:{REGION}:{DEV}:topic"):
        with refused(INVALID, "not supported as a dead letter resource"):
            put_target(events, rule, DeadLetterConfig={"Arn": arn})


def test_evt_15_managed_rules(events: Any) -> None:
    with refused("ManagedRuleException", "managed by AWS service"):
        events.put_rule(Name="StepFunctionsGetEventsForBatchJobsRule", EventPattern=PATTERN)
    with refused("ManagedRuleException", "managed by AWS service"):
        put_target(events, "StepFunctionsGetEventsForBatchJobsRule")


def test_evt_16_entries_of_more_than_256_kb(events: Any) -> None:
    entry = {"Source": "a", "DetailType": "a", "Detail": json.dumps({"a": "x" * 140_000})}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    with refused(INVALID, "Total size of the entries in the request is over the limit"):
        events.put_events(Entries=[entry, entry])


def test_a_target_of_a_kind_that_is_not_here(events: Any, rule: str) -> None:
    with refused("NotImplemented", "targets of lambda"):
        put_target(events, rule, Arn=f"arn:aws:lambda:{REGION}:{DEV}:function:a")


def test_rows_and_tests_name_each_other() -> None:
    refusal_rows.check("EventBridge", "EVT", "test_events_refusals.py")
