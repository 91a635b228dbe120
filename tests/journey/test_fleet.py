"""Many runs at once: whole queues without spot capacity, and two hundred runs that meet faults at random."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.server.services.batch import faults, scheduler
from tests.journey.conftest import INGEST, Cloud, Project, jobs_alone, outputs, taken
from tests.journey.fleet_faults import ENDINGS, Expected, expected
from tests.journey.light_runs import PATIENCE_SECONDS, Fleet, light_runner, machines_of
from tests.journey.running import small_stages
from tests.localcloud.batch_steps import time_scale, until

QUEUED, SENT = 50, 200
VCPUS = 8
FLEET_SCALE, DRAINING_SCALE = 0.001, 0.0002
CANCELLED = "Canceled by JobStateTimeLimit action due to reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"


@pytest.fixture(scope="module")
def standing(module_project: Project) -> Project:
    """Few machines, the shortest time limits. Staging has an overflow, dev has none."""

    def change(settings: dict[str, Any]) -> None:
        jobs_alone(settings)
        for environment, overflow in (("dev", 0), ("staging", VCPUS)):
            settings["environments"][environment]["orchestrator"] |= {
                "stages": small_stages(),
                "spot_max_vcpus": VCPUS,
                "on_demand_max_vcpus": VCPUS,
                "overflow_max_vcpus": overflow,
                "capacity_wait_seconds": 600,
                "timeout_seconds": 259_200,
                "notifications": {"queues": ["portal"]},
            }

    module_project.keep_workflows(INGEST)
    module_project.change("dev", change)
    module_project.up("dev")
    return module_project


@pytest.fixture(autouse=True)
def _light() -> Iterator[None]:
    with light_runner():
        yield


def test_fifty_without_spot_capacity_overflow_and_none_waits(standing: Project, cloud: Cloud) -> None:
    """Time isn't scaled: whoever waited for a single time limit would wait for ten minutes, and fail the test."""
    fleet = Fleet(cloud, "staging")
    spot, overflow, _ = outputs(standing, "dev")["staging"]["generations"]
    full = f"cryoet-ingestion-staging-{spot}"
    faults.add(kind="no_capacity", queue=fleet.spot, compute_environment=full, times=-1)
    arns = fleet.start({fleet.name(f"overflow{number}"): {} for number in range(QUEUED)})
    assert {one["status"] for one in fleet.ends(arns).values()} == {"SUCCEEDED"}
    jobs = fleet.described(fleet.spot, arns)
    assert sorted(job["jobName"] for job in jobs) == sorted(arns)
    assert [machines_of(job) for job in jobs] == [[f"cryoet-ingestion-staging-{overflow}"]] * QUEUED
    assert not any(job["isCancelled"] for job in jobs)
    assert not fleet.described(fleet.on_demand, arns)
    assert most_at_once(jobs) <= VCPUS


def test_fifty_without_spot_capacity_or_overflow_go_on_demand_in_turn(standing: Project, cloud: Cloud) -> None:
    """AWS's time limit is that of the first in the queue, and begins anew for the next: without an overflow this is
    how long they wait. None is lost, none passes another, and each runs on demand once."""
    fleet = Fleet(cloud, "dev")
    faults.add(kind="no_capacity", queue=fleet.spot, times=-1)
    arns = fleet.start({fleet.name(f"turn{number}"): {} for number in range(QUEUED)})
    waiting = {"jobQueue": fleet.spot, "jobStatus": "RUNNABLE"}
    until(lambda: len(fleet.batch.list_jobs(**waiting)["jobSummaryList"]) == QUEUED, PATIENCE_SECONDS)
    with time_scale(DRAINING_SCALE):
        scheduler.wake()
        ended = fleet.ends(arns)
    assert {one["status"] for one in ended.values()} == {"SUCCEEDED"}
    spot, on_demand = fleet.described(fleet.spot, arns), fleet.described(fleet.on_demand, arns)
    assert [(job["isCancelled"], job["statusReason"], job["attempts"]) for job in spot] == [
        (True, CANCELLED, [])
    ] * QUEUED
    left = [job["stoppedAt"] for job in sorted(spot, key=lambda job: (job["createdAt"], job["stoppedAt"]))]
    assert left == sorted(left)
    assert sorted(job["jobName"] for job in spot) == sorted(job["jobName"] for job in on_demand) == sorted(arns)
    assert [len(job["attempts"]) for job in on_demand] == [1] * QUEUED
    assert most_at_once(on_demand) <= VCPUS


def most_at_once(jobs: list[dict[str, Any]]) -> int:
    """The most jobs that ran at the same time."""
    changes = sorted((job[key], step) for job in jobs for key, step in (("startedAt", 1), ("stoppedAt", -1)))
    running, most = 0, 0
    for _, step in changes:
        running += step
        most = max(most, running)
    return most


def drawn(seed: int) -> list[tuple[str, str]]:
    """For each run the endings that await it, on spot and on demand: every one at least once, the others at random."""
    chance = random.Random(seed)  # noqa: S311 - which faults there are is no secret
    second = [name for name, ending in ENDINGS.items() if ending.anywhere]
    lost = [name for name, ending in ENDINGS.items() if ending.lost]
    first = [*ENDINGS, *(chance.choice(lost) for _ in second)]
    then = [*(chance.choice(second) for _ in ENDINGS), *second]
    while len(first) < SENT:
        first.append(chance.choice(list(ENDINGS)))
        then.append(chance.choice(second))
    pairs = list(zip(first, then, strict=True))
    chance.shuffle(pairs)
    return pairs


def put_in(fleet: Fleet, name: str, awaiting: tuple[str, str]) -> dict[str, Any]:
    """Puts in the faults that await a run. Its workflow's inputs: whether to stop half way for one to strike."""
    holds: list[str] = []
    for ending, queue, state in zip(awaiting, (fleet.spot, fleet.on_demand), ("RunSPOT", "RunEC2"), strict=True):
        if ENDINGS[ending].fault:
            faults.add(**ENDINGS[ending].fault, queue=queue, job_name=f"^{name}$")
        holds += [state] if ENDINGS[ending].holds else []
    return {"holds": holds}


def test_two_hundred_with_faults_end_once_each_with_its_true_class(standing: Project, cloud: Cloud) -> None:
    fleet, seed = Fleet(cloud, "staging"), random.getrandbits(32)
    print(f"drawn with seed {seed}")
    awaiting = {fleet.name(f"fleet{number}"): pair for number, pair in enumerate(drawn(seed))}
    # Started before time is scaled: what a whole execution may take is settled then, and stays three days.
    arns = fleet.start({name: put_in(fleet, name, pair) for name, pair in awaiting.items()})
    with time_scale(FLEET_SCALE):
        scheduler.wake()
        ended = fleet.ends(arns)
    wanted = {name: expected(*pair) for name, pair in awaiting.items()}
    assert {name: one.get("error", "") for name, one in ended.items()} == {
        name: one.error for name, one in wanted.items()
    }
    assert {name: one["status"] for name, one in ended.items()} == {
        name: "FAILED" if one.error else "SUCCEEDED" for name, one in wanted.items()
    }
    written = fleet.versions("marker")
    assert {name: written.get(name, 0) for name in wanted} == {name: one.markers for name, one in wanted.items()}
    in_queues(fleet, wanted)
    assert told(cloud, standing, arns) == dict.fromkeys(arns, 1)


def in_queues(fleet: Fleet, wanted: dict[str, Expected]) -> None:
    """Each run had the jobs that its class asks for, with so many attempts, and no others."""
    for queue, market in ((fleet.spot, "spot"), (fleet.on_demand, "on_demand")):
        jobs = fleet.described(queue, wanted)
        assert {job["status"] for job in jobs} == {"SUCCEEDED", "FAILED"}
        found = sorted((job["jobName"], len(job["attempts"])) for job in jobs)
        made = {name: getattr(one, market) for name, one in wanted.items()}
        assert found == sorted((name, attempts) for name, attempts in made.items() if attempts is not None)


def told(cloud: Cloud, project: Project, arns: dict[str, str]) -> dict[str, int]:
    """How many messages tell of the end of each run."""
    queue = outputs(project, "dev")["staging"]["notification_queues"]["portal"].rpartition(":")[2]
    sqs = cloud.client("sqs")
    url, ends = sqs.get_queue_url(QueueName=queue)["QueueUrl"], Counter[str]()
    names = {arn: name for name, arn in arns.items()}
    while messages := taken(sqs, url):
        for message in messages:
            detail = json.loads(message["Body"])["detail"]
            if detail["status"] != "RUNNING" and detail["executionArn"] in names:
                ends[names[detail["executionArn"]]] += 1
    return dict(ends)
