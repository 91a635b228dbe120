"""Deployments under load: what a rollout does to whoever asks the service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.kubernetes.running import run
from localcloud.server import images
from portal.pulumi_cli import ROOT

from .batch_steps import time_scale
from .kubernetes_kit import (
    Caller,
    InCluster,
    Json,
    World,
    container,
    deployment,
    is_ready,
    readiness,
    service,
    stand_ins,
)

CAREFUL: Json = {
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
    "minReadySeconds": 2,
    "progressDeadlineSeconds": 4,
}
LATE = 0.5
"""Real seconds after which the caller learns of changed endpoints."""
DRAINED: Json = {"preStop": {"sleep": {"seconds": 50}}}  # 1 s at the scale here


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    images.configure(images.stand_ins(stand_ins(), ROOT))
    with time_scale(0.02):
        running = run(world.cluster, world.aws)
        yield world
        running.stop()
    world.cluster.close()


@pytest.fixture
def web(world: World) -> Iterator[str]:
    """A Deployment of two pods that serve version one."""
    world.create("Service", service("web"))
    spec = container("web:1", readinessProbe=readiness(), lifecycle=DRAINED)
    world.create("Deployment", deployment("web", spec, pod={"terminationGracePeriodSeconds": 100}, **CAREFUL))
    until_complete(world, "web")
    yield "web"
    world.delete("Deployment", "web")
    world.delete("Service", "web")
    world.until(lambda: not world.all("Pod"))


def condition(world: InCluster, name: str, kind: str) -> Json:
    conditions = world.get("Deployment", name).get("status", {}).get("conditions") or []
    return next((one for one in conditions if one["type"] == kind), {})


def until_complete(world: InCluster, name: str) -> Json:
    def complete() -> Json | None:
        item = world.get("Deployment", name)
        status = item.get("status", {})
        current = status.get("observedGeneration") == item["metadata"]["generation"]
        done = condition(world, name, "Progressing").get("reason") == "NewReplicaSetAvailable"
        whole = status.get("updatedReplicas") == status.get("replicas") == item["spec"]["replicas"]
        return item if current and done and whole else None

    return world.until(complete)


def set_image(world: InCluster, name: str, image: str) -> None:
    item = world.get("Deployment", name)
    item["spec"]["template"]["spec"]["containers"][0]["image"] = image
    world.client.replace(world.path("Deployment", name), item)


def test_a_rollout_loses_no_request(world: World, web: str) -> None:
    with Caller(world, web, LATE) as caller:
        world.until(lambda: len(caller.answers) > 20)
        set_image(world, web, "web:2")
        until_complete(world, web)
        world.until(lambda: "one" not in caller.answers[-20:])
        world.until(lambda: len(world.all("Pod")) == 2)
    assert caller.failures == []
    assert {"one", "two"} == set(caller.answers)
    revisions = [one["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for one in world.all("ReplicaSet")]
    assert sorted(revisions) == ["1", "2"]
    assert world.get("Deployment", web)["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


def test_without_a_pre_stop_sleep_a_rollout_loses_requests(world: World) -> None:
    """What tells that the test above can fail."""
    world.create("Service", service("hasty"))
    world.create("Deployment", deployment("hasty", container("web:1", readinessProbe=readiness()), **CAREFUL))
    until_complete(world, "hasty")
    with Caller(world, "hasty", LATE) as caller:
        world.until(lambda: len(caller.answers) > 20)
        set_image(world, "hasty", "web:2")
        until_complete(world, "hasty")
        world.until(lambda: "one" not in caller.answers[-20:])
    assert caller.failures
    world.delete("Deployment", "hasty")
    world.delete("Service", "hasty")


def test_a_release_that_is_never_ready_leaves_the_old_pods_serving_and_says_why(world: World, web: str) -> None:
    with Caller(world, web, LATE) as caller:
        set_image(world, web, "web:sick")
        world.until(lambda: condition(world, web, "Progressing").get("reason") == "ProgressDeadlineExceeded")
    assert caller.failures == []
    assert set(caller.answers) == {"one"}
    assert condition(world, web, "Available")["status"] == "True"
    told = str([pod["status"] for pod in world.all("Pod") if not is_ready(pod)])
    assert "Readiness probe failed: HTTP probe failed with statuscode: 503" in told
    set_image(world, web, "web:1")
    until_complete(world, web)
    assert sum(is_ready(pod) for pod in world.all("Pod")) == 2
    assert world.get("Deployment", web)["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"


def test_scaling_changes_no_pod_that_stays(world: World, web: str) -> None:
    before = {pod["metadata"]["uid"] for pod in world.all("Pod")}
    world.patch("Deployment", web, {"spec": {"replicas": 4}})
    until_complete(world, web)
    assert before < {pod["metadata"]["uid"] for pod in world.all("Pod")}
    with Caller(world, web, LATE) as caller:
        world.until(lambda: len(caller.answers) > 10)
        world.patch("Deployment", web, {"spec": {"replicas": 1}})
        world.until(lambda: len(world.all("Pod")) == 1)
    assert caller.failures == []


def test_a_pod_that_is_lost_is_replaced(world: World, web: str) -> None:
    lost = world.all("Pod")[0]["metadata"]["name"]
    world.delete("Pod", lost)
    world.gone("Pod", lost)
    world.until(lambda: sum(is_ready(pod) for pod in world.all("Pod")) == 2)


def test_only_as_many_old_sets_stay_as_the_history_keeps(world: World, web: str) -> None:
    world.patch("Deployment", web, {"spec": {"revisionHistoryLimit": 1}})
    for value in ("a", "b", "c"):
        env = [{"name": "GREETING", "value": value}]
        item = world.get("Deployment", web)
        item["spec"]["template"]["spec"]["containers"][0]["env"] = env
        world.client.replace(world.path("Deployment", web), item)
        until_complete(world, web)
    world.until(lambda: len(world.all("ReplicaSet")) == 2)


def test_what_the_api_server_refuses_of_a_pod_is_the_deployment_s_replica_failure(world: World) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    world.create("Namespace", {"metadata": {"name": "strict", "labels": labels}})
    world.create("Deployment", deployment("loose", container()), namespace="strict")

    def failure() -> Json | None:
        conditions = world.get("Deployment", "loose", "strict").get("status", {}).get("conditions") or []
        return next((one for one in conditions if one["type"] == "ReplicaFailure"), None)

    assert 'violates PodSecurity "restricted' in world.until(failure)["message"]


def test_an_unchanged_deployment_is_written_no_more(world: World, web: str) -> None:
    def unchanged() -> bool:
        before: list[Any] = [world.all(kind) for kind in ("Deployment", "ReplicaSet", "Pod", "EndpointSlice", "Node")]
        time.sleep(1.0)
        return [world.all(kind) for kind in ("Deployment", "ReplicaSet", "Pod", "EndpointSlice", "Node")] == before

    assert world.until(unchanged)
    assert web
