"""Which machines the cluster may launch; :mod:`.nodes` says so to EKS. Settings and components both use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

ARCHITECTURES: Final = ("arm64", "amd64")
CAPACITY_TYPES: Final = ("on-demand", "spot")
Architecture = Literal["arm64", "amd64"]
Capacity = Literal["on-demand", "spot"]


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
