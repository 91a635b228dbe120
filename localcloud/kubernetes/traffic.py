"""Whether traffic between two addresses passes the network policies of the clusters that run: for whoever carries it.

    refusal("10.32.0.5", "10.32.64.7", 8080)    # the load balancer's address, a pod's; empty: it passes

Two clusters may have pods of the same address, in VPCs of the same network: ``vpc_id`` tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .client import Json
from .controllers.node_pools import CLASS
from .network_policies import End, Network, is_enforced, objection
from .resources import Resources, labels_of, name_of

CONFIG: Final = ("kube-system", "amazon-vpc-cni")


@dataclass(frozen=True)
class Traffic:
    """What passes in one cluster."""

    resources: Resources
    vpc_id: str

    def refusal(self, source: str, destination: str, port: int, protocol: str = "TCP") -> str:
        """Why a connection is refused, or the empty string."""
        pods = {pod["status"]["podIP"]: pod for pod in self.resources.list("Pod") if pod.get("status", {}).get("podIP")}
        if source not in pods and destination not in pods:
            return ""
        ends = [End(address=address, pod=pods.get(address)) for address in (source, destination)]
        return objection(self._network(), ends[0], ends[1], port, protocol)

    def _network(self) -> Network:
        return Network(
            enforced=is_enforced(self.resources.find("ConfigMap", *CONFIG)),
            policies=self.resources.list("NetworkPolicy"),
            namespaces={name_of(one): labels_of(one) for one in self.resources.list("Namespace")},
            modes=self._modes(),
        )

    def _modes(self) -> dict[str, str]:
        """Node -> the networkPolicy of its class."""
        classes = {name_of(one): one for one in self.resources.list("NodeClass")}
        return {
            name_of(node): _mode(classes.get(labels_of(node).get(CLASS, ""))) for node in self.resources.list("Node")
        }

    def security_groups(self, address: str) -> list[str]:
        """Of the pod that has the address, which are those of its node's class; none for another address."""
        pods = [pod for pod in self.resources.list("Pod") if pod.get("status", {}).get("podIP") == address]
        nodes = {name_of(node): labels_of(node).get(CLASS, "") for node in self.resources.list("Node")}
        classes = {name_of(one): one for one in self.resources.list("NodeClass")}
        for pod in pods:
            node_class = classes.get(nodes.get(pod["spec"].get("nodeName", ""), ""))
            terms = node_class["spec"].get("securityGroupSelectorTerms") or [] if node_class else []
            return [term["id"] for term in terms if "id" in term]
        return []


def _mode(node_class: Json | None) -> str:
    return str(node_class["spec"].get("networkPolicy", "DefaultAllow")) if node_class else "DefaultAllow"


_CLUSTERS: list[Traffic] = []


def open_traffic(resources: Resources, vpc_id: str) -> Traffic:
    traffic = Traffic(resources, vpc_id)
    _CLUSTERS.append(traffic)
    return traffic


def close_traffic(traffic: Traffic) -> None:
    _CLUSTERS.remove(traffic)


def refusal(source: str, destination: str, port: int, protocol: str = "TCP", *, vpc_id: str = "") -> str:
    """Why a connection is refused by a cluster's network policies, or the empty string."""
    concerned = [one for one in list(_CLUSTERS) if vpc_id in ("", one.vpc_id)]
    return next((said for one in concerned if (said := one.refusal(source, destination, port, protocol))), "")


def security_groups(address: str, *, vpc_id: str = "") -> list[str]:
    """Of the pod that has the address; none if no pod has it."""
    concerned = [one for one in list(_CLUSTERS) if vpc_id in ("", one.vpc_id)]
    return next((found for one in concerned if (found := one.security_groups(address))), [])
