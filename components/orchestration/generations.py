"""Generations of machines: what a launch template and a compute environment say of them, and the name made from it.

A generation's name ends with a digest of everything that is rendered here. A change of anything in it is another
generation, beside the one whose jobs run. Limits of vCPUs are left out, since AWS changes them in place. So are the
tags of the compute environment and of the template itself: they are not those of its machines.

Rests on: Batch user guide "Updating compute environments": another version of the launch template, other instance
types, another image, network, role or security group is an infrastructure update, which replaces machines and ends
what still runs on them when the update policy's time is over; limits of vCPUs, state and tags of the compute
environment are none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from .. import orchestrator_names
from ..checks import Fault, refused
from ..orchestrator_names import MARKETS, Market
from . import hosts, instances
from .contract import StageArgs
from .limits import OPTIONAL_VCPUS, SCRATCH_GIB, VCPUS

if TYPE_CHECKING:
    import pulumi
    from pulumi_aws.batch import ComputeEnvironmentComputeResourcesArgsDict
    from pulumi_aws.ec2 import (
        LaunchTemplateBlockDeviceMappingArgsDict,
        LaunchTemplateMetadataOptionsArgsDict,
        LaunchTemplateTagSpecificationArgsDict,
    )

CHANGED_IN_PLACE: Final = ("min_vcpus", "max_vcpus")
ON_DEMAND_PRICE: Final = 100
"""The most that is paid for spot machines, in percent of the price on demand: AWS's default, sent because it is read
back."""


@dataclass(frozen=True, kw_only=True)
class HostArgs:
    """The machines of one environment's jobs."""

    instance_types: tuple[str, ...]
    """Families (``r5d``) or types (``r5d.4xlarge``). More of them are interrupted less."""
    spot_max_vcpus: int
    overflow_max_vcpus: int
    """On-demand machines for jobs of the spot queue, when there is no spot capacity. 0: they wait."""
    on_demand_max_vcpus: int
    spot_min_vcpus: int = 0
    """Kept running, and paid, without jobs."""
    scratch: int | Literal["nvme"]
    """GiB of each machine's encrypted root volume, where jobs work; or its own NVMe disks, which are encrypted too."""
    image_id: str | None = None
    """Pins the machine image. None: the newest ECS image of Amazon Linux 2023 at the time of a new generation."""
    network_key: str
    """Another text whenever the network or its subnets are others, whose ids are not known when generations are told
    apart."""

    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong."""
        yield from refused("instance_types", self.instance_types, None if self.instance_types else "at least one")
        for one in self.instance_types:
            yield from refused("instance_types", one, instances.fault(one))
        if self.scratch != hosts.NVME and (rule := SCRATCH_GIB.fault(self.scratch)):
            yield "scratch", self.scratch, f"{rule} GiB, or {hosts.NVME}"
        yield from refused("spot_max_vcpus", self.spot_max_vcpus, VCPUS.fault(self.spot_max_vcpus))
        yield from refused("on_demand_max_vcpus", self.on_demand_max_vcpus, VCPUS.fault(self.on_demand_max_vcpus))
        yield from refused("overflow_max_vcpus", self.overflow_max_vcpus, OPTIONAL_VCPUS.fault(self.overflow_max_vcpus))
        yield from refused("spot_min_vcpus", self.spot_min_vcpus, OPTIONAL_VCPUS.fault(self.spot_min_vcpus))
        yield from self.conflicts()

    def conflicts(self) -> Iterator[Fault]:
        """Values that do not fit together, though each of them may be right."""
        if self.spot_min_vcpus > self.spot_max_vcpus:
            yield "spot_min_vcpus", self.spot_min_vcpus, "must not exceed spot_max_vcpus"
        if self.scratch != hosts.NVME:
            return
        for index, one in enumerate(self.instance_types):
            if not instances.fault(one) and not instances.has_nvme(one):
                yield (
                    f"instance_types[{index}]",
                    one,
                    "has no NVMe disks: set a size of scratch, or use others",
                )

    def too_small(self, stages: Sequence[StageArgs]) -> Iterator[Fault]:
        """Limits of vCPUs within which no machine has room for a stage's job. For known instance types alone."""
        for market in MARKETS:
            _, limit = self.vcpus(market)
            sizes = [stage.on_demand if market == "on-demand" else stage.spot for stage in stages]
            fitting = [instances.smallest_machine(self.instance_types, size) for size in sizes if limit]
            needed = max((machine.vcpus for machine in fitting if machine), default=0)
            if needed > limit:
                rule = f"at least {needed}: the smallest machine on which the jobs of all stages fit has so many vCPUs"
                yield f"{market.replace('-', '_')}_max_vcpus", limit, rule

    def least_scratch_gb(self) -> int:
        """GB that all jobs of the smallest machine have together."""
        return instances.least_nvme_gb(self.instance_types) if self.scratch == hosts.NVME else int(self.scratch)

    def vcpus(self, market: Market) -> tuple[int, int]:
        """The minimum and the maximum of a market's compute environment."""
        limits = {
            "spot": self.spot_max_vcpus,
            "overflow": self.overflow_max_vcpus,
            "on-demand": self.on_demand_max_vcpus,
        }
        return (self.spot_min_vcpus if market == "spot" else 0), limits[market]

    def generations(self, environment: str) -> tuple[str, ...]:
        """The current generation of each market in use, like ``spot-0a1b2c3d``."""
        return tuple(f"{one}-{_digest(self, environment, one)}" for one in MARKETS if self.vcpus(one)[1])


@dataclass(frozen=True, kw_only=True)
class Attachments:
    """Resources that machines are attached to, by the ids that AWS gives."""

    instance_profile: pulumi.Input[str]
    security_group: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]


class LaunchTemplateInputs(TypedDict):
    """What ``ec2.LaunchTemplate`` takes, as far as it says something of machines."""

    block_device_mappings: list[LaunchTemplateBlockDeviceMappingArgsDict]
    metadata_options: LaunchTemplateMetadataOptionsArgsDict
    tag_specifications: list[LaunchTemplateTagSpecificationArgsDict]
    user_data: str


def market_of(generation: str) -> Market:
    """The market that a generation's name begins with. Raises ValueError."""
    return next(one for one in MARKETS if one == generation.rpartition("-")[0])


def launch_template(args: HostArgs, environment: str, name: str) -> LaunchTemplateInputs:
    """What the launch template says of machines. ``name``: the compute environment's, which they have in a tag."""
    tags = {"Name": name, "environment": environment}
    return {
        "block_device_mappings": [{"device_name": hosts.ROOT_DEVICE, "ebs": hosts.root_volume(args.scratch)}],
        "metadata_options": hosts.METADATA_OPTIONS,
        "tag_specifications": [{"resource_type": kind, "tags": tags} for kind in hosts.TAGGED],
        "user_data": hosts.user_data(args.scratch),
    }


def compute_resources(
    args: HostArgs, market: Market, attachments: Attachments
) -> ComputeEnvironmentComputeResourcesArgsDict:
    """What the compute environment says of machines, without the launch template."""
    on_spot, (minimum, maximum) = market == "spot", args.vcpus(market)
    resources: ComputeEnvironmentComputeResourcesArgsDict = {
        "min_vcpus": minimum,
        "max_vcpus": maximum,
        "type": "SPOT" if on_spot else "EC2",
        "allocation_strategy": "SPOT_PRICE_CAPACITY_OPTIMIZED" if on_spot else "BEST_FIT_PROGRESSIVE",
        "instance_types": sorted(args.instance_types),
        "instance_role": attachments.instance_profile,
        "subnets": attachments.subnets,
        "security_group_ids": [attachments.security_group],
        "ec2_configurations": [{"image_type": hosts.IMAGE_TYPE, "image_id_override": args.image_id}],
    }
    if on_spot:
        resources["bid_percentage"] = ON_DEMAND_PRICE
    return resources


def _digest(args: HostArgs, environment: str, market: Market) -> str:
    """A digest of everything that is rendered for a market. Names stand for resources without an id yet."""
    attachments = Attachments(
        instance_profile=orchestrator_names.instance_role(environment),
        security_group=orchestrator_names.host_security_group(environment),
        subnets=[args.network_key],
    )
    resources = compute_resources(args, market, attachments)
    rendered = (
        launch_template(args, environment, orchestrator_names.compute_environment(environment, market)),
        {key: value for key, value in resources.items() if key not in CHANGED_IN_PLACE},
    )
    return hashlib.sha256(json.dumps(rendered, sort_keys=True).encode()).hexdigest()[:8]
