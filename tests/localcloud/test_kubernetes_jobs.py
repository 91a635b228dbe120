"""Jobs in light mode: pods that run to their end, and what becomes of those that fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.kubernetes.controllers.jobs import Jobs
from localcloud.kubernetes.controllers.loop import Loop
from localcloud.kubernetes.node.agent import Agent
from localcloud.kubernetes.node.leases import Leases
from localcloud.kubernetes.resources import Resources
from localcloud.server import images
from portal.pulumi_cli import ROOT

from .batch_steps import time_scale
from .kubernetes_kit import Json, World, container, node, stand_ins


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    images.configure(images.stand_ins(stand_ins(), ROOT))
    agent, client = Agent(world.node_agent, world.aws, Leases()), world.client
    loop = Loop(client, [Jobs(Resources(client, "job-controller"))])
    agent.start()
    loop.start()
    world.create("Node", node())
    with time_scale(0.005):
        yield world
        loop.stop()
        agent.stop()
    world.cluster.close()
    assert loop.failures == 0


def job(world: World, name: str, script: str, **spec: Any) -> None:
    run = container("shell:1", "sh", args=[script])
    pod = {"nodeName": "i-1", "restartPolicy": "Never", "containers": [run], **spec.pop("pod", {})}
    world.create("Job", {"metadata": {"name": name}, "spec": {"template": {"spec": pod}, **spec}})


def over(world: World, name: str) -> tuple[str, str, Json]:
    """How the Job ended, why, and its status."""

    def ended() -> tuple[str, str, Json] | None:
        status = world.get("Job", name).get("status", {})
        ends = [one for one in status.get("conditions", []) if one["status"] == "True"]
        return (ends[0]["type"], ends[0]["reason"], status) if ends else None

    return world.until(ended)


def pods(world: World, name: str) -> list[str]:
    """The phases of the Job's pods."""
    named = [one for one in world.all("Pod") if one["metadata"]["labels"].get("batch.kubernetes.io/job-name") == name]
    return sorted(one["status"]["phase"] for one in named)


def test_a_job_is_complete_once_its_pod_has_succeeded_and_makes_no_other(world: World) -> None:
    job(world, "once", "echo done")
    kind, reason, status = over(world, "once")
    assert (kind, reason, status["succeeded"], status["failed"]) == ("Complete", "CompletionsReached", 1, 0)
    assert status["startTime"] <= status["completionTime"]
    [pod] = [one for one in world.all("Pod") if one["metadata"]["ownerReferences"][0]["name"] == "once"]
    world.delete("Pod", pod["metadata"]["name"])
    world.gone("Pod", pod["metadata"]["name"])
    assert pods(world, "once") == []


def test_a_job_whose_pods_fail_is_tried_again_until_its_limit(world: World) -> None:
    job(world, "failing", "exit 3", backoffLimit=2)
    kind, reason, status = over(world, "failing")
    assert (kind, reason, status["failed"]) == ("Failed", "BackoffLimitExceeded", 3)
    assert pods(world, "failing") == ["Failed"] * 3


def test_restarts_of_a_container_count_as_tries(world: World) -> None:
    job(world, "restarting", "exit 3", backoffLimit=1, pod={"restartPolicy": "OnFailure"})
    assert over(world, "restarting")[:2] == ("Failed", "BackoffLimitExceeded")
    world.until(lambda: pods(world, "restarting") == [])


def test_a_job_that_takes_too_long_is_ended(world: World) -> None:
    job(world, "slow", "sleep 600", activeDeadlineSeconds=2)
    assert over(world, "slow")[:2] == ("Failed", "DeadlineExceeded")
    world.until(lambda: pods(world, "slow") == [])
