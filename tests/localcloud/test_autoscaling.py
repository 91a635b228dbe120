"""HorizontalPodAutoscalers by what processes really use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud.kubernetes.running import run
from localcloud.server import images
from portal.pulumi_cli import ROOT

from .batch_steps import time_scale
from .kubernetes_kit import Json, World, container, deployment, stand_ins

BUSY = (
    "import time\nwhile True:\n end = time.monotonic() + 0.03\n while time.monotonic() < end: pass\n time.sleep(0.07)"
)
"""Takes about 0.3 of a core."""


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    images.configure(images.stand_ins(stand_ins(), ROOT))
    with time_scale(0.005):
        running = run(world.cluster, world.aws)
        yield world
        running.stop()
    world.cluster.close()


CPU: Json = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
}
PODS: Json = {
    "type": "Pods",
    "pods": {"metric": {"name": "x"}, "target": {"type": "AverageValue", "averageValue": "1"}},
}


def autoscaler(metric: Json = CPU, least: int = 1) -> Json:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": reference, "minReplicas": least, "maxReplicas": 3, "metrics": [metric]}
    return {"metadata": {"name": "web"}, "spec": spec}


def deploy(world: World, program: str, cpu: str | None = "100m", replicas: int = 1) -> None:
    requests = {"resources": {"requests": {"cpu": cpu}}} if cpu else {}
    spec = container("python:1", "main", args=[program], **requests)
    world.create("Deployment", deployment("web", spec, replicas=replicas, pod={"terminationGracePeriodSeconds": 0}))


def replicas(world: World) -> int:
    return int(world.get("Deployment", "web")["spec"]["replicas"])


def scaling_active(world: World) -> Json:
    def written() -> Json | None:
        conditions = world.get("HorizontalPodAutoscaler", "web").get("status", {}).get("conditions") or []
        return next((one for one in conditions if one["type"] == "ScalingActive"), None)

    return world.until(written)


def test_without_the_metrics_server_replicas_are_the_least_and_an_event_says_why(world: World) -> None:
    deploy(world, BUSY)
    world.create("HorizontalPodAutoscaler", autoscaler(least=2))
    world.until(lambda: replicas(world) == 2)
    assert scaling_active(world)["reason"] == "FailedGetResourceMetric"
    said = "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API"
    world.until(lambda: any(said in event for event in world.events("web")))


def test_busy_processes_are_given_more_pods_and_idle_ones_fewer(world: World) -> None:
    world.aws.installed = ("metrics-server",)
    deploy(world, BUSY)
    world.create("HorizontalPodAutoscaler", autoscaler())
    world.until(lambda: replicas(world) == 3)
    item = world.get("Deployment", "web")
    item["spec"]["template"]["spec"]["containers"][0]["args"] = ["import time; time.sleep(600)"]
    world.client.replace(world.path("Deployment", "web"), item)
    world.until(lambda: replicas(world) == 1)
    assert scaling_active(world)["reason"] == "ValidMetricFound"


def test_policies_of_a_behavior_are_left_out_with_an_event(world: World) -> None:
    world.aws.installed = ("metrics-server",)
    deploy(world, "import time; time.sleep(600)")
    wanted = autoscaler()
    wanted["spec"]["behavior"] = {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}
    world.create("HorizontalPodAutoscaler", wanted)
    said = "behavior.scaleUp: the local cloud does not look at policies"
    world.until(lambda: any(said in event for event in world.events("web")))


@pytest.mark.parametrize(
    ("cpu", "metric", "said"),
    [
        (None, CPU, "missing request for cpu in container main"),
        ("100m", PODS, "Pods: the local cloud has Resource metrics alone"),
    ],
)
def test_what_can_not_be_measured_is_told(world: World, cpu: str | None, metric: Json, said: str) -> None:
    world.aws.installed = ("metrics-server",)
    deploy(world, "import time; time.sleep(600)", cpu)
    world.create("HorizontalPodAutoscaler", autoscaler(metric))
    world.until(lambda: any(said in event for event in world.events("web")))
    assert replicas(world) == 1
