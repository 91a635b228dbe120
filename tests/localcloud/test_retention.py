"""What has ended is dropped once AWS would have, and what a server writes down has a limit."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import urllib3

from localcloud.server import retention, sessions
from localcloud.server.calllog import CallLog
from localcloud.server.pipeline import SERVER
from localcloud.server.retention import RETENTION

from .batch_steps import World, refused, until, until_there
from .conftest import DEV, Cloud
from .states_steps import PASS, Machines

pytestmark = pytest.mark.usefixtures("plain_batch")


@pytest.fixture
def kept_for_nothing() -> Iterator[None]:
    """AWS's time to keep what ended is over at once."""
    RETENTION.factor = 0
    yield
    RETENTION.factor = 1


def until_dropped(world: World, job: str) -> None:
    def dropped() -> bool | None:
        retention.drop()
        return None if world.batch.describe_jobs(jobs=[job])["jobs"] else True

    until(dropped)


def left_on_disk(directory: str) -> bool:
    return Path(directory).parent.exists()


def test_a_job_is_kept_seven_days_and_dropped_with_its_directory(world: World, queue: str) -> None:
    job = world.run(queue, "pwd")
    (directory,) = world.lines(job)
    retention.drop()
    assert world.job(job["jobId"])["status"] == "SUCCEEDED"
    assert left_on_disk(directory)
    RETENTION.factor = 0
    try:
        retention.drop()
    finally:
        RETENTION.factor = 1
    assert world.batch.describe_jobs(jobs=[job["jobId"]])["jobs"] == []
    assert not left_on_disk(directory)


@pytest.mark.usefixtures("kept_for_nothing")
def test_an_array_is_dropped_whole_and_not_before_it_ended(world: World, queue: str, tmp_path: Path) -> None:
    wait = f'[ "$AWS_BATCH_JOB_ARRAY_INDEX" = 0 ] || {until_there(tmp_path / "go")}'
    parent = world.submit(queue, "sh", "-c", wait, arrayProperties={"size": 2})
    world.until_status(f"{parent}:0", "SUCCEEDED")
    retention.drop()
    assert world.job(f"{parent}:0")["status"] == "SUCCEEDED", "its sister runs yet"
    (tmp_path / "go").touch()
    until_dropped(world, parent)
    assert world.batch.describe_jobs(jobs=[parent, f"{parent}:0", f"{parent}:1"])["jobs"] == []


@pytest.mark.usefixtures("kept_for_nothing")
def test_a_job_that_waits_for_a_dropped_one_goes_on(world: World, queue: str, tmp_path: Path) -> None:
    first = world.submit(queue, "true")
    second = world.submit(queue, "sh", "-c", until_there(tmp_path / "go"))
    last = world.submit(
        queue, "sh", "-c", f"echo ran > {tmp_path}/said", dependsOn=[{"jobId": first}, {"jobId": second}]
    )
    until_dropped(world, first)
    assert world.job(last)["status"] == "PENDING"
    (tmp_path / "go").touch()
    until_dropped(world, last)
    assert len((tmp_path / "said").read_text()) > 0, "it ran"


def test_an_execution_is_kept_ninety_days(cloud: Cloud) -> None:
    machines = Machines(cloud)
    machine = machines.create({"A": PASS})
    execution = machines.start(machine, name="once")
    machines.ended(execution)
    retention.drop()
    assert machines.sfn.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"
    RETENTION.factor = 0
    try:
        retention.drop()
    finally:
        RETENTION.factor = 1
    with refused("ExecutionDoesNotExist", execution):
        machines.sfn.get_execution_history(executionArn=execution)
    assert machines.start(machine, name="once") == execution, "its name is free"


def test_a_session_that_has_expired_is_told_apart_for_a_while(cloud: Cloud) -> None:
    role = f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"
    keys = cloud.engineer("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    key = str(keys["AccessKeyId"])
    session = sessions.SESSIONS[key]
    for minutes, is_there in ((5, True), (-5, True), (-65, False)):
        expires = datetime.now(UTC) + timedelta(minutes=minutes)
        sessions.SESSIONS[key] = sessions.Session(caller=session.caller, secret=session.secret, token=session.token,
                                                expires=expires)  # fmt: skip
        retention.drop()
        assert (key in sessions.SESSIONS) == is_there, minutes


def test_a_job_that_has_ended_gets_no_credentials(world: World, queue: str, tmp_path: Path) -> None:
    role = world.role("ecs-tasks.amazonaws.com")
    wait = f"echo $AWS_CONTAINER_CREDENTIALS_FULL_URI; {until_there(tmp_path / 'go')}"
    job = world.submit(queue, definition=world.definition("sh", "-c", wait, container={"jobRoleArn": role}))
    world.until_status(job, "RUNNING")
    (url,) = until(lambda: world.lines(world.job(job)))
    metadata = url.replace("/credentials/", "/metadata/v4/")
    assert [urllib3.request("GET", one).status for one in (url, metadata)] == [200, 200]
    (tmp_path / "go").touch()
    assert world.ended(job)["status"] == "SUCCEEDED"
    assert [urllib3.request("GET", one).status for one in (url, metadata)] == [404, 404]


def test_events_of_a_log_are_kept_as_long_as_their_groups_retention(cloud: Cloud) -> None:
    logs, names = cloud.client("logs"), [cloud.name("/retention"), cloud.name("/retention")]
    now = int(time.time() * 1000)
    for name in names:
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
        events = [{"timestamp": now - hours * 3_600_000, "message": f"{hours}"} for hours in (30, 1)]
        logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=events)
    logs.put_retention_policy(logGroupName=names[0], retentionInDays=1)
    retention.drop()
    left = [logs.get_log_events(logGroupName=name, logStreamName="s")["events"] for name in names]
    assert [[event["message"] for event in events] for events in left] == [["1"], ["30", "1"]]


def test_what_fails_to_be_dropped_stops_nothing_else(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[int] = []

    def failing() -> None:
        raise ValueError("a fault while dropping")

    monkeypatch.setattr(retention, "_DROPS", [failing, lambda: done.append(1)])
    retention.drop()
    assert done == [1]
    assert "a fault while dropping" in caplog.text


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_call_log_has_a_limit_and_each_part_its_policies(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "calls.jsonl"
    log = CallLog(path, longest_bytes=20_000)
    monkeypatch.setattr(SERVER, "log", log)
    iam = cloud.client("iam")
    for _ in range(60):
        iam.list_users()
    log.close()
    parts = [path, path.with_name("calls.jsonl.1")]
    assert all(part.stat().st_size < 25_000 for part in parts)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["calls.jsonl", "calls.jsonl.1"]
    for part in parts:
        policies = {line["policy"]: line["document"] for line in lines(part) if "policy" in line}
        assert all(sha256(text.encode()).hexdigest() == name for name, text in policies.items())
        calls = [line for line in lines(part) if "operation" in line]
        permissions = [permission for line in calls for permission in line["permissions"]]
        named = {name for one in permissions for names in one["policies"].values() for name in names}
        assert calls
        assert named
        assert named <= set(policies)
