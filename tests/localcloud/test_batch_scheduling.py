"""Which job starts where, what a blocked queue says, and faults."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from localcloud.server.control import SECRET
from localcloud.server.services.batch import faults

from .batch_steps import World, limit, refused, time_scale, until, until_there
from .conftest import Cloud

pytestmark = pytest.mark.usefixtures("plain_batch")

EXITED = "Essential container in task exited"
CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
MAX_RESOURCE = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
REQUIREMENT = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
HOST = re.compile(r"Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.")


def ask(cloud: Cloud, method: str, path: str, body: Any = None) -> Any:
    """What the control endpoint answers."""
    data = None if body is None else json.dumps(body).encode()
    url, headers = f"{cloud.http_url}/_localcloud/{path}", {"Authorization": f"Bearer {SECRET}"}
    request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - the loopback interface
        return json.load(answer)


def test_a_compute_environment_starts_no_more_vcpus_than_it_may(world: World, tmp_path: Path) -> None:
    queue = world.queue(world.environment(maxvCpus=2))
    jobs = [world.submit(queue, "sh", "-c", until_there(tmp_path / "go")) for _ in range(4)]
    for job_id in jobs[:2]:
        world.until_status(job_id, "RUNNING")
    assert [world.job(job_id)["status"] for job_id in jobs[2:]] == ["RUNNABLE", "RUNNABLE"]
    (tmp_path / "go").touch()
    ended = [world.ended(job_id) for job_id in jobs]
    assert ended[2]["startedAt"] >= min(job["stoppedAt"] for job in ended[:2])


def test_jobs_overflow_into_the_next_compute_environment(world: World, tmp_path: Path) -> None:
    first, second = (
        world.environment(maxvCpus=1),
        world.environment(type="EC2", allocationStrategy="BEST_FIT_PROGRESSIVE"),
    )
    queue = world.queue(first, second)
    program = f"echo $AWS_BATCH_CE_NAME; {until_there(tmp_path / 'go')}"
    jobs = [world.submit(queue, "sh", "-c", program) for _ in range(3)]
    for job_id in jobs:
        world.until_status(job_id, "RUNNING")
    (tmp_path / "go").touch()
    names = [world.lines(world.ended(job_id))[0] for job_id in jobs]
    assert names == [first.rpartition("/")[2], *[second.rpartition("/")[2]] * 2]


def test_lack_of_capacity_in_one_environment_moves_on_by_itself(world: World) -> None:
    spot, overflow = world.environment(), world.environment()
    queue = world.queue(spot, overflow, limits=[limit(CAPACITY)])
    faults.add(kind="no_capacity", compute_environment=spot, times=-1)
    job = world.run(queue, "sh", "-c", "echo $AWS_BATCH_CE_NAME")
    assert world.lines(job) == [overflow.rpartition("/")[2]]


def test_a_higher_priority_goes_first_in_a_shared_environment(world: World, tmp_path: Path) -> None:
    shared = world.environment(maxvCpus=1)
    low, high = world.queue(shared, priority=1), world.queue(shared, priority=9)
    holder = world.submit(low, "sh", "-c", until_there(tmp_path / "go"))
    world.until_status(holder, "RUNNING")
    second, first = world.submit(low, "true"), world.submit(high, "true")
    (tmp_path / "go").touch()
    assert world.ended(first)["startedAt"] <= world.ended(second)["startedAt"]
    assert world.job(first)["stoppedAt"] <= world.job(second)["startedAt"]


def test_the_time_limit_acts_on_the_head_of_the_queue_one_after_another(world: World) -> None:
    queue = world.queue(limits=[limit(CAPACITY, 600)])
    faults.add(kind="no_capacity", queue=queue, times=-1)
    with time_scale(0.0005):
        first, second = world.submit(queue, "true"), world.submit(queue, "true")
        ended = [world.ended(first), world.ended(second)]
    for job in ended:
        assert job["statusReason"] == f"Canceled by JobStateTimeLimit action due to reason: {CAPACITY}"
        assert (job["status"], job["attempts"], job["isCancelled"]) == ("FAILED", [], True)
    assert ended[1]["stoppedAt"] - ended[0]["stoppedAt"] >= 300


def test_a_blocked_head_says_why_and_those_behind_it_do_not(world: World) -> None:
    queue = world.queue(world.environment(), world.environment())
    fault = faults.add(kind="no_capacity", queue=queue, times=-1)
    first, second = world.submit(queue, "true"), world.submit(queue, "true")
    assert world.blocked(first)["statusReason"] == (
        f"{CAPACITY} - Service cannot fulfill the capacity requested for instance type [r5d]"
    )
    assert "statusReason" not in world.job(second)
    ask(world.cloud, "DELETE", f"faults/{fault.id}")
    assert [world.ended(job_id)["status"] for job_id in (first, second)] == ["SUCCEEDED", "SUCCEEDED"]


def test_silent_lack_of_capacity_never_says_so_and_no_limit_acts(world: World) -> None:
    queue = world.queue(limits=[limit(CAPACITY)])
    faults.add(kind="no_capacity", queue=queue, times=-1, silent=True)
    with time_scale(0.0001):
        job_id = world.submit(queue, "true")
        world.until_status(job_id, "RUNNABLE")
        time.sleep(0.2)
        job = world.job(job_id)
    assert (job["status"], job.get("statusReason")) == ("RUNNABLE", None)


@pytest.mark.parametrize(
    ("vcpus", "memory", "code"), [(32, 512, MAX_RESOURCE), (1, 10_000_000, REQUIREMENT), (1, 768 * 1024, REQUIREMENT)]
)
def test_a_job_too_large_is_blocked_by_name(world: World, vcpus: int, memory: int, code: str) -> None:
    """Also one that asks for all of the largest machine's memory, of which the kernel and the agent keep a part."""
    queue = world.queue(limits=[limit(code)])
    sizes = [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": str(memory)}]
    job_id = world.submit(queue, definition=world.definition("true", container={"resourceRequirements": sizes}))
    assert world.blocked(job_id)["statusReason"].startswith(f"{code} - ")
    with time_scale(0.0001):
        scheduled = world.submit(queue, "true")
        assert scheduled
    world.batch.cancel_job(jobId=job_id, reason="too large")
    assert world.ended(scheduled)["status"] == "SUCCEEDED"


def test_a_reclaim_by_sigkill_leaves_no_exit_code(world: World, queue: str) -> None:
    faults.add(kind="reclaimed", queue=queue, after_marker="half")
    job = world.run(queue, "sh", "-c", "echo half; sleep 20")
    assert HOST.fullmatch(job["statusReason"])
    assert "exitCode" not in job["container"]
    assert world.lines(job) == ["half"]


def test_a_reclaim_may_wait_for_a_file_of_the_job(world: World, queue: str) -> None:
    faults.add(kind="reclaimed", queue=queue, after_marker="part-*.mrc")
    job = world.run(queue, "sh", "-c", "mkdir out; echo x > out/part-1.mrc; sleep 20")
    assert HOST.fullmatch(job["statusReason"])


@pytest.mark.parametrize(
    ("report", "program", "status_reason", "exit_code"),
    [
        ("host", "trap 'exit 2' TERM; echo up; while :; do sleep 0.01; done", HOST, 2),
        ("host", "trap '' TERM; echo up; while :; do sleep 0.01; done", HOST, None),
        ("host", "echo up; exec sleep 20", HOST, 143),
        ("program", "trap 'exit 2' TERM; echo up; while :; do sleep 0.01; done", re.compile(EXITED), 2),
        ("program", "echo up; exec sleep 20", re.compile(EXITED), 143),
    ],
)
def test_the_faces_of_a_reclaim_by_sigterm(
    world: World, queue: str, report: str, program: str, status_reason: re.Pattern[str], exit_code: int | None
) -> None:
    faults.add(kind="reclaimed", queue=queue, signal="SIGTERM", report=report, after_marker="up", grace_seconds=120)
    with time_scale(0.002):
        job = world.run(queue, "sh", "-c", program)
    assert status_reason.fullmatch(job["statusReason"]), job["statusReason"]
    assert job["container"].get("exitCode") == exit_code


def test_a_lost_host_counts_as_an_attempt_and_is_retried_if_told_so(world: World, queue: str) -> None:
    faults.add(kind="reclaimed", queue=queue, after_seconds=0, times=2)
    strategy = {"attempts": 3, "evaluateOnExit": [{"onStatusReason": "Host EC2*", "action": "RETRY"},
                                                  {"onReason": "*", "action": "EXIT"}]}  # fmt: skip
    job = world.run(queue, "sh", "-c", "[ $AWS_BATCH_JOB_ATTEMPT = 3 ] || sleep 600", retryStrategy=strategy)
    assert job["status"] == "SUCCEEDED"
    assert [bool(HOST.fullmatch(item["statusReason"])) for item in job["attempts"]] == [True, True, False]
    assert len({item["container"]["containerInstanceArn"] for item in job["attempts"]}) == 3


@pytest.mark.parametrize(
    ("fault", "status_reason", "reason", "exit_code"),
    [
        ({"kind": "host_lost"}, None, None, None),
        ({"kind": "out_of_memory"}, EXITED, "OutOfMemoryError: Container killed due to memory usage", 137),
        ({"kind": "exit", "exit_code": 9}, EXITED, None, 9),
        ({"kind": "exit", "exit_code": 9, "after_marker": "up"}, EXITED, None, 9),
        ({"kind": "image_pull"}, "Task failed to start", "CannotPullContainerError", None),
    ],
)
def test_every_other_end_has_aws_own_words(
    world: World,
    queue: str,
    fault: dict[str, Any],
    status_reason: str | None,
    reason: str | None,
    exit_code: int | None,
) -> None:
    faults.add(queue=queue, **fault)
    job = world.run(queue, "sh", "-c", "echo up; sleep 20")
    assert (job["status"], job.get("statusReason")) == ("FAILED", status_reason)
    assert job["container"].get("exitCode") == exit_code
    assert (reason or "") in job["container"].get("reason", "")


def test_a_slow_start_is_slow(world: World, queue: str) -> None:
    faults.add(kind="slow", queue=queue, seconds=400)
    with time_scale(0.001):
        job = world.run(queue, "true")
    assert job["status"] == "SUCCEEDED"
    assert job["startedAt"] - job["createdAt"] >= 400


def test_bat_27_submitting_may_be_throttled_or_fail(world: World, queue: str) -> None:
    definition = world.definition("true")
    faults.add(kind="throttled", queue=queue, job_name="^job-", times=2)  # boto3 tries twice
    with refused("TooManyRequestsException", "Too Many Requests"):
        world.submit(queue, definition=definition)
    faults.add(kind="service_error", queue=queue, code="ServerException", times=2)
    with refused("ServerException", "Error executing request, Exception :"):
        world.submit(queue, definition=definition)
    assert world.ended(world.submit(queue, definition=definition))["status"] == "SUCCEEDED"


def test_faults_are_added_listed_and_removed_at_the_control_endpoint(world: World, queue: str) -> None:
    def control(*args: Any) -> Any:
        return ask(world.cloud, *args)

    made = control("POST", "faults", {"kind": "exit", "queue": queue, "exit_code": 5, "times": -1})
    assert [item["id"] for item in control("GET", "faults")] == [made["id"]]
    assert world.run(queue, "true")["container"]["exitCode"] == 5
    assert control("DELETE", "faults") == {"removed": 1}
    assert world.run(queue, "true")["status"] == "SUCCEEDED"
    for wrong in ({"kind": "nothing"}, {"kind": "exit", "code_of_exit": 1}, {"kind": "exit", "job_name": "("}):
        with pytest.raises(urllib.error.HTTPError) as caught:
            control("POST", "faults", wrong)
        assert caught.value.code == 400


def test_the_scale_of_time_is_read_and_set_at_the_control_endpoint(cloud: Cloud) -> None:
    before = ask(cloud, "GET", "time")
    assert ask(cloud, "POST", "time", {"scale": 0.5}) == {"scale": 0.5}
    assert ask(cloud, "PUT", "time", before) == before


def test_events_tell_each_change_of_status(world: World, queue: str) -> None:
    events, sqs = world.cloud.client("events"), world.cloud.client("sqs")
    name = world.cloud.name("changes")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = events.put_rule(
        Name=name, EventPattern=json.dumps({"source": ["aws.batch"], "detail": {"jobQueue": [queue]}})
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule["RuleArn"]}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    job = world.run(queue, "true")
    seen: list[dict[str, Any]] = []

    def told() -> bool | None:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            seen.append(json.loads(message["Body"]))  # noqa: PERF401 - a loop of loops
        return any(item["detail"]["status"] == "SUCCEEDED" for item in seen) or None

    until(told)
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    assert [item["detail"]["status"] for item in seen] == [
        "SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED",
    ]  # fmt: skip
    assert {item["detail-type"] for item in seen} == {"Batch Job State Change"}
    assert seen[-1]["detail"]["container"]["exitCode"] == 0
    assert seen[-1]["resources"] == [job["jobArn"]]


@pytest.mark.parametrize(
    ("terminate", "minutes", "scale", "runs_on"),
    [(False, 360, 1, True), (False, 1, 0.001, False), (True, 360, 1, False)],
)
def test_machines_replaced_in_place_leave_jobs_the_time_of_the_update_policy(
    world: World, tmp_path: Path, terminate: bool, minutes: int, scale: float, runs_on: bool
) -> None:
    environment = world.environment()
    queue, name = world.queue(environment), environment.rpartition("/")[2]
    policy = {"terminateJobsOnUpdate": terminate, "jobExecutionTimeoutMinutes": minutes}
    world.batch.update_compute_environment(computeEnvironment=name, updatePolicy=policy)
    world.settled_environment(name)
    job_id = world.submit(queue, "sh", "-c", until_there(tmp_path / "go"))
    world.until_status(job_id, "RUNNING")
    with time_scale(scale):
        changed = {"instanceTypes": ["m5"], "maxvCpus": 16}
        world.batch.update_compute_environment(computeEnvironment=name, computeResources=changed)
        assert world.settled_environment(name)["computeResources"]["instanceTypes"] == ["m5"]
        if runs_on:
            (tmp_path / "go").touch()
        ended = world.ended(job_id)
    assert ended["status"] == ("SUCCEEDED" if runs_on else "FAILED")
    assert bool(HOST.fullmatch(ended["statusReason"])) is not runs_on, ended


def test_more_vcpus_in_place_touch_no_job(world: World, tmp_path: Path) -> None:
    environment = world.environment(maxvCpus=1)
    queue, name = world.queue(environment), environment.rpartition("/")[2]
    first, second = (world.submit(queue, "sh", "-c", until_there(tmp_path / "go")) for _ in range(2))
    world.until_status(first, "RUNNING")
    world.until_status(second, "RUNNABLE")
    world.batch.update_compute_environment(computeEnvironment=name, computeResources={"maxvCpus": 2})
    world.until_status(second, "RUNNING")
    (tmp_path / "go").touch()
    for job_id in (first, second):
        job = world.ended(job_id)
        assert (job["status"], len(job["attempts"])) == ("SUCCEEDED", 1)
