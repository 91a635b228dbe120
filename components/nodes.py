"""Machines of the cluster: which ones EKS Auto Mode may launch for pods, and how many.

Rests on: EKS user guide "Create a node pool", "Create a node class". The built-in pools are not used: `general-purpose`
has no arm64, `system` takes critical add-ons alone, and neither can be limited. A name `default` is theirs. Machines
are replaced after 14 days at most, within what PodDisruptionBudgets allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pulumi

from . import manifest
from .machines import MachinesArgs

CATEGORIES: Final = ("c", "m", "r")
OLDEST_GENERATION: Final = 6
"""Instance types of older generations have no arm64, or cost more for the same work."""
EXPIRE_AFTER: Final = "336h"


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
            "ephemeralStorage": {"size": f"{machines.disk_gib}Gi"},
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
