"""What controllers and the node agent need to know of a cluster's AWS account. EKS implements it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Subnet:
    id: str
    zone: str
    """Its name, e.g. ``us-west-2a``."""
    cidr: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


class Aws(Protocol):
    """The account, seen by one cluster. What may change while the cluster lives is asked by a method each time."""

    account: str
    region: str
    vpc_id: str
    cluster_name: str
    role_arn: str
    """The cluster's role: what Auto Mode's controllers act as."""
    security_group_id: str
    """The cluster's security group, which EKS makes."""

    def call(self, role_arn: str, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """An operation as a role that EKS assumes (or as a service principal, e.g. ``ec2.amazonaws.com``), decided
        upon like any call. Raises ``localcloud.server.call.Refusal``."""
        ...

    def tags(self, arn: str) -> Mapping[str, str]:
        """Of a resource of the account, for warnings of the local cloud's own: nobody is asked for a permission, which
        the cluster's role needn't have."""
        ...

    def subnets(self) -> Sequence[Subnet]:
        """Of the cluster's VPC, all of them: a node class selects among them."""
        ...

    def built_in_node_pools(self) -> Collection[str]:
        """``computeConfig.nodePools``: ``general-purpose``, ``system``, both or none."""
        ...

    def node_role_arn(self) -> str:
        """``computeConfig.nodeRoleArn``, of the built-in pools' nodes; empty where there is none."""
        ...

    def admits_nodes_of(self, role_name: str) -> bool:
        """Whether the role has an access entry of the type EC2 with AmazonEKSAutoNodePolicy."""
        ...

    def add_ons(self) -> Collection[str]:
        """The names of the add-ons that are ACTIVE, or would be once their pods run."""
        ...

    def is_associated(self, namespace: str, service_account: str) -> bool:
        """Whether the service account has a Pod Identity association."""
        ...

    def pull_refusal(self, image: str) -> str:
        """Why the cluster's machines can't pull an image; empty: they can."""
        ...

    def credentials_for(self, token: str) -> dict[str, Any]:
        """``credentials`` of eks-auth's AssumeRoleForPodIdentity: accessKeyId, secretAccessKey, sessionToken,
        expiration. Raises ``localcloud.server.call.Refusal``."""
        ...
