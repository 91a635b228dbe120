"""Step Functions and Batch together: the wait for a job, what a failure looks like, and what the role needs for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.server.services.batch import faults

from .batch_steps import World, refused, time_scale, until, until_there
from .conftest import Cloud
from .states_steps import BATCH, SYNC_RULE, Machines

pytestmark = pytest.mark.usefixtures("plain_batch")

SYNC = "arn:aws:states:::batch:submitJob.sync"


@pytest.fixture(scope="module")
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


def job(world: World, queue: str, *command: str, **more: Any) -> dict[str, Any]:
    definition = world.definition(*command)
    arguments = {"JobName": "step", "JobQueue": queue, "JobDefinition": definition}
    return {"Job": {"Type": "Task", "Resource": SYNC, "Arguments": arguments, "End": True, **more}}


def test_a_job_that_succeeds_gives_its_detail(world: World, machines: Machines, queue: str) -> None:
    found = machines.output(job(world, queue, "sh", "-c", "env"), None, *BATCH, *SYNC_RULE)
    assert (found["Status"], found["Container"]["ExitCode"]) == ("SUCCEEDED", 0)
    assert list(found) == sorted(found)
    assert {"Name": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"} in found["Container"]["Environment"]
    lines = world.lines({"container": {"logStreamName": found["Container"]["LogStreamName"]}})
    assert "MANAGED_BY_AWS=STARTED_BY_STEP_FUNCTIONS" in lines


def test_a_job_that_fails_is_a_task_failed_with_the_job_as_cause(world: World, machines: Machines, queue: str) -> None:
    error, cause = machines.failure(job(world, queue, "sh", "-c", "exit 3"), None, *BATCH, *SYNC_RULE)
    assert error == "States.TaskFailed"
    found = json.loads(cause)
    assert cause == json.dumps(found, separators=(",", ":"))
    assert (found["Status"], found["StatusReason"]) == ("FAILED", "Essential container in task exited")
    assert found["Attempts"][0]["Container"]["ExitCode"] == 3


def test_sfn_14_machine_that_waits_without_the_rights_to_its_rule(world: World, machines: Machines, queue: str) -> None:
    for missing in SYNC_RULE:
        kept = [action for action in SYNC_RULE if action != missing]
        with refused("AccessDeniedException", "is not authorized to create managed-rule"):
            machines.create(job(world, queue, "true"), *BATCH, *kept)


@pytest.mark.parametrize("missing", ["batch:SubmitJob", "batch:DescribeJobs"])
def test_a_right_that_the_role_lacks_fails_the_run_by_name(
    world: World, machines: Machines, queue: str, missing: str
) -> None:
    actions = [action for action in (*BATCH, *SYNC_RULE) if action != missing]
    error, cause = machines.failure(job(world, queue, "true"), None, *actions)
    assert error == "Batch.AWSBatchException"
    assert f"is not authorized to perform: {missing}" in cause
    assert "Status Code: 403; Error Code: AccessDeniedException" in cause


def test_stopping_an_execution_terminates_its_job_with_aws_own_reason(
    world: World, machines: Machines, queue: str
) -> None:
    machine = machines.create(job(world, queue, "sleep", "60"), *BATCH, *SYNC_RULE)
    execution = machines.start(machine)
    submitted = until(
        lambda: next(
            (
                json.loads(event["taskSubmittedEventDetails"]["output"])["JobId"]
                for event in machines.events(execution)
                if event["type"] == "TaskSubmitted"
            ),
            None,
        )
    )
    world.until_status(submitted, "RUNNING")
    machines.sfn.stop_execution(executionArn=execution, error="Mine", cause="enough")
    found = machines.sfn.describe_execution(executionArn=execution)
    assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "Mine", "enough")
    ended = world.ended(submitted)
    assert ended["statusReason"] == (
        f"The Task state in AWS Step Functions execution [{execution}] which was managing this resource was aborted"
    )
    assert ended["isTerminated"]
    assert machines.kinds(execution)[-1] == "ExecutionAborted"


def test_without_the_right_to_terminate_the_job_runs_on(
    world: World, machines: Machines, queue: str, tmp_path: Path
) -> None:
    actions = [action for action in (*BATCH, *SYNC_RULE) if action != "batch:TerminateJob"]
    program = f"{until_there(tmp_path / 'go')}; echo done"
    machine = machines.create(job(world, queue, "sh", "-c", program), *actions)
    execution = machines.start(machine)
    until(lambda: "TaskSubmitted" in machines.kinds(execution))
    machines.sfn.stop_execution(executionArn=execution)
    (tmp_path / "go").touch()
    submitted = next(e for e in machines.events(execution) if e["type"] == "TaskSubmitted")
    job_id = json.loads(submitted["taskSubmittedEventDetails"]["output"])["JobId"]
    assert world.lines(world.until_status(job_id, "SUCCEEDED")) == ["done"]


def test_a_task_that_takes_too_long_is_a_timeout(world: World, machines: Machines, queue: str) -> None:
    with time_scale(0.005):
        states = job(world, queue, "sleep", "60", TimeoutSeconds=60)
        error, _ = machines.failure(states, None, *BATCH, *SYNC_RULE)
    assert error == "States.Timeout"


def test_throttling_is_retried_with_backoff(cloud: Cloud, world: World, machines: Machines, queue: str) -> None:
    faults.add(kind="throttled", queue=queue, times=2)
    retry = [{"ErrorEquals": ["Batch.AWSBatchException"], "IntervalSeconds": 15, "JitterStrategy": "FULL"}]
    machine = machines.create(job(world, queue, "true", Retry=retry), *BATCH, *SYNC_RULE)
    with time_scale(0.001):
        execution = machines.start(machine)
        assert machines.ended(execution)["status"] == "SUCCEEDED"
    failed = [e["taskFailedEventDetails"] for e in machines.events(execution) if e["type"] == "TaskFailed"]
    assert [item["error"] for item in failed] == ["Batch.AWSBatchException"] * 2
    assert (
        "Too Many Requests (Service: AWSBatch; Status Code: 429; Error Code: TooManyRequestsException;"
        in (failed[0]["cause"])
    )


def test_a_reclaim_is_told_from_the_cause_and_run_again_elsewhere(world: World, machines: Machines, queue: str) -> None:
    faults.add(kind="reclaimed", queue=queue, after_marker="half")
    other = world.queue()
    definition = world.definition(
        "sh", "-c", f"echo half; [ $AWS_BATCH_JQ_NAME = {other.split('/')[-1]} ] || sleep 600"
    )
    arguments = {"JobName": "step", "JobQueue": queue, "JobDefinition": definition}
    task: dict[str, Any] = {"Type": "Task", "Resource": SYNC, "Arguments": arguments}
    states = {
        "Spot": task
        | {
            "End": True,
            "Catch": [
                {
                    "ErrorEquals": ["States.TaskFailed"],
                    "Assign": {"why": "{% $parse($states.errorOutput.Cause).StatusReason %}"},
                    "Next": "Which",
                }
            ],
        },
        "Which": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $contains($why, /^Host EC2 .*terminated/) %}", "Next": "OnDemand"}],
            "Default": "Broken",
        },
        "OnDemand": task
        | {
            "Arguments": arguments | {"JobQueue": other},
            "Output": "{% {'queue': $states.result.JobQueue, 'why': $why} %}",
            "End": True,
        },
        "Broken": {"Type": "Fail", "Error": "Broken", "Cause": "{% $why %}"},
    }
    found = machines.output(states, None, *BATCH, *SYNC_RULE)
    assert found["queue"] == other
    assert found["why"].startswith("Host EC2 (instance i-0")
    assert found["why"].endswith(") terminated.")
