"""A network and roles for clusters, and clusters in it."""

from __future__ import annotations

import time
from typing import Any

from .batch_steps import time_scale
from .conftest import DEV, Cloud
from .policies import document, trusts

VERSION = "1.35"
CLUSTER_POLICIES = (
    "AmazonEKSClusterPolicy", "AmazonEKSComputePolicy", "AmazonEKSBlockStoragePolicy", "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)  # fmt: skip
NODE_POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")


class Clusters:
    """A VPC of three subnets, the last of them in the zone of the first; the roles of cluster, nodes and pods."""

    def __init__(self, cloud: Cloud, network: str = "10.40") -> None:
        """``network``: how the addresses of the VPC begin."""
        self.cloud, self.client, self.ec2, self.iam = (
            cloud,
            cloud.client("eks"),
            cloud.client("ec2"),
            cloud.client("iam"),
        )
        self.vpc = self.ec2.create_vpc(CidrBlock=f"{network}.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [self._subnet(f"{network}.{number}.0/24", zone) for number, zone in enumerate("aba")]
        self.role = self.made_role("eks.amazonaws.com", CLUSTER_POLICIES)
        self.node_role = self.made_role("ec2.amazonaws.com", NODE_POLICIES)
        self.pod_role = self.made_role("pods.eks.amazonaws.com", ())

    def _subnet(self, block: str, zone: str) -> str:
        zone = f"us-west-2{zone}"
        return self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]

    def made_role(self, principal: str, policies: tuple[str, ...], *actions: str) -> str:
        """The ARN of a new role that the service may assume, and tag the session of."""
        name = self.cloud.name("role")
        statement = trusts({"Service": principal}) | {"Action": list(actions or ("sts:AssumeRole", "sts:TagSession"))}
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(statement))["Role"]["Arn"]
        for policy in policies:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        return role

    def request(self, **given: Any) -> dict[str, Any]:
        """Of a cluster in Auto Mode with no pools of AWS's."""
        return {
            "name": self.cloud.name("cluster"),
            "version": VERSION,
            "roleArn": self.role,
            "resourcesVpcConfig": {"subnetIds": self.subnets[:2]},
            "accessConfig": {"authenticationMode": "API"},
            "bootstrapSelfManagedAddons": False,
            **auto_mode(),
        } | given

    def cluster(self, **given: Any) -> str:
        """The name of a new cluster that is active."""
        with time_scale(0.01):
            name = self.client.create_cluster(**self.request(**given))["cluster"]["name"]
            self.until(name, "ACTIVE")
        return name

    def until(self, name: str, status: str) -> dict[str, Any]:
        """The cluster's description, once it has the status."""
        deadline = time.monotonic() + 60
        while (described := self.client.describe_cluster(name=name)["cluster"])["status"] != status:
            assert time.monotonic() < deadline, described["status"]
            time.sleep(0.02)
        return described

    def changed(self, name: str, **given: Any) -> dict[str, Any]:
        """The cluster after that change of its configuration."""
        with time_scale(0.01):
            self.client.update_cluster_config(name=name, **given)
            time.sleep(0.02)
        return self.until(name, "ACTIVE")

    def remove(self, name: str) -> None:
        with time_scale(0.01):
            self.client.delete_cluster(name=name)
            deadline = time.monotonic() + 60
            while name in self.client.list_clusters()["clusters"]:
                assert time.monotonic() < deadline
                time.sleep(0.02)


def auto_mode(*, enabled: bool = True, pools: tuple[str, ...] = (), role: str = "") -> dict[str, Any]:
    """The parameters of Auto Mode."""
    compute = {"enabled": enabled, "nodePools": list(pools), **({"nodeRoleArn": role} if role else {})}
    return {
        "computeConfig": compute,
        "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": enabled}},
        "storageConfig": {"blockStorage": {"enabled": enabled}},
    }


def role_name(arn: str) -> str:
    assert arn.startswith(f"arn:aws:iam::{DEV}:role/")
    return arn.rpartition("/")[2]
