"""The status of PodDisruptionBudgets: how many of the pods that one selects may be disrupted now.

Kubernetes facts: percentages are rounded up; ``maxUnavailable`` is of the replicas that the pods' owners ask for; a
budget is asked when a pod is evicted, never when a Deployment replaces or somebody deletes one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..api.selectors import matches_labels
from ..client import Json
from ..resources import Resources, controller_of, is_terminating, labels_of, namespace_of, set_condition, uid_of
from .loop import View
from .pods import is_active, is_ready


class DisruptionBudgets:
    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def reconcile(self, view: View) -> None:
        for budget in view.list("PodDisruptionBudget"):
            if not is_terminating(budget):
                self._reconcile(view, budget)

    def _reconcile(self, view: View, budget: Json) -> None:
        pods = [
            pod
            for pod in view.list("Pod")
            if namespace_of(pod) == namespace_of(budget)
            and is_active(pod)
            and matches_labels(budget["spec"].get("selector") or {}, labels_of(pod))
        ]
        expected, desired = _wanted(budget, pods, view.list("ReplicaSet"))
        healthy = sum(is_ready(pod) for pod in pods)
        allowed = max(healthy - desired, 0)
        numbers = {
            "expectedPods": expected,
            "desiredHealthy": desired,
            "currentHealthy": healthy,
            "disruptionsAllowed": allowed,
            "observedGeneration": budget["metadata"].get("generation", 1),
        }
        reason = "SufficientPods" if allowed else "InsufficientPods"
        status_of = "True" if allowed else "False"
        condition = {"type": "DisruptionAllowed", "status": status_of, "reason": reason, "message": ""}

        def change(status: Json) -> None:
            status |= numbers
            set_condition(status, condition)

        self._resources.update_status("PodDisruptionBudget", budget, change)


def _wanted(budget: Json, pods: Sequence[Json], replica_sets: Sequence[Json]) -> tuple[int, int]:
    """How many pods are expected, and how many of them have to be healthy."""
    spec = budget["spec"]
    owners = {controller_of(pod) for pod in pods} - {""}
    replicas = sum(one["spec"]["replicas"] for one in replica_sets if uid_of(one) in owners)
    expected = replicas + sum(not controller_of(pod) for pod in pods)
    if "maxUnavailable" in spec:
        return expected, max(expected - _share(spec["maxUnavailable"], expected), 0)
    return expected, _share(spec.get("minAvailable", 0), expected)


def _share(value: int | str, of: int) -> int:
    return value if isinstance(value, int) else -(-of * int(value.removesuffix("%")) // 100)
