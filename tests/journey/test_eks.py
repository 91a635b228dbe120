"""pulumi_eks by the real engine: a cluster comes up as the official plugin registers it, and goes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from portal.pulumi_cli import ROOT
from tests.journey.conftest import INIT, Cloud, Project, environment
from tests.journey.forks import forks
from tests.journey.inventory import in_account, in_state, made_since

COMPARED = (
    "aws:eks/accessEntry:AccessEntry",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws:eks/addon:Addon",
    "aws:eks/cluster:Cluster",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:iam/role:Role",
)
"""Of these the account has what the state has, and nothing else."""
CLUSTER_POLICIES, NODE_POLICIES, INSTANCE_POLICIES = 5, 2, 3


class ClusterAlone(Project):
    """The program that has a cluster, its network and a namespace."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env
        shutil.copytree(ROOT / "tests" / "journey" / "programs" / "eks", folder)
        (folder / ".venv").symlink_to(forks().virtualenv)

    def registered(self) -> dict[str, str]:
        """Every resource under the cluster: name to type."""
        urns = [one["urn"] for one in self.resources("alone")]
        below = [urn.split("::")[2:] for urn in urns if "eks:index:Cluster$" in urn]
        return {name: kind.rsplit("$", 1)[1] for kind, name in below}


def test_a_cluster_by_pulumi_eks_comes_up_stays_and_goes(cloud: Cloud, tmp_path: Path) -> None:
    cloud.reset()
    made = ClusterAlone(tmp_path / "project", environment(cloud, tmp_path))
    before = in_account(cloud)
    made.pulumi("alone", *INIT)
    made.up("alone", "--config", "own-role=true")
    names = {*made.registered()}
    assert names == {"portal-eksCluster", "portal-eks-k8s", "portal-reader", "portal-reader-view"}
    first = cloud.client("eks").list_clusters()["clusters"]

    made.pulumi("alone", "config", "rm", "own-role")
    planned = made.pulumi("alone", "preview", "--diff")
    assert "portal-eksRole-role" in planned
    made.up("alone")
    assert set(cloud.client("eks").list_clusters()["clusters"]).isdisjoint(first), "another role: another cluster"
    named = made.registered()
    types = sorted(named.values())
    assert types.count("aws:iam/role:Role") == 3
    attached = types.count("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attached == CLUSTER_POLICIES + NODE_POLICIES + INSTANCE_POLICIES
    assert named["portal-eksCluster"] == "aws:eks/cluster:Cluster"
    assert named["portal-eks-k8s"] == "pulumi:providers:kubernetes"
    assert named["portal-reader-view"] == "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    assert named["portal-coredns"] == "aws:eks/addon:Addon"
    assert "portal-eksRole-4b490823" in named, "the official name of the attachment of AmazonEKSClusterPolicy"
    made.pulumi("alone", "preview", "--refresh", "--expect-no-changes")
    there, known = made_since(cloud, before), in_state(made, "alone")
    assert [kind for kind in COMPARED if there[kind] != known[kind]] == []

    outputs = json.loads(made.run("pulumi", "stack", "output", "--json", "--stack", "alone").stdout)
    described = cloud.client("eks").describe_cluster(name=outputs["name"])["cluster"]
    assert described["computeConfig"]["nodePools"] == ["general-purpose", "system"]
    assert described["computeConfig"]["nodeRoleArn"].endswith(f"/{outputs['nodes']}")
    assert described["resourcesVpcConfig"]["clusterSecurityGroupId"] == outputs["group"]
    assert described["tags"] == {"Name": "portal-eksCluster", "of": "the journey"}
    user = outputs["kubeconfig"]["users"][0]["user"]["exec"]
    assert (user["command"], "--role" in user["args"]) == ("aws", True)

    changed = made.pulumi("alone", "up", "--yes", "--skip-preview", "--config", "version=1.35")
    assert "replaced" not in changed
    assert cloud.client("eks").describe_cluster(name=outputs["name"])["cluster"]["version"] == "1.35"
    made.pulumi("alone", "destroy", "--yes", "--skip-preview")
    assert cloud.client("eks").list_clusters()["clusters"] == []
    assert made.state("alone") == []
