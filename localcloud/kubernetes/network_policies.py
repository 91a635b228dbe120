"""Whether NetworkPolicies let one address reach a port of another. Pure.

Kubernetes facts: a pod that no policy selects for a direction is open in it; one that is selected lets through what any
of its policies allows. A rule without peers means everybody, one without ports every port; all selectors of a peer are
meant; an ipBlock means addresses outside the cluster. A policy is of the direction Ingress unless ``policyTypes``
says otherwise, and of Egress too if it has egress rules. A node reaches its own pods.

AWS facts: nothing is enforced until the ConfigMap ``amazon-vpc-cni`` of ``kube-system`` says
``enable-network-policy-controller: "true"``; a node of a class with ``networkPolicy: DefaultDeny`` closes its pods to
what no policy allows, one with ``Disabled`` enforces none.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from .api.selectors import matches_labels
from .client import Json
from .resources import labels_of, name_of, namespace_of

INGRESS, EGRESS = "Ingress", "Egress"
SWITCH: Final = "enable-network-policy-controller"


@dataclass(frozen=True, kw_only=True)
class Network:
    """What decides. ``namespaces``: their labels by name. ``modes``: the networkPolicy of a node's class by the node's
    name."""

    enforced: bool
    policies: Sequence[Json]
    namespaces: Mapping[str, Mapping[str, str]]
    modes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class End:
    """One end of a connection: an address, and the pod that has it."""

    address: str
    pod: Json | None = None


def objection(network: Network, source: End, destination: End, port: int, protocol: str = "TCP") -> str:
    """Why the connection is refused, or the empty string."""
    if not network.enforced or _is_own_node(source, destination):
        return ""
    for direction, end, peer in ((EGRESS, source, destination), (INGRESS, destination, source)):
        if end.pod is None:
            continue
        mode = network.modes.get(end.pod["spec"].get("nodeName", ""), "DefaultAllow")
        selecting = [one for one in network.policies if selects(one, end.pod, direction)]
        if mode == "Disabled" or (not selecting and mode != "DefaultDeny"):
            continue
        if not any(_allows(network, one, direction, peer, destination, port, protocol) for one in selecting):
            told = f"{namespace_of(end.pod)}/{name_of(end.pod)}"
            names = ", ".join(name_of(one) for one in selecting) or "the DefaultDeny of its node class"
            return f"{direction.lower()} of pod {told} to {destination.address}:{port} is not allowed by {names}"
    return ""


def is_enforced(config: Json | None) -> bool:
    """Whether the ConfigMap amazon-vpc-cni switches the network policy controller on."""
    return (config or {}).get("data", {}).get(SWITCH) == "true"


def selects(policy: Json, pod: Json, direction: str) -> bool:
    """Whether a policy says what the pod may do in a direction."""
    spec = policy["spec"]
    types = spec.get("policyTypes") or [INGRESS, *([EGRESS] if spec.get("egress") else [])]
    same = namespace_of(policy) == namespace_of(pod)
    return direction in types and same and matches_labels(spec.get("podSelector") or {}, labels_of(pod))


def _is_own_node(source: End, destination: End) -> bool:
    return destination.pod is not None and source.address == destination.pod.get("status", {}).get("hostIP")


def _allows(
    network: Network, policy: Json, direction: str, peer: End, destination: End, port: int, protocol: str
) -> bool:
    member = "from" if direction == INGRESS else "to"
    for rule in policy["spec"].get(direction.lower()) or []:
        peers: list[Json] = rule.get(member) or []
        known = not peers or any(_is_peer(network, policy, one, peer) for one in peers)
        ports: list[Json] = rule.get("ports") or []
        if known and (not ports or any(_is_port(one, destination, port, protocol) for one in ports)):
            return True
    return False


def _is_peer(network: Network, policy: Json, given: Json, end: End) -> bool:
    if "ipBlock" in given:
        return end.pod is None and _within(given["ipBlock"], end.address)
    if end.pod is None:
        return False
    namespace = namespace_of(end.pod)
    if "namespaceSelector" in given:
        if not matches_labels(given["namespaceSelector"] or {}, network.namespaces.get(namespace, {})):
            return False
    elif namespace != namespace_of(policy):
        return False
    return matches_labels(given.get("podSelector") or {}, labels_of(end.pod))


def _within(block: Json, address: str) -> bool:
    own = ipaddress.ip_address(address)
    excepted = any(own in ipaddress.ip_network(one) for one in block.get("except") or [])
    return own in ipaddress.ip_network(block["cidr"]) and not excepted


def _is_port(given: Json, destination: End, port: int, protocol: str) -> bool:
    if given.get("protocol", "TCP") != protocol:
        return False
    wanted = given.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return wanted <= port <= given.get("endPort", wanted)
    containers = destination.pod["spec"]["containers"] if destination.pod else []
    declared = [one for container in containers for one in container.get("ports") or []]
    return any(one.get("name") == wanted and one["containerPort"] == port for one in declared)
