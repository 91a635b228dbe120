"""Who pulls the images of pods: the machines' role, by ECR's rights, in its own account and in another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.kubernetes.api import CONTROLLERS
from localcloud.kubernetes.objects.kinds import kind
from localcloud.server import images
from localcloud.server.services.eks.model import REGIONS
from portal.pulumi_cli import ROOT

from .batch_steps import time_scale
from .conftest import DEV, PROD, REGION, Cloud
from .eks_steps import NODE_POLICIES, Clusters, auto_mode, role_name
from .kubernetes_kit import container, deployment, stand_ins
from .policies import allow, document

PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
SECONDS = 30.0


@pytest.fixture(scope="module")
def clusters(cloud: Cloud) -> Clusters:
    images.configure(images.stand_ins([{**stand_ins()[0], "image": "*/web:1"}], ROOT))
    return Clusters(cloud, "10.47")


@pytest.fixture(scope="module")
def cluster(clusters: Clusters) -> Iterator[str]:
    name = clusters.cluster(**auto_mode(pools=("general-purpose", "system"), role=clusters.node_role))
    yield name
    clusters.remove(name)


def api(cluster: str) -> Any:
    server = REGIONS[DEV, REGION].cluster(cluster).running.api
    assert server is not None
    return server.client(CONTROLLERS)


def image(account: str, repository: str = "web") -> str:
    return f"{account}.dkr.ecr.{REGION}.amazonaws.com/{repository}:1"


def run(cluster: str, name: str, of: str) -> None:
    body = {"apiVersion": "apps/v1", "kind": "Deployment", **deployment(name, container(of), replicas=1)}
    api(cluster).create(kind("Deployment").path("default"), body)


def until(cluster: str, name: str, state: str, reason: str = "") -> str:
    """The message of the container's state, once it is that one for that reason."""
    deadline = time.monotonic() + SECONDS
    while True:
        pods = api(cluster).get(kind("Pod").path("default"), {"labelSelector": f"app={name}"})["items"]
        states = [one["state"] for pod in pods for one in pod.get("status", {}).get("containerStatuses", [])]
        for one in states:
            if one.get(state, {}).get("reason", "") == reason and state in one:
                return str(one[state].get("message", ""))
        assert time.monotonic() < deadline, states
        time.sleep(0.05)


def test_a_node_without_the_right_to_pull_says_so_and_pulls_once_it_has_it(clusters: Clusters, cluster: str) -> None:
    clusters.cloud.client("ecr").create_repository(repositoryName="web")
    about = {"RoleName": role_name(clusters.node_role), "PolicyArn": f"arn:aws:iam::aws:policy/{NODE_POLICIES[1]}"}
    with time_scale(0.02):
        clusters.iam.detach_role_policy(**about)
        run(cluster, "own", image(DEV))
        message = until(cluster, "own", "waiting", "ImagePullBackOff")
        clusters.iam.attach_role_policy(**about)
        until(cluster, "own", "running")
    assert message.startswith(f'Back-off pulling image "{image(DEV)}": ErrImagePull: failed to pull and unpack image')
    assert f"{role_name(clusters.node_role)}/" in message
    assert "is not authorized to perform: ecr:GetAuthorizationToken" in message


def test_another_account_s_repository_must_admit_the_node(clusters: Clusters, cluster: str) -> None:
    ecr = clusters.cloud.client("ecr", PROD)
    ecr.create_repository(repositoryName="shared/web")
    with time_scale(0.02):
        run(cluster, "shared", image(PROD, "shared/web"))
        message = until(cluster, "shared", "waiting", "ImagePullBackOff")
        statement = allow([*PULL], "") | {"Principal": {"AWS": clusters.node_role}}
        del statement["Resource"]
        ecr.set_repository_policy(repositoryName="shared/web", policyText=document(statement))
        until(cluster, "shared", "running")
    assert "is not authorized to perform: ecr:BatchGetImage on resource: " in message


def test_a_repository_that_is_not_there_is_named(cluster: str) -> None:
    with time_scale(0.02):
        run(cluster, "missing", image(DEV, "nothing/web"))
        message = until(cluster, "missing", "waiting", "ErrImagePull")
    assert message.endswith(f"the repository with name nothing/web does not exist in the registry with id {DEV}")
