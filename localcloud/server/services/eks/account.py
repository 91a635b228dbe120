"""What a cluster's controllers and node agent know of its account, and do there.

Implements :class:`localcloud.kubernetes.aws.Aws`.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from localcloud.server import pulls, registry, service_calls
from localcloud.server.access import resources
from localcloud.server.access.resources import Role
from localcloud.server.call import Caller, Refusal
from localcloud.server.pipeline import SERVER
from localcloud.server.sessions import SESSIONS, open_session

from . import associations, network
from .entries import NODE, PREFIX
from .model import Cluster

if TYPE_CHECKING:
    from localcloud.kubernetes.aws import Subnet

PRINCIPAL: Final = "eks.amazonaws.com"
NODE_PRINCIPAL: Final = "ec2.amazonaws.com"
CLUSTER_TAG: Final = "eks:eks-cluster-name"
SESSION_SECONDS: Final = 1800.0
"""How long a session of a role is used again."""


class Account:
    """The account, seen by one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._sessions: dict[str, tuple[Caller, float]] = {}
        self.account, self.region, self.cluster_name = cluster.account, cluster.region, cluster.name
        self.vpc_id, self.security_group_id = cluster.vpc_id, cluster.security_group
        self.role_arn = str(cluster.settings["roleArn"])

    def call(self, role_arn: str, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """An operation as a role that EKS assumes, or as a service principal. Raises Refusal."""
        caller = self._caller(role_arn)
        return service_calls.perform(
            caller, service, operation, dict(params), self.region, source_arn=self._cluster.arn
        )

    def _caller(self, name: str) -> Caller:
        if not name.startswith("arn:"):
            return service_calls.service(name, self.account)
        caller, until = self._sessions.get(name, (None, 0.0))
        if caller is not None and time.monotonic() < until and caller.access_key_id in SESSIONS:
            return caller
        caller = self._session_of_cluster_role() if name == self.role_arn else self._as_node(name)
        self._sessions[name] = (caller, time.monotonic() + SESSION_SECONDS)
        return caller

    def _as_node(self, role_arn: str) -> Caller:
        return service_calls.as_role(role_arn, NODE_PRINCIPAL, self.cluster_name, region=self.region)

    def _session_of_cluster_role(self) -> Caller:
        """Auto Mode tags its sessions with the cluster's name, by which policies of AWS's tell whose a resource is."""
        role = resources.by_arn(self.role_arn)
        if not isinstance(role, Role):
            raise Refusal("AccessDenied", f"The role {self.role_arn} does not exist.", 403)
        tags = {CLUSTER_TAG: self.cluster_name}
        for action in ("sts:AssumeRole", "sts:TagSession"):
            service_calls.require(
                service_calls.service(PRINCIPAL, self.account),
                action,
                self.role_arn,
                self.region,
                owner=self.account,
                policy=role.assume_role_policy_document,
                source_arn=self._cluster.arn,
                context=associations.tag_context(tags),
            )
        return open_session(role, "aws-go-sdk-eks", tags=tags)[1].caller

    def tags(self, arn: str) -> Mapping[str, str]:
        """Of a resource of any service."""
        with SERVER.lock:
            resource = registry.resource(arn)
        return resource.tags if resource else {}

    def subnets(self) -> Sequence[Subnet]:
        """Of the cluster's VPC."""
        from localcloud.kubernetes.aws import Subnet

        wanted = {"Filters": [{"Name": "vpc-id", "Values": [self.vpc_id]}]}
        with SERVER.lock:
            described = network.ec2(self.account, self.region, "DescribeSubnets", wanted)["Subnets"]
        return [
            Subnet(
                id=one["SubnetId"],
                zone=one["AvailabilityZone"],
                cidr=one["CidrBlock"],
                tags={tag["Key"]: tag["Value"] for tag in one.get("Tags") or []},
            )
            for one in described
        ]

    def built_in_node_pools(self) -> Collection[str]:
        return tuple(self._cluster.settings["computeConfig"]["nodePools"])

    def node_role_arn(self) -> str:
        return str(self._cluster.settings["computeConfig"].get("nodeRoleArn", ""))

    def admits_nodes_of(self, role_name: str) -> bool:
        """Whether the role has an access entry of the type EC2 with AmazonEKSAutoNodePolicy."""
        return any(
            entry.type == "EC2" and PREFIX + NODE in entry.policies and entry.principal.split("/")[-1] == role_name
            for entry in list(self._cluster.entries.values())
        )

    def add_ons(self) -> Collection[str]:
        """Those that are installed, whether or not their pods run."""
        moment = time.monotonic()
        addons = list(self._cluster.addons.values())
        return [one.name for one in addons if one.gone_at is None and one.ready_at <= moment]

    def is_associated(self, namespace: str, service_account: str) -> bool:
        return associations.of_service_account(self._cluster, namespace, service_account) is not None

    def pull_refusal(self, image: str) -> str:
        """Why the cluster's machines can't pull an image; empty: they can."""
        return pulls.refusal(image, self.region, lambda: self._caller(self._node_role()))

    def credentials_for(self, token: str) -> dict[str, Any]:
        """Of a pod, by the token of its service account. Raises Refusal."""
        params = {"clusterName": self.cluster_name, "token": token}
        caller = self._caller(self._node_role())
        return service_calls.perform(caller, "eks-auth", "AssumeRoleForPodIdentity", params, self.region)["credentials"]

    def _node_role(self) -> str:
        """What a node acts as: the built-in pools' role, or that of a node class of one's own. Raises Refusal."""
        entered = [entry.principal for entry in list(self._cluster.entries.values()) if entry.type == "EC2"]
        if not entered:
            text = f"The cluster {self.cluster_name} has no access entry of type EC2, so that no node may act."
            raise Refusal("AccessDeniedException", text, 403)
        return self.node_role_arn() or entered[0]
