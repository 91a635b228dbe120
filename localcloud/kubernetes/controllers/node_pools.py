"""NodePools and NodeClasses: which nodes could be launched, and why not.

AWS facts: the built-in pools ``general-purpose`` (amd64) and ``system`` (both architectures, tainted) and their class
``default`` exist while the cluster has them switched on; a class's role is its name, and needs an access entry of the
type EC2 with AmazonEKSAutoNodePolicy; a pool launches nothing beyond its limits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..aws import Aws, Subnet
from ..client import Json
from ..objects.quantities import amount
from ..resources import CONFLICT, Resources, labels_of, name_of, set_condition, suppress_status
from .instance_types import InstanceType, instance_types
from .loop import View
from .requirements import holds

POOL: Final = "karpenter.sh/nodepool"
CLASS: Final = "eks.amazonaws.com/nodeclass"
ZONE: Final = "topology.kubernetes.io/zone"
CAPACITY: Final = "karpenter.sh/capacity-type"
CAPACITY_TYPES: Final = ("spot", "on-demand")
"""The cheaper one first."""
BUILT_IN: Final = "eks.amazonaws.com/built-in"
DEFAULT_CLASS: Final = "default"
ARCHITECTURES: Final = {"general-purpose": ["amd64"], "system": ["amd64", "arm64"]}


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A node that a pool could launch."""

    pool: Json
    node_class: Json
    instance_type: InstanceType
    subnet: Subnet
    labels: Mapping[str, str]

    @property
    def taints(self) -> list[Json]:
        return list(self.pool["spec"]["template"]["spec"].get("taints") or [])


class NodePools:
    """Keeps the built-in pools, and says of each class and pool whether it is ready."""

    def __init__(self, resources: Resources, aws: Aws) -> None:
        self._resources, self._aws = resources, aws

    def reconcile(self, view: View) -> None:
        wanted, subnets = set(self._aws.built_in_node_pools()), self._aws.subnets()
        self._keep("NodeClass", view, {DEFAULT_CLASS: self._default_class(subnets)} if wanted else {})
        self._keep("NodePool", view, {name: _built_in_pool(name) for name in sorted(wanted)})
        for node_class in view.list("NodeClass"):
            problem = class_problem(node_class, self._aws, subnets)
            self._say("NodeClass", node_class, "NotReady", problem)
        classes = {name_of(one): one for one in view.list("NodeClass")}
        for pool in view.list("NodePool"):
            name = pool["spec"]["template"]["spec"]["nodeClassRef"]["name"]
            node_class = classes.get(name)
            problem = class_problem(node_class, self._aws, subnets) if node_class else f"NodeClass {name} not found"
            self._say("NodePool", pool, "NodeClassNotReady", problem)

    def _keep(self, kind: str, view: View, wanted: Mapping[str, Json]) -> None:
        present = {name_of(one): one for one in view.list(kind)}
        for name in set(wanted) - set(present):
            with suppress_status(CONFLICT):
                view.list(kind).append(self._resources.create(kind, wanted[name]))  # for the controllers after it
        for name, item in present.items():
            if BUILT_IN in labels_of(item) and name not in wanted:
                self._resources.delete(kind, item)

    def _default_class(self, subnets: Sequence[Subnet]) -> Json:
        spec: Json = {
            "role": self._aws.node_role_arn().rpartition("/")[2],
            "subnetSelectorTerms": [{"id": subnet.id} for subnet in subnets],
            "securityGroupSelectorTerms": [{"id": self._aws.security_group_id}],
            "networkPolicy": "DefaultAllow",
        }
        return {"metadata": {"name": DEFAULT_CLASS, "labels": {BUILT_IN: "true"}}, "spec": spec}

    def _say(self, kind: str, item: Json, reason: str, problem: str) -> None:
        condition = {"type": "Ready", "status": "True", "reason": "Ready"}
        if problem:
            condition = {"type": "Ready", "status": "False", "reason": reason, "message": problem}
        self._resources.update_status(kind, item, lambda status: set_condition(status, condition))


def _built_in_pool(name: str) -> Json:
    requirements: list[Json] = [
        {"key": "kubernetes.io/arch", "operator": "In", "values": ARCHITECTURES[name]},
        {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
        {"key": CAPACITY, "operator": "In", "values": ["on-demand"]},
        {"key": "eks.amazonaws.com/instance-category", "operator": "In", "values": ["c", "m", "r"]},
        {"key": "eks.amazonaws.com/instance-generation", "operator": "Gt", "values": ["4"]},
    ]
    reference = {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": DEFAULT_CLASS}
    spec: Json = {"nodeClassRef": reference, "requirements": requirements, "expireAfter": "336h"}
    if name == "system":
        spec["taints"] = [{"key": "CriticalAddonsOnly", "effect": "NoSchedule"}]
    disruption = {
        "consolidationPolicy": "WhenEmptyOrUnderutilized",
        "consolidateAfter": "30s",
        "budgets": [{"nodes": "10%"}],
    }
    return {
        "metadata": {"name": name, "labels": {BUILT_IN: "true"}},
        "spec": {"template": {"spec": spec}, "disruption": disruption},
    }


def class_problem(node_class: Json, aws: Aws, subnets: Sequence[Subnet]) -> str:
    """Why no node of the class can be launched; empty if one can."""
    spec = node_class["spec"]
    role = spec.get("role", "")
    if not role and not spec.get("instanceProfile"):
        return "role or instanceProfile is needed"
    if role and not aws.admits_nodes_of(role):
        return f"role {role} has no access entry of the type EC2 with AmazonEKSAutoNodePolicy: its nodes can't join"
    if not subnets_of(node_class, subnets):
        return "SubnetSelector did not match any Subnets"
    return ""


def subnets_of(node_class: Json, subnets: Sequence[Subnet]) -> list[Subnet]:
    """Those that any of the class's terms selects."""
    terms: list[Json] = node_class["spec"].get("subnetSelectorTerms") or []
    return [subnet for subnet in subnets if any(_selects(term, subnet) for term in terms)]


def _selects(term: Json, subnet: Subnet) -> bool:
    tags: Mapping[str, str] = term.get("tags") or {}
    by_tags = all(key in subnet.tags and value in ("*", subnet.tags[key]) for key, value in tags.items())
    return term.get("id", subnet.id) == subnet.id and by_tags


def offers(pool: Json, node_class: Json, subnets: Sequence[Subnet]) -> Iterator[Offer]:
    """What the pool could launch, the cheapest first."""
    template = pool["spec"]["template"]
    requirements: list[Json] = template["spec"].get("requirements") or []
    own = {**(template.get("metadata", {}).get("labels") or {}), POOL: name_of(pool), CLASS: name_of(node_class)}
    for instance_type in instance_types():
        for capacity in CAPACITY_TYPES:
            for subnet in subnets:
                labels = {
                    **own,
                    **instance_type.labels(),
                    CAPACITY: capacity,
                    ZONE: subnet.zone,
                    "topology.kubernetes.io/region": subnet.zone[:-1],
                    "eks.amazonaws.com/compute-type": "auto",
                }
                if all(holds(one, labels) for one in requirements):
                    yield Offer(
                        pool=pool,
                        node_class=node_class,
                        instance_type=instance_type,
                        subnet=subnet,
                        labels=labels,
                    )


def exceeds_limits(pool: Json, nodes: Sequence[Json], instance_type: InstanceType) -> bool:
    """Whether the pool's nodes and one more are beyond what it may have."""
    limits: Mapping[str, Any] = pool["spec"].get("limits") or {}
    own = [node["status"]["capacity"] for node in nodes if labels_of(node).get(POOL) == name_of(pool)]
    wanted = {"cpu": instance_type.vcpus, "memory": instance_type.memory}
    return any(
        sum(amount(capacity[name]) for capacity in own) + wanted[name] > amount(limit)
        for name, limit in limits.items()
        if name in wanted
    )


def drift_hash(pool: Json, node_class: Json, version: str) -> str:
    """Changes with whatever makes Auto Mode replace the pool's nodes: pool, class, the cluster's version."""
    told = json.dumps([pool["spec"]["template"], node_class["spec"], version], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
