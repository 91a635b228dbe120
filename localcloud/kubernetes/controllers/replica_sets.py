"""ReplicaSets: as many pods as each asks for.

Kubernetes facts: pods that are not scheduled, pending, unready or younger go first when there are too many; a pod that
is being deleted no longer counts; what the API server refuses of a new pod is the condition ReplicaFailure.
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable, Sequence

from ..client import Json
from ..objects.errors import ApiError
from ..resources import Resources, is_terminating, name_of, namespace_of, owner_reference, set_condition
from .loop import View
from .pods import Availability, active_pods_of, is_ready

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
SUFFIX = 5
RETRY_SECONDS = 1.0
PHASES = ("Pending", "Unknown", "Running")

Admit = Callable[[Json], Json]
"""What EKS's webhooks make of a new pod."""


def suffix(length: int = SUFFIX) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


class ReplicaSets:
    def __init__(self, resources: Resources, admit: Admit) -> None:
        self._resources, self._admit = resources, admit
        self._availability = Availability()

    def reconcile(self, view: View) -> None:
        self._availability.forget_all_but(view.list("Pod"))
        for replica_set in view.list("ReplicaSet"):
            if not is_terminating(replica_set):
                self._reconcile(view, replica_set)

    def _reconcile(self, view: View, replica_set: Json) -> None:
        pods = active_pods_of(replica_set, view.list("Pod"))
        surplus = len(pods) - replica_set["spec"]["replicas"]
        refusal = self._create(replica_set, -surplus) if surplus < 0 else ""
        if refusal:
            view.again(RETRY_SECONDS)
        for pod in sorted(pods, key=_precedence)[: max(surplus, 0)]:
            self._resources.event("ReplicaSet", replica_set, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
            self._resources.delete("Pod", pod)
        self._write_status(view, replica_set, pods, refusal)

    def _create(self, replica_set: Json, count: int) -> str:
        """Why the API server refuses another pod; empty if it does not."""
        template = replica_set["spec"]["template"]
        for _ in range(count):
            name = f"{name_of(replica_set)}-{suffix()}"
            metadata = {
                **copy.deepcopy(template["metadata"]),
                "name": name,
                "namespace": namespace_of(replica_set),
                "ownerReferences": [owner_reference(replica_set, "ReplicaSet")],
            }
            pod = self._admit({"metadata": metadata, "spec": copy.deepcopy(template["spec"])})
            try:
                self._resources.create("Pod", pod)
            except ApiError as error:
                self._resources.warn("ReplicaSet", replica_set, "FailedCreate", f"Error creating: {error.message}")
                return error.message
            self._resources.event("ReplicaSet", replica_set, "SuccessfulCreate", f"Created pod: {name}")
        return ""

    def _write_status(self, view: View, replica_set: Json, pods: Sequence[Json], refusal: str) -> None:
        seconds = replica_set["spec"].get("minReadySeconds", 0)
        remaining = [self._availability.remaining(pod, seconds) for pod in pods]
        for left in remaining:
            if left:
                view.again(left)
        numbers = {
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": sum(is_ready(pod) for pod in pods),
            "availableReplicas": sum(left == 0 for left in remaining),
            "observedGeneration": replica_set["metadata"].get("generation", 1),
        }

        def change(status: Json) -> None:
            status |= numbers
            if refusal:
                failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": refusal}
                set_condition(status, failure)
            elif "conditions" in status:
                status["conditions"] = [one for one in status["conditions"] if one["type"] != "ReplicaFailure"]

        self._resources.update_status("ReplicaSet", replica_set, change)


def _precedence(pod: Json) -> tuple[bool, int, bool, int]:
    """The smallest is deleted first; of two alike, the one that changed last, which is the younger."""
    phase = pod.get("status", {}).get("phase", "Pending")
    order = PHASES.index(phase) if phase in PHASES else 0
    return bool(pod["spec"].get("nodeName")), order, is_ready(pod), -int(pod["metadata"]["resourceVersion"])
