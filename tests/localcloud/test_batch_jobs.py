"""Jobs that run: their environment, output, credentials, end."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from . import batch_steps
from .batch_steps import World, policy
from .conftest import Cloud


@pytest.fixture(scope="module")
def world(cloud: Cloud) -> World:
    return World(cloud)


@pytest.fixture(scope="module")
def queue(world: World) -> str:
    return world.queue()


@pytest.fixture(autouse=True)
def _plain() -> Iterator[None]:
    batch_steps.stand_ins()
    yield
    batch_steps.no_faults()


def test_a_job_runs_its_command_and_its_output_is_in_the_log(world: World, queue: str) -> None:
    job = world.run(queue, "sh", "-c", "echo one; echo two >&2; pwd; ls -a")
    assert job["status"] == "SUCCEEDED", job
    assert job["statusReason"] == "Essential container in task exited"
    assert job["container"]["exitCode"] == 0
    assert world.lines(job)[:2] == ["one", "two"]
