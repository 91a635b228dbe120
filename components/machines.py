"""Which machines the cluster may launch; :mod:`.nodes` says so to EKS. Settings and components both use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from .checks import Args, Check, Fault, broken, refused
from .rules import Bounds

Architecture = Literal["arm64", "amd64"]
Capacity = Literal["on-demand", "spot"]
ARCHITECTURES: Final[tuple[Architecture, ...]] = get_args(Architecture)
CAPACITY_TYPES: Final[tuple[Capacity, ...]] = get_args(Capacity)
VCPUS: Final = Bounds(2, 1_000)
"""The smallest machine has as many as the least."""
MEMORY_GIB: Final = Bounds(4, 4_000)
DISK_GIB: Final = Bounds(20, 59_000)
"""Less leaves little room beside the services' images; more AWS refuses."""


@dataclass(frozen=True, kw_only=True)
class MachinesArgs(Args):
    """One pool's machines."""

    architecture: Architecture = "arm64"
    """Images must be built for it."""
    capacity_types: tuple[Capacity, ...] = ("on-demand",)
    """``spot`` is cheaper, and AWS takes a machine back with two minutes' notice."""
    max_vcpus: int = 32
    """Pods beyond it stay pending; it bounds the cost."""
    max_memory_gib: int = 128
    disk_gib: int = 80
    """Of each machine's disk, for images and what containers write. Another size replaces the machines."""

    def faults(self) -> Iterator[Fault]:
        known = bool(self.capacity_types) and set(self.capacity_types) <= set(CAPACITY_TYPES)
        checks: tuple[Check, ...] = (
            (self.architecture in ARCHITECTURES, "architecture", self.architecture, " or ".join(ARCHITECTURES)),
            (known, "capacity_types", self.capacity_types, f"one or more of {', '.join(CAPACITY_TYPES)}"),
        )
        yield from broken(checks)
        yield from refused("max_vcpus", self.max_vcpus, VCPUS.fault(self.max_vcpus))
        yield from refused("max_memory_gib", self.max_memory_gib, MEMORY_GIB.fault(self.max_memory_gib))
        yield from refused("disk_gib", self.disk_gib, DISK_GIB.fault(self.disk_gib))
