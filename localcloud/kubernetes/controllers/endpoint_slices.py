"""EndpointSlices: the pods that each Service selects, with their addresses and whether they are ready.

Kubernetes facts: a pod that ends is not ready at once, and still ``serving`` while its readiness lasts; pods whose
named port is another number are in a slice of their own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from ..client import Json
from ..resources import Resources, is_terminating, labels_of, name_of, namespace_of, owner_reference, uid_of
from .loop import View
from .pods import ENDED, is_ready

SERVICE = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
ZONE = "topology.kubernetes.io/zone"


class EndpointSlices:
    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def reconcile(self, view: View) -> None:
        for service in view.list("Service"):
            if service["spec"].get("selector") and not is_terminating(service):
                self._reconcile(view, service)

    def _reconcile(self, view: View, service: Json) -> None:
        zones = {name_of(node): labels_of(node).get(ZONE, "") for node in view.list("Node")}
        wanted: dict[str, Json] = {}
        for pod in selected_pods(service, view.list("Pod")):
            ports = _ports(service, pod)
            name = _slice_name(service, ports)
            entry = wanted.setdefault(name, {"ports": ports, "endpoints": []})
            entry["endpoints"].append(_endpoint(pod, zones))
        if not wanted:
            wanted[_slice_name(service, [])] = {"ports": [], "endpoints": []}
        present = {name_of(one): one for one in slices_of(service, view.list("EndpointSlice"))}
        for name, entry in wanted.items():
            self._write(service, name, entry, present.get(name))
        for name in set(present) - set(wanted):
            self._resources.delete("EndpointSlice", present[name])

    def _write(self, service: Json, name: str, entry: Json, present: Json | None) -> None:
        if present is not None:
            self._resources.update("EndpointSlice", present, lambda current: current.update(entry))
            return
        metadata = {
            "name": name,
            "namespace": namespace_of(service),
            "labels": {SERVICE: name_of(service), MANAGED_BY: "endpointslice-controller.k8s.io"},
            "ownerReferences": [owner_reference(service, "Service")],
        }
        self._resources.create("EndpointSlice", {"metadata": metadata, "addressType": "IPv4", **entry})


def slices_of(service: Json, slices: Sequence[Json]) -> list[Json]:
    return [
        one
        for one in slices
        if namespace_of(one) == namespace_of(service) and labels_of(one).get(SERVICE) == name_of(service)
    ]


def selected_pods(service: Json, pods: Sequence[Json]) -> list[Json]:
    """Those that have an address and have not ended."""
    selector: Mapping[str, str] = service["spec"]["selector"]
    return [
        pod
        for pod in pods
        if namespace_of(pod) == namespace_of(service)
        and selector.items() <= labels_of(pod).items()
        and pod.get("status", {}).get("podIP")
        and pod["status"].get("phase") not in ENDED
    ]


def target_port(port: Json, pod: Json) -> int | None:
    """The number of a Service's port at a pod; None for a name that no container of it has."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for declared in container.get("ports") or []:
            if declared.get("name") == target:
                return int(declared["containerPort"])
    return None


def _ports(service: Json, pod: Json) -> list[Json]:
    ports: list[Json] = []
    for port in service["spec"].get("ports") or []:
        number = target_port(port, pod)
        if number is not None:
            ports.append({"name": port.get("name", ""), "port": number, "protocol": port.get("protocol", "TCP")})
    return ports


def _endpoint(pod: Json, zones: Mapping[str, str]) -> Json:
    terminating, serving = is_terminating(pod), is_ready(pod)
    node = pod["spec"].get("nodeName", "")
    target = {"kind": "Pod", "name": name_of(pod), "namespace": namespace_of(pod), "uid": uid_of(pod)}
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": serving and not terminating, "serving": serving, "terminating": terminating},
        "nodeName": node,
        **({"zone": zones[node]} if zones.get(node) else {}),
        "targetRef": target,
    }


def _slice_name(service: Json, ports: Sequence[Json]) -> str:
    digest = hashlib.sha256(json.dumps(ports).encode()).hexdigest()[:5]
    return f"{name_of(service)}-{digest}"
