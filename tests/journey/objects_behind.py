"""Objects in the cluster, changed by somebody who may do everything there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.journey.in_cluster import inside, path_of
from tests.types.case import Aws, Drift, Held

OTHER_LABEL = {"labels": {"app.kubernetes.io/name": "else"}}
ANYTHING = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
ANOTHER = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "else"}]
RENAMED = [{"name": "else", "port": 80, "targetPort": 8080, "protocol": "TCP"}]


def patched(**fields: Any) -> Callable[[Aws, Held], object]:
    """Fields of the object's spec."""
    return merged(spec=fields)


def merged(**fields: Any) -> Callable[[Aws, Held], object]:
    """Fields of the object itself."""

    def change(_: Aws, held: Held) -> None:
        client = inside()
        assert client is not None
        client.patch(path_of(held), fields)

    return change


DRIFTS: Mapping[str, tuple[Drift, ...]] = {
    "kubernetes:apps/v1:Deployment": (
        Drift(name="staging-frontend-deployment", change=patched(minReadySeconds=0), shows="spec.minReadySeconds"),
    ),
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": (
        Drift(name="staging-frontend-autoscaler", change=patched(maxReplicas=9), shows="spec.maxReplicas"),
    ),
    "kubernetes:batch/v1:Job": (
        Drift(name="staging-api-migration", change=merged(metadata=OTHER_LABEL), shows="metadata.labels"),
    ),
    "kubernetes:core/v1:ConfigMapPatch": (
        Drift(
            name="cluster-network-policies",
            change=merged(data={"enable-network-policy-controller": "false"}),
            shows="data",
        ),
    ),
    "kubernetes:core/v1:Namespace": (
        Drift(
            name="staging-namespace",
            change=merged(metadata={"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}),
            shows="metadata.labels",
        ),
    ),
    "kubernetes:core/v1:Service": (
        Drift(name="staging-frontend-service", change=patched(ports=RENAMED), shows="spec.ports"),
    ),
    "kubernetes:core/v1:ServiceAccount": (
        Drift(
            name="staging-frontend-account",
            change=merged(automountServiceAccountToken=True),
            shows="automountServiceAccountToken",
        ),
    ),
    "kubernetes:eks.amazonaws.com/v1:NodeClass": (
        Drift(name="shared-node-class", change=patched(networkPolicy="DefaultDeny"), shows="spec.networkPolicy"),
    ),
    "kubernetes:eks.amazonaws.com/v1:TargetGroupBinding": (
        Drift(name="staging-frontend-binding", change=merged(metadata=OTHER_LABEL), shows="metadata.labels"),
    ),
    "kubernetes:karpenter.sh/v1:NodePool": (
        Drift(name="staging-node-pool", change=patched(limits={"cpu": "1000"}), shows="spec.limits.cpu"),
    ),
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": (
        Drift(name="staging-deny", change=patched(ingress=[{}], policyTypes=["Ingress"]), shows="spec.policyTypes"),
    ),
    "kubernetes:policy/v1:PodDisruptionBudget": (
        Drift(name="staging-frontend-budget", change=patched(maxUnavailable=2), shows="spec.maxUnavailable"),
    ),
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole": (
        Drift(name="cluster-deployers", change=merged(rules=ANYTHING), shows="rules"),
    ),
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": (
        Drift(name="cluster-viewers", change=merged(subjects=ANOTHER), shows="subjects"),
    ),
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": (
        Drift(name="staging-deployers", change=merged(subjects=ANOTHER), shows="subjects"),
    ),
    "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass": (
        Drift(
            name="staging-api-secret",
            change=patched(parameters={"region": "eu-west-1"}),
            shows="spec.parameters.region",
        ),
    ),
}
