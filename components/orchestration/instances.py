"""What a set of instance types has: the largest job that they can run, the smallest of their disks.

Source: EC2 instance type pages, read 2026-11: memory is a fixed number of GiB for each vCPU of a family, and a family's
largest size with virtual machines is given. Not all of it is a job's: the kernel and the ECS agent keep about 3 %. Of
NVMe disks a family has as many GB for each vCPU or, in some of its sizes, more; its smallest size has two vCPUs.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .contract import Resources

USABLE: Final = 0.97
_SIZE = re.compile(r"(\d*)x?large")


class Family(NamedTuple):
    gib_per_vcpu: int
    most_vcpus: int
    nvme_gb_per_vcpu: float
    """0: none."""


FAMILIES: Final = {
    "c5d": Family(2, 96, 25),
    "c6i": Family(2, 128, 0),
    "c6id": Family(2, 128, 59),
    "c7i": Family(2, 192, 0),
    "m5d": Family(4, 96, 37.5),
    "m6i": Family(4, 128, 0),
    "m6id": Family(4, 128, 59),
    "m7i": Family(4, 192, 0),
    "r5": Family(8, 96, 0),
    "r5d": Family(8, 96, 37.5),
    "r6i": Family(8, 128, 0),
    "r6id": Family(8, 128, 59),
    "r7i": Family(8, 192, 0),
}
"""All are x86: images of jobs are built for x86 alone, and Batch refuses to mix architectures."""


def fault(instance_type: str) -> str | None:
    """What is wrong with a family (``r5d``) or a type (``r5d.4xlarge``); None: nothing."""
    family, dot, size = instance_type.partition(".")
    if family not in FAMILIES:
        return f"a family is one of {', '.join(sorted(FAMILIES))}"
    if dot and not 0 < _vcpus(size) <= FAMILIES[family].most_vcpus:
        return f"{family} has no virtual machine of that size"
    return None


def has_nvme(instance_type: str) -> bool:
    return FAMILIES[instance_type.partition(".")[0]].nvme_gb_per_vcpu > 0


def least_nvme_gb(instance_types: tuple[str, ...]) -> int:
    """What the smallest machine has of NVMe disks, which Batch may choose for a small job."""
    nvme_gb: list[float] = []
    for one in instance_types:
        family, _, size = one.partition(".")
        nvme_gb.append(_vcpus(size or "large") * FAMILIES[family].nvme_gb_per_vcpu)
    return int(min(nvme_gb))


def largest_job(instance_types: tuple[str, ...], most_vcpus: int) -> Resources:
    """The most memory and the most vCPUs of any of the types; ``most_vcpus``: what the compute environment may have."""
    machines = [_machine(one) for one in instance_types]
    memory = max(vcpus * gib * 1024 for vcpus, gib in machines)
    return Resources(memory_mib=int(memory * USABLE), vcpus=min(most_vcpus, max(vcpus for vcpus, _ in machines)))


def _machine(instance_type: str) -> tuple[int, int]:
    family, _, size = instance_type.partition(".")
    known = FAMILIES[family]
    return (_vcpus(size) if size else known.most_vcpus), known.gib_per_vcpu


def _vcpus(size: str) -> int:
    """``large`` 2, ``xlarge`` 4, ``2xlarge`` 8 …; 0 for what is no size."""
    match = _SIZE.fullmatch(size)
    if not match:
        return 0
    if size == "large":
        return 2
    return 4 * int(match[1] or 1) if "xlarge" in size else 0
