"""The light `kubernetes` provider at a cluster of EKS: by the kubeconfig that the AWS CLI and Pulumi write for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.provider.errors import ProviderError
from localcloud.provider_kubernetes.config import Command
from localcloud.provider_kubernetes.credentials import get_token_of
from localcloud.provider_kubernetes.provider import KubernetesProvider

from .conftest import DEV, REGION, Cloud
from .eks_steps import Clusters
from .policies import allow

NAMESPACE = "kubernetes:core/v1:Namespace"
ADMINISTRATOR = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@pytest.fixture(scope="module")
def clusters(cloud: Cloud) -> Clusters:
    return Clusters(cloud)


@pytest.fixture(scope="module")
def cluster(clusters: Clusters) -> Iterator[str]:
    name = clusters.cluster()
    yield name
    clusters.remove(name)


@pytest.fixture(autouse=True)
def environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the plugin's process has."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)


def provider_of(clusters: Clusters, cluster: str, *arguments: str, command: str = "aws") -> KubernetesProvider:
    """Configured with a kubeconfig that has these further arguments of ``aws eks get-token``."""
    described = clusters.client.describe_cluster(name=cluster)["cluster"]
    server = {"server": described["endpoint"], "certificate-authority-data": described["certificateAuthority"]["data"]}
    executed = {"command": command, "args": ["eks", "get-token", "--cluster-name", cluster, *arguments]}
    config: dict[str, Any] = {
        "clusters": [{"name": "c", "cluster": server}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
        "users": [{"name": "u", "user": {"exec": executed}}],
    }
    provider = KubernetesProvider()
    provider.configure({"kubeconfig": json.dumps(config)})
    return provider


def created(provider: KubernetesProvider, name: str) -> str:
    inputs, failures = provider.check(NAMESPACE, "it", {}, {"metadata": {"name": name}}, b"")
    assert not failures
    return provider.create("urn", NAMESPACE, inputs, preview=False, timeout=20, hidden=frozenset())[0]


def test_a_role_with_an_access_entry_makes_objects_and_one_without_is_not_let_in(
    clusters: Clusters, cluster: str
) -> None:
    role = f"arn:aws:iam::{DEV}:role/{clusters.cloud.limited(allow('s3:ListAllMyBuckets'))}"
    with pytest.raises(ProviderError, match="the server has asked for the client to provide credentials"):
        created(provider_of(clusters, cluster, "--role", role), "dev")
    clusters.client.create_access_entry(clusterName=cluster, principalArn=role)
    with pytest.raises(ProviderError, match=r'cannot get resource "namespaces" in API group "" at the cluster scope'):
        created(provider_of(clusters, cluster, "--role", role), "dev")
    clusters.client.associate_access_policy(
        clusterName=cluster, principalArn=role, policyArn=ADMINISTRATOR, accessScope={"type": "cluster"}
    )
    assert created(provider_of(clusters, cluster, "--role", role), "dev") == "dev"


def test_the_aws_command_itself_is_run_where_it_has_options_of_its_own(clusters: Clusters, cluster: str) -> None:
    role = f"arn:aws:iam::{DEV}:role/{clusters.cloud.limited(allow('s3:ListAllMyBuckets'))}"
    clusters.client.create_access_entry(clusterName=cluster, principalArn=role)
    clusters.client.associate_access_policy(
        clusterName=cluster, principalArn=role, policyArn=ADMINISTRATOR, accessScope={"type": "cluster"}
    )
    arguments = ("--role-arn", role, "--region", REGION, "--color", "off")
    assert get_token_of(Command(command="aws", arguments=("eks", "get-token", *arguments))) is None
    command = shutil.which("aws")
    assert command is not None
    assert created(provider_of(clusters, cluster, *arguments, command=command), "qa") == "qa"
