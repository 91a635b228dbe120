"""What `portal watch` says of an execution: its class by the table of failures, and where its job ran."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.orchestration.failures import Kind, classify, explained
from portal.following.jobs import Job, latest_job, market
from portal.following.outcomes import outcome

ECS = "arn:aws:ecs:us-west-2:1:container-instance/AWSBatch-cryoet-ingestion-dev-{}-5a7-9/0"
SPOT, ON_DEMAND = (
    f"arn:aws:batch:us-west-2:1:job-queue/cryoet-ingestion-dev-main-{kind}" for kind in ("spot", "on_demand")
)


@pytest.mark.parametrize("kind", Kind)
def test_an_error_of_the_machine_is_its_class(kind: Kind) -> None:
    found = outcome({"status": "FAILED", "error": kind.error, "cause": f"{kind.meaning} (status: x)"})
    assert (found.kind, found.ended, found.succeeded) == (kind, True, False)


def test_an_error_of_the_program_is_one_whatever_its_name() -> None:
    job = {"Attempts": [{}], "Container": {"ExitCode": 1}, "StatusReason": "Essential container in task exited"}
    failure = classify("States.TaskFailed", json.dumps(job, separators=(",", ":")))
    for name in ("InvalidInputFileError", "OutOfMemory"):
        told = explained(failure, json.dumps({"error": name, "cause": "no such run"}))
        assert outcome({"status": "FAILED", "error": told.error, "cause": told.cause}).kind is Kind.APPLICATION


@pytest.mark.parametrize(
    ("described", "kind"),
    [
        ({"status": "TIMED_OUT"}, Kind.TIMEOUT),
        ({"status": "ABORTED", "error": "OutOfMemory"}, Kind.CANCELLED),
        ({"status": "FAILED", "error": "States.DataLimitExceeded", "cause": "x"}, Kind.OUTPUT_TOO_LARGE),
        ({"status": "FAILED", "error": "States.Runtime", "cause": "x"}, Kind.MISCONFIGURED),
        ({"status": "SUCCEEDED", "output": "{}"}, None),
        ({"status": "RUNNING"}, None),
    ],
)
def test_an_end_from_outside_the_machine_has_its_class(described: dict[str, str], kind: Kind | None) -> None:
    found = outcome(described)
    assert found.kind is kind
    assert found.ended == (described["status"] != "RUNNING")


@pytest.mark.parametrize(
    ("queue", "machine", "found"),
    [
        (SPOT, ECS.format("spot-0a1b2c3d"), "spot"),
        (SPOT, ECS.format("overflow-0a1b2c3d"), "overflow"),
        (ON_DEMAND, ECS.format("on-demand-0a1b2c3d"), "on demand"),
        (SPOT, "", "spot"),
        (ON_DEMAND, "", "on demand"),
        ("cryoet-ingestion-dev-main-spot", "", "spot"),
    ],
)
def test_where_a_job_ran_is_read_from_its_machine(queue: str, machine: str, found: str) -> None:
    assert market(queue, machine, "dev") == found


class Clients:
    """Step Functions and Batch with one execution's history."""

    def __init__(self, *events: tuple[str, dict[str, Any]]) -> None:
        self._events, self.asked = events, list[str]()

    def get_paginator(self, _: str) -> Clients:
        return self

    def paginate(self, *, executionArn: str, reverseOrder: bool) -> list[dict[str, Any]]:  # noqa: N803 - AWS's names
        assert (executionArn, reverseOrder) == ("arn", True)
        rows = [{"type": kind, f"{kind[0].lower()}{kind[1:]}EventDetails": details} for kind, details in self._events]
        return [{"events": [row]} for row in reversed(rows)]

    def describe_jobs(self, *, jobs: list[str]) -> dict[str, Any]:
        self.asked += jobs
        container = {"containerInstanceArn": ECS.format("spot-0a1b2c3d"), "logStreamName": "main/default/2"}
        return {"jobs": [{"status": "RUNNING", "container": container}]}


def event(kind: str, **details: Any) -> tuple[str, dict[str, Any]]:
    return kind, {"resource": "submitJob.sync", **details}


def scheduled(queue: str) -> tuple[str, dict[str, Any]]:
    return event("TaskScheduled", parameters=json.dumps({"JobQueue": queue}))


def submitted(job: str) -> tuple[str, dict[str, Any]]:
    return event("TaskSubmitted", output=json.dumps({"JobId": job}))


def description(generation: str, stream: str) -> str:
    container = {"ContainerInstanceArn": ECS.format(generation), "LogStreamName": stream}
    return json.dumps({"Attempts": [{"Container": container}], "Container": container})


FIRST = (scheduled(SPOT), submitted("1"), event("TaskFailed", cause=description("spot-0a1b2c3d", "main/default/1")))
SAVED = ("TaskSucceeded", {"resource": "putObject", "output": "{}"})


def test_the_latest_job_counts() -> None:
    again = (scheduled(ON_DEMAND), submitted("2"))
    done = event("TaskSucceeded", output=description("on-demand-0a1b2c3d", "main/default/9"))
    clients = Clients(SAVED, *FIRST, *again, done, SAVED)
    assert latest_job(clients, clients, "arn", "dev") == Job(id="2", market="on demand", stream="main/default/9")
    assert clients.asked == []


def test_a_job_that_has_not_ended_is_asked_for() -> None:
    clients = Clients(*FIRST, scheduled(SPOT), submitted("2"))
    job = latest_job(clients, clients, "arn", "dev")
    assert job == Job(id="2", market="spot", stream="main/default/2", status="RUNNING")
    assert clients.asked == ["2"]


def test_a_description_that_is_cut_off_tells_what_it_has() -> None:
    cut = description("spot-0a1b2c3d", "main/default/1")[:-30]
    clients = Clients(scheduled(SPOT), submitted("1"), event("TaskFailed", cause=cut))
    assert latest_job(clients, clients, "arn", "dev") == Job(id="1", market="spot", stream="main/default/1")


@pytest.mark.parametrize("events", [[], [SAVED], [SAVED, scheduled(SPOT)], [*FIRST, scheduled(ON_DEMAND)]])
def test_without_a_job_at_hand_there_is_none(events: list[Any]) -> None:
    clients = Clients(*events)
    assert latest_job(clients, clients, "arn", "dev") is None
