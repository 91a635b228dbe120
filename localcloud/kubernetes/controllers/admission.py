"""What EKS's webhooks add to a new pod. A pod that stands already is never repaired.

AWS facts: a pod whose service account has a Pod Identity association gets two variables and a projected token, and
region variables, in each of its containers; a pod in a namespace with the label :data:`GATE_LABEL` gets a readiness
gate for each TargetGroupBinding whose Service selects it.

The API server of the light mode has no webhooks: the ReplicaSet controller calls this for the pods that it creates.
"""

from __future__ import annotations

from typing import Final

from ..aws import Aws
from ..client import Json
from ..resources import Resources, is_terminating, labels_of, name_of, namespace_of

GATE_LABEL: Final = "eks.amazonaws.com/pod-readiness-gate-inject"
GATE_PREFIX: Final = "target-health.elbv2.k8s.aws/"
TOKEN_VOLUME: Final = "eks-pod-identity-token"  # noqa: S105 (a volume's name)
TOKEN_FOLDER: Final = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"  # noqa: S105 (a folder)
TOKEN_SECONDS: Final = 86_400
AUDIENCE: Final = "pods.eks.amazonaws.com"


class Admission:
    def __init__(self, resources: Resources, aws: Aws) -> None:
        self._resources, self._aws = resources, aws

    def __call__(self, pod: Json) -> Json:
        """The pod with what the webhooks add."""
        namespace = self._resources.find("Namespace", "", namespace_of(pod))
        if namespace is not None and labels_of(namespace).get(GATE_LABEL) == "enabled":
            self._add_gates(pod)
        account = pod["spec"].get("serviceAccountName") or "default"
        if self._aws.is_associated(namespace_of(pod), account):
            self._add_identity(pod)
        return pod

    def _add_gates(self, pod: Json) -> None:
        gates: list[Json] = pod["spec"].setdefault("readinessGates", [])
        for binding in self._resources.list("TargetGroupBinding", namespace_of(pod)):
            service = self._resources.find("Service", namespace_of(pod), binding["spec"]["serviceRef"]["name"])
            selector = (service or {}).get("spec", {}).get("selector") or {}
            gate = {"conditionType": f"{GATE_PREFIX}{name_of(binding)}"}
            chosen = selector and selector.items() <= labels_of(pod).items()
            if chosen and gate not in gates and not is_terminating(binding):
                gates.append(gate)

    def _add_identity(self, pod: Json) -> None:
        token = {"audience": AUDIENCE, "expirationSeconds": TOKEN_SECONDS, "path": TOKEN_VOLUME}
        volume = {"name": TOKEN_VOLUME, "projected": {"sources": [{"serviceAccountToken": token}]}}
        variables = {
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            "AWS_DEFAULT_REGION": self._aws.region,
            "AWS_REGION": self._aws.region,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{TOKEN_FOLDER}/{TOKEN_VOLUME}",
        }
        pod["spec"].setdefault("volumes", []).append(volume)
        for container in [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]:
            mount = {"name": TOKEN_VOLUME, "mountPath": TOKEN_FOLDER, "readOnly": True}
            container.setdefault("volumeMounts", []).append(mount)
            env: list[Json] = container.setdefault("env", [])
            given = {one["name"] for one in env}
            env += [{"name": name, "value": value} for name, value in variables.items() if name not in given]
