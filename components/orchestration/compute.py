"""Compute environments and queues: spot first, an overflow on demand, and an on-demand queue of its own.

A compute environment is never changed but in its vCPU limits. AWS would change most of it in place, and end running
jobs when the time of the update policy is over: Batch takes up to 7,200 minutes, the provider up to 360, which is less
than a job may run; and a replacement cannot be deleted while a queue lists it. So all that is said of machines makes up
the name: any change of it is another *generation* (:mod:`.generations`), a new environment that queues list first. The
one before stays listed behind it, untouched, as long as it is named in ``retiring``. Once it isn't, it is taken out of
the queue and then deleted, with its running jobs: name it until no task is on it.

Rests on: Batch user guide "Updating compute environments", "Job state time limit actions"; a queue lists at most three
environments; without ``serviceRole`` Batch uses its service-linked role, and SPOT_PRICE_CAPACITY_OPTIMIZED needs no
fleet role; the time limit acts on the head of a queue alone, so lack of capacity is answered by the overflow first. For
the provider the time limits of a queue are a list: another order is another queue. AWS documents none; theirs here is
the one in which the provider's acceptance tests read back what they sent (by reason, descending).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws import batch, ec2, iam, vpc

from .. import orchestrator_names
from ..access import roles, trust
from ..checks import Args, Fault, refused, within
from ..identity import Role, RoleArgs
from ..orchestrator_names import Market
from .generations import Attachments, HostArgs, compute_resources, launch_template, market_of
from .limits import WAIT_SECONDS, generation

LONGEST_ORDER: Final = 3
LONGEST_UPDATE_MINUTES: Final = 360
"""Jobs run on for so long when AWS replaces machines in place: the provider's limit."""
NO_CAPACITY: Final = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
CANNOT_RUN: Final = ("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE", "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")
UNTOUCHED: Final = ("computeResources", "name", "serviceRole", "state", "tags", "tagsAll", "type", "updatePolicy")
"""Inputs of a retiring compute environment that stay as they are, whatever the program says now."""
UNTOUCHED_TEMPLATE: Final = (
    *("blockDeviceMappings", "metadataOptions", "name", "tagSpecifications", "tags", "tagsAll", "userData"),
)
"""Inputs of a retiring launch template that stay as they are."""


@dataclass(frozen=True, kw_only=True)
class HostNetwork:
    """Where the machines are."""

    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    """Private ones."""
    ways_out: Sequence[pulumi.Resource] = ()
    """Resources through which a machine reaches ECS, images and packages. A subnet's id does not say whether its routes
    stand, and machines that start before them fail."""


@dataclass(frozen=True, kw_only=True)
class ComputeArgs(Args):
    """Machines and queues of one environment's jobs."""

    environment: str
    """Its name, which is part of every name here."""
    account: str
    region: str
    boundary: pulumi.Input[str]
    """ARN of the permissions boundary of the machines' role."""
    hosts: HostArgs
    capacity_wait_seconds: int = 1_800
    """How long the head of the spot queue waits for a machine before it is cancelled (and runs on demand)."""
    network: HostNetwork
    retiring: tuple[str, ...] = ()
    """Earlier generations that stay beside the current ones, the latest first: their jobs may still run. One that is
    current again is not retiring."""

    def faults(self) -> Iterator[Fault]:
        yield from within("hosts", self.hosts.faults())
        wait = self.capacity_wait_seconds
        yield from refused("capacity_wait_seconds", wait, WAIT_SECONDS.fault(wait))
        for one in self.retiring:
            yield from refused("retiring", one, generation(one))


class Compute(pulumi.ComponentResource):
    """Machines and queues of one environment."""

    security_group_id: pulumi.Output[str]
    """The group of every machine, which a database allows in."""
    generations: tuple[str, ...]
    """The current generations. Give those that are no longer current to ``retiring`` until their jobs have ended."""
    retiring: tuple[str, ...]
    """Earlier generations that stay beside the current ones."""
    queues: tuple[batch.JobQueue, batch.JobQueue]
    """The spot queue, and the on-demand queue."""

    def __init__(self, name: str, args: ComputeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:orchestration:Compute", name, None, opts)
        self.name, self._args, self._environment = name, args, args.environment
        group, self._open = self._security_group()
        self.security_group_id = group.id
        self._profile, self._role = self._instance_profile(args.boundary)
        self.generations = args.hosts.generations(args.environment)
        self.retiring = tuple(one for one in args.retiring if one not in self.generations)
        environments = {
            one: self._compute_environment(one, retiring=one in self.retiring)
            for one in (*self.generations, *self.retiring)
        }
        self.queues = (
            self._queue(environments, spot=True, markets=("spot", "overflow")),
            self._queue(environments, spot=False, markets=("on-demand",)),
        )
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
        group = ec2.SecurityGroup(
            name,
            description="Machines of batch jobs: nothing in, everything out",
            vpc_id=self._args.network.vpc_id,
            tags={"Name": orchestrator_names.host_security_group(self._environment)},
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
                role=orchestrator_names.instance_role(self._environment),
                description="Machines of batch jobs: they serve ECS",
                trust=(trust.machines(),),
                permissions=roles.host(self._args.account, self._args.region, self._environment),
                boundary=boundary,
            ),
            self._child(),
        )
        profile = iam.InstanceProfile(
            f"{self.name}-host",
            name=orchestrator_names.instance_role(self._environment),
            role=orchestrator_names.instance_role(self._environment),
            opts=self._child(role),
        )
        return profile, role

    def _launch_template(self, generation: str, *, retiring: bool) -> ec2.LaunchTemplate:
        name = orchestrator_names.compute_environment(self._environment, generation)
        return ec2.LaunchTemplate(
            f"{self.name}-{generation}",
            name=name,
            **launch_template(self._args.hosts, self._environment, name),
            opts=self._child(ignore=UNTOUCHED_TEMPLATE if retiring else ()),
        )

    def _compute_environment(self, generation: str, *, retiring: bool) -> batch.ComputeEnvironment:
        market, hosts = market_of(generation), self._args.hosts
        template = self._launch_template(generation, retiring=retiring)
        attachments = Attachments(
            instance_profile=self._profile.arn,
            security_group=self.security_group_id,
            subnets=self._args.network.subnet_ids,
        )
        resources: batch.ComputeEnvironmentComputeResourcesArgsDict = {
            **compute_resources(hosts, market, attachments),
            "launch_template": {
                "launch_template_id": template.id,
                "version": template.latest_version.apply(str),
            },
        }
        return batch.ComputeEnvironment(
            f"{self.name}-{generation}",
            name=orchestrator_names.compute_environment(self._environment, generation),
            type="MANAGED",
            compute_resources=resources,
            update_policy=batch.ComputeEnvironmentUpdatePolicyArgs(
                terminate_jobs_on_update=False, job_execution_timeout_minutes=LONGEST_UPDATE_MINUTES
            ),
            # The role's policy and the ways out must outlive the environment: without them it cannot be deleted.
            opts=self._child(
                self._role, self._open, *self._args.network.ways_out, ignore=UNTOUCHED if retiring else ()
            ),
        )

    def _queue(
        self, environments: dict[str, batch.ComputeEnvironment], *, spot: bool, markets: tuple[Market, ...]
    ) -> batch.JobQueue:
        """New environments before retiring ones; beyond three, the last are not listed, and their jobs run on."""
        listed = [one for one in environments if market_of(one) in markets][:LONGEST_ORDER]
        orders = [
            batch.JobQueueComputeEnvironmentOrderArgs(order=number, compute_environment=environments[one].arn)
            for number, one in enumerate(listed, 1)
        ]
        limits: dict[str, int] = dict.fromkeys(CANNOT_RUN, WAIT_SECONDS.least)
        if spot:
            limits[NO_CAPACITY] = self._args.capacity_wait_seconds
        actions = [
            batch.JobQueueJobStateTimeLimitActionArgs(
                action="CANCEL", state="RUNNABLE", reason=reason, max_time_seconds=seconds
            )
            for reason, seconds in sorted(limits.items(), reverse=True)
        ]
        return batch.JobQueue(
            f"{self.name}-{'spot' if spot else 'on-demand'}-queue",
            name=orchestrator_names.job_queue(self._environment, spot=spot),
            priority=10,
            state="ENABLED",
            compute_environment_orders=orders,
            job_state_time_limit_actions=actions,
            opts=self._child(*environments.values()),
        )
