"""The kinds of object that this API server stores. Another kind is refused by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind. ``scale`` and ``status``: whether it has those subresources."""

    group: str
    version: str
    name: str
    plural: str
    namespaced: bool = True
    status: bool = False
    scale: bool = False
    custom: bool = False
    """A custom resource: its schema is ours, no access policy but the cluster administrator's lets one write it."""

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As refusals name the kind of resource: plural and group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified(self) -> str:
        """As ``is invalid`` names it: kind and group."""
        return f"{self.name}.{self.group}" if self.group else self.name

    @property
    def root(self) -> str:
        """The path under which the API serves the group and version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path of the collection, one object or its subresource."""
        within = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return (
            f"{self.root}{within}/{self.plural}"
            + (f"/{name}" if name else "")
            + (f"/{subresource}" if subresource else "")
        )


def _core(name: str, plural: str, *, namespaced: bool = True, status: bool = False) -> Kind:
    return Kind(group="", version="v1", name=name, plural=plural, namespaced=namespaced, status=status)


_RBAC: Final = "rbac.authorization.k8s.io"

KINDS: Final = (
    _core("Namespace", "namespaces", namespaced=False, status=True),
    _core("ServiceAccount", "serviceaccounts"),
    _core("ConfigMap", "configmaps"),
    _core("Secret", "secrets"),
    _core("Service", "services", status=True),
    _core("Pod", "pods", status=True),
    _core("Event", "events"),
    _core("Node", "nodes", namespaced=False, status=True),
    Kind(group="apps", version="v1", name="Deployment", plural="deployments", status=True, scale=True),
    Kind(group="apps", version="v1", name="ReplicaSet", plural="replicasets", status=True, scale=True),
    Kind(group="batch", version="v1", name="Job", plural="jobs", status=True),
    Kind(
        group="autoscaling",
        version="v2",
        name="HorizontalPodAutoscaler",
        plural="horizontalpodautoscalers",
        status=True,
    ),
    Kind(group="policy", version="v1", name="PodDisruptionBudget", plural="poddisruptionbudgets", status=True),
    Kind(group="networking.k8s.io", version="v1", name="NetworkPolicy", plural="networkpolicies"),
    Kind(group="discovery.k8s.io", version="v1", name="EndpointSlice", plural="endpointslices"),
    Kind(group="coordination.k8s.io", version="v1", name="Lease", plural="leases"),
    Kind(group=_RBAC, version="v1", name="Role", plural="roles"),
    Kind(group=_RBAC, version="v1", name="RoleBinding", plural="rolebindings"),
    Kind(group=_RBAC, version="v1", name="ClusterRole", plural="clusterroles", namespaced=False),
    Kind(group=_RBAC, version="v1", name="ClusterRoleBinding", plural="clusterrolebindings", namespaced=False),
    Kind(
        group="eks.amazonaws.com",
        version="v1",
        name="NodeClass",
        plural="nodeclasses",
        namespaced=False,
        status=True,
        custom=True,
    ),
    Kind(
        group="karpenter.sh",
        version="v1",
        name="NodePool",
        plural="nodepools",
        namespaced=False,
        status=True,
        custom=True,
    ),
    Kind(
        group="eks.amazonaws.com",
        version="v1",
        name="TargetGroupBinding",
        plural="targetgroupbindings",
        status=True,
        custom=True,
    ),
    Kind(
        group="secrets-store.csi.x-k8s.io",
        version="v1",
        name="SecretProviderClass",
        plural="secretproviderclasses",
        custom=True,
    ),
)
BY_NAME: Final = {(kind.api_version, kind.name): kind for kind in KINDS}
BY_PATH: Final = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}
_NAMED: Final = {kind.name: kind for kind in KINDS}


def kind(name: str) -> Kind:
    """The kind of this name; each name here means one kind."""
    return _NAMED[name]
