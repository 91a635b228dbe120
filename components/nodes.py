"""Machines of the cluster: which ones EKS Auto Mode may launch for pods, and how many.

Rests on: EKS user guide "Create a node pool", "Create a node class". The built-in pools are not used: `general-purpose`
has no arm64, `system` takes critical add-ons alone, and neither can be limited. A name `default` is theirs. Machines
are replaced after 14 days at most, within what PodDisruptionBudgets allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pulumi

from components import manifest

ARCHITECTURES: Final = ("arm64", "amd64")
CAPACITY_TYPES: Final = ("on-demand", "spot")
Architecture = Literal["arm64", "amd64"]
Capacity = Literal["on-demand", "spot"]
CATEGORIES: Final = ("c", "m", "r")
OLDEST_GENERATION: Final = 6
"""Of instance types: older ones have no arm64, or cost more for the same work."""
EXPIRE_AFTER: Final = "336h"


@dataclass(frozen=True, kw_only=True)
class MachinesArgs:
    """One pool's machines."""

    architecture: Architecture = "arm64"
    """Images must be built for it."""
    capacity_types: tuple[Capacity, ...] = ("on-demand",)
    """``spot`` is cheaper, and AWS takes a machine back with two minutes' notice."""
    max_vcpus: int = 32
    """Pods beyond it stay pending; it bounds the cost."""
    max_memory_gib: int = 128

    def check(self, name: str) -> None:
        """Raises ValueError naming component, field, value and rule."""
        known = bool(self.capacity_types) and set(self.capacity_types) <= set(CAPACITY_TYPES)
        checks: tuple[tuple[bool, str, object, str], ...] = (
            (self.architecture in ARCHITECTURES, "architecture", self.architecture, " or ".join(ARCHITECTURES)),
            (known, "capacity_types", self.capacity_types, f"one or more of {', '.join(CAPACITY_TYPES)}"),
            (self.max_vcpus >= 2, "max_vcpus", self.max_vcpus, "2 or more: the smallest machine has 2"),
            (self.max_memory_gib >= 4, "max_memory_gib", self.max_memory_gib, "4 or more"),
        )
        for kept, field, value, rule in checks:
            if not kept:
                raise ValueError(f"{name}: {field}: {value!r}: {rule}")


def node_pool(
    name: str,
    machines: MachinesArgs,
    *,
    role: pulumi.Input[str],
    subnet_ids: Sequence[pulumi.Input[str]],
    security_groups: Sequence[pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> pulumi.CustomResource:
    """A pool of machines and its node class, both of that name in the cluster. ``role``: the name of theirs."""
    node_class = manifest.apply(
        f"{name}-node-class",
        "eks.amazonaws.com/v1",
        "NodeClass",
        {"name": name},
        opts,
        spec={
            "role": role,
            "subnetSelectorTerms": [{"id": subnet} for subnet in subnet_ids],
            "securityGroupSelectorTerms": [{"id": group} for group in security_groups],
            # DefaultDeny would cut off the add-ons' pods too: namespaces deny for themselves.
            "networkPolicy": "DefaultAllow",
        },
    )
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[node_class]))
    return manifest.apply(
        f"{name}-node-pool", "karpenter.sh/v1", "NodePool", {"name": name}, after, spec=_spec(name, machines)
    )


def _spec(name: str, machines: MachinesArgs) -> dict[str, Any]:
    required = {
        "kubernetes.io/arch": [machines.architecture],
        "karpenter.sh/capacity-type": [*machines.capacity_types],
        "eks.amazonaws.com/instance-category": [*CATEGORIES],
    }
    newer = {"key": "eks.amazonaws.com/instance-generation", "operator": "Gt", "values": [str(OLDEST_GENERATION - 1)]}
    requirements = [{"key": key, "operator": "In", "values": values} for key, values in required.items()]
    return {
        "template": {
            "spec": {
                "expireAfter": EXPIRE_AFTER,
                "nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": name},
                "requirements": [*requirements, newer],
            }
        },
        "disruption": {
            "consolidationPolicy": "WhenEmptyOrUnderutilized",
            "consolidateAfter": "5m",
            "budgets": [{"nodes": "1"}],
        },
        "limits": {"cpu": str(machines.max_vcpus), "memory": f"{machines.max_memory_gib}Gi"},
    }
