"""The largest job that a set of instance types can run.

Source: EC2 instance type pages, read 2026-11: memory is a fixed number of GiB for each vCPU of a family, and a family's
largest size with virtual machines is given. Not all of it is a job's: the kernel and the ECS agent keep about 3 %.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from components.orchestration.contract import Resources

USABLE: Final = 0.97
_SIZE = re.compile(r"(\d*)x?large")


class Family(NamedTuple):
    gib_per_vcpu: int
    most_vcpus: int
    nvme: bool


FAMILIES: Final = {
    "c5d": Family(2, 96, nvme=True),
    "c6i": Family(2, 128, nvme=False),
    "c6id": Family(2, 128, nvme=True),
    "c7i": Family(2, 192, nvme=False),
    "m5d": Family(4, 96, nvme=True),
    "m6i": Family(4, 128, nvme=False),
    "m6id": Family(4, 128, nvme=True),
    "m7i": Family(4, 192, nvme=False),
    "r5": Family(8, 96, nvme=False),
    "r5d": Family(8, 96, nvme=True),
    "r6i": Family(8, 128, nvme=False),
    "r6id": Family(8, 128, nvme=True),
    "r7i": Family(8, 192, nvme=False),
}
"""All of x86: the images are built for nothing else, and Batch refuses to mix architectures."""


def fault(instance_type: str) -> str | None:
    """What is wrong with a family (``r5d``) or a type (``r5d.4xlarge``); None: nothing."""
    family, dot, size = instance_type.partition(".")
    if family not in FAMILIES:
        return f"a family is one of {', '.join(sorted(FAMILIES))}"
    if dot and not 0 < _vcpus(size) <= FAMILIES[family].most_vcpus:
        return f"{family} has no virtual machine of that size"
    return None


def has_nvme(instance_type: str) -> bool:
    return FAMILIES[instance_type.partition(".")[0]].nvme


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
