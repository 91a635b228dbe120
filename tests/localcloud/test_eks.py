"""EKS: clusters, who is let in, add-ons, and the roles of pods."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .conftest import Cloud
from .eks_steps import Clusters, auto_mode


@pytest.fixture(scope="module")
def clusters(cloud: Cloud) -> Clusters:
    return Clusters(cloud)


@pytest.fixture(scope="module")
def cluster(clusters: Clusters) -> Iterator[str]:
    name = clusters.cluster(**auto_mode(pools=("system",), role=clusters.node_role))
    yield name
    clusters.remove(name)


def test_a_cluster_is_described_as_it_was_asked_for(clusters: Clusters, cluster: str) -> None:
    described = clusters.client.describe_cluster(name=cluster)["cluster"]
    assert described["endpoint"].startswith("https://127.0.0.1:")
    assert described["computeConfig"] == {
        "enabled": True, "nodePools": ["system"], "nodeRoleArn": clusters.node_role,
    }  # fmt: skip
    assert described["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"
    print(described)
