"""The light `kubernetes` provider and pods that run: what an update waits for, and what it says when they don't."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.kubernetes.addresses import loopback
from localcloud.kubernetes.api import CONTROLLERS
from localcloud.kubernetes.running import run
from localcloud.provider.errors import PartlyCreatedError
from localcloud.provider_kubernetes.provider import KubernetesProvider
from localcloud.server import images
from localcloud.server.listeners import Port

from .batch_steps import time_scale
from .kubernetes_kit import NAMESPACE, World, container, deployment, readiness, service, stand_ins

DEPLOYMENT, SERVICE = "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Service"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """With pools of AWS's, so that nodes come as pods need them."""
    world = World(lambda _: CONTROLLERS)
    images.configure(stand_ins())
    with time_scale(0.02):
        running = run(world.cluster, world.aws)
        yield world
        running.stop()


@pytest.fixture(scope="module")
def provider(world: World) -> Iterator[KubernetesProvider]:
    port = Port(world.cluster.application)
    port.start()
    config = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port.number}"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": NAMESPACE}}],
        "current-context": "c",
        "users": [{"name": "u", "user": {"token": "any"}}],
    }
    provider = KubernetesProvider()
    provider.configure({"kubeconfig": json.dumps(config)})
    yield provider
    provider.cancel()
    world.cluster.close()
    port.stop()


def web(image: str, **spec: Any) -> Json:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    return deployment("api", container(image, readinessProbe=readiness()), strategy=rolling, **spec)


def checked(provider: KubernetesProvider, token: str, news: Json) -> Json:
    inputs, failures = provider.check(token, "it", {}, news, b"")
    assert not failures
    return inputs


def created(provider: KubernetesProvider, token: str, news: Json) -> Json:
    inputs = checked(provider, token, news)
    return provider.create("urn", token, inputs, preview=False, timeout=60, hidden=frozenset())[1]


def updated(provider: KubernetesProvider, olds: Json, news: Json) -> Json:
    inputs = checked(provider, DEPLOYMENT, news)
    return provider.update("urn", DEPLOYMENT, olds, inputs, preview=False, timeout=60, ignored=(), hidden=frozenset())


def answers(world: World) -> set[str]:
    """What the ready pods answer."""
    slices = [each for one in world.all("EndpointSlice") for each in one["endpoints"] or []]
    addresses = [one["addresses"][0] for one in slices if one["conditions"]["ready"]]
    said: set[str] = set()
    for address in addresses:
        with urllib.request.urlopen(f"http://{loopback(address)}:8000/", timeout=5) as answer:
            said.add(answer.read().decode().split()[0])
    return said


def test_rollouts_are_waited_for_and_broken_ones_fail_in_the_pods_words(
    world: World, provider: KubernetesProvider
) -> None:
    state = created(provider, DEPLOYMENT, web("web:1"))
    assert state["status"]["availableReplicas"] == 2
    created(provider, SERVICE, service("api"))
    assert answers(world) == {"one"}

    state = updated(provider, state, web("web:2"))
    world.until(lambda: answers(world) == {"two"})

    with pytest.raises(PartlyCreatedError) as caught:
        updated(provider, state, web("web:crashing", progressDeadlineSeconds=100))
    for words in ("failed to fully initialize or become live", "[ProgressDeadlineExceeded]", "[CrashLoopBackOff]"):
        assert words in str(caught.value)
    assert answers(world) == {"two"}
    state = updated(provider, caught.value.state, web("web:2", progressDeadlineSeconds=100))
    provider.delete(DEPLOYMENT, f"{NAMESPACE}/api", state, timeout=60)
    assert world.all("Pod") == []
