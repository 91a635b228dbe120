"""The table of failures: AWS's own texts, and that Python and JSONata say the same of anything."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, settings
from hypothesis import strategies as st

from components.orchestration import expressions
from components.orchestration.failures import Action, Failure, Kind, classify, explained, settled
from tests.unit.jsonata import evaluate
from tests.untimed import given

EXITED = "Essential container in task exited"
HOST = "Host EC2 (instance i-0a1b2c3d4e5f67890) terminated."
CANCELLED = "Canceled by JobStateTimeLimit action due to reason: "
STOPPED = "The Task state in AWS Step Functions execution [arn] which was managing this resource was aborted"
ASSUME = "ECS was unable to assume the role 'arn:aws:iam::908710317728:role/x' that was provided for this task."
CLASSIFY = expressions.classify("$states.errorOutput.Error", "$states.errorOutput.Cause")
SETTLED = expressions.settled("$failure", "$states.result.Body")
EXPLAINED = expressions.explained("$failure", "$states.result.Body")


def job(
    status: str | None,
    *,
    reason: str | None = None,
    code: int | None = None,
    attempts: int = 1,
    ended: bool | None = None,
    **more: Any,
) -> str:
    """A job as the Cause of a ``.sync`` task describes it: no blanks, keys sorted, what is absent left out.

    ``ended``: by a call of TerminateJob; None: it isn't said.
    """
    container: dict[str, Any] = {"LogStreamName": "main/default/0123", "Image": "swipe", "Environment": []}
    container |= {"Reason": reason} if reason else {}
    container |= {"ExitCode": code} if code is not None else {}
    last = {"Container": container, "StartedAt": 1, "StoppedAt": 2, **({"StatusReason": status} if status else {})}
    earlier = {"Container": {"ExitCode": 9, "Reason": "OutOfMemoryError: no"}, "StatusReason": HOST}
    detail = {
        "Attempts": [*([earlier] * (attempts - 1)), last] if attempts else [],
        "Container": container | more,
        **({"IsCancelled": False, "IsTerminated": ended} if ended is not None else {}),
        "JobId": "7c1b",
        "Status": "FAILED",
        "StoppedAt": 2,
        **({"StatusReason": status} if status else {}),
    }
    return json.dumps(detail, sort_keys=True, separators=(",", ":"))


def in_jsonata(error: str, cause: str | None) -> dict[str, str]:
    output = {"Error": error} if cause is None else {"Error": error, "Cause": cause}
    return evaluate(CLASSIFY, states={"errorOutput": output})


def record(failure: Failure) -> dict[str, str]:
    told = {"error": failure.error, "cause": failure.cause}
    return {"kind": failure.kind.name, "action": failure.kind.action.value, **told}


JOBS = [
    (Kind.HOST_RECLAIMED, job(HOST)),
    (Kind.HOST_RECLAIMED, job(HOST, code=143)),
    (Kind.HOST_RECLAIMED, job("Host EC2 (instance i-0a) stopped.")),
    (Kind.INTERRUPTED, job(EXITED, code=143)),
    (Kind.HOST_RECLAIMED, job(None)),
    (Kind.UNEXPLAINED, job(None, attempts=0)),
    (Kind.UNEXPLAINED, job(EXITED)),
    (Kind.UNEXPLAINED, job(EXITED, code=0)),
    (Kind.NO_CAPACITY, job(CANCELLED + "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", attempts=0)),
    (Kind.MISCONFIGURED, job(CANCELLED + "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", attempts=0)),
    (Kind.MISCONFIGURED, job(CANCELLED + "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE", attempts=0)),
    (Kind.MISCONFIGURED, job("Container Overrides length must be at most 8192", attempts=0)),
    (Kind.MISCONFIGURED, job("ResourceInitializationError: unable to pull secrets or registry auth: x")),
    (Kind.OUT_OF_MEMORY, job(EXITED, reason="OutOfMemoryError: Container killed due to memory usage", code=137)),
    (Kind.OUT_OF_MEMORY, job(EXITED, code=137)),
    (Kind.APPLICATION, job(EXITED, code=1)),
    (Kind.APPLICATION, job(EXITED, code=2, attempts=3)),
    (Kind.APPLICATION, job("Dependent Job failed", attempts=0)),
    (Kind.IMAGE_PULL, job("Task failed to start", reason="CannotPullContainerError: manifest unknown")),
    (Kind.SERVICE, job("Task failed to start", reason="DockerTimeoutError: Could not transition to created")),
    (Kind.SERVICE, job(EXITED, reason="CannotInspectContainerError: Could not transition to inspecting")),
    (
        Kind.MISCONFIGURED,
        job("Task failed to start", reason='CannotStartContainerError: exec: "x": not found', code=127),
    ),
    (Kind.MISCONFIGURED, job("Task failed to start")),
    (Kind.TIMEOUT, job("Job attempt duration exceeded timeout", code=137)),
    (Kind.CANCELLED, job("wrong dataset, sorry", code=143, ended=True)),
    (Kind.CANCELLED, job("wrong dataset, sorry", attempts=0, ended=True)),
    (Kind.CANCELLED, job(STOPPED)),
    # Not a word of who said so: it may be AWS.
    (Kind.UNEXPLAINED, job("wrong dataset, sorry", code=143)),
    (Kind.UNEXPLAINED, job(ASSUME, attempts=0, ended=False)),
    (Kind.UNEXPLAINED, job(ASSUME, attempts=0)),
]


@pytest.mark.parametrize(("kind", "cause"), JOBS)
def test_a_jobs_end_has_its_class(kind: Kind, cause: str) -> None:
    assert classify("States.TaskFailed", cause).kind is kind


SERVICE = (
    "Error executing request, Exception : {}, RequestId: 1 "
    "(Service: AWSBatch; Status Code: {}; Error Code: {}; Request ID: 1; Proxy: null)"
)
SDK = "{} (Service: S3, Status Code: {}, Request ID: 1, Extended Request ID: x) (SDK Attempt Count: 1)"


@pytest.mark.parametrize(
    ("kind", "error", "cause"),
    [
        (
            Kind.THROTTLED,
            "Batch.AWSBatchException",
            SERVICE.format("Too Many Requests", 429, "TooManyRequestsException"),
        ),
        (Kind.THROTTLED, "Batch.TooManyRequestsException", None),
        (Kind.THROTTLED, "S3.S3Exception", SDK.format("Please reduce your request rate.", 503)),
        (
            Kind.THROTTLED,
            "SQS.AmazonSQSException",
            "Rate exceeded (Service: AmazonSQS; Status Code: 400; Error Code: ThrottlingException)",
        ),
        (
            Kind.SERVICE,
            "Batch.AWSBatchException",
            SERVICE.format("null", 500, "AuthorizerConfigurationException"),
        ),
        (Kind.SERVICE, "Batch.ServerException", "it broke"),
        (Kind.SERVICE, "Batch.AWSBatchException", None),
        (Kind.SERVICE, "SQS.SdkClientException", "Unable to execute HTTP request"),
        (Kind.SERVICE, "S3.S3Exception", SDK.format("We encountered an internal error.", 500)),
        (Kind.MISCONFIGURED, "Batch.ClientException", SERVICE.format("JobQueue x not found", 400, "ClientException")),
        (
            Kind.MISCONFIGURED,
            "Batch.AWSBatchException",
            SERVICE.format("User: a is not authorized to perform: batch:TagResource", 403, "AccessDeniedException"),
        ),
        (Kind.MISCONFIGURED, "S3.S3Exception", SDK.format("User: arn is not authorized to perform: s3:PutObject", 403)),
        (Kind.MISCONFIGURED, "States.Permissions", "no"),
        (Kind.MISCONFIGURED, "States.QueryEvaluationError", "no"),
        (Kind.MISSING_OUTPUT, "S3.NoSuchKeyException", SDK.format("The specified key does not exist.", 404)),
        (Kind.MISSING_OUTPUT, "S3.S3Exception", SDK.format("The requested range is not satisfiable", 416)),
        (Kind.BAD_INPUT, "S3.NoSuchBucketException", SDK.format("The specified bucket does not exist", 404)),
        (Kind.TIMEOUT, "States.Timeout", None),
        (
            Kind.OUTPUT_TOO_LARGE,
            "States.DataLimitExceeded",
            "The state/task 'a' returned a result with a size exceeding the maximum",
        ),
        (Kind.UNEXPLAINED, "States.TaskFailed", None),
        (Kind.UNEXPLAINED, "", ""),
    ],
)
def test_a_services_refusal_has_its_class(kind: Kind, error: str, cause: str | None) -> None:
    assert classify(error, cause).kind is kind


CUT = [
    *((kind, cause) for kind, cause in JOBS if '"StatusReason"' in cause and kind is not Kind.UNEXPLAINED),
    (Kind.HOST_RECLAIMED, job(HOST, attempts=0)),
    (Kind.TIMEOUT, job("Job attempt duration exceeded timeout", attempts=0)),
    (Kind.MISCONFIGURED, job("ACTION_REQUIRED - CE(s) associated with the job queue are invalid.", attempts=0)),
    (Kind.MISCONFIGURED, job("UNDETERMINED - Batch job is blocked, root cause is undetermined.", attempts=0)),
    (Kind.MISCONFIGURED, job("Task failed to start", reason="ResourceInitializationError: unable to pull secrets")),
    (Kind.APPLICATION, job("Array Child Job failed")),
    (Kind.OUT_OF_MEMORY, job(EXITED, reason="OutOfMemoryError: container killed due to memory usage")),
]


def last_attempt(cause: str) -> tuple[int, int]:
    """Where the latest attempt begins, and where it has been said why it ended, and by whom where that decides."""
    begins = [found.end() for found in re.finditer('"Container":{', cause)]
    start = begins[-2] if len(begins) > 1 else 0
    reason = re.compile(r'"StatusReason":"[^"]*"').search(cause, start)
    assert reason
    by_whom = cause.find('"IsTerminated":true')
    return start, max(reason.end(), by_whom + len('"IsTerminated":true'))


@pytest.mark.parametrize(("kind", "cause"), CUT)
def test_a_cause_cut_off_anywhere_tells_its_class_or_none(kind: Kind, cause: str) -> None:
    """The class from where the latest attempt's end is told; before, the class or that it isn't known."""
    start, whole = last_attempt(cause)
    for length in range(start, len(cause) + 1):
        found = classify("States.TaskFailed", cause[:length]).kind
        assert found is kind or (found is Kind.UNEXPLAINED and length < whole), (length, found)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.HOST_RECLAIMED, HOST),
        (Kind.APPLICATION, EXITED),
        (Kind.TIMEOUT, "Job attempt duration exceeded timeout"),
        *((Kind.UNEXPLAINED, text) for text in (ASSUME, "wrong dataset, sorry", "Host was too slow", "Job 7: no need")),
    ],
)
def test_a_reason_cut_off_counts_as_the_only_one_that_begins_so(kind: Kind, text: str) -> None:
    """From its first words on, and never as someone's."""
    begun = '{"Attempts":[{"Container":{"ExitCode":2,"LogStreamName":"x"},"StatusReason":"'
    for length in range(len(text) + 1):
        expected = kind if length >= 8 else Kind.UNEXPLAINED
        assert classify("States.TaskFailed", begun + text[:length]).kind is expected, length


def test_a_reason_cut_off_where_several_begin_so_counts_as_none() -> None:
    begun = f'{{"Attempts":[],"Container":{{}},"StatusReason":"{CANCELLED}'
    for more, kind in (("", Kind.UNEXPLAINED), ("CAP", Kind.NO_CAPACITY), ("MIS", Kind.MISCONFIGURED)):
        assert classify("States.TaskFailed", begun + more).kind is kind


@pytest.mark.parametrize(
    "cause", [job(HOST, code=143), job("Task failed to start", reason="CannotPullContainerError: x")]
)
def test_python_and_jsonata_agree_on_a_cause_cut_off_anywhere(cause: str) -> None:
    for length in range(0, len(cause), 3):
        assert in_jsonata("x", cause[:length]) == record(classify("x", cause[:length]))


def test_what_is_cut_off_is_told_as_such() -> None:
    begun = '{"Attempts":[],"Container":{},"StatusReason":"'
    assert classify("x", f"{begun}wrong data").cause.endswith("known here (x; status, cut off: wrong data)")
    assert (
        "(x; status: Host EC2 (instance ; status, cut off: Host EC2 (ins)"
        in classify("x", f"{begun}Host EC2 (ins").cause
    )


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (Kind.HOST_RECLAIMED, "Host EC2 (instance i-1) terminated."),
        (Kind.OUT_OF_MEMORY, "OutOfMemoryError: Container killed due to memory usage"),
        (Kind.UNEXPLAINED, "it said: Host EC2 (instance i-1) terminated."),
    ],
)
def test_batchs_words_alone_have_their_class_too(kind: Kind, cause: str) -> None:
    assert classify("States.TaskFailed", cause).kind is kind


def test_a_reason_that_is_not_known_stands_in_the_cause() -> None:
    assert f"status: {ASSUME}" in classify("States.TaskFailed", job(ASSUME, attempts=0)).cause


def test_a_lost_host_is_never_read_out_of_a_users_own_text() -> None:
    trap = '"StatusReason":"' + HOST + '","Container":{"Reason":"OutOfMemoryError"'
    cause = job(EXITED, code=1, Command=[trap], Environment=[{"Name": trap, "Value": HOST}])
    assert classify("States.TaskFailed", cause).kind is Kind.APPLICATION


def test_an_earlier_attempts_reason_does_not_count() -> None:
    assert classify("States.TaskFailed", job(EXITED, code=1, attempts=2)).kind is Kind.APPLICATION


def test_the_cause_says_why_and_where() -> None:
    found = classify("States.TaskFailed", job(EXITED, code=3, reason='say "no"'))
    told = (
        f'the program failed (States.TaskFailed; status: {EXITED}; reason: say "no"; exit code 3; job 7c1b; '
        "log stream main/default/0123)"
    )
    assert (found.error, found.cause) == ("UncaughtError", told)


def test_only_the_loss_of_a_machine_and_its_lack_lead_to_on_demand() -> None:
    lost = {Kind.HOST_RECLAIMED, Kind.INTERRUPTED, Kind.NO_CAPACITY}
    assert {kind for kind in Kind if kind.action is Action.ON_DEMAND} == lost


def test_every_class_has_an_error_name_of_its_own() -> None:
    assert len({kind.error for kind in Kind}) == len(Kind)
    assert all(re.fullmatch("[A-Z][A-Za-z]+", kind.error) for kind in Kind)


WORDS = st.sampled_from(
    (
        *(
            '"IsTerminated":true,',
            '"StatusReason":"',
            '"Reason":"',
            '"ExitCode":',
            '"Container":{',
            '],"Container":{',
            '"Status":"FAILED"',
        ),
        *(
            '"Attempts":[{',
            ',"Tags"',
            "143",
            "137",
            "0",
            EXITED,
            HOST,
            '"',
            "}",
            "\\",
            '\\"',
            "{",
            "Task failed to start",
        ),
        *(" (Service: AWSBatch; Status Code: ", "429;", " Error Code: ", "ClientException", "OutOfMemoryError"),
        *("CannotPullContainerError", "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", "Access Denied", "\n", "é\u2028"),
    )
)
REASONS = st.one_of(
    st.none(), st.text(max_size=20), st.sampled_from([HOST, EXITED, "Task failed to start", "OutOfMemoryError: x"])
)
DETAILS = st.builds(
    job,
    REASONS,
    reason=REASONS,
    code=st.none() | st.integers(-1, 256),
    attempts=st.integers(0, 3),
    Command=st.lists(st.text(max_size=9), max_size=2),
)
CAUSES = st.one_of(
    st.none(),
    st.text(max_size=60),
    st.lists(WORDS | st.text(max_size=4), max_size=12).map("".join),
    DETAILS,
    st.tuples(DETAILS, st.integers(0, 700)).map(lambda cut: cut[0][: cut[1]]),
)
ERRORS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "States.TaskFailed",
            "States.Timeout",
            "Batch.AWSBatchException",
            "Batch.ClientException",
            "S3.NoSuchKeyException",
        ]
    ),
    st.sampled_from(
        ["States.Runtime", "Batch.ServerException", "S3.S3Exception", "SQS.SdkClientException", "S3.SlowDownException"]
    ),
)


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(ERRORS, CAUSES)
@example("States.TaskFailed", "{")
@example("x", '{"StatusReason":"a\\')
def test_python_and_jsonata_agree_on_anything(error: str, cause: str | None) -> None:
    assert in_jsonata(error, cause) == record(classify(error, cause))


@pytest.mark.parametrize(("kind", "cause"), JOBS)
def test_python_and_jsonata_agree_on_aws_own_texts(kind: Kind, cause: str) -> None:
    assert in_jsonata("States.TaskFailed", cause) == record(classify("States.TaskFailed", cause))


ERROR_JSON = st.dictionaries(
    st.sampled_from(["error", "message", "cause", "exit_status", "run"]),
    st.one_of(
        st.text(max_size=12) | st.just("Terminated"),
        st.none(),
        st.booleans(),
        st.integers(130, 140),
        st.dictionaries(st.just("exit_status"), st.just(137)),
    ),
)


@settings(max_examples=200)
@given(
    st.sampled_from([Kind.APPLICATION, Kind.INTERRUPTED, Kind.TIMEOUT]),
    ERROR_JSON | st.lists(st.integers()) | st.integers(),
)
def test_python_and_jsonata_explain_a_failure_alike(kind: Kind, document: Any) -> None:
    failure, output = Failure(kind, kind.error, f"{kind.meaning} (why)"), json.dumps(document)
    for expression, python in ((EXPLAINED, explained), (SETTLED, settled)):
        found = evaluate(expression, failure=record(failure), states={"result": {"Body": output}})
        assert found == record(python(failure, output))


def test_the_programs_own_error_replaces_ours() -> None:
    failure = classify("States.TaskFailed", job(EXITED, code=1))
    found = explained(failure, '{"error": "InvalidInputFileError", "message": "no tilt axis"}')
    assert (found.kind, found.error) == (Kind.APPLICATION, "InvalidInputFileError")
    assert found.cause.startswith("no tilt axis (the program failed (")


def test_a_task_killed_for_memory_is_the_same_class_as_batchs_own() -> None:
    failure = classify("States.TaskFailed", job(EXITED, code=1))
    found = explained(failure, '{"error": "RunFailed", "cause": {"error": "CommandFailed", "exit_status": 137}}')
    assert (found.kind, found.error) == (Kind.OUT_OF_MEMORY, "OutOfMemory")


def test_an_error_json_tells_a_task_that_ended_by_itself_from_a_job_that_was_told_to_stop() -> None:
    failure = classify("States.TaskFailed", job(EXITED, code=143))
    found = settled(failure, '{"error": "RunFailed", "cause": {"error": "CommandFailed", "exit_status": 143}}')
    told = failure.cause.replace(Kind.INTERRUPTED.meaning, "the program failed")
    assert found == Failure(Kind.APPLICATION, "UncaughtError", told)
    for said in ('{"error": "RunFailed", "cause": {"error": "Terminated"}}', '{"wf.out": 1}', "[]", '{"error": ""}'):
        assert settled(failure, said) is failure


def test_an_error_json_says_nothing_of_other_failures() -> None:
    failure = classify("States.TaskFailed", job(HOST))
    assert explained(failure, '{"error": "RunFailed"}') is failure


def test_output_that_is_not_json_cannot_explain() -> None:
    failure = classify("States.TaskFailed", job(EXITED, code=1))
    with pytest.raises(ValueError, match="Expecting"):
        explained(failure, "Traceback")


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example('aé€😀%20"')
def test_sizes_are_counted_in_bytes(text: str) -> None:
    assert evaluate(expressions.size("$text"), text=text) == len(text.encode())


@pytest.mark.parametrize("pattern", [r"[^)]", r"a(", r"[^\\]"])
def test_a_pattern_whose_end_jsonata_would_not_find_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="doesn't find the end"):
        expressions.regex(pattern)
