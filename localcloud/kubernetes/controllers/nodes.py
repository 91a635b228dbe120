"""Nodes go: the empty ones, those that no longer are what their pool makes, and deleted ones, each after its pods.

AWS and Kubernetes facts: a node is replaced when its NodePool's template, its NodeClass or the cluster's version
changed (drift), and removed when its pool is gone, or when it has been empty for ``consolidateAfter``; at most as many
at once as the pool's budgets say (10 % unless set; one that is 0 stops it); pods are evicted, which disruption budgets
may forbid for a while; a pod with the annotation ``karpenter.sh/do-not-disrupt`` keeps its node unless that is deleted.

Nodes are neither consolidated when they are underutilized nor replaced by their age; the schedule of a budget is not
looked at: it holds always.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from .. import timing
from ..client import Json
from ..node.leases import Leases
from ..objects.errors import ApiError
from ..objects.kinds import kind
from ..resources import (
    Resources,
    annotations_of,
    is_terminating,
    is_true,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from ..timing import Stopwatch
from .launching import FINALIZER, HASH, Launcher
from .loop import View
from .node_pools import CLASS, POOL, drift_hash
from .pods import ENDED

DISRUPTED: Final = {"key": "karpenter.sh/disrupted", "effect": "NoSchedule"}
REASON: Final = "localcloud/disruption"
DO_NOT_DISRUPT: Final = "karpenter.sh/do-not-disrupt"
UNITS: Final = {"h": 3600, "m": 60, "s": 1}
RETRY_SECONDS: Final = 5.0
"""Until an eviction that a budget forbade is tried again."""
DEFAULT_CONSOLIDATION: Final = "0s"
NOMINATED_SECONDS: Final = 1.0
"""A node that was launched for a pod is not empty before the pod can have come. Real seconds."""
RETRIED_SECONDS: Final = 20.0
"""The same with Kubernetes' own scheduler, which tries a pod again after up to 10 seconds."""


class Nodes:
    def __init__(
        self, resources: Resources, leases: Leases, launcher: Launcher, nominated_seconds: float = NOMINATED_SECONDS
    ) -> None:
        self._resources, self._leases, self._launcher = resources, leases, launcher
        self._nominated_seconds = nominated_seconds
        self._empty = Stopwatch()

    def reconcile(self, view: View) -> None:
        self._delete_lost_pods(view)
        nodes = [node for node in view.list("Node") if POOL in labels_of(node)]
        pods = {name_of(node): pods_on(node, view.list("Pod")) for node in nodes}
        self._empty.keep_only({uid_of(node) for node in nodes if not pods[name_of(node)]})
        for node in nodes:
            if not is_disrupted(node) and (reason := self._reason(view, node, pods[name_of(node)])):
                self._begin(view, node, reason, nodes)
        for node in nodes:
            if is_disrupted(node) or is_terminating(node):
                self._drain(view, node, pods[name_of(node)])

    def _delete_lost_pods(self, view: View) -> None:
        present = {name_of(node) for node in view.list("Node")}
        for pod in view.list("Pod"):
            node = pod["spec"].get("nodeName")
            if node and node not in present:
                self._resources.delete("Pod", pod, grace_period_seconds=0)

    def _reason(self, view: View, node: Json, pods: Sequence[Json]) -> str:
        """Why the node has to go, if so."""
        pool = next((one for one in view.list("NodePool") if name_of(one) == labels_of(node)[POOL]), None)
        node_class = next((one for one in view.list("NodeClass") if name_of(one) == labels_of(node).get(CLASS)), None)
        if pool is None or is_terminating(pool):
            return "NodePoolGone"
        if node_class is not None:
            current = drift_hash(pool, node_class, self._launcher.version())
            if annotations_of(node).get(HASH) != current:
                return "Drifted"
        return "Empty" if not pods and is_true(node, "Ready") and self._is_due(view, node, pool) else ""

    def _is_due(self, view: View, node: Json, pool: Json) -> bool:
        """Whether an empty node has been empty for long enough."""
        after = (pool["spec"].get("disruption") or {}).get("consolidateAfter", DEFAULT_CONSOLIDATION)
        if after == "Never":
            return False
        left = timing.scaled(seconds_of(after), at_least=self._nominated_seconds) - self._empty.seconds(uid_of(node))
        if left > 0:
            view.again(left)
        return left <= 0

    def _begin(self, view: View, node: Json, reason: str, nodes: Sequence[Json]) -> None:
        """Lets no pod be put on the node any more, as far as the pool's budgets allow."""
        pool = next((one for one in view.list("NodePool") if name_of(one) == labels_of(node)[POOL]), None)
        siblings = [one for one in nodes if labels_of(one)[POOL] == labels_of(node)[POOL]]
        going = sum(is_disrupted(one) for one in siblings)
        if pool is not None and going >= allowed(pool, reason, len(siblings)):
            view.again(timing.scaled(RETRY_SECONDS, at_least=timing.SHORTEST_RETRY))
            return

        def change(current: Json) -> None:
            current["spec"]["taints"] = [*(current["spec"].get("taints") or []), DISRUPTED]
            current["metadata"].setdefault("annotations", {})[REASON] = reason

        self._resources.event("Node", node, "DisruptionTerminating", f"Disrupting Node: {reason}")
        node.update(self._resources.update("Node", node, change) or {})

    def _drain(self, view: View, node: Json, pods: Sequence[Json]) -> None:
        for pod in pods:
            if not is_terminating(pod):
                self._evict(view, node, pod)
        if not pods:
            self._remove(node)

    def _evict(self, view: View, node: Json, pod: Json) -> None:
        if annotations_of(pod).get(DO_NOT_DISRUPT) == "true" and not is_terminating(node):
            self._resources.event("Node", node, "DisruptionBlocked", f"Pod {name_of(pod)} has {DO_NOT_DISRUPT}")
            return
        metadata = {"name": name_of(pod), "namespace": namespace_of(pod)}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
        try:
            self._resources.client.create(kind("Pod").path(namespace_of(pod), name_of(pod), "eviction"), body)
            self._resources.event("Pod", pod, "Evicted", f"Evicted pod: {annotations_of(node).get(REASON, 'deleted')}")
        except ApiError as error:
            if error.status != 404:
                self._resources.warn("Node", node, "FailedDraining", f"Failed to drain node, {error.message}")
                view.again(timing.scaled(RETRY_SECONDS, at_least=timing.SHORTEST_RETRY))

    def _remove(self, node: Json) -> None:
        if not is_terminating(node):
            self._resources.delete("Node", node)

        def release(current: Json) -> None:
            finalizers = current["metadata"].get("finalizers") or []
            current["metadata"]["finalizers"] = [one for one in finalizers if one != FINALIZER]

        self._resources.update("Node", node, release)
        for address in node["status"].get("addresses") or []:
            self._leases.give_back(address["address"])


def pods_on(node: Json, pods: Sequence[Json]) -> list[Json]:
    """Those that have not ended."""
    return [
        pod
        for pod in pods
        if pod["spec"].get("nodeName") == name_of(node) and pod.get("status", {}).get("phase") not in ENDED
    ]


def is_disrupted(node: Json) -> bool:
    return any(one["key"] == DISRUPTED["key"] for one in node.get("spec", {}).get("taints") or [])


def allowed(pool: Json, reason: str, nodes: int) -> int:
    """How many nodes of the pool may go at once for a reason."""
    if reason == "NodePoolGone":
        return nodes
    budgets: list[Json] = (pool["spec"].get("disruption") or {}).get("budgets") or [{"nodes": "10%"}]
    concerned = [one for one in budgets if reason in (one.get("reasons") or [reason])]
    return min((_budget(str(one["nodes"]), nodes) for one in concerned), default=nodes)


def _budget(value: str, nodes: int) -> int:
    return math.ceil(nodes * int(value[:-1]) / 100) if value.endswith("%") else int(value)


def seconds_of(duration: str) -> float:
    """Of Go's notation, ``1h30m``."""
    return float(sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", duration)))
