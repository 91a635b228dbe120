"""Jobs share instances, by vCPUs and memory; losing one takes all that run on it. Faults that strike what runs."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from localcloud.server.services.batch import faults

from .batch_steps import World, time_scale, until, until_there

pytestmark = pytest.mark.usefixtures("plain_batch")

HOST = re.compile(r"Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.")
LARGE_MIB = 15_592
"""What jobs have of an r5d.large, which has 16 GiB and two vCPUs."""


def sized(world: World, vcpus: int, memory_mib: int, *command: str) -> str:
    """A definition of a job of that size that waits."""
    sizes = [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": str(memory_mib)}]
    return world.definition(*(command or ("sleep", "600")), container={"resourceRequirements": sizes})


def running(world: World, queue: str, definition: str, count: int = 1) -> list[str]:
    """Jobs that run, started one after another."""
    jobs = [world.submit(queue, definition=definition) for _ in range(count)]
    for job in jobs:
        world.until_status(job, "RUNNING")
    return jobs


def end(world: World, *jobs: str) -> None:
    for job in jobs:
        world.batch.terminate_job(jobId=job, reason="over")
    for job in jobs:
        world.ended(job)


def instance(world: World, job: str) -> str:
    return str(world.job(job)["container"]["containerInstanceArn"])


def test_jobs_share_an_instance_until_its_vcpus_are_taken(world: World, queue: str) -> None:
    jobs = running(world, queue, sized(world, 1, 512), 3)
    first, second, third = (instance(world, job) for job in jobs)
    assert first == second != third
    end(world, jobs[0])
    (fourth,) = running(world, queue, sized(world, 1, 512))
    assert instance(world, fourth) in (second, third), "there is room again"
    end(world, *jobs[1:], fourth)


def test_jobs_share_an_instance_until_its_memory_is_taken(world: World, queue: str) -> None:
    first, second = running(world, queue, sized(world, 1, LARGE_MIB - 1000), 2)
    (small,) = running(world, queue, sized(world, 1, 1000))
    assert instance(world, first) != instance(world, second)
    assert instance(world, small) in (instance(world, first), instance(world, second))
    end(world, first, second, small)


@pytest.mark.parametrize(("kind", "told"), [("reclaimed", True), ("host_lost", False)])
def test_losing_an_instance_takes_all_that_run_on_it(world: World, queue: str, kind: str, told: bool) -> None:
    first, second, third = running(world, queue, sized(world, 1, 512), 3)
    assert faults.add(kind=kind, job=second).striking == [second]
    struck = [world.ended(job) for job in (first, second)]
    assert [job["status"] for job in struck] == ["FAILED", "FAILED"]
    reasons = [job.get("statusReason") for job in struck]
    assert all(HOST.fullmatch(str(one)) for one in reasons) if told else reasons == [None, None]
    assert not any("exitCode" in job["container"] for job in struck)
    assert world.job(third)["status"] == "RUNNING"
    (later,) = running(world, queue, sized(world, 1, 512))
    assert instance(world, later) != struck[0]["container"]["containerInstanceArn"]
    end(world, third, later)


def test_an_instance_that_is_told_to_end_tells_all_its_jobs(world: World, queue: str) -> None:
    ends = "trap 'exit 2' TERM; echo up; while :; do sleep 0.01; done"
    jobs = running(world, queue, sized(world, 1, 512, "sh", "-c", ends), 2)
    until(lambda: all("up" in world.lines(world.job(job)) for job in jobs))
    faults.add(kind="reclaimed", signal="SIGTERM", job=jobs[0])
    ended = [world.ended(job) for job in jobs]
    assert [bool(HOST.fullmatch(job["statusReason"])) for job in ended] == [True, True]
    assert [job["container"]["exitCode"] for job in ended] == [2, 2]


def test_a_job_that_starts_is_lost_with_its_instance_too(world: World, queue: str) -> None:
    (other,) = running(world, queue, sized(world, 1, 512))
    faults.add(kind="slow", job_name="^starts$", seconds=600)
    with time_scale(0.002):
        starting = world.submit(queue, definition=sized(world, 1, 512, "true"), jobName="starts")
        world.until_status(starting, "STARTING")
        assert instance(world, starting) == instance(world, other)
        faults.add(kind="reclaimed", job=other)
        assert HOST.fullmatch(world.ended(starting)["statusReason"])
    assert HOST.fullmatch(world.ended(other)["statusReason"])


@pytest.mark.parametrize(("kind", "code"), [("exit", 1), ("out_of_memory", 137)])
def test_a_jobs_own_end_is_no_other_jobs(world: World, queue: str, kind: str, code: int) -> None:
    first, second = running(world, queue, sized(world, 1, 512), 2)
    assert faults.add(kind=kind, job=first).striking == [first]
    assert world.ended(first)["container"]["exitCode"] == code
    assert world.job(second)["status"] == "RUNNING"
    end(world, second)


def test_a_fault_strikes_what_runs_already_as_often_as_it_may_and_then_what_comes(world: World, queue: str) -> None:
    first, second = running(world, queue, sized(world, 1, 512), 2)
    made = faults.add(kind="exit", exit_code=5, queue=queue, times=3)
    assert sorted(made.striking) == sorted([first, second])
    assert [world.ended(job)["container"]["exitCode"] for job in (first, second)] == [5, 5]
    assert world.run(queue, "true")["container"]["exitCode"] == 5
    assert world.run(queue, "true")["status"] == "SUCCEEDED"


def test_a_fault_in_a_job_that_runs_awaits_its_output_from_then_on(world: World, queue: str, tmp_path: Path) -> None:
    program = f"echo half; {until_there(tmp_path / 'go')}; echo half; sleep 600"
    (job,) = running(world, queue, sized(world, 1, 512, "sh", "-c", program))
    until(lambda: world.lines(world.job(job)))
    faults.add(kind="exit", exit_code=6, job=job, after_marker="half")
    time.sleep(0.1)
    assert world.job(job)["status"] == "RUNNING"
    (tmp_path / "go").touch()
    assert world.ended(job)["container"]["exitCode"] == 6


def test_a_fault_that_was_removed_strikes_nothing_that_runs(world: World, queue: str, tmp_path: Path) -> None:
    program = f"{until_there(tmp_path / 'go')}; echo half; sleep 0.2"
    (job,) = running(world, queue, sized(world, 1, 512, "sh", "-c", program))
    faults.add(kind="exit", job=job, after_marker="half")
    faults.clear()
    (tmp_path / "go").touch()
    assert world.ended(job)["status"] == "SUCCEEDED"


def test_a_fault_names_only_jobs_that_it_can_meet(world: World, queue: str) -> None:
    ended = world.run(queue, "true")["jobId"]
    (job,) = running(world, queue, sized(world, 1, 512))
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"kind": "exit", "job": "nothing"}, "no job of that id waits or runs"),
        ({"kind": "exit", "job": ended}, "no job of that id waits or runs"),
        ({"kind": "image_pull", "job": job}, "it runs already; image_pull meets jobs that start"),
        ({"kind": "throttled", "job": job}, "name it by job_name"),
        ({"kind": "exit", "striking": [job]}, "known are"),
    ]
    for fault, text in wrong:
        with pytest.raises(ValueError, match=text):
            faults.add(**fault)
    assert world.job(job)["status"] == "RUNNING"
    end(world, job)
