"""Nodes of Auto Mode: which pods get one, which stay Pending and why, and when nodes go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.kubernetes import traffic
from localcloud.kubernetes.running import run
from localcloud.server import images
from portal.pulumi_cli import ROOT

from .batch_steps import time_scale
from .kubernetes_kit import Json, World, container, deployment, is_ready, pod, readiness, stand_ins

ZONE, ARCH = "topology.kubernetes.io/zone", "kubernetes.io/arch"
SPREAD: Json = {
    "maxSkew": 1,
    "minDomains": 2,
    "topologyKey": ZONE,
    "whenUnsatisfiable": "DoNotSchedule",
    "labelSelector": {"matchLabels": {"app": "web"}},
    "matchLabelKeys": ["pod-template-hash"],
}


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.aws.pools = ()
    images.configure(images.stand_ins(stand_ins(), ROOT))
    with time_scale(0.02):
        running = run(world.cluster, world.aws)
        yield world
        running.stop()
    world.cluster.close()


def node_class(name: str = "web", **more: Any) -> Json:
    spec = {
        "role": "nodes",
        "subnetSelectorTerms": [{"id": "subnet-a"}, {"id": "subnet-b"}],
        "securityGroupSelectorTerms": [{"id": "sg-cluster"}],
        **more,
    }
    return {"metadata": {"name": name}, "spec": spec}


def node_pool(name: str = "web", *requirements: Json, **more: Any) -> Json:
    template_more = {key: more.pop(key) for key in ("taints",) if key in more}
    reference = {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": more.pop("of", "web")}
    asked = list(requirements) or [{"key": ARCH, "operator": "In", "values": ["arm64"]}]
    template = {"spec": {"nodeClassRef": reference, "requirements": asked, **template_more}}
    disruption = {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "1m", "budgets": [{"nodes": "1"}]}
    return {"metadata": {"name": name}, "spec": {"template": template, "disruption": disruption, **more}}


def asking(cpu: str = "500m", memory: str = "256Mi") -> Json:
    return {"resources": {"requests": {"cpu": cpu, "memory": memory}}}


def nodes(world: World) -> list[Json]:
    return world.all("Node")


def unscheduled(world: World, name: str) -> str:
    def message() -> str | None:
        conditions = world.get("Pod", name).get("status", {}).get("conditions") or []
        told = [one for one in conditions if one["type"] == "PodScheduled" and one["status"] == "False"]
        return told[0]["message"] if told and "Failed to schedule" in told[0]["message"] else None

    return world.until(message)


def shell(name: str, **more: Any) -> Json:
    spec = container(
        "shell:1", "sh", args=["sleep 600"], **asking(more.pop("cpu", "500m"), more.pop("memory", "256Mi"))
    )
    return pod(name, spec, on="", terminationGracePeriodSeconds=0, **more)


def test_a_node_of_the_pool_s_architecture_is_launched_for_a_pod_and_goes_once_it_is_empty(world: World) -> None:
    world.create("NodeClass", node_class())
    world.create("NodePool", node_pool())
    world.create("Pod", shell("one"))
    world.until_phase("one", "Running")
    [node] = nodes(world)
    labels = node["metadata"]["labels"]
    assert (labels[ARCH], labels["karpenter.sh/nodepool"]) == ("arm64", "web")
    assert node["spec"]["providerID"] == f"aws:///{labels[ZONE]}/{node['metadata']['name']}"
    world.create("Pod", shell("two"))
    world.until_phase("two", "Running")
    assert len(nodes(world)) == 1  # there was room
    for name in ("one", "two"):
        world.delete("Pod", name)
    world.until(lambda: nodes(world) == [])


@pytest.mark.parametrize(
    ("pool", "asked", "said"),
    [
        pytest.param(
            node_pool(),
            {"nodeSelector": {ARCH: "amd64"}},
            f"incompatible requirements, key {ARCH}, {ARCH} In [amd64] not in {ARCH} In [arm64]",
            id="architecture",
        ),
        pytest.param(
            node_pool(taints=[{"key": "only", "value": "batch", "effect": "NoSchedule"}]),
            {},
            "did not tolerate its taints",
            id="taint",
        ),
        pytest.param(node_pool(), {"nodeSelector": {ZONE: "us-west-2c"}}, f"key {ZONE}", id="zone"),
        pytest.param(node_pool(), {"cpu": "200"}, "no instance type has enough resources", id="size"),
        pytest.param(
            node_pool(limits={"cpu": "1"}),
            {},
            'all available instance types exceed limits for nodepool: "web"',
            id="limits",
        ),
        pytest.param(node_pool(of="none"), {}, "its NodeClass is not there", id="no class"),
    ],
)
def test_a_pod_that_no_pool_admits_stays_pending_with_the_reason(
    world: World, pool: Json, asked: Json, said: str
) -> None:
    world.create("NodeClass", node_class())
    world.create("NodePool", pool)
    world.create("Pod", shell("one", **asked))
    message = unscheduled(world, "one")
    assert message.startswith("no nodes available to schedule pods; Failed to schedule pod, ")
    assert said in message
    world.until(lambda: any(one.startswith("FailedScheduling: ") and said in one for one in world.events("one")))
    assert nodes(world) == []


def test_without_a_pool_a_pod_stays_pending(world: World) -> None:
    world.create("Pod", shell("one"))
    assert unscheduled(world, "one").endswith("Failed to schedule pod, no nodepools found")


def test_a_node_class_whose_role_may_not_join_launches_nothing(world: World) -> None:
    world.create("NodeClass", node_class(role="stranger"))
    world.create("NodePool", node_pool())
    world.create("Pod", shell("one"))
    assert "role stranger has no access entry of the type EC2 with AmazonEKSAutoNodePolicy" in unscheduled(world, "one")
    [ready] = world.get("NodePool", "web")["status"]["conditions"]
    assert (ready["status"], ready["reason"]) == ("False", "NodeClassNotReady")


def test_a_tainted_pool_takes_pods_that_tolerate_it_alone(world: World) -> None:
    world.create("NodeClass", node_class())
    world.create("NodePool", node_pool(taints=[{"key": "only", "value": "batch", "effect": "NoSchedule"}]))
    world.create("Pod", shell("one", tolerations=[{"key": "only", "operator": "Exists"}]))
    world.until_phase("one", "Running")
    world.create("Pod", shell("two"))
    assert "1 node(s) had untolerated taint {only: batch}" in unscheduled(world, "two")


def test_the_built_in_pools_are_there_while_the_cluster_has_them_on(world: World) -> None:
    world.aws.pools = ("general-purpose",)
    world.create("Pod", shell("one"))
    world.until_phase("one", "Running")
    assert nodes(world)[0]["metadata"]["labels"][ARCH] == "amd64"
    world.aws.pools = ()
    world.create("Pod", shell("two"))  # something changes
    world.until(lambda: world.all("NodePool") == [])


def test_pods_are_spread_over_zones_also_during_a_rollout(world: World) -> None:
    world.create("NodeClass", node_class())
    world.create("NodePool", node_pool())
    template = {"topologySpreadConstraints": [SPREAD], "terminationGracePeriodSeconds": 0}
    world.create("Deployment", deployment("web", container(readinessProbe=readiness(), **asking()), pod=template))
    world.until(lambda: len(running(world)) == 2)
    assert sorted(zones(world)) == ["us-west-2a", "us-west-2b"]
    item = world.get("Deployment", "web")
    item["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
    world.client.replace(world.path("Deployment", "web"), item)
    world.until(lambda: {one["spec"]["containers"][0]["image"] for one in world.all("Pod")} == {"web:2"})
    world.until(lambda: len(running(world)) == 2)
    assert sorted(zones(world)) == ["us-west-2a", "us-west-2b"]


def running(world: World) -> list[Json]:
    return [one for one in world.all("Pod") if is_ready(one) and "deletionTimestamp" not in one["metadata"]]


def zones(world: World) -> list[str]:
    known = {one["metadata"]["name"]: one["metadata"]["labels"][ZONE] for one in nodes(world)}
    return [known[one["spec"]["nodeName"]] for one in running(world)]


def test_a_changed_node_class_replaces_the_nodes_as_the_disruption_budget_allows(world: World) -> None:
    world.create("NodeClass", node_class())
    world.create("NodePool", node_pool())
    world.create("Deployment", deployment("web", container(readinessProbe=readiness(), **asking())))
    budget = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    world.create("PodDisruptionBudget", {"metadata": {"name": "web"}, "spec": budget})
    world.until(lambda: len(running(world)) == 2)
    world.until(lambda: world.get("PodDisruptionBudget", "web")["status"]["disruptionsAllowed"] == 1)
    before = {one["metadata"]["name"] for one in nodes(world)}
    least = 2
    world.patch("NodeClass", "web", {"spec": {"ephemeralStorage": {"size": "100Gi"}}})

    def replaced() -> bool:
        nonlocal least
        least = min(least, len(running(world)))
        now = {one["metadata"]["name"] for one in nodes(world)}
        return bool(now) and not now & before and len(running(world)) == 2

    world.until(replaced)
    assert least >= 1


def test_a_budget_that_allows_no_disruption_keeps_the_node(world: World) -> None:
    world.create("NodeClass", node_class())
    world.create("NodePool", node_pool())
    world.create("Deployment", deployment("web", container(readinessProbe=readiness(), **asking())))
    budget = {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}
    world.create("PodDisruptionBudget", {"metadata": {"name": "web"}, "spec": budget})
    world.until(lambda: len(running(world)) == 2)
    [node] = nodes(world)
    world.patch("NodeClass", "web", {"spec": {"ephemeralStorage": {"size": "100Gi"}}})
    said = "Cannot evict pod as it would violate the pod's disruption budget"
    world.until(lambda: any(said in event for event in events_of_node(world, node)))
    assert len(running(world)) == 2


@pytest.mark.parametrize(("policy", "goes"), [("AlwaysAllow", True), ("IfHealthyBudget", False)])
def test_a_pod_that_does_not_work_keeps_its_node_unless_its_budget_gives_it_up(
    world: World, policy: str, goes: bool
) -> None:
    world.create("NodeClass", node_class())
    world.create("NodePool", node_pool())
    world.create("Deployment", deployment("web", container("web:sick", readinessProbe=readiness()), replicas=1))
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}, "unhealthyPodEvictionPolicy": policy}
    world.create("PodDisruptionBudget", {"metadata": {"name": "web"}, "spec": budget})
    world.until(lambda: world.all("Pod")[0].get("status", {}).get("phase") == "Running" if world.all("Pod") else None)
    [node] = nodes(world)
    world.delete("Node", node["metadata"]["name"])
    if goes:
        world.until(lambda: node["metadata"]["name"] not in [one["metadata"]["name"] for one in nodes(world)])
    else:
        world.until(lambda: any("disruption budget" in event for event in events_of_node(world, node)))


def events_of_node(world: World, node: Json) -> list[str]:
    events = world.client.get(world.path("Event", namespace="default"))["items"]
    return [e["message"] for e in events if e["involvedObject"]["name"] == node["metadata"]["name"]]


def test_a_deleted_node_goes_after_its_pods(world: World) -> None:
    world.create("NodeClass", node_class())
    world.create("NodePool", node_pool())
    world.create("Deployment", deployment("web", container(readinessProbe=readiness(), **asking())))
    world.until(lambda: len(running(world)) == 2)
    [node] = nodes(world)
    world.delete("Node", node["metadata"]["name"])
    world.until(lambda: node["metadata"]["name"] not in [one["metadata"]["name"] for one in nodes(world)])
    world.until(lambda: len(running(world)) == 2)


def test_pod_affinity_is_refused(world: World) -> None:
    world.create("NodeClass", node_class())
    world.create("NodePool", node_pool())
    term = {"topologyKey": ZONE, "labelSelector": {"matchLabels": {"app": "web"}}}
    rules = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    world.create("Pod", shell("one", affinity=rules))
    world.until(lambda: any("podAntiAffinity" in event for event in world.events("one")))


def test_traffic_is_decided_by_the_policies_that_stand_and_the_groups_of_the_node_s_class(world: World) -> None:
    world.create("NodeClass", node_class(securityGroupSelectorTerms=[{"id": "sg-cluster"}, {"id": "sg-pods"}]))
    world.create("NodePool", node_pool())
    world.create("Pod", shell("one"))
    address = world.until_phase("one", "Running")["status"]["podIP"]
    assert traffic.security_groups(address, vpc_id="vpc-1") == ["sg-cluster", "sg-pods"]
    assert traffic.security_groups(address, vpc_id="vpc-2") == []
    closed = {"podSelector": {}, "policyTypes": ["Ingress"]}
    world.create("NetworkPolicy", {"metadata": {"name": "closed"}, "spec": closed})
    assert traffic.refusal("10.99.0.9", address, 80, vpc_id="vpc-1") == ""  # not switched on
    switch = {"metadata": {"name": "amazon-vpc-cni"}, "data": {"enable-network-policy-controller": "true"}}
    world.create("ConfigMap", switch, namespace="kube-system")
    world.until(lambda: traffic.refusal("10.99.0.9", address, 80, vpc_id="vpc-1"))
    assert traffic.refusal("10.99.0.9", address, 80, vpc_id="vpc-2") == ""
