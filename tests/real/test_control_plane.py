"""Kubernetes' own API server, controllers and scheduler, with the local cloud's node agent and EKS's additions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from localcloud.kubernetes.api import ApiError
from localcloud.kubernetes.control_plane.cluster import ControlPlane
from localcloud.kubernetes.http_client import HttpClient
from localcloud.kubernetes.objects.kinds import kind
from localcloud.server.services.eks.running import Running
from tests.localcloud.kubernetes_kit import (
    NAMESPACE,
    Caller,
    InCluster,
    Json,
    container,
    deployment,
    readiness,
    service,
)
from tests.localcloud.test_rollouts import LATE, set_image, until_complete
from tests.real.conftest import TOKEN, started

PROGRAMS = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
DRAINED = {"preStop": {"sleep": {"seconds": 3}}}
CAREFUL: Json = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
WITHOUT_TOKEN: Json = {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 10}
POD_IDENTITY = "pods.eks.amazonaws.com"


def below(pid: int) -> set[str]:
    """The names of the processes that a process started, and those that they did."""
    return {Path(one.cmdline()[0]).name for one in psutil.Process(pid).children(recursive=True) if one.cmdline()}


def until(what: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_pods_are_scheduled_served_and_replaced_without_a_lost_request(world: InCluster) -> None:
    """Kubernetes' scheduler finds no node, EKS's part launches one, and the node agent runs the pods."""
    world.create("Service", service("web"))
    spec = container("web:1", readinessProbe=readiness(), lifecycle=DRAINED)
    world.create("Deployment", deployment("web", spec, pod=WITHOUT_TOKEN, **CAREFUL))
    until_complete(world, "web")
    assert {node["metadata"]["labels"]["karpenter.sh/nodepool"] for node in world.all("Node")} == {"general-purpose"}
    with Caller(world, "web", LATE) as caller:
        world.until(lambda: len(caller.answers) > 20)
        set_image(world, "web", "web:2")
        until_complete(world, "web")
        world.until(lambda: "one" not in caller.answers[-20:])
    assert caller.failures == []
    assert set(caller.answers) == {"one", "two"}


def test_a_pods_token_is_its_own_and_for_its_audience(world: InCluster, plane: ControlPlane) -> None:
    world.create("Pod", {"metadata": {"name": "asks"}, "spec": {"containers": [container("web:1")]}})
    uid = world.get("Pod", "asks")["metadata"]["uid"]
    bound = {"kind": "Pod", "apiVersion": "v1", "name": "asks", "uid": uid}
    request = {"spec": {"audiences": [POD_IDENTITY], "boundObjectRef": bound, "expirationSeconds": 3600}}
    path = kind("ServiceAccount").path(NAMESPACE, "default", "token")
    token = world.client.create(path, request)["status"]["token"]
    owner = plane.review(token, POD_IDENTITY)
    assert owner is not None
    assert (owner.namespace, owner.service_account) == (NAMESPACE, "default")
    assert (owner.pod, owner.pod_uid) == ("asks", uid)
    assert plane.review(token, "sts.amazonaws.com") is None
    assert plane.review("no.such.token", POD_IDENTITY) is None


def test_the_token_that_kubernetes_mounts_is_refused_in_the_pods_status(world: InCluster) -> None:
    world.create("Pod", {"metadata": {"name": "mounting"}, "spec": {"containers": [container("web:1")]}})
    state = world.until_waiting("mounting", "ContainerCreating")
    assert "projects configMap" in state["message"]
    assert "the local cloud projects serviceAccountToken" in state["message"]


def test_callers_are_let_in_by_their_access_policies(world: InCluster, plane: ControlPlane, authority: Path) -> None:
    def asking(token: str) -> HttpClient:
        return HttpClient(plane.endpoint, authority.read_text(), lambda _: token, "test")

    reader = asking(TOKEN)
    assert "items" in reader.get(kind("Pod").path(NAMESPACE))
    for path in (kind("Secret").path(NAMESPACE), kind("Pod").path("kube-system"), kind("NodeClass").path()):
        with pytest.raises(ApiError, check=lambda error: error.status == 403):
            reader.get(path)
    with pytest.raises(ApiError, check=lambda error: error.status == 401):
        asking("k8s-aws-v1.nobody").get(kind("Pod").path(NAMESPACE))


def test_what_a_kind_of_ekss_must_not_say_is_refused(world: InCluster) -> None:
    spec = {"serviceRef": {"name": "web", "port": 80}, "targetGroupARN": "arn", "targetType": "lambda"}
    with pytest.raises(ApiError, match=r'spec\.targetType: Unsupported value: "lambda"'):
        world.create("TargetGroupBinding", {"metadata": {"name": "web"}, "spec": spec})


def test_a_program_that_ends_by_itself_is_the_clusters_failure(tmp_path: Path) -> None:
    plane = started(tmp_path)
    try:
        cluster = Running(api=plane)
        assert cluster.failure == ""
        assert below(os.getpid()) >= PROGRAMS
        [scheduler] = [one for one in psutil.Process().children() if one.cmdline()[0].endswith("kube-scheduler")][-1:]
        scheduler.kill()
        until(lambda: cluster.failure)
        assert cluster.failure.startswith("kube-scheduler ended with code 137")
    finally:
        plane.close()


def test_nothing_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import os, sys, time
from pathlib import Path
from tests.real.conftest import started
plane = started(Path({str(tmp_path)!r}))
print(os.getpid(), flush=True)
time.sleep(600)
"""
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    assert below(pid) >= PROGRAMS
    children = psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGKILL)
    server.wait()
    until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in children))


def test_secrets_of_etcd_are_for_the_api_server_alone(plane: ControlPlane) -> None:
    """Everybody on the machine reaches its port."""
    children = [one.cmdline() for one in psutil.Process().children()]
    option, command = "--listen-client-urls=", ["curl", "--silent", "--insecure", "--max-time", "5"]
    storages = [
        word.removeprefix(option)
        for words in children
        if words[0].endswith("/etcd")
        for word in words
        if word.startswith(option)
    ]
    assert storages
    for storage in storages:
        assert subprocess.run([*command, f"{storage}/version"], capture_output=True, check=False).returncode != 0
    known = subprocess.run([*command, f"{plane.endpoint}/version"], capture_output=True, check=True).stdout
    assert json.loads(known)["minor"] == plane.version.partition(".")[2]
