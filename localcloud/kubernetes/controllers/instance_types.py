"""The EC2 instance types that nodes here are made of, and their labels.

AWS facts: Auto Mode takes C, M and R of a generation from 5, with more than one vCPU; memory is 2, 4 or 8 GiB a vCPU;
``g`` is arm64. Prices are the cheapest first within what a pod fits, not what AWS asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

GIB: Final = 1 << 30
MEMORY_GIB_A_VCPU: Final = {"c": 2, "m": 4, "r": 8}
SIZES: Final = {"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64}
FAMILIES: Final = ("5", "6i", "7i", "6g", "7g", "8g")
PODS: Final = 110
RESERVED_CPU: Final = Decimal("0.1")
RESERVED_MEMORY: Final = 0.09
"""Of a node, for its system."""


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    category: str
    family: str
    """Without the category: ``7g``."""
    size: str

    @property
    def name(self) -> str:
        return f"{self.category}{self.family}.{self.size}"

    @property
    def vcpus(self) -> int:
        return SIZES[self.size]

    @property
    def memory(self) -> int:
        """Bytes."""
        return self.vcpus * MEMORY_GIB_A_VCPU[self.category] * GIB

    @property
    def allocatable_cpu(self) -> Decimal:
        return Decimal(self.vcpus) - RESERVED_CPU

    @property
    def allocatable_memory(self) -> int:
        return int(self.memory * (1 - RESERVED_MEMORY))

    @property
    def architecture(self) -> str:
        return "arm64" if self.family.endswith("g") else "amd64"

    @property
    def rank(self) -> tuple[float, str]:
        """Cheaper ones come first."""
        a_vcpu = {"c": 0.85, "m": 1.0, "r": 1.3}[self.category] * (0.8 if self.architecture == "arm64" else 1.0)
        return self.vcpus * a_vcpu, self.name

    def labels(self) -> Mapping[str, str]:
        prefix = "eks.amazonaws.com/instance-"
        return {
            "kubernetes.io/arch": self.architecture,
            "kubernetes.io/os": "linux",
            "node.kubernetes.io/instance-type": self.name,
            f"{prefix}category": self.category,
            f"{prefix}family": f"{self.category}{self.family}",
            f"{prefix}generation": self.family[0],
            f"{prefix}size": self.size,
            f"{prefix}cpu": str(self.vcpus),
            f"{prefix}cpu-manufacturer": "aws" if self.architecture == "arm64" else "intel",
            f"{prefix}memory": str(self.memory >> 20),
        }


@cache
def instance_types() -> tuple[InstanceType, ...]:
    """The cheapest first."""
    return tuple(sorted(_all(), key=lambda one: one.rank))


def _all() -> Iterator[InstanceType]:
    for category in MEMORY_GIB_A_VCPU:
        for family in FAMILIES:
            for size in SIZES:
                yield InstanceType(category=category, family=family, size=size)
