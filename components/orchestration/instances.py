"""What a set of instance types has: the largest job that they can run, the smallest of their disks.

Source: EC2 instance type pages, read 2026-11: memory is a fixed number of GiB for each vCPU of a family, and the sizes
that are virtual machines are given. Of NVMe disks a family has as many GB for each vCPU or, in some of its sizes, more.

Not all memory is a job's: the kernel and the ECS agent keep some, how much is documented for one type alone (Batch user
guide, "Compute resource memory management": 7,985 of an m4.large's 8,192 MiB, and 32 MiB of these are the agent's).
Counted here is a share and a fixed part, rather too much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from .contract import Resources

SHARE: Final = 0.97
KEPT_MIB: Final = 300
_SIZE = re.compile(r"(\d*)x?large")


class Family(NamedTuple):
    gib_per_vcpu: int
    vcpus: tuple[int, ...]
    """Of its sizes, the smallest first."""
    nvme_gb_per_vcpu: float
    """0: none."""


_FIRST: Final = (2, 4, 8, 16)
_FIVE: Final = (*_FIRST, 32, 48, 64, 96)
_SIX: Final = (*_FIVE, 128)
_SEVEN: Final = (*_FIVE, 192)
FAMILIES: Final = {
    "c5d": Family(2, (*_FIRST, 36, 48, 72, 96), 25),
    "c6i": Family(2, _SIX, 0),
    "c6id": Family(2, _SIX, 59),
    "c7i": Family(2, _SEVEN, 0),
    "m5d": Family(4, _FIVE, 37.5),
    "m6i": Family(4, _SIX, 0),
    "m6id": Family(4, _SIX, 59),
    "m7i": Family(4, _SEVEN, 0),
    "r5": Family(8, _FIVE, 0),
    "r5d": Family(8, _FIVE, 37.5),
    "r6i": Family(8, _SIX, 0),
    "r6id": Family(8, _SIX, 59),
    "r7i": Family(8, _SEVEN, 0),
}
"""All are x86: images of jobs are built for x86 alone, and Batch refuses to mix architectures."""


def fault(instance_type: str) -> str | None:
    """What is wrong with a family (``r5d``) or a type (``r5d.4xlarge``); None: nothing."""
    family, dot, size = instance_type.partition(".")
    if family not in FAMILIES:
        return f"a family is one of {', '.join(sorted(FAMILIES))}"
    if dot and _vcpus(size) not in FAMILIES[family].vcpus:
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
    machines = [*_machines(instance_types)]
    return Resources(
        memory_mib=max(one.memory_mib for one in machines),
        vcpus=min(most_vcpus, max(one.vcpus for one in machines)),
    )


def smallest_machine(instance_types: tuple[str, ...], job: Resources) -> Resources | None:
    """The machine with the fewest vCPUs on which the job fits; None: there is none."""
    fitting = [one for one in _machines(instance_types) if one.vcpus >= job.vcpus and one.memory_mib >= job.memory_mib]
    return min(fitting, key=lambda one: (one.vcpus, one.memory_mib), default=None)


def _machines(instance_types: tuple[str, ...]) -> Iterator[Resources]:
    """What jobs have of each machine that the types stand for."""
    for one in instance_types:
        family, _, size = one.partition(".")
        gib = FAMILIES[family].gib_per_vcpu
        for vcpus in (_vcpus(size),) if size else FAMILIES[family].vcpus:
            yield Resources(memory_mib=int(vcpus * gib * 1024 * SHARE) - KEPT_MIB, vcpus=vcpus)


def _vcpus(size: str) -> int:
    """``large`` 2, ``xlarge`` 4, ``2xlarge`` 8 …; 0 for what is no size."""
    match = _SIZE.fullmatch(size)
    if not match:
        return 0
    if size == "large":
        return 2
    return 4 * int(match[1] or 1) if "xlarge" in size else 0
