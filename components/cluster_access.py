"""The way into a cluster: who may do what in it, and how Kubernetes' provider enters.

Rests on, of the EKS user guide: "Access entries": whoever makes the cluster is its administrator by an entry that EKS
adds itself. "EKS Auto Mode": with no built-in pool the machines' role has an access entry of its own (type EC2,
AmazonEKSAutoNodePolicy), without which none of them joins.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_eks
from pulumi_aws import eks

ADMIN, VIEW = "AmazonEKSClusterAdminPolicy", "AmazonEKSViewPolicy"
"""Everything; everything to look at but Secrets, roles and custom resources."""
ACCESS_POLICIES: Final = (ADMIN, VIEW)
MACHINES: Final = "machines"
NODE_POLICY: Final = "AmazonEKSAutoNodePolicy"
"""The machines' own access entry, and its policy."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """An access entry: what a principal may do in the cluster."""

    principal: pulumi.Input[str]
    """ARN of a role or user, without wildcards."""
    policy: str
    """:data:`ADMIN` or :data:`VIEW`."""
    groups: tuple[str, ...] = ()
    """Groups of Kubernetes, for which the cluster's own roles allow more (:mod:`.cluster_roles`)."""


def let_in(
    name: str,
    word: str,
    access: Access,
    component: pulumi_eks.Cluster,
    cluster_name: pulumi.Input[str],
    parent: pulumi.Resource,
) -> eks.AccessPolicyAssociation:
    """Makes an access entry, and gives it its policy.

    pulumi_eks would do both. As its children the entries would be protected with the cluster, so that nobody could be
    shut out again; and it would not delete an association before the one that replaces it: to EKS both are the same
    principal and policy, and deleted afterwards, the old one would take the new one away.
    """
    entry_type = "aws:eks/accessEntry:AccessEntry"
    entry = eks.AccessEntry(
        name,
        cluster_name=cluster_name,
        principal_arn=access.principal,
        type="EC2" if word == MACHINES else None,
        kubernetes_groups=[*access.groups] or None,
        opts=pulumi.ResourceOptions(
            parent=parent, depends_on=[component], aliases=[pulumi.Alias(name=name, parent=component)]
        ),
    )
    before = f"{name}-{MACHINES if word == MACHINES else 'cluster'}"
    return eks.AccessPolicyAssociation(
        name,
        cluster_name=cluster_name,
        principal_arn=access.principal,
        policy_arn=f"arn:aws:eks::aws:cluster-access-policy/{access.policy}",
        access_scope=eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=[entry],
            delete_before_replace=True,
            aliases=[pulumi.Alias(name=before, parent=pulumi.create_urn(name, entry_type, component))],
        ),
    )


def kubeconfig(*, name: str, endpoint: str, authority: str, region: str) -> str:
    """How the provider gets in: by a token that the AWS CLI makes each time, with the provider's own credentials."""
    command = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"]
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
