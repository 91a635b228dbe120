"""Auto Mode beside Kubernetes' own scheduler: has nodes launched for the pods that it finds no place for.

Karpenter's way: a pod that the scheduler called unschedulable gets a node, unless one that stands or is being launched
would take it, which the scheduler will see by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..client import Json
from ..resources import Resources, condition, is_terminating, uid_of
from .launching import NOT_READY, Launcher
from .loop import View
from .placement import Host, objection_to
from .pods import ENDED
from .scheduler import host_of


class Provisioner:
    def __init__(self, resources: Resources, launcher: Launcher) -> None:
        self._resources, self._launcher = resources, launcher
        self._told: dict[str, str] = {}
        """uid of a pod -> the last reason that it was told of."""

    def reconcile(self, view: View) -> None:
        self._launcher.finish_launches(view)
        pods = [pod for pod in view.list("Pod") if pod.get("status", {}).get("phase") not in ENDED]
        waiting = [pod for pod in pods if _is_unschedulable(pod)]
        self._told = {uid: told for uid, told in self._told.items() if uid in {uid_of(pod) for pod in waiting}}
        hosts = [_once_ready(host_of(node, pods)) for node in view.list("Node") if not is_terminating(node)]
        for pod in sorted(waiting, key=lambda one: int(one["metadata"]["resourceVersion"])):
            self._provide(view, pod, hosts)

    def _provide(self, view: View, pod: Json, hosts: list[Host]) -> None:
        host = _fitting(pod, hosts, self._launcher.zones(view, pod))
        if host is not None:
            host.pods.append(pod)
            return
        host, objection = self._launcher.launch(view, pod, hosts)
        if host is not None:
            hosts.append(host)
        elif self._told.get(uid_of(pod)) != objection:
            self._told[uid_of(pod)] = objection
            self._resources.warn("Pod", pod, "FailedScheduling", objection)


def _fitting(pod: Json, hosts: Sequence[Host], zones: Mapping[str, set[str]]) -> Host | None:
    return next((host for host in hosts if not objection_to(pod, host, hosts, zones)), None)


def _is_unschedulable(pod: Json) -> bool:
    bound = pod["spec"].get("nodeName") or is_terminating(pod)
    return not bound and condition(pod, "PodScheduled").get("reason") == "Unschedulable"


def _once_ready(host: Host) -> Host:
    host.taints = [taint for taint in host.taints if taint["key"] != NOT_READY]
    return host
