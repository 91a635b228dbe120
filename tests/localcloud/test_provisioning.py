"""Nodes for the pods that Kubernetes' own scheduler finds no place for: its part is the test's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud.kubernetes.controllers.launching import NOT_READY, Launcher
from localcloud.kubernetes.controllers.loop import Loop
from localcloud.kubernetes.controllers.node_pools import NodePools
from localcloud.kubernetes.controllers.provisioning import Provisioner
from localcloud.kubernetes.node.leases import Leases
from localcloud.kubernetes.resources import Resources

from .batch_steps import time_scale
from .kubernetes_kit import Json, World, container, is_ready, pod

UNSCHEDULABLE: Json = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no nodes"}


@pytest.fixture
def world() -> Iterator[World]:
    world, leases = World(), Leases()
    resources = Resources(world.client, "karpenter")
    launcher = Launcher(resources, world.aws, leases, lambda: "1.34")
    loop = Loop(world.client, [NodePools(resources, world.aws), Provisioner(resources, launcher)])
    with time_scale(0.1):
        loop.start()
        yield world
        loop.stop()
    leases.give_all_back()
    world.cluster.close()


def unscheduled(world: World, name: str, cpu: str = "100m", **more: Json) -> None:
    """A pod that the scheduler has looked at."""
    asks = container("web:1", resources={"requests": {"cpu": cpu, "memory": "64Mi"}})
    world.create("Pod", pod(name, asks, on="", **more))
    world.client.patch(f"{world.path('Pod', name)}/status", {"status": {"conditions": [UNSCHEDULABLE]}})


def test_pods_that_fit_on_one_node_get_one(world: World) -> None:
    unscheduled(world, "first")
    [node] = world.until(lambda: world.all("Node"))
    unscheduled(world, "second")
    world.until(lambda: is_ready(world.get("Node", node["metadata"]["name"])))
    unscheduled(world, "third")
    unscheduled(world, "large", cpu="3")
    world.until(lambda: len(world.all("Node")) == 2)


def test_a_node_is_open_to_pods_once_it_is_ready(world: World) -> None:
    with time_scale(0.5):
        unscheduled(world, "first")
        [node] = world.until(lambda: world.all("Node"))
        name = node["metadata"]["name"]
        other = {"key": "team", "effect": "NoSchedule"}
        world.patch("Node", name, {"spec": {"taints": [{"key": NOT_READY, "effect": "NoSchedule"}, other]}})
        world.until(lambda: is_ready(world.get("Node", name)))
    assert world.get("Node", name)["spec"]["taints"] == [other]


def test_a_pod_that_the_scheduler_has_not_looked_at_gets_none(world: World) -> None:
    world.create("Pod", pod("new", container("web:1"), on=""))
    unscheduled(world, "impossible", nodeSelector={"disk": "large"})
    world.until(lambda: world.events("impossible"))
    assert world.all("Node") == []


def test_why_no_node_can_be_launched_is_told_once(world: World) -> None:
    world.until(lambda: len(world.all("NodePool")) == 2 and world.all("NodeClass"))
    unscheduled(world, "impossible", nodeSelector={"disk": "large"})
    world.until(lambda: world.events("impossible"))
    unscheduled(world, "possible")
    world.until(lambda: world.all("Node"))
    [event] = [one for one in world.all("Event") if one["involvedObject"]["name"] == "impossible"]
    assert event["message"].startswith('Failed to schedule pod, incompatible with nodepool "general-purpose"')
    assert event["count"] == 1
