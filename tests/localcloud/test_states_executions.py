"""Executions: names, lists, redrive, logs, and the runs of Distributed Maps."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from localcloud.server.services.stepfunctions import branch, executions, logs, notices, runs, throttle

from .batch_steps import refused, time_scale, until
from .conftest import DEV, PROD, REGION, Cloud
from .states_steps import LOGS, PASS, Machines, log_to

WAIT = {"Wait": {"Type": "Wait", "Seconds": 1000, "End": True}}
GET = "arn:aws:states:::aws-sdk:s3:getObject"
S3 = ("s3:GetObject", "s3:PutObject", "s3:ListBucket")


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> str:
    name = cloud.name("executions")
    cloud.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def test_sfn_20_name_is_used_once(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = machines.create(WAIT)
    first = machines.start(machine, {"a": 1}, name="one")
    assert machines.start(machine, {"a": 1}, name="one") == first
    with refused("ExecutionAlreadyExists", f"Execution Already Exists: '{first}'"):
        machines.start(machine, {"a": 2}, name="one")
    machines.sfn.stop_execution(executionArn=first)
    with refused("ExecutionAlreadyExists", first):
        machines.start(machine, {"a": 1}, name="one")
    monkeypatch.setattr(runs, "NAME_TAKEN", runs.timedelta(0))
    assert machines.start(machine, {"a": 1}, name="one") == first
    machines.sfn.stop_execution(executionArn=first)


def test_sfn_19_input_that_is_no_json_or_too_large(machines: Machines) -> None:
    machine = machines.create({"A": PASS})
    for text in ("{no", "[" * 100_000, "NaN", '{"a": [Infinity]}', "-Infinity", "1e999", '"\\ud800"', '{"\\uDFFF": 1}'):
        with refused("InvalidExecutionInput", "Invalid State Machine Execution Input"):
            machines.sfn.start_execution(stateMachineArn=machine, input=text)
    assert machines.sfn.list_executions(stateMachineArn=machine)["executions"] == [], "none was left without an end"
    with refused("ValidationException", "less than or equal to 262144"):
        machines.sfn.start_execution(stateMachineArn=machine, input=json.dumps("x" * 262_144))


def test_sfn_21_more_starts_than_the_bucket_has_tokens(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = machines.create({"A": PASS})
    held = throttle.Bucket(size=2, rate=1, tokens=2, filled=time.monotonic())
    monkeypatch.setattr(throttle, "_BUCKETS", {(DEV, REGION): held})
    for _ in range(2):
        machines.start(machine)
    with refused("ThrottlingException", "Rate exceeded"):
        machines.start(machine)
    with time_scale(0.001):
        time.sleep(0.002)
        machines.start(machine)
    other = Machines(machines.cloud, PROD)
    for _ in range(3):
        other.start(other.create({"A": PASS}))
    full = throttle._BUCKETS[PROD, REGION]  # pyright: ignore[reportPrivateUsage]
    assert (full.size, full.rate) == (1300, 300)


def test_what_cannot_start_is_refused(machines: Machines) -> None:
    machine = machines.create({"A": PASS})
    with refused("InvalidName", "Invalid Name: 'a b'"):
        machines.start(machine, name="a b")
    with refused("StateMachineDoesNotExist", "none"):
        machines.start(f"{machine}none")
    with refused("ExecutionDoesNotExist", "none"):
        machines.sfn.describe_execution(executionArn=machine.replace(":stateMachine:", ":execution:") + ":none")


def test_executions_are_listed_by_status_and_in_pages(machines: Machines) -> None:
    state = {"Which": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.ok %}", "Next": "Yes"}],
                       "Default": "No"}, "Yes": {"Type": "Succeed"}, "No": {"Type": "Fail"}}  # fmt: skip
    machine = machines.create(state)
    made = [machines.start(machine, {"ok": ok}) for ok in (True, False, True)]
    for execution in made:
        machines.ended(execution)
    listed = machines.sfn.list_executions(stateMachineArn=machine, maxResults=2)
    rest = machines.sfn.list_executions(stateMachineArn=machine, nextToken=listed["nextToken"])
    found = [item["executionArn"] for item in listed["executions"] + rest["executions"]]
    assert sorted(found) == sorted(made)
    failed = machines.sfn.list_executions(stateMachineArn=machine, statusFilter="FAILED")["executions"]
    assert [item["executionArn"] for item in failed] == [made[1]]
    with refused("InvalidToken", "Invalid Token"):
        machines.sfn.list_executions(stateMachineArn=machine, nextToken="nonsense")


def test_a_redrive_goes_on_where_it_failed(machines: Machines, bucket: str, cloud: Cloud) -> None:
    states = {
        "Set": {"Type": "Pass", "Assign": {"kept": "{% $uuid() %}"}, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Once", "States": {"Once": PASS | {"Output": "{% $uuid() %}"}}},
                {
                    "StartAt": "Get",
                    "States": {
                        "Get": {
                            "Type": "Task",
                            "Resource": GET,
                            "Arguments": {"Bucket": bucket, "Key": "late"},
                            "Output": "{% $states.result.Body %}",
                            "End": True,
                        }
                    },
                },
            ],
            "Output": "{% [$states.result[1], $kept] %}",
            "End": True,
        },
    }
    execution = machines.start(machines.create(states, *S3))
    failed = machines.ended(execution)
    assert (failed["status"], failed["redriveStatus"]) == ("FAILED", "REDRIVABLE")
    events = machines.events(execution)
    cloud.client("s3").put_object(Bucket=bucket, Key="late", Body=b"here")
    machines.sfn.redrive_execution(executionArn=execution)
    found = machines.ended(execution)
    assert (found["status"], found["redriveCount"], "error" in found) == ("SUCCEEDED", 1, False)
    again = machines.events(execution)[len(events) :]
    assert again[0]["type"] == "ExecutionRedriven"
    names = [event["stateEnteredEventDetails"]["name"] for event in again if event["type"].endswith("Entered")]
    assert sorted(names) == ["Both", "Get"]
    assigned = next(e for e in events if e["type"] == "PassStateExited")["stateExitedEventDetails"]
    kept = json.loads(assigned["assignedVariables"]["kept"])
    assert json.loads(found["output"]) == ["here", kept]
    with refused("ExecutionNotRedrivable", "is SUCCEEDED"):
        machines.sfn.redrive_execution(executionArn=execution)


def test_an_aborted_execution_is_redriven_too(machines: Machines) -> None:
    execution = machines.start(machines.create(WAIT))
    with refused("ExecutionNotRedrivable", "is RUNNING"):
        machines.sfn.redrive_execution(executionArn=execution)
    until(lambda: "WaitStateEntered" in machines.kinds(execution))
    machines.sfn.stop_execution(executionArn=execution)
    with time_scale(0.0001):
        machines.sfn.redrive_execution(executionArn=execution)
        assert machines.ended(execution)["status"] == "SUCCEEDED"


def test_what_runs_keeps_the_definition_that_it_began_with(machines: Machines) -> None:
    machine = machines.create({"Wait": WAIT["Wait"] | {"Seconds": 1, "Output": "old"}})
    with time_scale(0.3):
        execution = machines.start(machine)
        new = json.dumps({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": PASS | {"Output": "new"}}})
        machines.sfn.update_state_machine(stateMachineArn=machine, definition=new)
        assert machines.ended(execution)["output"] == '"old"'
    assert machines.run(machine)["output"] == '"new"'
    assert "old" in machines.sfn.describe_state_machine_for_execution(executionArn=execution)["definition"]


def test_the_log_has_the_events_of_its_level(machines: Machines, cloud: Cloud) -> None:
    group = f"/aws/vendedlogs/{cloud.name('states')}"
    client = cloud.client("logs")
    client.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{REGION}:{DEV}:log-group:{group}:*"

    def logged(level: str, states: dict[str, Any]) -> list[dict[str, Any]]:
        execution = machines.start(machines.create(states, *LOGS, loggingConfiguration=log_to(arn, level)), {"a": 1})
        machines.ended(execution)
        logs.settle()
        streams = client.describe_log_streams(logGroupName=group)["logStreams"]
        lines = [
            json.loads(event["message"])
            for stream in streams
            for event in client.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
        ]
        return [line for line in lines if line["execution_arn"] == execution]

    lines = logged("ALL", {"A": PASS})
    assert [line["type"] for line in lines] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert lines[0]["details"]["input"] == '{"a":1}'
    assert [line["id"] for line in lines] == ["1", "2", "3", "4"]
    assert [line["type"] for line in logged("ERROR", {"F": {"Type": "Fail"}})] == ["ExecutionFailed"]
    assert logged("FATAL", {"A": PASS}) == []


def test_a_machine_works_in_its_own_account(cloud: Cloud) -> None:
    machines = Machines(cloud, PROD)
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
        "Output": "{% $states.result.Arn %}",
        "End": True,
    }
    assert f":{PROD}:assumed-role/" in machines.output({"Who": state})


def distributed(bucket: str, **more: Any) -> dict[str, Any]:
    block = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Which",
        "States": {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.n = 3 %}", "Next": "Bad"}],
                "Default": "Good",
            },
            "Bad": {"Type": "Fail", "Error": "Three", "Cause": "three"},
            "Good": PASS | {"Output": "{% $states.input.n * 2 %}"},
        },
    }
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Arguments": {"Bucket": bucket, "Key": "items.json"}}
    return {"Each": {"Type": "Map", "Label": "Items", "ItemReader": reader, "ItemProcessor": block, "End": True} | more}


def test_a_distributed_map_reads_items_and_tolerates_what_it_may(machines: Machines, bucket: str, cloud: Cloud) -> None:
    items = [{"n": number} for number in range(1, 6)]
    cloud.client("s3").put_object(Bucket=bucket, Key="items.json", Body=json.dumps(items).encode())
    machine = machines.create(distributed(bucket, ToleratedFailurePercentage=20, MaxConcurrency=2), *S3)
    execution = machines.start(machine)
    found = machines.ended(execution)
    assert json.loads(found["output"]) == [2, 4, None, 8, 10]
    run = machines.sfn.list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]
    assert "/Items:" in run
    counts = machines.sfn.describe_map_run(mapRunArn=run)
    assert (counts["itemCounts"]["succeeded"], counts["itemCounts"]["failed"]) == (4, 1)
    failed = machines.sfn.list_executions(mapRunArn=run, statusFilter="FAILED")["executions"]
    child = machines.sfn.describe_execution(executionArn=failed[0]["executionArn"])
    assert (child["error"], json.loads(child["input"])) == ("Three", {"n": 3})


@pytest.mark.parametrize("more", [{}, {"ToleratedFailurePercentage": 10}, {"ToleratedFailureCount": 0}])
def test_more_failures_than_tolerated_fail_the_map(
    machines: Machines, bucket: str, cloud: Cloud, more: dict[str, Any]
) -> None:
    cloud.client("s3").put_object(Bucket=bucket, Key="items.json", Body=b'[{"n": 1}, {"n": 3}]')
    error, cause = machines.failure(distributed(bucket, **more), None, *S3)
    assert (error, cause) == (
        "States.ExceedToleratedFailureThreshold",
        "The specified tolerated failure threshold was exceeded",
    )


def test_batches_results_and_their_manifest(machines: Machines, bucket: str, cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.put_object(Bucket=bucket, Key="items.csv", Body=b"n,name\n1,a\n2,b\n3,c\n")
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Arguments": {"Bucket": bucket, "Key": "items.csv"},
    }
    block = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "Join",
        "States": {"Join": PASS | {"Output": "{% $join($states.input.Items.name) & $states.input.BatchInput.x %}"}},
    }
    state = {
        "Type": "Map",
        "ItemReader": reader,
        "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"x": "{% $states.input.x %}"}},
        "ItemProcessor": block,
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Arguments": {"Bucket": bucket, "Prefix": "results"},
        },
        "End": True,
    }
    found = machines.output({"Each": state}, {"x": "!"}, *S3)
    place = found["ResultWriterDetails"]
    manifest = json.loads(s3.get_object(**place)["Body"].read())
    (written,) = manifest["ResultFiles"]["SUCCEEDED"]
    rows = json.loads(s3.get_object(Bucket=bucket, Key=written["Key"])["Body"].read())
    assert [json.loads(row["Output"]) for row in rows] == ["ab!", "c!"]
    assert manifest["MapRunArn"] == found["MapRunArn"]


def test_objects_of_a_bucket_are_items(machines: Machines, bucket: str, cloud: Cloud) -> None:
    for key in ("list/a", "list/b"):
        cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    listing = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Arguments": {"Bucket": bucket, "Prefix": "list/"}}
    states = distributed(bucket, ItemReader=listing, Output="{% $states.result %}")
    states["Each"]["ItemSelector"] = {"n": "{% $states.context.Map.Item.Value.Size %}"}
    assert machines.output(states, None, *S3) == [2, 2]
    error, cause = machines.failure(states, None, "s3:GetObject")
    assert error == "States.ItemReaderFailed"
    assert "s3:ListBucket" in cause


def test_a_redrive_of_a_map_runs_only_what_failed(machines: Machines, bucket: str, cloud: Cloud) -> None:
    get = {
        "Type": "Task",
        "Resource": GET,
        "Arguments": {"Bucket": bucket, "Key": "{% $states.input %}"},
        "Output": "{% $states.result.Body %}",
        "End": True,
    }
    block = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Get",
        "States": {"Get": get},
    }
    state = {"Type": "Map", "Items": ["there", "later"], "MaxConcurrency": 1, "ItemProcessor": block, "End": True}
    s3 = cloud.client("s3")
    s3.put_object(Bucket=bucket, Key="there", Body=b"1")
    execution = machines.start(machines.create({"Each": state}, *S3))
    assert machines.ended(execution)["status"] == "FAILED"
    s3.put_object(Bucket=bucket, Key="later", Body=b"2")
    s3.delete_object(Bucket=bucket, Key="there")
    machines.sfn.redrive_execution(executionArn=execution)
    assert json.loads(machines.ended(execution)["output"]) == ["1", "2"]


def test_half_of_a_pair_in_the_request_is_refused(machines: Machines) -> None:
    """No text in UTF-8 can have it, so nothing could write it down again."""
    machine = machines.create({"A": PASS})
    with refused("SerializationException", "StartExecution can not be read"):
        machines.sfn.start_execution(stateMachineArn=machine, input=json.dumps("\ud800", ensure_ascii=False))
    assert machines.sfn.list_executions(stateMachineArn=machine)["executions"] == []


def test_an_input_is_given_back_as_it_is_beyond_the_basic_plane(machines: Machines) -> None:
    machine = machines.create({"A": PASS})
    execution = machines.sfn.start_execution(stateMachineArn=machine, input='"\\ud83e\\uddec"')["executionArn"]
    assert json.loads(machines.ended(execution)["output"]) == "\N{DNA DOUBLE HELIX}"


@pytest.mark.parametrize(("module", "name"), [(notices, "_publish"), (executions, "dumps"), (executions, "run_block")])
def test_no_execution_is_left_without_an_end(
    machines: Machines, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    machine = machines.create({"A": PASS})

    def failing(*_: Any) -> None:
        raise RuntimeError("a fault of the local cloud's own")

    monkeypatch.setattr(module, name, failing)
    execution = machines.run(machine)
    if module is notices:
        assert execution["status"] == "SUCCEEDED"
    else:
        assert (execution["status"], execution["error"]) == ("FAILED", "States.Runtime")
        assert execution["cause"] == "An internal error occurred: a fault of the local cloud's own"


@pytest.mark.parametrize(
    ("operation", "parameter", "arn", "text"),
    [
        ("describe_state_machine", "stateMachineArn", "x", "Invalid Arn: 'Invalid ARN prefix: x'"),
        ("start_execution", "stateMachineArn", "arn:aws:s3:::a", "Invalid Arn: 'Invalid ARN: arn:aws:s3:::a'"),
        (
            "describe_execution", "executionArn", f"arn:aws:states:{REGION}:{DEV}:stateMachine:a",
            "Invalid Arn: 'Resource type not valid in this context: stateMachine'",
        ),
        ("describe_map_run", "mapRunArn", "arn:", "Invalid Arn: 'Invalid ARN: arn:'"),
        ("list_tags_for_resource", "resourceArn", "x", "Invalid Arn: 'Invalid ARN prefix: x'"),
    ],
)  # fmt: skip
def test_sfn_41_an_arn_that_is_none(machines: Machines, operation: str, parameter: str, arn: str, text: str) -> None:
    with refused("InvalidArn", text):
        getattr(machines.sfn, operation)(**{parameter: arn})


def test_sfn_41_a_role_that_is_none(machines: Machines) -> None:
    with refused("InvalidArn", "Invalid Role Arn: 'x'"):
        machines.create({"A": PASS}, role="x")


@pytest.mark.parametrize("language", ["JSONata", "JSONPath"])
def test_sfn_42_variables_beyond_the_limits(machines: Machines, language: str) -> None:
    def assigning(**values: str) -> Any:
        given = {name if language == "JSONata" else f"{name}.$": value for name, value in values.items()}
        ended = machines.run(
            machines.create({"A": PASS | {"Assign": given}}, language=language), {"a": "x" * 200_000, "b": "y" * 60_000}
        )
        return ended["status"], ended.get("error")

    whole, first, second = (
        ("{% $states.input %}", "{% $states.input.a %}", "{% $states.input.b %}")
        if language == "JSONata"
        else ("$", "$.a", "$.b")
    )
    too_much = ("FAILED", "States.DataLimitExceeded")
    assert assigning(one=whole) == ("SUCCEEDED", None)
    assert assigning(one=first, two=second) == ("SUCCEEDED", None)
    assert assigning(one=whole, two=second) == too_much
    assert assigning(one=first, two=first) == too_much


def test_sfn_42_all_variables_of_an_execution_beyond_the_limit(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branch, "MOST_VARIABLES_BYTES", 500_000)
    states = {
        name: {"Type": "Pass", "Assign": {name: "{% $states.input %}"}} | ({"Next": after} if after else {"End": True})
        for name, after in (("a", "b"), ("b", "c"), ("c", ""))
    }
    ended = machines.run(machines.create(states), "x" * 200_000)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.DataLimitExceeded")


@pytest.mark.parametrize("expression", ["$parse('NaN')", "$parse('[1e999]')", "$parse('\"\\\\ud800\"')"])
def test_no_expression_gives_what_json_does_not_have(machines: Machines, expression: str) -> None:
    ended = machines.run(machines.create({"A": PASS | {"Output": f"{{% {expression} %}}"}}))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.QueryEvaluationError")
