"""Compute environments and queues: spot first, an overflow on demand, and an on-demand queue of its own.

A compute environment is never changed but in its vCPU limits. AWS would change most of it in place, and end running
jobs when the time of the update policy is over: Batch takes up to 7,200 minutes, the provider up to 360, which is less
than a job may run; and a replacement cannot be deleted while a queue lists it. So what may not
change under running jobs makes up the name: another value is another *generation*, a new environment that queues list
first. The one before stays listed behind it, untouched, as long as it is named in ``retiring``; once it isn't, it is
taken out of the queue and then deleted, with what runs there: name it until AWS counts no task on it any more (as
``composition.generations`` does).

Rests on: Batch user guide "Updating compute environments", "Job state time limit actions"; a queue lists at most three
environments; without ``serviceRole`` Batch uses its service-linked role, and SPOT_PRICE_CAPACITY_OPTIMIZED needs no
fleet role; the time limit acts on the head of a queue alone, so lack of capacity is answered by the overflow first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pulumi
from pulumi_aws import batch, ec2, iam, vpc

from components import naming
from components.access import roles, trust
from components.identity import Role, RoleArgs
from components.orchestration import hosts, instances
from components.orchestration.limits import (
    GENERATION,
    LEAST_SCRATCH_GIB,
    LONGEST_WAIT,
    MOST_SCRATCH_GIB,
    SHORTEST_WAIT,
)

Market = Literal["spot", "overflow", "on-demand"]
MARKETS: Final[tuple[Market, ...]] = ("spot", "overflow", "on-demand")
MOST_LISTED: Final = 3
LONGEST_UPDATE_MINUTES: Final = 360
"""Of running jobs when machines are replaced in place: the provider's limit."""
NO_CAPACITY: Final = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
CANNOT_RUN: Final = ("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE", "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")
UNTOUCHED: Final = ("computeResources", "name", "serviceRole", "state", "tags", "tagsAll", "type", "updatePolicy")
"""What stays of a retiring environment as it is, whatever the program says now."""


@dataclass(frozen=True, kw_only=True)
class ComputeArgs:
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
    capacity_wait_seconds: int = 1_800
    """How long the head of the spot queue waits for a machine before it is cancelled (and runs on demand)."""
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    """Private ones."""
    network: Sequence[pulumi.Resource] = ()
    """What a machine reaches ECS, images and packages through. A subnet's id does not say whether its routes stand, and
    machines that start before them fail."""
    network_key: str
    """Another text whenever the subnets are others: their ids are not known when generations are told apart."""
    retiring: tuple[str, ...] = ()
    """Generations to keep beside the current ones, as ``generations`` named them before, the latest first: their jobs
    still run. One that is current again is not retiring."""

    def least_scratch_gb(self) -> int:
        """What jobs of the smallest machine have to work with, all together."""
        return instances.least_nvme_gb(self.instance_types) if self.scratch == hosts.NVME else int(self.scratch)

    def faults(self) -> Iterator[tuple[str, object, str]]:
        """Field, value and rule of everything that is wrong."""
        yield from self._machine_faults()
        most, overflow, wait = self.spot_max_vcpus, self.overflow_max_vcpus, self.capacity_wait_seconds
        checks: tuple[tuple[bool, str, object, str], ...] = (
            (most >= 1, "spot_max_vcpus", most, "at least 1: nothing could run"),
            (self.on_demand_max_vcpus >= 1, "on_demand_max_vcpus", self.on_demand_max_vcpus, "at least 1"),
            (overflow >= 0, "overflow_max_vcpus", overflow, "0 (off) or more"),
            (0 <= self.spot_min_vcpus <= most, "spot_min_vcpus", self.spot_min_vcpus, "0 to spot_max_vcpus"),
            (SHORTEST_WAIT <= wait <= LONGEST_WAIT, "capacity_wait_seconds", wait, "600 to 86400"),
            *((bool(GENERATION.fullmatch(one)), "retiring", one, "like spot-0a1b2c3d") for one in self.retiring),
        )
        yield from ((field, value, rule) for kept, field, value, rule in checks if not kept)

    def _machine_faults(self) -> Iterator[tuple[str, object, str]]:
        if not self.instance_types:
            yield "instance_types", self.instance_types, "at least one"
        for one in self.instance_types:
            if rule := instances.fault(one):
                yield "instance_types", one, rule
            elif self.scratch == hosts.NVME and not instances.has_nvme(one):
                yield "scratch", self.scratch, f"{one} has no NVMe disks"
        if self.scratch != hosts.NVME and not LEAST_SCRATCH_GIB <= self.scratch <= MOST_SCRATCH_GIB:
            yield "scratch", self.scratch, f"{LEAST_SCRATCH_GIB} to {MOST_SCRATCH_GIB} GiB, or nvme"

    def vcpus(self, market: str) -> tuple[int, int]:
        """Fewest and most."""
        most = {"spot": self.spot_max_vcpus, "overflow": self.overflow_max_vcpus, "on-demand": self.on_demand_max_vcpus}
        return (self.spot_min_vcpus if market == "spot" else 0), most[market]

    def generations(self) -> tuple[str, ...]:
        """The current generation of each market in use."""
        kept = {
            "instance_types": sorted(self.instance_types),
            "image": self.image_id or hosts.IMAGE_TYPE,
            "scratch": self.scratch,
            "start_up": hosts.start_up(self.scratch),
            "network": self.network_key,
        }
        digest = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:8]
        return tuple(f"{market}-{digest}" for market in MARKETS if self.vcpus(market)[1])


class Compute(pulumi.ComponentResource):
    """Machines and queues of one environment."""

    security_group_id: pulumi.Output[str]
    """Of every machine: what it may reach (a database) allows this group in."""
    generations: tuple[str, ...]
    """The current ones. Give those that are no longer current to ``retiring`` until their jobs have ended."""
    retiring: tuple[str, ...]
    """Those that are kept beside them."""

    def __init__(
        self,
        name: str,
        args: ComputeArgs,
        *,
        environment: str,
        boundary: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("portal:orchestration:Compute", name, None, opts)
        self.name, self._args, self._environment = name, args, environment
        group, self._open = self._security_group()
        self.security_group_id = group.id
        self._profile, self._role = self._instance_profile(boundary)
        self.generations = args.generations()
        self.retiring = tuple(one for one in args.retiring if one not in self.generations)
        made = {
            one: self._compute_environment(one, retiring=one in self.retiring)
            for one in (*self.generations, *self.retiring)
        }
        self.queues = [
            self._queue(made, spot=True, markets=("spot", "overflow")),
            self._queue(made, spot=False, markets=("on-demand",)),
        ]
        self.register_outputs(
            {
                "security_group_id": self.security_group_id,
                "generations": list(self.generations),
                "retiring": list(self.retiring),
            }
        )

    def _child(self, *after: pulumi.Resource, ignore: tuple[str, ...] = ()) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*after], ignore_changes=[*ignore])

    def _security_group(self) -> tuple[ec2.SecurityGroup, pulumi.Resource]:
        """Nothing comes in; jobs fetch images, tools and data from anywhere."""
        name = f"{self.name}-hosts"
        label = f"{naming.app(self._environment)}-hosts"
        group = ec2.SecurityGroup(
            name,
            description="Machines of batch jobs: nothing in, everything out",
            vpc_id=self._args.vpc_id,
            tags={"Name": label},
            opts=self._child(),
        )
        out = vpc.SecurityGroupEgressRule(
            f"{name}-out", security_group_id=group.id, ip_protocol="-1", cidr_ipv4="0.0.0.0/0", opts=self._child()
        )
        return group, out

    def _instance_profile(self, boundary: pulumi.Input[str]) -> tuple[iam.InstanceProfile, Role]:
        role = Role(
            f"{self.name}-host",
            RoleArgs(
                role=naming.instance_role(self._environment),
                description="Machines of batch jobs: they serve ECS",
                trust=(trust.machines(),),
                permissions=roles.host(),
                boundary=boundary,
            ),
            self._child(),
        )
        profile = iam.InstanceProfile(
            f"{self.name}-host",
            name=naming.instance_role(self._environment),
            role=naming.instance_role(self._environment),
            opts=self._child(role),
        )
        return profile, role

    def _launch_template(self, generation: str, *, retiring: bool) -> ec2.LaunchTemplate:
        scratch = self._args.scratch
        label = naming.compute_environment(self._environment, generation)
        volume = ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            encrypted="true",
            delete_on_termination="true",
            volume_type="gp3",
            volume_size=LEAST_SCRATCH_GIB if scratch == hosts.NVME else scratch,
        )
        metadata = ec2.LaunchTemplateMetadataOptionsArgs(
            http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
        )
        tags = [
            ec2.LaunchTemplateTagSpecificationArgs(
                resource_type=kind, tags={"Name": label, "environment": self._environment}
            )
            for kind in ("instance", "volume")
        ]
        kept = ("blockDeviceMappings", "metadataOptions", "name", "tagSpecifications", "tags", "tagsAll", "userData")
        return ec2.LaunchTemplate(
            f"{self.name}-{generation}",
            name=label,
            block_device_mappings=[ec2.LaunchTemplateBlockDeviceMappingArgs(device_name=hosts.ROOT_DEVICE, ebs=volume)],
            metadata_options=metadata,
            tag_specifications=tags,
            user_data=hosts.user_data(scratch),
            opts=self._child(ignore=kept if retiring else ()),
        )

    def _compute_environment(self, generation: str, *, retiring: bool) -> batch.ComputeEnvironment:
        market = generation.rpartition("-")[0]
        template = self._launch_template(generation, retiring=retiring)
        fewest, most = self._args.vcpus(market)
        on_spot = market == "spot"
        resources = batch.ComputeEnvironmentComputeResourcesArgs(
            type="SPOT" if on_spot else "EC2",
            allocation_strategy="SPOT_PRICE_CAPACITY_OPTIMIZED" if on_spot else "BEST_FIT_PROGRESSIVE",
            min_vcpus=fewest,
            max_vcpus=most,
            instance_types=[*self._args.instance_types],
            instance_role=self._profile.arn,
            subnets=[*self._args.subnet_ids],
            security_group_ids=[self.security_group_id],
            launch_template=batch.ComputeEnvironmentComputeResourcesLaunchTemplateArgs(
                launch_template_id=template.id, version=template.latest_version.apply(str)
            ),
            ec2_configurations=[
                batch.ComputeEnvironmentComputeResourcesEc2ConfigurationArgs(
                    image_type=hosts.IMAGE_TYPE, image_id_override=self._args.image_id
                )
            ],
        )
        return batch.ComputeEnvironment(
            f"{self.name}-{generation}",
            name=naming.compute_environment(self._environment, generation),
            type="MANAGED",
            compute_resources=resources,
            update_policy=batch.ComputeEnvironmentUpdatePolicyArgs(
                terminate_jobs_on_update=False, job_execution_timeout_minutes=LONGEST_UPDATE_MINUTES
            ),
            # The role's policy and the ways out must outlive the environment: without them it cannot be deleted.
            opts=self._child(self._role, self._open, *self._args.network, ignore=UNTOUCHED if retiring else ()),
        )

    def _queue(
        self, made: dict[str, batch.ComputeEnvironment], *, spot: bool, markets: tuple[Market, ...]
    ) -> batch.JobQueue:
        """New environments before retiring ones; beyond three, the last are not listed, and their jobs run on."""
        listed = [one for one in made if one.rpartition("-")[0] in markets][:MOST_LISTED]
        orders = [
            batch.JobQueueComputeEnvironmentOrderArgs(order=number, compute_environment=made[one].arn)
            for number, one in enumerate(listed, 1)
        ]
        limits = dict.fromkeys(CANNOT_RUN, SHORTEST_WAIT)
        if spot:
            limits = {NO_CAPACITY: self._args.capacity_wait_seconds, **limits}
        actions = [
            batch.JobQueueJobStateTimeLimitActionArgs(
                action="CANCEL", state="RUNNABLE", reason=reason, max_time_seconds=seconds
            )
            for reason, seconds in limits.items()
        ]
        return batch.JobQueue(
            f"{self.name}-{'spot' if spot else 'on-demand'}-queue",
            name=naming.job_queue(self._environment, spot=spot),
            priority=10,
            state="ENABLED",
            compute_environment_orders=orders,
            job_state_time_limit_actions=actions,
            opts=self._child(*made.values()),
        )
