"""What `portal status` says of a cluster and of the services that run in it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from localcloud.kubernetes.api import CONTROLLERS
from localcloud.kubernetes.objects.kinds import kind
from localcloud.server import images
from localcloud.server.services.eks.model import REGIONS
from portal.clusters import ClusterStatus, cluster_status
from portal.pulumi_cli import ROOT

from .batch_steps import time_scale
from .conftest import DEV, REGION, Cloud
from .eks_steps import VERSION, Clusters, auto_mode
from .kubernetes_kit import container, deployment, readiness, stand_ins
from .policies import allow

SERVICES = {"dev": ["api", "frontend"], "staging": ["api"]}
SECONDS = 30


@pytest.fixture(scope="module")
def clusters(cloud: Cloud) -> Clusters:
    images.configure(images.stand_ins(stand_ins(), ROOT))
    return Clusters(cloud, "10.46")


@pytest.fixture(scope="module")
def cluster(clusters: Clusters) -> Iterator[str]:
    mode = auto_mode(pools=("general-purpose", "system"), role=clusters.node_role)
    vpc = {"subnetIds": clusters.subnets[:2], "endpointPrivateAccess": True, "publicAccessCidrs": ["8.8.8.0/24"]}
    name = clusters.cluster(resourcesVpcConfig=vpc, **mode)
    for namespace in SERVICES:
        create(name, "Namespace", {"metadata": {"name": namespace}})
    yield name
    clusters.remove(name)


@pytest.fixture(autouse=True)
def environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)


def client(cluster: str) -> Any:
    api = REGIONS[DEV, REGION].cluster(cluster).running.api
    assert api is not None
    return api.client(CONTROLLERS)


def create(cluster: str, kind_name: str, body: dict[str, Any], namespace: str = "") -> None:
    known = kind(kind_name)
    client(cluster).create(known.path(namespace), {"apiVersion": known.api_version, "kind": kind_name, **body})


def until(cluster: str, session: boto3.Session, words: str) -> ClusterStatus:
    """The status once a line of its services ends so."""
    deadline = time.monotonic() + SECONDS
    while True:
        status = cluster_status(cluster, SERVICES, session)
        lines = [str(one) for one in status.services]
        if any(line.endswith(words) for line in lines):
            return status
        assert time.monotonic() < deadline, (lines, status.fault)
        time.sleep(0.05)


def test_services_have_their_pods_images_and_rollouts(cloud: Cloud, cluster: str) -> None:
    session = cloud.session()
    with time_scale(0.02):
        create(cluster, "Deployment", deployment("api", container(readinessProbe=readiness()), replicas=1), "dev")
        until(cluster, session, "api of dev: 1 of 1 pods ready, image web:1")
        broken = deployment("frontend", container("web:crashing"), replicas=2, progressDeadlineSeconds=1)
        create(cluster, "Deployment", broken, "dev")
        status = until(cluster, session, " has timed out progressing.")
        release = {"spec": {"template": {"spec": {"containers": [container("web:sick", readinessProbe=readiness())]}}}}
        client(cluster).patch(kind("Deployment").path("dev", "api"), release)
        until(
            cluster,
            session,
            "api of dev: 1 of 1 pods ready, image web:sick; rollout goes on: 1 of 2 pods are of this release",
        )
    told = [str(one) for one in status.services]
    assert told[0] == "api of dev: 1 of 1 pods ready, image web:1"
    assert told[1].startswith("frontend of dev: 0 of 2 pods ready, image web:crashing; rollout failed: ReplicaSet ")
    assert told[2] == "api of staging: missing"
    assert status.fault == ""
    assert str(status).startswith(f"{cluster}: Kubernetes {VERSION} (standard support until 2027-03-27), ACTIVE, at ")
    assert str(status).endswith(" from 8.8.8.0/24 and inside the network")


def test_a_role_that_the_cluster_does_not_know_is_told_so(cloud: Cloud, cluster: str) -> None:
    role = cloud.limited(allow("eks:DescribeCluster"))
    status = cluster_status(cluster, SERVICES, cloud.session(role=role))
    assert (status.version, status.services) == (VERSION, ())
    assert status.fault == f"{status.endpoint}: Unauthorized"


def test_a_role_that_may_not_ask_eks_is_told_so(cloud: Cloud, cluster: str) -> None:
    status = cluster_status(cluster, SERVICES, cloud.session(role=cloud.limited(allow("s3:ListAllMyBuckets"))))
    assert str(status).startswith(f"{cluster}: An error occurred (AccessDeniedException)")


def test_a_cluster_that_is_gone_and_one_that_does_not_answer(
    cloud: Cloud, clusters: Clusters, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = clusters.cluster()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and never listens
        endpoint = f"https://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setattr(REGIONS[DEV, REGION].cluster(name).running, "endpoint", endpoint)
        assert cluster_status(name, SERVICES, cloud.session()).fault == f"{endpoint}: [Errno 111] Connection refused"
    clusters.remove(name)
    assert "ResourceNotFoundException" in cluster_status(name, SERVICES, cloud.session()).fault
