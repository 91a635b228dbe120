"""Instance types: what the entries of a compute environment's ``instanceTypes`` stand for, and how large they are.

An entry is a type (``r5d.large``), a family (``r5d``), or ``optimal``. The largest type decides what a job may ask for.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.utilities.utils import load_resource

SHARE, KEPT_MIB = 0.97, 300
"""AWS documents the part that is kept for an m4.large alone (Batch user guide, "Compute resource memory management":
8,192 MiB, 7,985 of them registered): here rather too much."""
OPTIMAL = {
    "optimal": ("c4", "m4", "r4"),
    "default_x86_64": ("m6i", "c6i", "r6i"),
    "default_arm64": ("m6g", "c6g", "r6g"),
}


@cache
def _all() -> dict[str, Any]:
    return load_resource("ec2/resources/instance_types.json")


@cache
def types_of(entry: str) -> tuple[str, ...]:
    """The instance types that an entry stands for; empty if there is no such type or family."""
    if entry in OPTIMAL:
        return tuple(name for family in OPTIMAL[entry] for name in types_of(family))
    if "." in entry:
        return (entry,) if entry in _all() else ()
    return tuple(name for name in _all() if name.startswith(f"{entry}."))


def vcpus(instance_type: str) -> int:
    return int(_all()[instance_type]["VCpuInfo"]["DefaultVCpus"])


def memory_mib(instance_type: str) -> int:
    """What the ECS agent has for jobs: less than the type's memory, of which the kernel and the agent keep a part."""
    return int(int(_all()[instance_type]["MemoryInfo"]["SizeInMiB"]) * SHARE) - KEPT_MIB


@cache
def architectures(entry: str) -> frozenset[str]:
    known = {"x86_64", "arm64"}
    return frozenset(
        architecture
        for name in types_of(entry)
        for architecture in _all()[name]["ProcessorInfo"]["SupportedArchitectures"]
        if architecture in known
    )


@cache
def smallest_for(entries: tuple[str, ...], needed_vcpus: float, needed_mib: int) -> str | None:
    """The smallest type on which a job of that size fits, or None."""
    names = [name for entry in entries for name in types_of(entry)]
    fitting = [name for name in names if vcpus(name) >= needed_vcpus and memory_mib(name) >= needed_mib]
    return min(fitting, key=lambda name: (vcpus(name), memory_mib(name), name), default=None)
