"""What the server completes and refuses in an object by what else is in the cluster: namespaces, service accounts,
pod security, addresses of Services."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final

from localcloud.kubernetes.api.selectors import EVERYTHING
from localcloud.kubernetes.api.store import Store, Stored
from localcloud.kubernetes.objects.errors import ApiError, Json, forbidden, invalid, not_found
from localcloud.kubernetes.objects.kinds import Kind, kind
from localcloud.kubernetes.objects.pod_security import ENFORCE, violation

_FIRST_ADDRESS: Final = 100
"""The first addresses of the range are the API server's and the name server's."""


class Admission:
    """Of one cluster. ``service_cidr``: the range that Services get addresses of."""

    def __init__(self, store: Store, service_cidr: str) -> None:
        self._store = store
        self._range = ip_network(service_cidr)
        self._next_address = _FIRST_ADDRESS

    def namespace(self, of: Kind, namespace: str, name: str) -> None:
        """Raises ApiError where a new object's namespace is missing or being deleted."""
        within = self._store.get(kind("Namespace"), "", namespace)
        if within is None:
            raise not_found("namespaces", namespace)
        if within.deleting:
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise forbidden(of.resource, name, why)

    def create(self, of: Kind, value: Json) -> None:
        """Completes a new object, or raises ApiError."""
        if of.name == "Pod":
            self._pod(value)
        elif of.name == "Service":
            self._service(value)
        elif of.name == "ServiceAccount":
            value.pop("status", None)

    def update(self, of: Kind, before: Stored, value: Json) -> None:
        """Completes an object that replaces ``before``: what the server allocated is kept where it isn't said."""
        if of.name != "Service":
            return
        old, new = before.value.get("spec") or {}, value.setdefault("spec", {})
        for field in ("clusterIP", "clusterIPs"):
            if field in old:
                new.setdefault(field, old[field])
        _supported(value)

    def _pod(self, value: Json) -> None:
        metadata, spec = value["metadata"], value["spec"]
        account = spec.setdefault("serviceAccountName", "default")
        spec.setdefault("serviceAccount", account)
        namespace = metadata["namespace"]
        if self._store.get(kind("ServiceAccount"), namespace, account) is None:
            why = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
            raise forbidden("pods", metadata["name"], why)
        within = self._store.get(kind("Namespace"), "", namespace)
        labels = (within.value["metadata"].get("labels") or {}) if within else {}
        if why := violation(labels.get(ENFORCE, "privileged"), spec):
            raise forbidden("pods", metadata["name"], why)

    def _service(self, value: Json) -> None:
        _supported(value)
        spec = value["spec"]
        if spec["type"] == "ExternalName":
            return
        taken = {each.value["spec"].get("clusterIP") for each in self._store.select(kind("Service"), "", EVERYTHING)}
        address = spec.setdefault("clusterIP", "") or self._free(taken)
        if address != "None" and address in taken:
            taken_already = f"failed to allocate IP {address}: provided IP is already allocated"
            cause = f'spec.clusterIPs[0]: Invalid value: ["{address}"]: {taken_already}'
            raise invalid("Service", value["metadata"]["name"], [cause])
        spec["clusterIP"], spec["clusterIPs"] = address, [address]

    def _free(self, taken: set[str]) -> str:
        size = self._range.num_addresses
        for _ in range(size):
            address = str(self._range[self._next_address])
            self._next_address = self._next_address + 1 if self._next_address + 2 < size else _FIRST_ADDRESS
            if address not in taken:
                return address
        raise ApiError(500, "InternalError", "failed to allocate a serviceIP: range is full")


def _supported(value: Json) -> None:
    wanted = value["spec"].get("type")
    if wanted in ("LoadBalancer", "NodePort"):
        cause = (
            f'spec.type: Unsupported value: "{wanted}": the local cluster reaches pods by ClusterIP Services and '
            "TargetGroupBindings alone"
        )
        raise invalid("Service", value["metadata"]["name"], [cause])
