"""Faults of the server's own: each costs the call or job that met it, and no thread and nobody else."""

from __future__ import annotations

import json
import threading
import urllib.request
from typing import Any

import pytest

from localcloud.server import workers
from localcloud.server.control import SECRET
from localcloud.server.services.batch import attempts, notices, scheduler
from localcloud.server.workers import Worker

from .batch_steps import World, until
from .conftest import Cloud

pytestmark = pytest.mark.usefixtures("plain_batch")


def threads(cloud: Cloud) -> dict[str, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {SECRET}"}
    request = urllib.request.Request(f"{cloud.http_url}/_localcloud/health", headers=headers)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - the loopback interface
        health = json.load(answer)
    assert health["status"] == "ok"
    return health["threads"]


def fail_for(name: str, function: Any) -> Any:
    """The function, which fails for the job of that name."""

    def failing(*arguments: Any, **named: Any) -> Any:
        if any(getattr(given, "name", None) == name for given in arguments):
            raise RuntimeError(f"a fault over {name}")
        return function(*arguments, **named)

    return failing


@pytest.mark.parametrize(
    ("module", "function"), [(scheduler, "choose"), (scheduler, "_admit_job"), (scheduler, "overrides_too_long")]
)
def test_a_fault_over_one_job_ends_that_job_alone(
    world: World, queue: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    module: Any, function: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, function, fail_for("poisoned", getattr(module, function)))
    poisoned = world.submit(queue, "true", jobName="poisoned")
    after = world.submit(queue, "true")
    assert world.ended(after)["status"] == "SUCCEEDED"
    job = world.ended(poisoned)
    assert (job["status"], job["statusReason"]) == ("FAILED", "the local cloud failed: a fault over poisoned")
    assert f"job {poisoned}" in caplog.text
    assert threads(world.cloud)["batch-scheduler"]["alive"]


def test_a_fault_at_an_attempts_end_is_the_jobs_end(world: World, queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> bool:
        raise RuntimeError("retried")

    monkeypatch.setattr(scheduler, "retried", failing)
    job = world.run(queue, "false")
    assert (job["status"], job["statusReason"]) == ("FAILED", "the local cloud failed: retried")
    monkeypatch.undo()
    assert world.run(queue, "true")["status"] == "SUCCEEDED"


def test_a_fault_at_an_attempts_start_leaves_no_process(
    world: World, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []

    def failing(running: Any, process: Any) -> None:
        started.append(process)
        raise RuntimeError("began")

    monkeypatch.setattr(attempts, "_began", failing)
    job = world.run(queue, "sleep", "600")
    assert (job["status"], job["container"]["reason"]) == ("FAILED", "the local cloud failed: began")
    assert not started[0].alive


def test_a_job_whose_events_fail_runs(
    world: World, queue: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: Any) -> None:
        raise RuntimeError("no event")

    monkeypatch.setattr(notices, "publish", failing)
    job = world.run(queue, "true")
    assert job["status"] == "SUCCEEDED"
    assert f"no event tells that job {job['jobId']} is SUCCEEDED" in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the thread's end is meant
def test_a_step_that_fails_is_done_again_and_a_thread_that_ended_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    done, ending = threading.Event(), threading.Event()
    times: list[int] = []

    def step() -> None:
        times.append(1)
        if len(times) == 1:
            raise ValueError("once")
        done.set()
        ending.wait()
        raise SystemExit

    worker = Worker("test-worker", step)
    try:
        worker.start()
        assert done.wait(5)
        assert workers.state()["test-worker"] == {"alive": True, "failures": 1}
        assert "once" in caplog.text
        ending.set()
        until(lambda: not worker.alive)
        assert not workers.state()["test-worker"]["alive"]
        count = len(times)
        worker.start()
        until(lambda: len(times) > count)
    finally:
        workers.WORKERS.pop("test-worker")


def test_health_tells_of_listeners_too(cloud: Cloud) -> None:
    for url in (cloud.http_url, cloud.https_url):
        assert threads(cloud)[f"listener-{url.rpartition(':')[2]}"] == {"alive": True}
