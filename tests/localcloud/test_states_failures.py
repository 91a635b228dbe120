"""How executions fail, row by row of docs/refusals.md: errors, causes, and what a Catch takes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from localcloud.server.services.stepfunctions import history

from .batch_steps import time_scale
from .conftest import REGION, Cloud
from .states_steps import Machines, only, task

S3_GET = "arn:aws:states:::aws-sdk:s3:getObject"


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> str:
    name = cloud.name("failures")
    cloud.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


ABOUT = "An error occurred while executing the state 'Only' (entered at the event id #2). The JSONata expression"


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ({"Type": "Pass", "Output": "{% $states.input.absent %}"},
         "'$states.input.absent' specified for the field 'Output' returned nothing (undefined)."),
        ({"Type": "Pass", "Output": {"a": ["{% $none %}"]}},
         "'$none' specified for the field 'Output/a[0]' returned nothing (undefined)."),
        ({"Type": "Pass", "Output": '{% "a" + 1 %}'}, "for the field 'Output' threw an error during evaluation."),
        ({"Type": "Pass", "Output": '{% $error("mine") %}'}, "mine"),
        ({"Type": "Wait", "Seconds": "{% 'x' %}"},
         "specified for the field 'Seconds' returned an unexpected result type. Expected number."),
        ({"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "Only"}], "Default": "Last"},
         "specified for the field 'Choices[0]/Condition' returned an unexpected result type. Expected boolean."),
        ({"Type": "Fail", "Cause": "{% 1 %}"}, "returned an unexpected result type. Expected string."),
    ],
)  # fmt: skip
def test_sfn_25_expression_that_gives_nothing_or_another_type(
    machines: Machines, state: dict[str, Any], cause: str
) -> None:
    last: dict[str, Any] = {"Last": {"Type": "Succeed"}} if state["Type"] == "Choice" else {}
    error, found = machines.failure(only(state) | last)
    assert error == "States.QueryEvaluationError"
    assert found.startswith(ABOUT)
    assert cause in found


def test_sfn_25_failure_of_an_expression_is_caught_with_its_place(machines: Machines) -> None:
    """Outside of the state where it was, it is passed on as it is."""
    inner = {"StartAt": "In", "States": {"In": {"Type": "Pass", "Output": "{% $none %}", "End": True}}}
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "Output": "{% $states.errorOutput.Cause %}", "Next": "L"}]
    states = {"P": {"Type": "Parallel", "Branches": [inner], "Catch": catch, "End": True}, "L": {"Type": "Succeed"}}
    caught = machines.output(states)
    assert caught.count("An error occurred while executing the state") == 1
    assert "the state 'In' (entered at the event id #4)" in caught
    fails = only({"Type": "Fail", "Error": "States.QueryEvaluationError", "Cause": "mine"})
    assert machines.failure(fails) == ("States.QueryEvaluationError", "mine")


NESTED = "States.Format('{}', States.Format('{}', $.no))"
PLACE = "An error occurred while executing the state 'In' (entered at the event id #4). "


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ({"InputPath": "$.no"},
         """The JSONPath '$.no' specified for the field 'InputPath' could not be found in the input '{"a":1}'"""),
        ({"Parameters": {"deep": {"m.$": "$.no"}}},
         """The JSONPath '$.no' specified for the field 'm.$' could not be found in the input '{"a":1}'"""),
        ({"Parameters": {"m.$": NESTED}},
         f"The function '{NESTED}' had the following error: The JsonPath argument for the field '$.no' could not be"),
        ({"Parameters": {"m.$": "States.StringToJson('{no')"}},
         "The function 'States.StringToJson('{no')' had the following error: "),
        ({"Parameters": {"m.$": "States.Format($.a)"}}, "The function 'States.Format($.a)' had the following error: "),
    ],
)  # fmt: skip
def test_sfn_37_path_that_is_not_there(machines: Machines, state: dict[str, Any], cause: str) -> None:
    """No Catch takes it."""
    states = {
        "P": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True} | state}}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
            "End": True,
        },
        "Caught": {"Type": "Succeed"},
    }
    error, found = machines.failure(states, {"a": 1}, language="JSONPath")
    assert error == "States.Runtime"
    assert found.startswith(PLACE + cause)


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ({"Type": "Choice", "Choices": [{"Variable": "$.no", "IsNull": True, "Next": "Last"}]},
         "Invalid path '$.no': The choice state's condition path references an invalid value."),
        ({"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEqualsPath": "$.no", "Next": "Last"}]},
         "Invalid path '$.no': The choice state's condition path references an invalid value."),
        ({"Type": "Map", "ItemsPath": "$.a", "Next": "Last",
          "ItemProcessor": {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}},
         'Reference path "$.a" must point to array.'),
    ],
)  # fmt: skip
def test_sfn_37_path_to_something_else(machines: Machines, state: dict[str, Any], cause: str) -> None:
    error, found = machines.failure({"A": state, "Last": {"Type": "Succeed"}}, {"a": 1}, language="JSONPath")
    place = "An error occurred while executing the state 'A' (entered at the event id #2). "
    assert (error, found) == ("States.Runtime", place + cause)


@pytest.mark.parametrize(
    ("rule", "language"),
    [({"Variable": "$.a", "NumericEquals": 2}, "JSONPath"), ({"Condition": "{% $states.input.a = 2 %}"}, "JSONata")],
)
def test_choice_that_no_rule_makes(machines: Machines, rule: dict[str, Any], language: str) -> None:
    states = {"A": {"Type": "Choice", "Choices": [rule | {"Next": "Last"}]}, "Last": {"Type": "Succeed"}}
    error, cause = machines.failure(states, {"a": 1}, language=language)
    assert error == "States.Runtime"
    assert cause.endswith(" Failed to transition out of the state. The state does not point to a next state.")


def test_sfn_23_timeout_of_the_machine_ends_without_error_or_cause(machines: Machines) -> None:
    machine = machines.create(only({"Type": "Wait", "Seconds": 10_000}), top={"TimeoutSeconds": 100})
    with time_scale(0.001):
        execution = machines.start(machine)
        found = machines.ended(execution)
    assert (found["status"], "error" in found, "cause" in found) == ("TIMED_OUT", False, False)
    assert machines.kinds(execution)[-1] == "ExecutionTimedOut"


@pytest.mark.parametrize(
    ("actions", "error", "cause"),
    [
        (("s3:GetObject", "s3:ListBucket"), "S3.NoSuchKeyException", "(Service: S3, Status Code: 404, Request ID: "),
        (("s3:GetObject",), "S3.S3Exception", "Status Code: 403"),
        ((), "S3.S3Exception", "is not authorized to perform: s3:GetObject"),
    ],
)
def test_sfn_39_failed_call_has_the_services_error(
    machines: Machines, bucket: str, actions: tuple[str, ...], error: str, cause: str
) -> None:
    state = {"Type": "Task", "Resource": S3_GET, "Arguments": {"Bucket": bucket, "Key": "none"}}
    found = machines.failure(only(state), None, *actions)
    assert (found[0], cause in found[1]) == (error, True), found


def test_sfn_24_parameter_of_the_wrong_type(machines: Machines, bucket: str) -> None:
    arguments = {"Bucket": bucket, "Key": "{% $states.input.key %}"}
    state = {"Type": "Task", "Resource": S3_GET, "Arguments": arguments,
             "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]}  # fmt: skip
    states = only(state) | {"Caught": {"Type": "Succeed"}}
    error, cause = machines.failure(states, {"key": 5}, "s3:GetObject")
    assert error == "States.Runtime"
    assert "could not be used to start the Task: [The value for the field 'Key' must be a STRING]" in cause


def test_sfn_22_result_too_large(machines: Machines) -> None:
    state = {"Type": "Pass", "Output": "{% $map([1..3000], function($v) { $pad('', 100, 'x') }) %}"}
    error, cause = machines.failure(only(state))
    assert error == "States.DataLimitExceeded"
    assert cause.startswith("The state/task 'Only' returned a result with a size exceeding the maximum number of bytes")


def test_sfn_22_results_together_too_large_are_no_error_of_all(machines: Machines) -> None:
    block = {"StartAt": "In", "States": {"In": {"Type": "Pass", "Output": "{% $pad('', 100000, 'x') %}", "End": True}}}
    each = {"Type": "Map", "Items": [1, 2, 3], "ItemProcessor": block}
    last = {"Last": {"Type": "Succeed", "Output": "caught"}}
    for names, outcome in ((["States.ALL"], "FAILED"), (["States.DataLimitExceeded"], "SUCCEEDED")):
        catch = [{"ErrorEquals": names, "Output": "", "Next": "Last"}]
        found = machines.run(machines.create(only(each | {"Catch": catch}) | last))
        assert found["status"] == outcome, found


def test_sfn_36_history_that_is_full(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_EVENTS", 40)
    states = {
        "Round": {"Type": "Pass", "Next": "Which"},
        "Which": {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "End"}], "Default": "Round"},
        "End": {"Type": "Succeed"},
    }
    execution = machines.start(machines.create(states))
    found = machines.ended(execution)
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")
    assert found["cause"] == "The execution reached the maximum number of history events (25000)."
    assert [event["type"] for event in machines.events(execution)][39:] == ["ExecutionFailed"]


def test_job_that_batch_refuses_has_batchs_error(machines: Machines) -> None:
    error, cause = machines.failure(task(), None, "batch:SubmitJob")
    assert error == "Batch.ClientException"
    uuid = "[0-9a-f-]{36}"
    ends = rf"\(Service: AWSBatch; Status Code: 400; Error Code: ClientException; Request ID: {uuid}; Proxy: null\)"
    assert re.fullmatch(rf"Error executing request, Exception : [^,]+, RequestId: {uuid} {ends}", cause), cause
