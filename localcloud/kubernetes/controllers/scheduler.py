"""Binds pods to nodes, and has Auto Mode launch the nodes that are missing (:mod:`.launching`).

Kubernetes facts: a pod goes to a node that stands if one fits; the zones that spread it are those that have nodes then.
One that fits nowhere stays Pending, with what the scheduler and Auto Mode say.

Pod affinity is refused: nothing here would keep it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..client import Json
from ..objects.kinds import kind
from ..objects.quantities import amount
from ..resources import Resources, is_terminating, is_true, labels_of, name_of, namespace_of, set_condition
from .instance_types import PODS
from .launching import Launcher
from .loop import View
from .placement import Amounts, Host, crowding, objection_to
from .pods import ENDED


class Scheduler:
    def __init__(self, resources: Resources, launcher: Launcher) -> None:
        self._resources, self._launcher = resources, launcher

    def reconcile(self, view: View) -> None:
        self._launcher.finish_launches(view)
        pods = [pod for pod in view.list("Pod") if pod.get("status", {}).get("phase") not in ENDED]
        waiting = [pod for pod in pods if not pod["spec"].get("nodeName") and not is_terminating(pod)]
        if not waiting:
            return
        hosts = [host_of(node, pods) for node in view.list("Node") if not is_terminating(node)]
        ready = {name_of(node) for node in view.list("Node") if is_true(node, "Ready")}
        launching = [host for host in hosts if host.name not in ready]
        for pod in sorted(waiting, key=lambda one: int(one["metadata"]["resourceVersion"])):
            self._place(view, pod, [host for host in hosts if host.name in ready], launching)

    def _place(self, view: View, pod: Json, hosts: Sequence[Host], launching: list[Host]) -> None:
        if pod_affinity := _pod_affinity(pod):
            self._refuse(pod, f"{pod_affinity}: the local cloud spreads pods by topologySpreadConstraints alone")
            return
        objections = {host.name: objection_to(pod, host, hosts, {}) for host in hosts}
        fitting = [host for host in hosts if not objections[host.name]]
        if fitting:
            best = min(fitting, key=lambda host: (crowding(pod, host, hosts), len(host.pods), host.name))
            self._bind(pod, best)
            best.pods.append({**pod, "spec": {**pod["spec"], "nodeName": best.name}})
            return
        said_by_scheduler = _unschedulable(list(objections.values()))
        everywhere = [*hosts, *launching]
        zones = self._launcher.zones(view, pod)
        for host in launching:
            if not objection_to(pod, host, everywhere, zones):
                host.pods.append(pod)
                self._refuse(pod, said_by_scheduler)
                return
        host, objection = self._launcher.launch(view, pod, everywhere)
        launching += [host] if host else []
        self._refuse(pod, said_by_scheduler, objection)

    def _bind(self, pod: Json, host: Host) -> None:
        path = kind("Pod").path(namespace_of(pod), name_of(pod), "binding")
        target = {"apiVersion": "v1", "kind": "Node", "name": host.name}
        metadata = {"name": name_of(pod), "namespace": namespace_of(pod)}
        self._resources.client.create(
            path, {"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": target}
        )
        scheduled = {"type": "PodScheduled", "status": "True"}
        self._resources.update_status("Pod", pod, lambda status: set_condition(status, scheduled))
        text = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {host.name}"
        self._resources.event("Pod", pod, "Scheduled", text)

    def _refuse(self, pod: Json, scheduler: str, auto_mode: str = "") -> None:
        """Says why it is not scheduled, once for each reason."""
        message = f"{scheduler}; {auto_mode}" if auto_mode else scheduler
        conditions = pod.get("status", {}).get("conditions") or []
        if any(one["type"] == "PodScheduled" and one.get("message") == message for one in conditions):
            return
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        self._resources.update_status("Pod", pod, lambda status: set_condition(status, condition))
        self._resources.warn("Pod", pod, "FailedScheduling", scheduler)
        if auto_mode:
            self._resources.warn("Pod", pod, "FailedScheduling", auto_mode)


def host_of(node: Json, pods: Sequence[Json]) -> Host:
    """A node that stands, with its pods."""
    allocatable = node["status"].get("allocatable") or {}
    return Host(
        name=name_of(node),
        labels=labels_of(node),
        taints=node.get("spec", {}).get("taints") or [],
        capacity=Amounts(cpu=amount(allocatable.get("cpu", "0")), memory=amount(allocatable.get("memory", "0"))),
        most_pods=int(allocatable.get("pods", PODS)),
        pods=[pod for pod in pods if pod["spec"].get("nodeName") == name_of(node)],
    )


def _pod_affinity(pod: Json) -> str:
    affinity = pod["spec"].get("affinity") or {}
    return next((name for name in ("podAffinity", "podAntiAffinity") if affinity.get(name)), "")


def _unschedulable(objections: Sequence[str]) -> str:
    """The scheduler's words for a pod that no node takes."""
    if not objections:
        return "no nodes available to schedule pods"
    counts = ", ".join(f"{count} {text}" for text, count in sorted(Counter(objections).items()))
    return f"0/{len(objections)} nodes are available: {counts}."
