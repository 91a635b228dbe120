"""Launches nodes as Auto Mode does.

AWS facts: the cheapest node of the first pool (by weight) whose requirements, taints, zones and limits admit the pod;
the zones of all the class's subnets count for the spread of pods, whether they have nodes or not.
"""

from __future__ import annotations

import platform
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from .. import timing
from ..aws import Aws
from ..client import Json
from ..node.leases import Leases, NoAddressError
from ..objects.errors import ApiError
from ..resources import Resources, is_terminating, is_true, name_of, set_condition
from .instance_types import PODS
from .loop import View
from .node_pools import ZONE, Offer, class_problem, drift_hash, exceeds_limits, offers, subnets_of
from .placement import HOSTNAME, Amounts, Host, spread_objection
from .requirements import accepts, alternatives, holds, said, untolerated

HASH = "karpenter.sh/nodepool-hash"
FINALIZER = "karpenter.sh/termination"
NOT_READY = "node.kubernetes.io/not-ready"
LAUNCH_SECONDS = 5.0
"""From the launch of a node to its being ready."""
Choice = tuple[Offer | None, str]
"""The node to launch, or why there is none."""


class Launcher:
    """``version`` answers the cluster's, e.g. ``1.34``."""

    def __init__(self, resources: Resources, aws: Aws, leases: Leases, version: Callable[[], str]) -> None:
        self._resources, self._aws, self._leases, self.version = resources, aws, leases, version
        self._launched = timing.Stopwatch()

    def launch(self, view: View, pod: Json, hosts: Sequence[Host]) -> tuple[Host | None, str]:
        """A node launched for the pod, or why none can be."""
        objections: list[str] = []
        zones = self.zones(view, pod)
        for pool, node_class in self._pools(view):
            offer, objection = self._best_offer(view, pod, pool, node_class, hosts, zones)
            if offer is not None:
                host = self._create_node(view, offer)
                host.pods.append(pod)
                self._resources.event("Pod", pod, "Nominated", f"Pod should schedule on: node/{host.name}")
                return host, ""
            objections.append(objection)
        return None, f"Failed to schedule pod, {'; '.join(objections) or 'no nodepools found'}"

    def zones(self, view: View, pod: Json) -> Mapping[str, set[str]]:
        """The zones in which a pool could launch a node for the pod, by the label's key."""
        zones: set[str] = set()
        subnets = self._aws.subnets()
        for pool, node_class in self._pools(view):
            if node_class is not None and not class_problem(node_class, self._aws, subnets):
                offered = offers(pool, node_class, subnets_of(node_class, subnets))
                zones |= {one.labels[ZONE] for one in offered if accepts(pod, one.labels)}
        return {ZONE: zones}

    def finish_launches(self, view: View) -> None:
        """Nodes are ready some time after their launch."""
        for node in view.list("Node"):
            if is_true(node, "Ready") or name_of(node) not in self._launched:
                continue
            left = timing.scaled(LAUNCH_SECONDS) - self._launched.seconds(name_of(node))
            if left > 0:
                view.again(left)
            else:
                self._resources.update("Node", node, _untaint)
                node.update(self._resources.update_status("Node", node, _say_ready) or {})

    def _pools(self, view: View) -> Iterator[tuple[Json, Json | None]]:
        """With their classes; those of the highest weight first."""
        classes = {name_of(one): one for one in view.list("NodeClass") if not is_terminating(one)}
        pools = [pool for pool in view.list("NodePool") if not is_terminating(pool)]
        for pool in sorted(pools, key=lambda one: (-one["spec"].get("weight", 0), name_of(one))):
            yield pool, classes.get(pool["spec"]["template"]["spec"]["nodeClassRef"]["name"])

    def _best_offer(
        self,
        view: View,
        pod: Json,
        pool: Json,
        node_class: Json | None,
        hosts: Sequence[Host],
        zones: Mapping[str, set[str]],
    ) -> Choice:
        told = f'incompatible with nodepool "{name_of(pool)}"'
        if node_class is None:
            return None, f"{told}, its NodeClass is not there"
        subnets = self._aws.subnets()
        if problem := class_problem(node_class, self._aws, subnets):
            return None, f"{told}, NodeClass {name_of(node_class)} is not ready: {problem}"
        all_offers = list(offers(pool, node_class, subnets_of(node_class, subnets)))
        nodes = view.list("Node")
        steps: list[tuple[Callable[[Offer], bool], str]] = [
            (lambda one: not untolerated(pod, one.taints), f"{told}, did not tolerate its taints"),
            (lambda one: accepts(pod, one.labels), f"{told}, incompatible requirements, {_mismatch(pod, all_offers)}"),
            (
                lambda one: not spread_objection(pod, _host(one), hosts, zones),
                f"{told}, unsatisfiable topology constraint",
            ),
            (lambda one: not _host(one).objection(pod), f"{told}, no instance type has enough resources"),
            (
                lambda one: not exceeds_limits(pool, nodes, one.instance_type),
                f'all available instance types exceed limits for nodepool: "{name_of(pool)}"',
            ),
        ]
        return _first(all_offers, steps, f"{told}, no instance type satisfied its requirements")

    def _create_node(self, view: View, offer: Offer) -> Host:
        name = f"i-{secrets.token_hex(9)[:17]}"
        address = self._address(offer)
        node = _node(offer, name, address, self.version())
        try:
            created = self._resources.create("Node", node)
        except ApiError:
            self._leases.give_back(address)
            raise
        launching = self._resources.update_status("Node", created, partial(_say_launching, node)) or created
        view.list("Node").append(launching)
        self._launched.restart(name)
        view.again(timing.scaled(LAUNCH_SECONDS))
        return _host(replace(offer, labels=node["metadata"]["labels"]), name)

    def _address(self, offer: Offer) -> str:
        try:
            return self._leases.take(offer.subnet.cidr)
        except (NoAddressError, ValueError) as error:
            raise ApiError(422, "Invalid", f"NodeClass {name_of(offer.node_class)}: {error}") from None


def _first(all_offers: Sequence[Offer], steps: Sequence[tuple[Callable[[Offer], bool], str]], objection: str) -> Choice:
    """The first offer that passes every step, or the objection of the step that none passed."""
    left = list(all_offers)
    for passes, next_objection in steps:
        if not left:
            break
        left, objection = [one for one in left if passes(one)], next_objection
    return (left[0], "") if left else (None, objection)


def _host(offer: Offer, name: str = "") -> Host:
    """A node that could be launched."""
    instance_type = offer.instance_type
    return Host(
        name=name,
        labels={HOSTNAME: name, **offer.labels},
        taints=offer.taints,
        capacity=Amounts(cpu=instance_type.allocatable_cpu, memory=Decimal(instance_type.allocatable_memory)),
        most_pods=PODS,
    )


def _node(offer: Offer, name: str, address: str, version: str) -> Json:
    instance_type = offer.instance_type
    capacity = {"cpu": str(instance_type.vcpus), "memory": str(instance_type.memory), "pods": str(PODS)}
    allocatable = {
        "cpu": f"{int(instance_type.allocatable_cpu * 1000)}m",
        "memory": str(instance_type.allocatable_memory),
        "pods": str(PODS),
    }
    info = {
        "architecture": instance_type.architecture,
        "operatingSystem": "linux",
        "osImage": "Bottlerocket (EKS Auto)",
        "kernelVersion": platform.release(),
        "kubeletVersion": f"v{version}.0-eks",
        "kubeProxyVersion": f"v{version}.0-eks",
        "containerRuntimeVersion": "process://1",
        "machineID": name,
        "systemUUID": name,
        "bootID": name,
    }
    return {
        "metadata": {
            "name": name,
            "labels": {HOSTNAME: name, **offer.labels},
            "annotations": {HASH: drift_hash(offer.pool, offer.node_class, version)},
            "finalizers": [FINALIZER],
        },
        "spec": {"providerID": f"aws:///{offer.subnet.zone}/{name}", "taints": offer.taints},
        "status": {
            "capacity": capacity,
            "allocatable": allocatable,
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "nodeInfo": info,
        },
    }


def _say_launching(node: Json, status: Json) -> None:
    status |= node["status"]
    condition = {"type": "Ready", "status": "False", "reason": "NodeNotReady", "message": "node is launching"}
    set_condition(status, condition)


def _untaint(node: Json) -> None:
    """Takes off the taint that Kubernetes' own API server gives to each new node."""
    if taints := node["spec"].get("taints"):
        node["spec"]["taints"] = [one for one in taints if one["key"] != NOT_READY]


def _say_ready(status: Json) -> None:
    text = "kubelet is posting ready status"
    set_condition(status, {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": text})


def _mismatch(pod: Json, all_offers: Sequence[Offer]) -> str:
    """The first of the pod's requirements that no node of a pool satisfies."""
    for requirement in alternatives(pod)[0]:
        if not any(holds(requirement, one.labels) for one in all_offers):
            key = requirement["key"]
            values = sorted({one.labels[key] for one in all_offers if key in one.labels})
            return f"key {key}, {said(requirement)} not in {key} In [{' '.join(values)}]"
    return "their combination"
