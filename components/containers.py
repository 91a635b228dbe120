"""Rules for a service's containers and pods, with which settings and components both check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .checks import Fault, refused
from .rules import Bounds

PORT: Final = Bounds(1_024, 65_535)
"""That a container listens on: one that isn't root can't on a lower one."""
MIGRATION_MINUTES: Final = Bounds(1, 60)
PODS: Final = Bounds(1, 100)
CPU_MILLIS: Final = Bounds(10, 192_000)
"""Thousandths of a vCPU."""
MEMORY_MIB: Final = Bounds(16, 1_000_000)


@dataclass(frozen=True, kw_only=True)
class ResourcesArgs:
    """What is kept free for a container, and the most that it gets."""

    cpu_millis: int
    """Thousandths of a vCPU."""
    memory_mib: int
    cpu_limit_millis: int
    memory_limit_mib: int
    """Beyond it the container is ended and started again."""

    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong."""
        yield from refused("cpu_millis", self.cpu_millis, CPU_MILLIS.fault(self.cpu_millis))
        yield from refused("memory_mib", self.memory_mib, MEMORY_MIB.fault(self.memory_mib))
        yield from refused("cpu_limit_millis", self.cpu_limit_millis, CPU_MILLIS.fault(self.cpu_limit_millis))
        yield from refused("memory_limit_mib", self.memory_limit_mib, MEMORY_MIB.fault(self.memory_limit_mib))
        yield from self.conflicts()

    def conflicts(self) -> Iterator[Fault]:
        """Values that do not fit together, though each of them may be right."""
        if self.cpu_limit_millis < self.cpu_millis:
            yield "cpu_limit_millis", self.cpu_limit_millis, f"must be at least cpu_millis ({self.cpu_millis})"
        if self.memory_limit_mib < self.memory_mib:
            yield "memory_limit_mib", self.memory_limit_mib, f"must be at least memory_mib ({self.memory_mib})"


def port_faults(ports: Sequence[tuple[str, int]]) -> Iterator[tuple[int, str]]:
    """By index, what is wrong with the ports of a pod's containers beside each other, each after its container's
    name."""
    for index, (_, port) in enumerate(ports):
        taken = [name for name, one in ports[:index] if one == port]
        if taken:
            yield index, f"is the port of the container {taken[0]} of the same pod already"


def max_replicas(replicas: int, most: int) -> str | None:
    """What is wrong with the most pods of a service, beside the least."""
    return f"must be at least replicas ({replicas})" if most < replicas else None


def name_faults(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """By index, what is wrong with the names of a pod's containers beside each other."""
    for index, one in enumerate(names):
        if one in names[:index]:
            yield index, "is another container's name already"
