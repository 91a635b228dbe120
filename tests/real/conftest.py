"""One control plane of Kubernetes' own programs for the tests of it, and a project whose clusters are such ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.kubernetes.api import CONTROLLERS, AccessPolicy, User
from localcloud.kubernetes.control_plane.cluster import ControlPlane
from localcloud.kubernetes.control_plane.installed import VARIABLE, installed
from localcloud.kubernetes.resources import Resources
from localcloud.kubernetes.running import run
from localcloud.server import images
from localcloud.server.tls import make_certificate
from portal.pulumi_cli import ROOT
from tests.journey.conftest import (
    cloud,
    initialised,
    local_cloud_accounts,
    local_cloud_configuration,
    local_cloud_server,
    module_project,
)
from tests.localcloud.kubernetes_kit import NAMESPACE, Account, InCluster, stand_ins

__all__ = [
    "cloud",
    "initialised",
    "local_cloud_accounts",
    "local_cloud_configuration",
    "local_cloud_server",
    "module_project",
]

POLICY = "arn:aws:eks::aws:cluster-access-policy/"
READER = User("reader", ("system:authenticated",), (AccessPolicy(f"{POLICY}AmazonEKSViewPolicy", (NAMESPACE,)),))
TOKEN = "k8s-aws-v1.reader"
ADMINISTRATORS_TOKEN = "k8s-aws-v1.administrator"
ADMINISTRATOR = User(
    "administrator", ("system:authenticated",), (AccessPolicy(f"{POLICY}AmazonEKSClusterAdminPolicy"),)
)
USERS = {TOKEN: READER, ADMINISTRATORS_TOKEN: ADMINISTRATOR}
NO_TARGETS = {"DescribeTargetHealth": lambda _: {"TargetHealthDescriptions": []}}


def pytest_ignore_collect() -> bool | None:
    """Without the programs there is nothing to test: `make test-real` builds them."""
    return True if installed() is None else None


def started(folder: Path) -> ControlPlane:
    found = installed()
    assert found is not None, f"{VARIABLE} names no programs"
    return ControlPlane(
        found,
        service_cidr="172.20.0.0/16",
        authority=make_certificate(folder).authority,
        authenticate=USERS.get,
        aws=Account(),
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The local cloud's, as PEM."""
    return make_certificate(tmp_path_factory.mktemp("authority")).authority


@pytest.fixture(scope="module")
def plane(authority: Path) -> Iterator[ControlPlane]:
    plane = started(authority.parent)
    yield plane
    plane.close()


@pytest.fixture(scope="module")
def world(plane: ControlPlane) -> Iterator[InCluster]:
    """What is in the cluster, with the local cloud's controllers and node agent at work."""
    images.configure(images.stand_ins(stand_ins(), ROOT))
    programs = run(plane, Account(answers=NO_TARGETS))
    world = InCluster(plane.client(CONTROLLERS))
    accounts = Resources(world.client, "test")
    world.until(lambda: accounts.find("ServiceAccount", NAMESPACE, "default"))
    yield world
    programs.stop()
