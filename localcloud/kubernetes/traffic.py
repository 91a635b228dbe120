"""Whether traffic between two addresses passes the network policies of the clusters that run: for whoever carries it.

    refusal("10.32.0.5", "10.32.64.7", 8080, vpc_id="vpc-1")    # the load balancer's address, a pod's; empty: it passes

Two clusters may have pods of the same address, in VPCs of the same network: the VPC tells them apart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .client import Json
from .controllers.node_pools import CLASS
from .network_policies import End, Network, is_enforced, objection
from .resources import Resources, labels_of, name_of

CONFIG: Final = ("kube-system", "amazon-vpc-cni")
CACHE_SECONDS: Final = 0.2
"""What stands in a cluster is asked for no more often than this, however many requests pass."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What decides in one cluster at one moment. ``pods`` by address, ``classes`` of nodes by the node's name."""

    pods: Mapping[str, Json]
    classes: Mapping[str, Json]
    network: Network


class Traffic:
    """What passes in one cluster."""

    def __init__(self, resources: Resources, vpc_id: str) -> None:
        self._resources, self.vpc_id = resources, vpc_id
        self._lock = threading.Lock()
        self._cached: tuple[float, Snapshot] | None = None

    def refusal(self, source: str, destination: str, port: int, protocol: str) -> str:
        """Why a connection is refused, or the empty string."""
        snapshot = self._snapshot()
        ends = [End(address=address, pod=snapshot.pods.get(address)) for address in (source, destination)]
        return objection(snapshot.network, ends[0], ends[1], port, protocol)

    def security_groups(self, address: str) -> list[str]:
        """Of the pod that has the address, which are those of its node's class; none for another address."""
        snapshot = self._snapshot()
        pod = snapshot.pods.get(address)
        node_class = snapshot.classes.get(pod["spec"].get("nodeName", "")) if pod else None
        terms = node_class["spec"].get("securityGroupSelectorTerms") or [] if node_class else []
        return [term["id"] for term in terms if "id" in term]

    def _snapshot(self) -> Snapshot:
        with self._lock:
            if self._cached is None or time.monotonic() - self._cached[0] > CACHE_SECONDS:
                self._cached = time.monotonic(), self._read()
            return self._cached[1]

    def _read(self) -> Snapshot:
        known = {name_of(one): one for one in self._resources.list("NodeClass")}
        of_nodes = {name_of(node): labels_of(node).get(CLASS, "") for node in self._resources.list("Node")}
        classes = {node: known[name] for node, name in of_nodes.items() if name in known}
        network = Network(
            enforced=is_enforced(self._resources.find("ConfigMap", *CONFIG)),
            policies=self._resources.list("NetworkPolicy"),
            namespaces={name_of(one): labels_of(one) for one in self._resources.list("Namespace")},
            modes={node: str(one["spec"].get("networkPolicy", "DefaultAllow")) for node, one in classes.items()},
        )
        addresses = [(pod.get("status", {}).get("podIP"), pod) for pod in self._resources.list("Pod")]
        pods = {address: pod for address, pod in addresses if address}
        return Snapshot(pods=pods, classes=classes, network=network)


_CLUSTERS: list[Traffic] = []


def open_traffic(resources: Resources, vpc_id: str) -> Traffic:
    traffic = Traffic(resources, vpc_id)
    _CLUSTERS.append(traffic)
    return traffic


def close_traffic(traffic: Traffic) -> None:
    _CLUSTERS.remove(traffic)


def refusal(source: str, destination: str, port: int, protocol: str = "TCP", *, vpc_id: str) -> str:
    """Why the network policies of a VPC's clusters refuse a connection, or the empty string."""
    concerned = [one for one in list(_CLUSTERS) if one.vpc_id == vpc_id]
    return next((said for one in concerned if (said := one.refusal(source, destination, port, protocol))), "")


def security_groups(address: str, *, vpc_id: str) -> list[str]:
    """Of the pod that has the address in a VPC; none if no pod has it."""
    concerned = [one for one in list(_CLUSTERS) if one.vpc_id == vpc_id]
    return next((groups for one in concerned if (groups := one.security_groups(address))), [])
