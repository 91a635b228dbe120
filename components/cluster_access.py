"""The way into a cluster: who may do what in it, and how Kubernetes' provider enters.

Rests on, of the EKS user guide: "Access entries": whoever makes the cluster is its administrator by an entry that EKS
adds itself. "EKS Auto Mode": with no built-in pool the machines' role has an access entry of its own (type EC2,
AmazonEKSAutoNodePolicy), without which none of them joins.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_eks
from pulumi_aws import eks

ADMIN, VIEW_ALL, VIEW = "AmazonEKSClusterAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSViewPolicy"
"""Everything; everything to look at; the same without Secrets, roles and custom resources."""
ACCESS_POLICIES: Final = (ADMIN, VIEW_ALL, VIEW)
MACHINES: Final = "machines"
NODE_POLICY: Final = "AmazonEKSAutoNodePolicy"
"""The machines' own access entry, and its policy."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """An access entry: what a principal may do in the cluster."""

    principal: pulumi.Input[str]
    """ARN of a role or user, without wildcards."""
    policy: str
    """:data:`ADMIN`, :data:`VIEW_ALL` or :data:`VIEW`."""


def access_entries(machines: pulumi.Input[str], access: Mapping[str, Access]) -> dict[str, pulumi_eks.AccessEntryArgs]:
    """By a word for each: the machines' own, and those of people and CI. ``machines``: ARN of their role."""
    own = pulumi_eks.AccessEntryArgs(principal_arn=machines, type=pulumi_eks.AccessEntryType.EC2)
    others = {word: pulumi_eks.AccessEntryArgs(principal_arn=one.principal) for word, one in access.items()}
    return {MACHINES: own, **others}


def associate(
    name: str,
    word: str,
    access: Access,
    component: pulumi_eks.Cluster,
    cluster_name: pulumi.Input[str],
    parent: pulumi.Resource,
) -> eks.AccessPolicyAssociation:
    """Gives an access entry its policy.

    pulumi_eks would do it too, but not delete an association before the one that replaces it. To EKS both are the same
    principal and policy: deleted afterwards, the old one would take the new one away.
    """
    entry = pulumi.create_urn(name, "aws:eks/accessEntry:AccessEntry", component)
    before = f"{name}-{MACHINES if word == MACHINES else 'cluster'}"
    return eks.AccessPolicyAssociation(
        name,
        cluster_name=cluster_name,
        principal_arn=access.principal,
        policy_arn=f"arn:aws:eks::aws:cluster-access-policy/{access.policy}",
        access_scope=eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=[component],
            delete_before_replace=True,
            aliases=[pulumi.Alias(name=before, parent=entry)],
        ),
    )


def kubeconfig(*, name: str, endpoint: str, authority: str, region: str, role: str | None) -> str:
    """How the provider gets in: by a token that the AWS CLI makes each time, for the role or the session at hand."""
    command = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"]
    if role is not None:
        command += ["--role-arn", role]
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "aws",
            "args": command,
            "interactiveMode": "Never",
        }
    }
    cluster = {"server": endpoint, "certificate-authority-data": authority}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "cluster", "cluster": cluster}],
            "users": [{"name": "role", "user": user}],
            "contexts": [{"name": "portal", "context": {"cluster": "cluster", "user": "role"}}],
            "current-context": "portal",
        }
    )
