"""TargetGroupBindings: which pods are a target group's targets, and when."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from localcloud.kubernetes.running import run
from localcloud.server import images
from localcloud.server.call import Refusal
from portal.pulumi_cli import ROOT

from .batch_steps import time_scale
from .kubernetes_kit import Account, Json, World, container, deployment, is_ready, readiness, service, stand_ins

ARN = "arn:aws:elasticloadbalancing:us-west-2:111111111111:targetgroup/web/1"
GATES = {"eks.amazonaws.com/pod-readiness-gate-inject": "enabled"}
GATE = "target-health.elbv2.k8s.aws/web"


class Group:
    """A target group: what RegisterTargets and its like do, and nothing of load balancers. ``healthy``: what a health
    check finds."""

    def __init__(self, account: Account) -> None:
        self.vpc, self.target_type, self.tags = "vpc-1", "ip", {"eks:eks-cluster-name": "portal"}
        account.tagged = lambda _: self.tags
        self.healthy, self.there = True, True
        self.targets: dict[tuple[str, int], str] = {}
        self._lock = threading.Lock()
        account.answers = {
            "DescribeTargetGroups": self._describe,
            "DescribeTargetHealth": self._health,
            "RegisterTargets": self._register,
            "DeregisterTargets": self._deregister,
        }

    def _describe(self, _: Mapping[str, Any]) -> Json:
        self._need()
        return {"TargetGroups": [{"VpcId": self.vpc, "TargetType": self.target_type}]}

    def _need(self) -> None:
        if not self.there:
            raise Refusal("TargetGroupNotFound", "One or more target groups not found")

    def _health(self, _: Mapping[str, Any]) -> Json:
        self._need()
        with self._lock:
            rows = [
                {"Target": {"Id": address, "Port": port}, "TargetHealth": self._state(state)}
                for (address, port), state in self.targets.items()
            ]
        return {"TargetHealthDescriptions": rows}

    def _state(self, state: str) -> Json:
        if state == "draining" or self.healthy:
            return {"State": state}
        return {"State": "unhealthy", "Reason": "Target.Timeout", "Description": "Request timed out"}

    def _register(self, params: Mapping[str, Any]) -> Json:
        with self._lock:
            self.targets |= {(one["Id"], one["Port"]): "healthy" for one in params["Targets"]}
        return {}

    def _deregister(self, params: Mapping[str, Any]) -> Json:
        with self._lock:
            for one in params["Targets"]:
                self.targets[one["Id"], one["Port"]] = "draining"
        return {}

    def drain(self) -> None:
        with self._lock:
            self.targets = {key: state for key, state in self.targets.items() if state != "draining"}


def binding(**more: Any) -> Json:
    spec = {"serviceRef": {"name": "web", "port": 80}, "targetGroupARN": ARN, "targetType": "ip", **more}
    return {"metadata": {"name": "web"}, "spec": spec}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    images.configure(images.stand_ins(stand_ins(), ROOT))
    world.client.patch(world.path("Namespace", "portal"), {"metadata": {"labels": GATES}})
    world.create("Service", service("web"))
    with time_scale(0.02):
        running = run(world.cluster, world.aws)
        yield world
        running.stop()
    world.cluster.close()


@pytest.fixture
def group(world: World) -> Iterator[Group]:
    group = Group(world.aws)
    yield group
    for kind, name in (("Deployment", "web"), ("TargetGroupBinding", "web")):
        if any(one["metadata"]["name"] == name for one in world.all(kind)):
            world.delete(kind, name)

    def gone() -> bool:
        group.drain()
        return not world.all("Pod") and not world.all("TargetGroupBinding")

    world.until(gone)


def deploy(world: World) -> None:
    world.create("Deployment", deployment("web", container(readinessProbe=readiness())))


def ready(world: World) -> list[Json]:
    return [pod for pod in world.all("Pod") if is_ready(pod)]


def addresses(world: World) -> set[tuple[str, int]]:
    return {(pod["status"]["podIP"], 8000) for pod in world.all("Pod") if "podIP" in pod["status"]}


def test_ready_pods_are_targets_by_the_cluster_s_role_and_leave_when_they_go(world: World, group: Group) -> None:
    group.targets["10.99.64.250", 8000] = "healthy"
    world.create("TargetGroupBinding", binding())
    deploy(world)
    world.until(lambda: len(ready(world)) == 2)
    assert group.targets.pop(("10.99.64.250", 8000)) == "draining"  # taken over
    assert set(group.targets) == addresses(world)
    assert {role for role, _, _ in world.aws.calls} == {world.aws.role_arn}
    world.patch("Deployment", "web", {"spec": {"replicas": 1}})
    world.until(lambda: "draining" in group.targets.values())
    world.until(lambda: len(world.all("Pod")) == 1)
    assert [address for address, state in group.targets.items() if state == "healthy"] == list(addresses(world))


def test_a_pod_is_ready_once_the_load_balancer_calls_it_healthy(world: World, group: Group) -> None:
    group.healthy = False
    world.create("TargetGroupBinding", binding())
    deploy(world)
    world.until(lambda: len(group.targets) == 2)

    def told() -> list[Json]:
        conditions = [one for pod in world.all("Pod") for one in pod["status"].get("conditions") or []]
        return [one for one in conditions if one.get("reason") == "ReadinessGatesNotReady"]

    assert f'readiness gate "{GATE}"' in world.until(told)[0]["message"]
    world.until(lambda: "Request timed out" in str([pod["status"] for pod in world.all("Pod")]))
    assert ready(world) == []
    group.healthy = True
    world.until(lambda: len(ready(world)) == 2)


def test_pods_that_are_older_than_the_binding_have_no_gate(world: World, group: Group) -> None:
    deploy(world)
    world.until(lambda: len(ready(world)) == 2)
    world.create("TargetGroupBinding", binding())
    world.until(lambda: set(group.targets) == addresses(world))
    assert all(not pod["spec"].get("readinessGates") for pod in world.all("Pod"))


def test_a_binding_stays_until_its_targets_are_drained(world: World, group: Group) -> None:
    world.create("TargetGroupBinding", binding())
    deploy(world)
    world.until(lambda: len(ready(world)) == 2)
    world.delete("TargetGroupBinding", "web")
    world.until(lambda: set(group.targets.values()) == {"draining"})
    assert world.get("TargetGroupBinding", "web")["metadata"]["finalizers"] == ["elbv2.k8s.aws/resources"]
    group.drain()
    world.gone("TargetGroupBinding", "web")


def test_a_binding_whose_group_is_gone_can_be_deleted(world: World, group: Group) -> None:
    world.create("TargetGroupBinding", binding())
    world.until(lambda: "finalizers" in world.get("TargetGroupBinding", "web")["metadata"])
    group.there = False
    world.delete("TargetGroupBinding", "web")
    world.gone("TargetGroupBinding", "web")


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("vpc", "vpc-2", "is in vpc-2, the cluster in vpc-1"),
        ("target_type", "instance", "has the target type instance, the binding ip"),
        ("tags", {}, "has no tag eks:eks-cluster-name=portal"),
    ],
)
def test_a_group_that_does_not_fit_is_told_by_an_event(
    world: World, group: Group, attribute: str, value: Any, said: str
) -> None:
    setattr(group, attribute, value)
    world.create("TargetGroupBinding", binding())
    world.until(lambda: any(said in event for event in world.events("web")))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"multiClusterTargetGroup": True}, "multiClusterTargetGroup: the local cloud has one cluster a group"),
        ({"serviceRef": {"name": "none", "port": 80}}, 'backend not found: Service "none" not found'),
        ({"serviceRef": {"name": "web", "port": 81}}, "Service web has no port 81"),
    ],
)
def test_a_binding_that_can_not_work_is_told_by_an_event(world: World, group: Group, more: Json, said: str) -> None:
    world.create("TargetGroupBinding", binding(**more))
    world.until(lambda: any(said in event for event in world.events("web")))
    assert not group.targets


def test_what_aws_refuses_the_cluster_s_role_is_told_by_an_event(world: World, group: Group) -> None:
    del world.aws.answers["RegisterTargets"]
    world.create("TargetGroupBinding", binding())
    deploy(world)
    said = "is not authorized to perform elbv2:RegisterTargets"
    world.until(lambda: any(said in event for event in world.events("web")))
    assert ready(world) == []
