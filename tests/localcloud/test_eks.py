"""EKS: clusters, their changes, add-ons and versions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from localcloud.kubernetes.api import CONTROLLERS
from localcloud.server.services.eks import versions
from localcloud.server.services.eks.model import REGIONS, Cluster

from .batch_steps import time_scale
from .conftest import DEV, REGION, Cloud
from .eks_steps import Clusters, auto_mode

POOLS = "/apis/karpenter.sh/v1/nodepools"


@pytest.fixture(scope="module")
def clusters(cloud: Cloud) -> Clusters:
    return Clusters(cloud)


@pytest.fixture(scope="module")
def cluster(clusters: Clusters) -> Iterator[str]:
    name = clusters.cluster(**auto_mode(pools=("system",), role=clusters.node_role), tags={"of": "a test"})
    yield name
    clusters.remove(name)


def inside_of(name: str) -> Cluster:
    return REGIONS[DEV, REGION].cluster(name)


def test_a_cluster_is_described_as_it_was_asked_for(clusters: Clusters, cluster: str) -> None:
    described = clusters.client.describe_cluster(name=cluster)["cluster"]
    assert described["endpoint"].startswith("https://127.0.0.1:")
    assert described["computeConfig"] == {"enabled": True, "nodePools": ["system"], "nodeRoleArn": clusters.node_role}
    assert described["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"
    assert described["resourcesVpcConfig"]["vpcId"] == clusters.vpc
    assert described["tags"]["of"] == "a test"  # another test adds to them
    group = described["resourcesVpcConfig"]["clusterSecurityGroupId"]
    rules = clusters.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    assert [pair["GroupId"] for rule in rules for pair in rule["UserIdGroupPairs"]] == [group]


def test_a_cluster_comes_up_and_goes_by_the_time_scale(clusters: Clusters) -> None:
    with time_scale(1000):
        made = clusters.client.create_cluster(**clusters.request())["cluster"]
        assert (made["status"], "endpoint" in made) == ("CREATING", False)
    inside_of(made["name"]).ready_at = 0
    group = clusters.until(made["name"], "ACTIVE")["resourcesVpcConfig"]["clusterSecurityGroupId"]
    clusters.remove(made["name"])
    groups = clusters.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [clusters.vpc]}])
    assert group not in [one["GroupId"] for one in groups["SecurityGroups"]]


def test_changes_take_effect_once_they_are_done(clusters: Clusters) -> None:
    name = clusters.cluster(version="1.34")
    endpoint = clusters.client.describe_cluster(name=name)["cluster"]["endpoint"]
    with time_scale(1000):
        update = clusters.client.update_cluster_version(name=name, version="1.35")["update"]
        before = clusters.client.describe_cluster(name=name)["cluster"]
        assert (before["status"], before["version"]) == ("UPDATING", "1.34")
    inside_of(name).updates[update["id"]].done_at = 0
    assert clusters.until(name, "ACTIVE")["version"] == "1.35"
    assert clusters.client.describe_update(name=name, updateId=update["id"])["update"]["status"] == "Successful"
    api = inside_of(name).running.api
    assert api is not None
    assert api.version == "1.35"
    changed = clusters.changed(name, **auto_mode(pools=("general-purpose",), role=clusters.node_role))
    assert changed["computeConfig"]["nodePools"] == ["general-purpose"]
    assert clusters.node_role in clusters.client.list_access_entries(clusterName=name)["accessEntries"]
    changed = clusters.changed(name, logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]})
    assert changed["logging"]["clusterLogging"][0] == {"types": ["audit"], "enabled": True}
    assert changed["endpoint"] == endpoint
    clusters.remove(name)


def installed(clusters: Clusters, cluster: str, addon: str, **given: Any) -> dict[str, Any]:
    """The add-on, once it has come up."""
    named = {"clusterName": cluster, "addonName": addon}
    with time_scale(0.01):
        clusters.client.create_addon(**named, **given)
        time.sleep(0.05)
    return clusters.client.describe_addon(**named)["addon"]


def test_an_addon_without_nodes_is_degraded_until_there_is_a_node_pool(clusters: Clusters) -> None:
    name = clusters.cluster()
    for addon in ("coredns", "metrics-server"):
        degraded = installed(clusters, name, addon)
        assert degraded["status"] == "DEGRADED"
        assert degraded["health"]["issues"][0]["code"] == "InsufficientNumberOfReplicas"
    assert installed(clusters, name, "aws-secrets-store-csi-driver-provider")["status"] == "ACTIVE"
    api = inside_of(name).running.api
    assert api is not None
    requirement = {"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64"]}
    reference = {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "web"}
    template = {"spec": {"nodeClassRef": reference, "requirements": [requirement]}}
    api.client(CONTROLLERS).create(POOLS, {"metadata": {"name": "web"}, "spec": {"template": template}})
    described = clusters.client.describe_addon(clusterName=name, addonName="metrics-server")["addon"]
    assert (described["status"], described["health"]["issues"]) == ("ACTIVE", [])
    clusters.remove(name)


def test_an_addon_is_updated_and_goes(clusters: Clusters, cluster: str) -> None:
    named = {"clusterName": cluster, "addonName": "metrics-server"}
    oldest, *_, newest = reversed(versions.addon_versions("metrics-server", "1.35"))
    made = installed(clusters, cluster, "metrics-server", addonVersion=oldest)
    assert (made["status"], made["addonVersion"]) == ("ACTIVE", oldest)
    with time_scale(0.01):
        clusters.client.update_addon(**named, addonVersion=newest, configurationValues='{"replicas": 2}')
        time.sleep(0.05)
        changed = clusters.client.describe_addon(**named)["addon"]
        assert (changed["addonVersion"], changed["configurationValues"]) == (newest, '{"replicas": 2}')
        clusters.client.delete_addon(**named)
        time.sleep(0.05)
        assert "metrics-server" not in clusters.client.list_addons(clusterName=cluster)["addons"]


def test_addons_are_published_for_each_minor_version(clusters: Clusters) -> None:
    asked = {"addonName": "kube-proxy", "kubernetesVersion": "1.34"}
    info = clusters.client.describe_addon_versions(**asked)["addons"][0]
    assert {build["addonVersion"].rpartition(".")[0] for build in info["addonVersions"]} == {"v1.34.14-eksbuild"}
    default = [build for build in info["addonVersions"] if build["compatibilities"][0]["defaultVersion"]]
    assert len(default) == 1
    chosen = {"addonName": "kube-proxy", "addonVersion": default[0]["addonVersion"]}
    schema = json.loads(clusters.client.describe_addon_configuration(**chosen)["configurationSchema"])
    assert "tolerations" in schema["properties"]
    owned = clusters.client.describe_addon_versions(owners=["community"])["addons"]
    assert {info["owner"] for info in owned} == {"community"}


def test_versions_say_how_long_they_are_supported(clusters: Clusters) -> None:
    infos = clusters.client.describe_cluster_versions(includeAll=True)["clusterVersions"]
    assert [info["clusterVersion"] for info in infos] == ["1.36", "1.35", "1.34", "1.33", "1.32", "1.31"]
    assert [info["clusterVersion"] for info in infos if info["defaultVersion"]] == [versions.DEFAULT]
    moments = [datetime(2026, month, 1, tzinfo=UTC) for month in (2, 11, 12)]
    kinds = [versions.support("1.31", moment) for moment in moments]
    assert kinds == ["EXTENDED_SUPPORT", "EXTENDED_SUPPORT", "UNSUPPORTED"]
    asked = {"versionStatus": "STANDARD_SUPPORT", "clusterVersions": ["1.33", "1.36"]}
    infos = clusters.client.describe_cluster_versions(**asked)["clusterVersions"]
    assert [info["clusterVersion"] for info in infos] == ["1.36"]


def test_everything_that_has_an_arn_has_tags(clusters: Clusters, cluster: str) -> None:
    client = clusters.client
    role = clusters.made_role("ec2.amazonaws.com", ())
    of = {"clusterName": cluster}
    arns = [
        client.describe_cluster(name=cluster)["cluster"]["arn"],
        client.create_access_entry(**of, principalArn=role)["accessEntry"]["accessEntryArn"],
        installed(clusters, cluster, "kube-state-metrics")["addonArn"],
        client.create_pod_identity_association(
            **of, namespace="dev", serviceAccount="tagged", roleArn=clusters.pod_role
        )["association"]["associationArn"],
    ]
    for arn in arns:
        client.tag_resource(resourceArn=arn, tags={"added": "1", "other": "2"})
        client.untag_resource(resourceArn=arn, tagKeys=["other"])
        assert client.list_tags_for_resource(resourceArn=arn)["tags"]["added"] == "1"
        assert "other" not in client.list_tags_for_resource(resourceArn=arn)["tags"]
    assert inside_of(cluster).entry(role).tags == {"added": "1"}
