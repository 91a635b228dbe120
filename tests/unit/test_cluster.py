"""Cluster and the environments' namespaces: what they register, and what of it keeps others out."""

from __future__ import annotations

import datetime as dt
import socket
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components import eks as versions
from components.cluster import Cluster, ClusterArgs
from components.cluster_access import ADMIN, VIEW, Access
from components.machines import MachinesArgs
from components.namespace import Namespace, NamespaceArgs
from components.network import Network, NetworkArgs
from composition.cluster import warn_of_endpoint, warn_of_support
from localcloud.server.services.eks.versions import addon_versions
from tests.unit.recording import Recording, record

ACCOUNT, REGION = "908710317728", "us-west-2"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/cryoet-boundary"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/admin"


def network(opts: pulumi.ResourceOptions) -> Network:
    args = NetworkArgs(
        data_accounts=(ACCOUNT,),
        cidr="10.32.0.0/16",
        account=ACCOUNT,
        region=REGION,
        zones=("us-west-2a", "us-west-2b"),
        nat_gateways=1,
        flow_log_days=30,
        boundary=BOUNDARY,
    )
    return Network("network", args, opts)


def make(**fields: Any) -> tuple[Network, Cluster, pulumi.ResourceOptions]:
    """A cluster in a network, within a program that is being recorded."""
    opts = pulumi.ResourceOptions(provider=aws.Provider("account", region=REGION))
    net = network(opts)
    given: dict[str, Any] = {"version": "1.36", "public_access": ("8.8.8.0/24",), **fields}
    args = ClusterArgs(
        account=ACCOUNT,
        region=REGION,
        boundary=BOUNDARY,
        network=net,
        **given,
    )
    return net, Cluster("cluster", args, opts), opts


def deploy(**fields: Any) -> Recording:
    def program() -> None:
        net, cluster, opts = make(**fields)
        args = NamespaceArgs(environment="dev", cluster=cluster, vpc_id=net.vpc_id, subnet_ids=net.private_subnet_ids)
        Namespace("dev", args, opts)

    return record(program)


def test_the_cluster_is_in_auto_mode_without_built_in_pools_and_its_secrets_are_encrypted() -> None:
    inputs = deploy().one("cluster-eksCluster").inputs
    assert inputs["computeConfig"] == {"enabled": True, "nodePools": []}
    assert inputs["encryptionConfig"]["provider"]["keyArn"] == "arn:aws:mock:::cluster"
    assert inputs["accessConfig"] == {"authenticationMode": "API"}
    assert inputs["upgradePolicy"] == {"supportType": "STANDARD"}
    assert inputs["roleArn"] == "arn:aws:mock:::cluster-control"
    assert inputs["deletionProtection"] is True
    assert inputs["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"


def test_the_component_makes_neither_roles_without_a_boundary_nor_coredns() -> None:
    graph = deploy()
    given = graph.one("cluster", "eks:index:Cluster").inputs
    assert given["corednsAddonOptions"]["enabled"] is False
    assert (given["createInstanceRole"], given["autoMode"]["createNodeRole"]) == (False, False)
    assert all("permissionsBoundary" in one.inputs for one in graph.of("iam/role:Role"))


@pytest.mark.parametrize(
    ("networks", "public"), [((), False), (("8.8.8.0/24",), True)], ids=["from inside alone", "a list"]
)
def test_kubernetes_is_reached_from_the_listed_networks_alone(networks: tuple[str, ...], *, public: bool) -> None:
    config = deploy(public_access=networks).one("cluster-eksCluster").inputs["vpcConfig"]
    assert (config["endpointPublicAccess"], config["endpointPrivateAccess"]) == (public, True)
    assert config.get("publicAccessCidrs", []) == [*networks]


def test_those_who_get_in_have_an_entry_and_the_machines_have_theirs() -> None:
    reader = f"arn:aws:iam::{ACCOUNT}:role/reader"
    graph = deploy(
        access={"deploy": Access(principal=ROLE, policy=ADMIN), "reader": Access(principal=reader, policy=VIEW)}
    )
    associations = graph.of("AccessPolicyAssociation")
    policies = {one.inputs["principalArn"]: one.inputs["policyArn"].rpartition("/")[2] for one in associations}
    machines = "arn:aws:mock:::cluster-nodes"
    assert policies == {ROLE: ADMIN, reader: VIEW, machines: "AmazonEKSAutoNodePolicy"}
    entries = {one.inputs["principalArn"]: one.inputs.get("type") for one in graph.of("AccessEntry")}
    assert entries == {ROLE: None, reader: None, machines: "EC2"}
    assert all(one.delete_before_replace for one in associations), "to EKS the new one and the old one are the same"
    assert "cluster-machines" in graph.one("shared-node-pool").depends_on


def test_the_way_in_is_made_of_what_stays_with_the_cluster() -> None:
    provider = deploy().one("cluster", "pulumi:providers:kubernetes")
    config = provider.json("kubeconfig")
    assert config["clusters"][0]["cluster"]["server"] == "https://cluster.example"
    command = config["users"][0]["user"]["exec"]
    assert command["command"] == "aws"
    assert " ".join(command["args"]) == "--region us-west-2 eks get-token --cluster-name cryoet --output json"
    assert provider.inputs["clusterIdentifier"] == "2026-11-28T12:00:00Z"


def test_add_ons_come_after_machines_and_pods_after_both() -> None:
    graph = deploy()
    add_ons = graph.of("eks/addon:Addon")
    assert {one.inputs["addonName"] for one in add_ons} == {
        "metrics-server",
        "aws-secrets-store-csi-driver-provider",
    }
    assert all("shared-node-pool" in one.depends_on for one in add_ons)
    before = {"cluster-network-policies", "shared-node-pool", *(one.name for one in add_ons)}
    assert before <= graph.one("dev-namespace").depends_on
    enforced = graph.one("cluster-network-policies").inputs["data"]
    assert enforced == {"enable-network-policy-controller": "true"}


@pytest.mark.parametrize("version", [*versions.SUPPORT_ENDS])
def test_add_ons_have_a_version_that_eks_publishes_for_the_cluster_s(version: str) -> None:
    add_ons = {
        one.inputs["addonName"]: one.inputs["addonVersion"] for one in deploy(version=version).of("eks/addon:Addon")
    }
    assert add_ons == versions.ADD_ONS[version]
    assert all(number in addon_versions(name, version) for name, number in add_ons.items())
    chosen = deploy(version=version, add_on_versions={versions.METRICS: "v0.8.1-eksbuild.3"})
    assert chosen.one("cluster-metrics-server").inputs["addonVersion"] == "v0.8.1-eksbuild.3"


def test_machines_are_those_asked_for_and_limited() -> None:
    machines = MachinesArgs(
        architecture="amd64", capacity_types=("spot", "on-demand"), max_vcpus=8, max_memory_gib=16, disk_gib=200
    )
    graph = deploy(machines=machines)
    spec = graph.one("shared-node-pool").inputs["spec"]
    required = {one["key"]: one["values"] for one in spec["template"]["spec"]["requirements"]}
    assert required["kubernetes.io/arch"] == ["amd64"]
    assert required["karpenter.sh/capacity-type"] == ["spot", "on-demand"]
    assert spec["limits"] == {"cpu": "8", "memory": "16Gi"}
    assert graph.one("shared-node-class").inputs["spec"]["ephemeralStorage"] == {"size": "200Gi"}


def test_an_environments_machines_have_a_security_group_of_their_own() -> None:
    graph = deploy()
    groups = graph.one("dev-node-class").inputs["spec"]["securityGroupSelectorTerms"]
    assert groups == [{"id": "cluster-group-id"}, {"id": "dev-pods-id"}]
    assert graph.one("dev-node-pool").inputs["spec"]["template"]["spec"]["nodeClassRef"]["name"] == "dev"
    labels = graph.one("dev-namespace").inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["eks.amazonaws.com/pod-readiness-gate-inject"] == "enabled"
    denied = graph.one("dev-deny").inputs["spec"]
    assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_a_retired_cluster_can_be_deleted() -> None:
    graph = deploy(retire=True)
    assert graph.one("cluster-eksCluster").inputs["deletionProtection"] is False
    assert not [one.name for one in graph.resources if one.protect]


def test_the_cluster_and_its_key_are_protected_and_who_gets_in_is_not() -> None:
    """pulumi_eks hands the protection of the component on to the cluster, which is its child."""
    reader = {"reader": Access(principal=f"arn:aws:iam::{ACCOUNT}:role/reader", policy=VIEW)}
    protected = {(one.type, one.name) for one in deploy(access=reader).resources if one.protect}
    assert protected == {("eks:index:Cluster", "cluster"), ("aws:kms/key:Key", "cluster")}


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"version": "1.33"}, "version: '1.33': no version in EKS's standard support on 2026-11-28; one of 1.36"),
        ({"public_access": ("8.8.8.1/24",)}, "public_access: '8.8.8.1/24': a network is written as"),
        ({"public_access": ("192.0.2.0/24",)}, "public_access: '192.0.2.0/24': nobody comes from 192.0.2.0/24"),
        (
            {"add_on_versions": {"coredns": "v1.14.2-eksbuild.4"}},
            "add_on_versions: 'coredns': no add-on of",
        ),
        ({"add_on_versions": {"metrics-server": "0.9.0"}}, "add_on_versions.metrics-server: '0.9.0': a version of an"),
        ({"public_access": ("10.1.0.0/16",)}, "public_access: '10.1.0.0/16': nobody comes from 10.0.0.0/8"),
        ({"public_access": ("8.0.0.0/5",)}, "public_access: '8.0.0.0/5': nobody comes from 10.0.0.0/8"),
        ({"log_days": 2}, "log_days: 2"),
        ({"access": {"a": Access(principal=ROLE, policy="x")}}, "access: ['x']: one of AmazonEKSClusterAdminPolicy"),
        ({"machines": MachinesArgs(max_vcpus=1)}, "machines.max_vcpus: 1: 2 to 1000"),
        ({"machines": MachinesArgs(capacity_types=())}, "machines.capacity_types: ()"),
        ({"machines": MachinesArgs(disk_gib=10)}, "machines.disk_gib: 10: 20 to 59000"),
    ],
)
def test_bad_arguments_are_refused_by_name(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValueError, match="Cluster 'cluster'") as caught:
        deploy(**fields)
    assert rule in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("1.35", "1.36", None),
        ("1.36", "1.36", None),
        ("1.36", "1.35", "the cluster has 1.36: a version can't be taken back"),
        ("1.34", "1.36", "the cluster has 1.34: one minor version at a time; 1.35 first"),
    ],
)
def test_an_upgrade_goes_one_version_on(old: str, new: str, rule: str | None) -> None:
    assert versions.upgrade_fault(old, new) == rule


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a preview's readers are warned of."""
    told: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", told.append)
    return told


def test_a_version_that_leaves_support_soon_is_told(warnings: list[str]) -> None:
    warn_of_support("1.36", dt.date(2027, 1, 1))
    assert not warnings
    warn_of_support("1.36", dt.date(2027, 7, 1))
    warn_of_support("1.36", dt.date(2027, 9, 1))
    assert warnings[0] == "cluster: standard support of Kubernetes 1.36 ends on 2027-08-02"
    assert "ended on 2027-08-02: AWS upgrades the cluster by itself" in warnings[1]


def test_an_endpoint_that_does_not_answer_from_here_is_told(warnings: list[str]) -> None:
    warn_of_endpoint(("8.8.8.0/24",), "")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        warn_of_endpoint((), f"https://127.0.0.1:{port}")
    assert not warnings
    warn_of_endpoint((), f"https://127.0.0.1:{port}")
    assert "doesn't answer from here" in warnings[0]


def test_a_preview_tells_of_an_endpoint_inside_the_network_before_there_is_one(
    warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    warn_of_endpoint((), "")
    assert not warnings
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    warn_of_endpoint(("8.8.8.0/24",), "")
    assert not warnings
    warn_of_endpoint((), "")
    assert "with public_access: [] Kubernetes is reached from inside" in warnings[0]
