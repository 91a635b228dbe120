"""States, their fields and failures, in both query languages."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from localcloud.server.services.stepfunctions.jsonata import fill

from .batch_steps import time_scale
from .conftest import REGION, Cloud
from .states_steps import Machines, only

S3_GET = "arn:aws:states:::aws-sdk:s3:getObject"
S3_PUT = "arn:aws:states:::aws-sdk:s3:putObject"


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> str:
    name = cloud.name("states")
    cloud.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def test_pass_gives_its_input_or_its_output(machines: Machines) -> None:
    assert machines.output(only({"Type": "Pass"}), {"a": [1, None, "x"]}) == {"a": [1, None, "x"]}
    state = {"Type": "Pass", "Output": {"sum": "{% $sum($states.input.n) %}", "plain": "{no}"}}
    assert machines.output(only(state), {"n": [1, 2, 3]}) == {"sum": 6, "plain": "{no}"}


def test_variables_last_from_state_to_state(machines: Machines) -> None:
    assign = {"x": "{% $states.input.n * 2 %}", "text": 'a "quoted" text'}
    states = {
        "First": {"Type": "Pass", "Assign": assign, "Next": "Last"},
        "Last": {"Type": "Pass", "Output": "{% [$x, $text, $states.context.State.Name] %}", "End": True},
    }
    assert machines.output(states, {"n": 4}) == [8, 'a "quoted" text', "Last"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('$parse("{\\"a\\":null}")', {"a": None}),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$partition([1..5], 2)", [[1, 2], [3, 4], [5]]),
        ('$hash("a", "SHA-256")', "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        ("$length($uuid())", 36),
        ("$random(7) = $random(7)", True),
        ("$states.input.none = null", True),
        ('$split("a/b", "/")', ["a", "b"]),
        ('$replace("x-1", /[0-9]/, "2")', "x-2"),
    ],
)
def test_expressions_have_the_functions_of_step_functions(machines: Machines, expression: str, value: Any) -> None:
    assert machines.output(only({"Type": "Pass", "Output": f"{{% {expression} %}}"}), {"none": None}) == value


def test_choices_by_expression(machines: Machines) -> None:
    states = {
        "Which": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.input.n > 5 %}", "Assign": {"size": "large"}, "Next": "End"},
                {"Condition": "{% $states.input.n = 0 %}", "Next": "None"},
            ],
            "Assign": {"size": "small"},
            "Default": "End",
        },
        "End": {"Type": "Succeed", "Output": "{% $size %}"},
        "None": {"Type": "Fail", "Error": "Nothing", "Cause": "{% 'n is ' & $string($states.input.n) %}"},
    }
    machine = machines.create(states)
    assert [json.loads(machines.run(machine, {"n": n})["output"]) for n in (9, 2)] == ["large", "small"]
    failed = machines.run(machine, {"n": 0})
    assert (failed["status"], failed["error"], failed["cause"]) == ("FAILED", "Nothing", "n is 0")


@pytest.mark.parametrize(
    ("rule", "value", "chosen"),
    [
        ({"Variable": "$.a", "StringEquals": "x"}, {"a": "x"}, True),
        ({"Variable": "$.a", "StringEquals": "x"}, {"a": 1}, False),
        ({"Variable": "$.a", "StringMatches": "Host EC2 (instance i-*) terminated."},
         {"a": "Host EC2 (instance i-012) terminated."}, True),
        ({"Variable": "$.a", "NumericGreaterThanEqualsPath": "$.b"}, {"a": 2, "b": 2}, True),
        ({"Variable": "$.a", "IsPresent": True}, {"b": 1}, False),
        ({"Variable": "$.a", "TimestampLessThan": "2026-01-01T00:00:00Z"}, {"a": "2025-01-01T00:00:00Z"}, True),
        ({"And": [{"Variable": "$.a", "IsPresent": True}, {"Variable": "$.a", "BooleanEquals": True}]},
         {"a": True}, True),
        ({"Not": {"Variable": "$.a", "IsNull": True}}, {"a": None}, False),
    ],
)  # fmt: skip
def test_choices_by_rules(machines: Machines, rule: dict[str, Any], value: Any, chosen: bool) -> None:
    states = {
        "Which": {"Type": "Choice", "Choices": [rule | {"Next": "Yes"}], "Default": "No"},
        "Yes": {"Type": "Pass", "Result": True, "End": True},
        "No": {"Type": "Pass", "Result": False, "End": True},
    }
    assert machines.output(states, value, language="JSONPath") is chosen


def test_paths_in_their_order(machines: Machines) -> None:
    state = {
        "Type": "Pass",
        "InputPath": "$.in",
        "Parameters": {"b.$": "$.a", "name.$": "$$.State.Name", "f.$": "States.Format('{}-{}', $.a, 'x')"},
        "ResultPath": "$.out.deep",
        "OutputPath": "$.out",
    }
    assert machines.output(only(state), {"in": {"a": 1}, "out": {"kept": True}}, language="JSONPath") == {
        "kept": True,
        "deep": {"b": 1, "name": "Only", "f": "1-x"},
    }


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("States.StringToJson($.json)", {"a": [1]}),
        ("States.JsonToString($.list)", "[1,2,3,2]"),
        ("States.ArrayPartition($.list, 2)", [[1, 2], [3, 2]]),
        ("States.ArrayContains($.list, 3)", True),
        ("States.ArrayRange(1, 7, 3)", [1, 4, 7]),
        ("States.ArrayGetItem($.list, 2)", 3),
        ("States.ArrayLength(States.ArrayUnique($.list))", 3),
        ("States.Base64Decode(States.Base64Encode('it\\'s'))", "it's"),
        ("States.JsonMerge($.object, States.StringToJson('{\"b\":2}'), false)", {"a": 1, "b": 2}),
        ("States.MathAdd(3, -1)", 2),
        ("States.StringSplit('a,b;c', ',;')", ["a", "b", "c"]),
        ("States.Array($.list[0], 'x', null)", [1, "x", None]),
        ("$.list[?(@ > 1)]", [2, 3, 2]),
        ("$..a", [1]),
        ("$.list[-1]", 2),
    ],
)
def test_intrinsic_functions_and_searching_paths(machines: Machines, function: str, value: Any) -> None:
    given = {"json": '{"a":[1]}', "list": [1, 2, 3, 2], "object": {"a": 1}}
    state = {"Type": "Pass", "Parameters": {"x.$": function}}
    assert machines.output(only(state), given, language="JSONPath") == {"x": value}


def test_parallel_branches_read_outer_variables_and_join_in_order(machines: Machines) -> None:
    def branch(name: str, output: str) -> dict[str, Any]:
        return {"StartAt": name, "States": {name: {"Type": "Pass", "Output": output, "End": True}}}

    states = {
        "Set": {"Type": "Pass", "Assign": {"outer": 5}, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [branch("A", "{% $outer + 1 %}"), branch("B", "{% $states.input.x %}")],
            "Output": "{% {'all': $states.result} %}",
            "End": True,
        },
    }
    assert machines.output(states, {"x": "y"}) == {"all": [6, "y"]}


def test_the_first_branch_that_fails_ends_the_others(machines: Machines) -> None:
    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Long", "States": {"Long": {"Type": "Wait", "Seconds": 1000, "End": True}}},
                {"StartAt": "Bad", "States": {"Bad": {"Type": "Fail", "Error": "Mine", "Cause": "this"}}},
            ],
            "Catch": [{"ErrorEquals": ["Mine"], "Output": "{% $states.errorOutput %}", "Next": "Caught"}],
            "End": True,
        },
        "Caught": {"Type": "Pass", "End": True},
    }
    assert machines.output(states) == {"Error": "Mine", "Cause": "this"}


def test_map_has_item_context_and_keeps_order(machines: Machines) -> None:
    item = "{'at': $states.context.Map.Item.Index, 'v': $states.context.Map.Item.Value, 'w': $states.input.w}"
    states = {
        "Each": {
            "Type": "Map",
            "Items": "{% $states.input.list %}",
            "MaxConcurrency": 2,
            "ItemSelector": f"{{% {item} %}}",
            "ItemProcessor": {
                "StartAt": "In",
                "States": {"In": {"Type": "Pass", "Output": "{% $states.input.v & $states.input.w %}", "End": True}},
            },
            "End": True,
        }
    }
    assert machines.output(states, {"list": ["a", "b", "c"], "w": "!"}) == ["a!", "b!", "c!"]
    error, cause = machines.failure(states, {"list": {"no": "list"}})
    assert error == "States.QueryEvaluationError"
    assert cause.endswith("(entered at the event id #2). Map state input must be an array but was: object")


def test_objects_are_written_and_read_as_the_role(machines: Machines, bucket: str, cloud: Cloud) -> None:
    place = {"Bucket": bucket, "Key": "folder/a.json"}
    states = {
        "Put": {"Type": "Task", "Resource": S3_PUT, "Arguments": place | {"Body": {"n": [1, "x"]}}, "Next": "Get"},
        "Get": {
            "Type": "Task",
            "Resource": S3_GET,
            "Arguments": place,
            "Output": "{% $parse($states.result.Body).n %}",
            "End": True,
        },
    }
    assert machines.output(states, None, "s3:PutObject", "s3:GetObject") == [1, "x"]
    assert cloud.client("s3").get_object(**place)["Body"].read() == b'{"n":[1,"x"]}'


def test_retry_waits_with_backoff_and_counts(machines: Machines, bucket: str) -> None:
    retry = [{"ErrorEquals": ["S3.NoSuchKeyException"], "IntervalSeconds": 10, "BackoffRate": 3, "MaxAttempts": 2}]
    state = {"Type": "Task", "Resource": S3_GET, "Arguments": {"Bucket": bucket, "Key": "none"}, "Retry": retry}
    machine = machines.create(only(state), "s3:GetObject", "s3:ListBucket")
    with time_scale(0.01):
        execution = machines.start(machine)
        assert machines.ended(execution)["status"] == "FAILED"
    times = [event["timestamp"] for event in machines.events(execution) if event["type"] == "TaskScheduled"]
    waits = [(b - a).total_seconds() for a, b in pairwise(times)]
    assert len(waits) == 2
    assert waits[0] >= 0.1
    assert waits[1] >= 0.3


def test_history_names_every_event_in_order(machines: Machines, bucket: str) -> None:
    state = {"Type": "Task", "Resource": S3_PUT, "Arguments": {"Bucket": bucket, "Key": "h", "Body": "x"}}
    execution = machines.start(machines.create(only(state), "s3:PutObject"))
    machines.ended(execution)
    events = machines.events(execution)
    assert [event["type"] for event in events] == [
        "ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited",
        "ExecutionSucceeded",
    ]  # fmt: skip
    assert [event["previousEventId"] for event in events] == [0, 1, 2, 3, 4, 5, 6]
    scheduled = events[2]["taskScheduledEventDetails"]
    assert (scheduled["resourceType"], scheduled["resource"], scheduled["region"]) == (
        "aws-sdk:s3", "putObject", REGION,
    )  # fmt: skip
    first = machines.sfn.get_execution_history(executionArn=execution, maxResults=1, reverseOrder=True)
    assert first["events"][0]["type"] == "ExecutionSucceeded"


def test_messages_go_to_queues_and_topics(machines: Machines, cloud: Cloud) -> None:
    sqs, sns = cloud.client("sqs"), cloud.client("sns")
    url = sqs.create_queue(QueueName=cloud.name("queue"))["QueueUrl"]
    topic = sns.create_topic(Name=cloud.name("topic"))["TopicArn"]
    states = {
        "Send": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Arguments": {"QueueUrl": url, "MessageBody": {"a": 1}},
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Arguments": {"TopicArn": topic, "Message": "hello"},
            "Output": "{% $exists($states.result.MessageId) %}",
            "End": True,
        },
    }
    assert machines.output(states, None, "sqs:SendMessage", "sns:Publish") is True
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == '{"a":1}'


def test_a_nested_execution_is_waited_for_and_its_output_parsed(machines: Machines) -> None:
    inner = machines.create(only({"Type": "Pass", "Output": "{% $states.input.n + 1 %}"}))
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": inner, "Input": {"n": 1}},
        "Output": "{% $states.result.Output %}",
    }
    actions = ("states:*", "events:PutTargets", "events:PutRule", "events:DescribeRule")
    assert machines.output(only(state), None, *actions) == 2


def test_a_role_that_is_gone_fails_the_task(machines: Machines, cloud: Cloud, bucket: str) -> None:
    role = machines.role()
    state = {"Type": "Task", "Resource": S3_GET, "Arguments": {"Bucket": bucket, "Key": "none"}}
    machine = machines.create(only(state), role=role)
    cloud.client("iam").delete_role(RoleName=role.rpartition("/")[2])
    found = machines.run(machine)
    assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
    assert "cannot be assumed by Step Functions" in found["cause"]


def test_time_goes_on_from_one_evaluation_to_the_next() -> None:
    """In an execution that evaluates what others parsed, too; expressions are parsed once for all."""

    def passed() -> float:
        times: list[float] = []
        for _ in range(3):
            times.append(fill("{% $millis() %}", {}, "Output"))
            assert fill("{% 1 + 1 %}", {}, "Output") == 2
            time.sleep(0.01)
        return min(later - earlier for earlier, later in pairwise(times))

    for _ in range(2):
        with ThreadPoolExecutor(1) as execution:
            assert execution.submit(passed).result() > 0
