"""What each state asks of AWS and makes of the answer, by the machine's own expressions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonata.jexception import JException

from components.orchestration import contract
from components.orchestration.failures import Kind
from tests.unit.jsonata import evaluate, resolve
from tests.unit.machines import (
    ACCOUNT,
    EXECUTION,
    ON_DEMAND,
    PREFIX,
    QUEUE,
    REGION,
    SPOT,
    WDL,
    client_input,
    context,
    entered,
    states,
    two_stages,
)
from tests.unit.test_orchestration_failures import EXITED, HOST, JOBS, job

FOUND = states()
STATE = entered(client_input())["state"]
PLACE = f"{PREFIX}/standardize_dirs.wdl-0"
ENTERED = "2026-11-24T14:00:00.750Z"
OUTPUT = {"Bucket": "cryoet-swipe-comms-dev", "Key": f"{PLACE.split('/', 3)[3]}/run_output.json"}


def submitted(market: str, **given: Any) -> dict[str, Any]:
    sent = client_input(**given)
    return resolve(
        FOUND["Run"]["Arguments"], states={"context": context(sent)}, state=entered(sent)["state"], market=market
    )


def variables(submit: dict[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in submit["ContainerOverrides"]["Environment"]}


def test_the_first_job_goes_to_the_spot_queue_with_what_the_client_asked_for() -> None:
    found = submitted("SPOT", RunSPOTMemory=5_000, RunSPOTVcpu=4)
    assert found["JobQueue"] == SPOT
    assert found["JobDefinition"] == "cryoet-ingestion-dev-main"
    assert found["JobName"] == "1700000000-dep1-ds10000-runTS_1"
    assert found["Timeout"] == {"AttemptDurationSeconds": 86_400}
    size = [{"Type": "MEMORY", "Value": "5000"}, {"Type": "VCPU", "Value": "4"}]
    assert found["ContainerOverrides"]["ResourceRequirements"] == size


def test_the_second_goes_to_the_other_queue_with_its_own_size() -> None:
    found = submitted("EC2", RunEC2Memory=48_000, RunEC2Vcpu=8)
    assert found["JobQueue"] == ON_DEMAND
    size = [{"Type": "MEMORY", "Value": "48000"}, {"Type": "VCPU", "Value": "8"}]
    assert found["ContainerOverrides"]["ResourceRequirements"] == size
    assert variables(found)["SFN_CURRENT_STATE"] == "RunEC2"


def test_a_job_is_told_where_its_files_are_and_who_asked() -> None:
    told = variables(submitted("SPOT", RunSPOTMemory=5_000, RunSPOTVcpu=4))
    assert json.loads(told.pop("MINIWDL__TASK_RUNTIME__DEFAULTS")) == {
        "docker": "ubuntu:22.04",
        "memory": "5000 MiB",
        "cpu": 4,
    }
    assert told == {
        "WDL_INPUT_URI": f"{PLACE}/run_input.json",
        "WDL_WORKFLOW_URI": WDL,
        "WDL_OUTPUT_URI": f"{PLACE}/run_output.json",
        "SFN_EXECUTION_ID": EXECUTION,
        "SFN_CURRENT_STATE": "RunSPOT",
        "MINIWDL__TASK_RUNTIME__MEMORY_LIMIT_MULTIPLIER": "1",
    }


def test_whole_numbers_written_with_a_point_are_whole_numbers() -> None:
    found = submitted("SPOT", RunSPOTMemory=5_000.0, RunSPOTVcpu=4.0)
    assert [one["Value"] for one in found["ContainerOverrides"]["ResourceRequirements"]] == ["5000", "4"]


@pytest.mark.parametrize(("name", "job_name"), [("a.b c", "a-b-c"), ("_x", "xx"), ("é1", "x1"), ("A-9_z", "A-9_z")])
def test_an_executions_name_becomes_a_jobs(name: str, job_name: str) -> None:
    assert evaluate(contract.job_name(), states={"context": {"Execution": {"Name": name}}}) == job_name


DEFINITIONS = {"db_import": "cryoet-ingestion-dev-main-db_import", "sync": "cryoet-ingestion-dev-main-sync"}


@pytest.mark.parametrize(
    ("file", "definition"),
    [
        ("s3://elsewhere/db_import-v0.0.4.wdl", "cryoet-ingestion-dev-main"),
        ("s3://cryoet-swipe-comms-dev/cryoet-swipe-wdl-dev/sync.wdl", "cryoet-ingestion-dev-main"),
        ("older/sync-v0.0.1.wdl", DEFINITIONS["sync"]),
        ("db_import-v0.0.4.wdl", DEFINITIONS["db_import"]),
        ("sync-v0.0.2.wdl", DEFINITIONS["sync"]),
        ("standardize_dirs.wdl-v0.0.1.wdl", "cryoet-ingestion-dev-main"),
        ("sync/standardize.wdl", "cryoet-ingestion-dev-main"),
        ("my_sync.wdl", "cryoet-ingestion-dev-main"),
    ],
)
def test_a_workflow_may_have_a_definition_of_its_own(file: str, definition: str) -> None:
    chosen = states(job_definitions=DEFINITIONS)["Run"]["Arguments"]["JobDefinition"]
    uri = file if file.startswith("s3://") else f"s3://cryoet-swipe-wdl-dev/{file}"
    assert evaluate(chosen, state={"RUN_WDL_URI": uri}) == definition


def test_tags_are_on_the_job_and_its_container() -> None:
    arguments = states(job_tags={"project": "portal"})["Run"]["Arguments"]
    assert (arguments["Tags"], arguments["PropagateTags"]) == ({"project": "portal"}, True)
    assert "Tags" not in FOUND["Run"]["Arguments"]


def caught(cause: str | None, error: str = "States.TaskFailed") -> dict[str, Any]:
    """What the job's state assigns when it fails."""
    output = {"Error": error, "Cause": cause} if cause is not None else {"Error": error}
    found = {"errorOutput": output, "context": {"State": {"Name": "Run", "EnteredTime": ENTERED}}}
    assigned = resolve(FOUND["Run"]["Catch"][0]["Assign"], states=found)
    assert assigned["entered"] == ENTERED
    return assigned["failure"]


def left(body: str, modified: str = "2026-11-24T14:00:01Z") -> dict[str, Any]:
    """What the state of a job that was entered at ``ENTERED`` knows when it reads this object."""
    return {"states": {"result": {"Body": body, "LastModified": modified}}, "entered": ENTERED}


def follows(failure: dict[str, Any], market: str) -> str:
    state = FOUND["RunDetectError"]
    for choice in state["Choices"]:
        if evaluate(choice["Condition"], failure=failure, market=market):
            return choice["Next"]
    return state["Default"]


@pytest.mark.parametrize(("kind", "cause"), JOBS)
def test_only_a_lost_or_missing_machine_leads_to_on_demand(kind: Kind, cause: str) -> None:
    ways = {Kind.HOST_RECLAIMED: "Run", Kind.NO_CAPACITY: "Run", Kind.INTERRUPTED: "RunDetectInterruption"}
    assert follows(caught(cause), "SPOT") == ways.get(kind, "RunNotifyFailure")
    assert follows(caught(cause), "EC2") == "RunNotifyFailure"


@pytest.mark.parametrize("market", ["SPOT", "EC2"])
def test_throttling_never_leads_to_on_demand(market: str) -> None:
    throttled = caught("Too Many Requests (Service: AWSBatch; Status Code: 429)", "Batch.AWSBatchException")
    assert throttled["kind"] == "THROTTLED"
    assert follows(throttled, market) == "RunNotifyFailure"


def test_one_message_says_that_the_stage_has_ended() -> None:
    sent = resolve(FOUND["RunNotify"]["Arguments"], states={"context": context(client_input())})
    assert sent["QueueUrl"] == QUEUE
    body = json.loads(sent["MessageBody"])
    assert len(body.pop("id")) == 36
    assert len(body.pop("time")) == len("2026-11-24T14:00:00Z")
    assert body == {
        "version": "0",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": ACCOUNT,
        "region": REGION,
        "resources": [EXECUTION],
        "detail": {
            "executionArn": EXECUTION,
            "stateMachineArn": client_input()["StateMachineArn"],
            "name": EXECUTION.rsplit(":", 1)[1],
            "status": "RUNNING",
            "lastCompletedStage": "run",
            "stopDate": None,
            "input": "{}",
            "inputDetails": {"included": None},
            "output": None,
            "outputDetails": None,
        },
    }
    assert FOUND["RunNotifyFailure"]["Arguments"] == FOUND["RunNotify"]["Arguments"]


def put_out(state: dict[str, Any], body: str, **result: Any) -> dict[str, Any]:
    """What the last state puts out for an output JSON."""
    found = {"result": {"Body": body, "ContentLength": len(body), **result}}
    return resolve(FOUND["RunReadOutput"]["Output"], states=found, state=state)


def read(body: str, **result: Any) -> dict[str, Any]:
    """The same, with what clients send; the state assigns it too."""
    assert FOUND["RunReadOutput"]["Assign"] == {"state": FOUND["RunReadOutput"]["Output"]}
    return put_out(STATE, body, **result)


def test_the_output_is_the_state_with_the_results() -> None:
    body = '{"a.file": "s3://b/x", "a.nothing": null, "a.list": ["one"], "a.empty": [], "a.map": {"k": [1]}, "n": 3}'
    asked = resolve(FOUND["RunReadOutput"]["Arguments"], state=STATE)
    assert asked == {**OUTPUT, "Range": "bytes=0-200000"}
    results = {"a.file": "s3://b/x", "a.nothing": None, "a.map": {"k": [1]}, "n": 3}
    assert read(body) == {**STATE, "Result": results, "BatchJobDetails": {"Run": {}}}


@pytest.mark.parametrize("body", ["{}", '{"a.list": [1]}'])
def test_without_a_result_to_keep_it_is_empty(body: str) -> None:
    assert read(body)["Result"] == {}


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("{}", {"ContentRange": "bytes 0-200000/200001"}),
        ("{}", {"ContentLength": 200_001}),
        (json.dumps({f"k{n}": "v" * 1_000 for n in range(262)}), {"ContentLength": 3}),
        ("[]", {}),
        ("3", {}),
        ("no JSON", {}),
    ],
)
def test_an_output_that_cannot_be_taken_fails_and_is_looked_at(body: str, result: dict[str, Any]) -> None:
    with pytest.raises((JException, ValueError)):
        read(body, **result)
    assert FOUND["RunReadOutput"]["Catch"][1]["ErrorEquals"] == ["States.QueryEvaluationError"]
    assert FOUND["RunReadOutput"]["Catch"][1]["Next"] == "RunCheckOutput"


def checked(size: int, state: dict[str, Any] = STATE) -> dict[str, Any]:
    """What an output of so many bytes is found to be when it could not be taken."""
    assert resolve(FOUND["RunCheckOutput"]["Arguments"], state=state) == OUTPUT
    found = {"result": {"ContentLength": size}}
    return resolve(FOUND["RunCheckOutput"]["Assign"], states=found, state=state)["failure"]


def sized(size: int) -> str:
    """An output JSON of so many bytes."""
    return json.dumps({"k": "v" * (size - len('{"k": ""}'))})


def test_an_output_may_have_as_much_as_is_read() -> None:
    """What it takes more as text in a result, and what S3 says beside it, has room up to Step Functions' limit."""
    assert len(read(sized(200_000))["Result"]["k"]) == 199_991
    with pytest.raises(JException, match="too large"):
        read(sized(200_001))
    failure, where = checked(200_001), f"{PLACE}/run_output.json"
    told = f"{where} has 200001 bytes; 200000 are read, which as text inside a result leave room in 262144"
    assert (failure["error"], failure["cause"].partition(": ")[2]) == ("OutputTooLarge", told)
    assert checked(200_000)["error"] == "MissingOutput"


def test_an_output_that_is_too_large_as_text_is_said_to_be() -> None:
    [catch] = [one for one in FOUND["RunReadOutput"]["Catch"] if one["ErrorEquals"] == ["States.DataLimitExceeded"]]
    failure = resolve(catch["Assign"], state=STATE)["failure"]
    assert (failure["error"], catch["Next"]) == ("OutputTooLarge", "HandleFailure")
    assert failure["cause"].endswith("run_output.json has more than 262144 bytes as text inside a result")


def test_an_output_that_is_no_json_object_is_said_to_be_none() -> None:
    assert checked(5)["error"] == "MissingOutput"
    assert checked(5)["cause"].endswith(f"{PLACE}/run_output.json is not a JSON object")


@pytest.mark.parametrize("letter", ["x", '"'])
def test_state_and_output_together_may_have_what_step_functions_holds(letter: str) -> None:
    """A quotation mark has its backslash."""
    body, limit = sized(190_000), 262_144
    whole = len(json.dumps(put_out({**STATE, "extra": ""}, body), separators=(",", ":")))
    fits, rest = divmod(limit - whole, len(json.dumps(letter)) - 2)
    extra = letter * fits + "x" * rest
    assert put_out({**STATE, "extra": extra}, body)["extra"] == extra
    with pytest.raises(JException, match="too large"):
        put_out({**STATE, "extra": extra + "x"}, body)


def test_a_large_state_leaves_less_room_for_the_output() -> None:
    state = {**STATE, "extra": "x" * 80_000}
    failure, held = checked(190_000, state), len(json.dumps(state, separators=(",", ":")))
    together = f"190000 bytes beside {held} bytes of the run's input and results, together more than 262144"
    assert (failure["error"], failure["cause"].partition(" has ")[2]) == ("OutputTooLarge", together)


def test_an_output_that_is_not_there_is_said_to_be_missing() -> None:
    [catch] = [one for one in FOUND["RunReadOutput"]["Catch"] if one["ErrorEquals"] == ["S3.NoSuchKeyException"]]
    failure = resolve(catch["Assign"], state=STATE)["failure"]
    assert (failure["error"], catch["Next"]) == ("MissingOutput", "HandleFailure")
    assert failure["cause"].endswith(f"there is no object {PLACE}/run_output.json")


def ends(failure: dict[str, Any]) -> dict[str, Any]:
    state = resolve(FOUND["HandleFailure"], failure=failure)
    return {"error": state["Error"], "cause": state["Cause"]}


def test_a_failed_program_ends_the_execution_with_its_own_error() -> None:
    failure, body = caught(job(EXITED, code=1)), '{"error": "InvalidInputFileError", "message": "no tilt axis"}'
    told = resolve(FOUND["RunReadError"]["Assign"], failure=failure, **left(body))["failure"]
    ended = ends(told)
    assert ended["error"] == "InvalidInputFileError"
    assert ended["cause"].startswith("no tilt axis (the program failed (States.TaskFailed; status: Essential")


def test_a_lost_machine_ends_the_execution_with_its_reason_whatever_the_program_wrote() -> None:
    failure = caught(job(HOST))
    told = resolve(FOUND["RunReadError"]["Assign"], failure=failure, **left('{"error": "X"}'))["failure"]
    assert ends(told)["error"] == "HostReclaimed"
    assert HOST in ends(told)["cause"]


def test_what_cannot_be_read_leaves_the_reason_as_it_was() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        resolve(FOUND["RunReadError"]["Assign"], failure=caught(None), **left("{"))
    assert FOUND["RunReadError"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "Output": {}, "Next": "HandleFailure"}]


SAYS_143 = '{"error": "UncaughtError", "cause": "it is broken", "exit_status": 143}'


def test_a_task_that_ended_like_an_interrupted_job_is_the_programs_own_failure() -> None:
    failure, found = caught(job(EXITED, code=143)), left(SAYS_143)
    settled = resolve(FOUND["RunDetectInterruption"]["Assign"], failure=failure, **found)["failure"]
    assert follows(settled, "SPOT") == "RunNotifyFailure"
    told = ends(resolve(FOUND["RunReadError"]["Assign"], failure=settled, **found)["failure"])
    assert told["error"] == "UncaughtError"
    assert told["cause"].startswith("it is broken (the program failed (States.TaskFailed; status: Essential")
    on_demand = ends(resolve(FOUND["RunReadError"]["Assign"], failure=failure, **found)["failure"])
    assert on_demand == told, "where nothing follows but the end, it is the same"


@pytest.mark.parametrize(
    ("body", "modified"),
    [
        pytest.param(SAYS_143, "2026-11-24T13:59:59Z", id="an earlier run's"),
        pytest.param(SAYS_143, "2026-11-24T13:59:59.999Z", id="an earlier run's, with milliseconds"),
        pytest.param('{"wf.out": "s3://b/x"}', "2026-11-24T14:00:01Z", id="an output"),
        pytest.param("{", "2026-11-24T14:00:01Z", id="half of something"),
        pytest.param(
            '{"error": "RunFailed", "cause": {"error": "Terminated"}}', "2026-11-24T14:00:01Z", id="it was told to stop"
        ),
    ],
)
def test_anything_else_at_that_place_says_that_the_job_was_told_to_stop(body: str, modified: str) -> None:
    """An expression that fails is caught, and the job goes on demand."""
    failure = caught(job(EXITED, code=143))
    with pytest.raises((JException, ValueError)):
        resolve(FOUND["RunDetectInterruption"]["Assign"], failure=failure, **left(body, modified))


def test_what_was_written_in_the_second_in_which_the_state_was_entered_counts() -> None:
    """S3 leaves fractions of a second out."""
    found = left(SAYS_143, "2026-11-24T14:00:00Z")
    settled = resolve(FOUND["RunDetectInterruption"]["Assign"], failure=caught(job(EXITED, code=143)), **found)
    assert settled["failure"]["kind"] == "APPLICATION"


def test_words_of_an_earlier_run_are_not_this_ones() -> None:
    failure, found = caught(job(EXITED, code=1)), left('{"error": "X"}', "2026-11-24T13:59:59Z")
    with pytest.raises(JException):
        resolve(FOUND["RunReadError"]["Assign"], failure=failure, **found)


def test_a_services_refusal_is_classified_and_ends_the_execution() -> None:
    cause = (
        "User: arn:aws:sts::1:x is not authorized to perform: sqs:SendMessage (Service: AmazonSQS; Status Code: 403)"
    )
    refused = {"Error": "SQS.AmazonSQSException", "Cause": cause}
    [catch] = FOUND["RunNotify"]["Catch"]
    kept = resolve(catch["Assign"], states={"errorOutput": refused, "context": {"State": {"Name": "RunNotify"}}})
    failure = resolve(FOUND["GetCause"]["Assign"], **kept)["failure"]
    assert ends(failure)["error"] == "Misconfigured"
    assert "sqs:SendMessage" in ends(failure)["cause"]
    assert ends(failure)["cause"].endswith(", in the state RunNotify")


# Two stages and the map between them.

LINKED = states("One", "Two")
FIRST = {
    **entered(two_stages(), "One", "Two")["state"],
    "Result": {"test.out": "s3://b/one.txt", "bare": None, "x.list_of": 1},
}
MAP = {"Two": {"text": "out", "image": ["One", "image"], "none": "bare"}}


def linked(io_map: Any, state: dict[str, Any] | None = None) -> dict[str, Any]:
    found = {"states": {"context": context(two_stages())}, "state": state or FIRST, "io_map": io_map}
    body = resolve(LINKED["TwoWriteInput"]["Arguments"], **found)["Body"]
    assigned = resolve(LINKED["TwoWriteInput"]["Assign"], **found)
    assert assigned["market"] == "SPOT"
    assert assigned["state"] == {**found["state"], "Input": {**found["state"]["Input"], "Two": body}}
    return body


def test_a_stages_input_comes_from_outputs_and_inputs_of_others() -> None:
    assert linked(MAP) == {"image": "a", "text": "s3://b/one.txt", "none": None}


@pytest.mark.parametrize("io_map", [{}, {"Two": {}}, {"One": {"x": "nowhere"}}, {"Two": {"image": "nowhere"}}])
def test_without_a_link_the_clients_own_input_stands(io_map: Any) -> None:
    assert linked(io_map) == {"image": "b"}


@pytest.mark.parametrize("source", ["nowhere", ["One", "nothing"], ["Three", "image"]])
def test_an_input_from_nowhere_is_said_to_be_missing(source: Any) -> None:
    io_map = {"Two": {"text": source, "more": "gone"}}
    with pytest.raises(JException):
        linked(io_map)
    catch = LINKED["TwoWriteInput"]["Catch"][0]
    failure = resolve(catch["Assign"], state=FIRST, io_map=io_map)["failure"]
    told = "the client did not set them, and no earlier stage gives these inputs of Two: text, more"
    assert (failure["error"], failure["cause"], catch["Next"]) == ("MissingInput", told, "HandleFailure")


def test_each_stage_begins_in_the_market_that_was_asked_for() -> None:
    given = two_stages(DoNotInterrupt=True)
    assigned = resolve(LINKED["TwoWriteInput"]["Assign"], states={"context": context(given)}, state=FIRST, io_map={})
    assert assigned["market"] == "EC2"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (json.dumps(MAP), True),
        ("{}", True),
        ("[]", False),
        ('{"Two": "out"}', False),
        ('{"Two": {"x": 3}}', False),
        ('{"Two": {"x": ["One"]}}', False),
        ('{"Two": {"x": ["One", 2]}}', False),
        ("nonsense", False),
    ],
)
def test_the_map_is_checked_when_it_is_read(text: str, kept: bool) -> None:
    state = LINKED["ReadStagesMap"]
    if kept:
        assert resolve(state["Assign"], states={"result": {"Body": text}}) == {"io_map": json.loads(text)}
    else:
        with pytest.raises((JException, ValueError)):
            resolve(state["Assign"], states={"result": {"Body": text}})


@pytest.mark.parametrize(("number", "error"), [(0, "MissingInput"), (1, "BadInput")])
def test_a_map_that_cannot_be_read_is_named(number: int, error: str) -> None:
    failure = resolve(LINKED["ReadStagesMap"]["Catch"][number]["Assign"], state=FIRST)["failure"]
    assert failure["error"] == error
    assert failure["cause"].startswith("STAGES_IO_MAP_JSON: ")
    assert "s3://cryoet-swipe-wdl-dev/map.json" in failure["cause"]


@pytest.mark.parametrize(("given", "read"), [(two_stages(), True), (client_input(), False)])
def test_the_map_is_read_if_there_is_one(given: dict[str, Any], read: bool) -> None:
    assert evaluate(LINKED["StagesMapChoice"]["Choices"][0]["Condition"], state=given) is read


def test_results_of_stages_are_put_together() -> None:
    found = {"result": {"Body": '{"test.two": "x", "test.out": "later"}', "ContentLength": 3}}
    state = resolve(LINKED["TwoReadOutput"]["Output"], states=found, state=FIRST)
    assert state["Result"] == {"test.out": "later", "bare": None, "x.list_of": 1, "test.two": "x"}
    assert state["BatchJobDetails"] == {"One": {}, "Two": {}}
