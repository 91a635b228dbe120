"""Kubernetes' own roles in a cluster, for what AWS's access policies don't tell apart.

Rests on: EKS user guide "Review access policy permissions": AmazonEKSViewPolicy reads neither Secrets nor roles and
custom resources, which a refresh reads; the policies that write reach Secrets, other namespaces' pods and roles too.
Access entries put whoever enters into groups of Kubernetes, and roles here are bound to these. Whoever makes a role
must be allowed what it allows: an administrator makes these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from . import manifest, names

_RBAC: Final = "rbac.authorization.k8s.io"
_READ: Final = ("get", "list", "watch")
_CHANGE: Final = (*_READ, "create", "delete", "patch", "update")
_BEYOND_VIEW: Final[Mapping[str, tuple[str, ...]]] = {
    "eks.amazonaws.com": ("nodeclasses", "targetgroupbindings"),
    "karpenter.sh": ("nodepools",),
    _RBAC: ("clusterrolebindings", "clusterroles", "rolebindings"),
    "secrets-store.csi.x-k8s.io": ("secretproviderclasses",),
}
"""The program's objects that AmazonEKSViewPolicy doesn't read, by API group."""
_OF_SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("serviceaccounts", "services"),
    "apps": ("deployments",),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("jobs",),
    "eks.amazonaws.com": ("targetgroupbindings",),
    "networking.k8s.io": ("networkpolicies",),
    "policy": ("poddisruptionbudgets",),
    "secrets-store.csi.x-k8s.io": ("secretproviderclasses",),
}
"""What a service is made of. Namespaces, machines and settings of the whole cluster are an administrator's."""


def viewers(name: str, opts: pulumi.ResourceOptions) -> None:
    """Lets the group of viewers look at the program's objects, beside what their access policy lets them see."""
    group = names.CLUSTER_VIEWERS
    _role(name, group, _BEYOND_VIEW, _READ, opts)
    _bind(name, "ClusterRoleBinding", {"name": group}, group, opts)


def deployers(name: str, opts: pulumi.ResourceOptions) -> None:
    """The role by which a deployment changes services, in the namespaces that bind it."""
    _role(name, names.CLUSTER_DEPLOYERS, _OF_SERVICES, _CHANGE, opts)


def let_deploy(name: str, namespace: str, opts: pulumi.ResourceOptions) -> None:
    """Lets the group of deployers change the services of a namespace."""
    group = names.CLUSTER_DEPLOYERS
    _bind(name, "RoleBinding", {"name": group, "namespace": namespace}, group, opts)


def _role(
    name: str,
    role: str,
    resources: Mapping[str, tuple[str, ...]],
    verbs: tuple[str, ...],
    opts: pulumi.ResourceOptions,
) -> None:
    rules = [{"apiGroups": [group], "resources": [*kinds], "verbs": [*verbs]} for group, kinds in resources.items()]
    manifest.apply(name, f"{_RBAC}/v1", "ClusterRole", {"name": role}, opts, rules=rules)


def _bind(name: str, kind: str, metadata: dict[str, Any], group: str, opts: pulumi.ResourceOptions) -> None:
    """``group``: of Kubernetes, and the name of the role that it gets."""
    manifest.apply(
        name,
        f"{_RBAC}/v1",
        kind,
        metadata,
        opts,
        roleRef={"apiGroup": _RBAC, "kind": "ClusterRole", "name": group},
        subjects=[{"apiGroup": _RBAC, "kind": "Group", "name": group}],
    )
