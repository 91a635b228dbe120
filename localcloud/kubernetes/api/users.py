"""Who asks, and what EKS's access policies and RBAC let that user do.

EKS facts: an access policy holds for the whole cluster or for some namespaces. No policy but the cluster
administrator's lets anyone write custom resources; View and Edit differ from Kubernetes' own roles of that name only in
that they are policies and not bindings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from localcloud.kubernetes.objects.kinds import Kind

READ: Final = frozenset({"get", "list", "watch"})
WRITE: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})
MASTERS: Final = "system:masters"


@dataclass(frozen=True)
class AccessPolicy:
    """One associated access policy. ``arn`` or the bare name; no ``namespaces``: the whole cluster."""

    arn: str
    namespaces: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True)
class User:
    """An authenticated user. A member of ``system:masters`` may do everything."""

    name: str
    groups: tuple[str, ...] = ()
    policies: tuple[AccessPolicy, ...] = ()


CONTROLLERS: Final = User("system:kube-controller-manager", (MASTERS,))
NODE_AGENT: Final = User("system:node-agent", (MASTERS,))


@dataclass(frozen=True)
class Action:
    """What is asked: the verb on a resource, ``pods`` or ``pods/log``."""

    verb: str
    kind: Kind
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def resource(self) -> str:
        return f"{self.kind.plural}/{self.subresource}" if self.subresource else self.kind.plural

    def refusal(self, user: str) -> str:
        """Kubernetes' words when it may not be."""
        scope = f'in the namespace "{self.namespace}"' if self.namespace else "at the cluster scope"
        group = self.kind.group
        return f'User "{user}" cannot {self.verb} resource "{self.resource}" in API group "{group}" {scope}'


_WORKLOAD: Final = frozenset(
    {
        "configmaps",
        "pods",
        "services",
        "serviceaccounts",
        "deployments",
        "replicasets",
        "jobs",
        "horizontalpodautoscalers",
        "poddisruptionbudgets",
        "networkpolicies",
    }
)
_VIEW: Final = _WORKLOAD | {"events", "namespaces"}
_ADMIN: Final = frozenset({"roles", "rolebindings"})
_NODE_READ: Final = frozenset(
    {"nodes", "pods", "services", "configmaps", "secrets", "serviceaccounts", "endpointslices", "leases", "nodeclasses"}
)
_NODE_WRITE: Final = frozenset({"nodes", "nodes/status", "pods", "pods/status", "events", "leases"})
_NAMED_POLICIES: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "AmazonEKSViewPolicy": (_VIEW, frozenset()),
    "AmazonEKSEditPolicy": (_VIEW | {"secrets"}, _WORKLOAD | {"secrets"}),
    "AmazonEKSAdminPolicy": (_VIEW | {"secrets"} | _ADMIN, _WORKLOAD | {"secrets"} | _ADMIN),
    "AmazonEKSSecretReaderPolicy": (frozenset({"secrets"}), frozenset()),
    "AmazonEKSAutoNodePolicy": (_NODE_READ, _NODE_WRITE),
}
POLICIES: Final = frozenset({"AmazonEKSClusterAdminPolicy", "AmazonEKSAdminViewPolicy", *_NAMED_POLICIES})
"""The access policies that are carried out."""


def policies_allow(user: User, action: Action) -> bool:
    return MASTERS in user.groups or any(_allows(policy, action) for policy in user.policies)


def _allows(policy: AccessPolicy, action: Action) -> bool:
    where = action.name if action.kind.name == "Namespace" else action.namespace
    if policy.namespaces and where not in policy.namespaces:
        return False
    if policy.name == "AmazonEKSClusterAdminPolicy":
        return True
    if policy.name == "AmazonEKSAdminViewPolicy":
        return action.verb in READ
    readable, writable = _NAMED_POLICIES.get(policy.name, (frozenset[str](), frozenset[str]()))
    if policy.name == "AmazonEKSAutoNodePolicy":
        return action.kind.plural in readable if action.verb in READ else action.resource in writable
    return action.kind.plural in (readable if action.verb in READ else writable)
