"""Orchestrator: one environment's batch jobs, from the client's StartExecution to the message that the run has ended.

Everything it makes has the environment's name in its own: two environments in one account share nothing. The state
machine's definition and its role are known before anything is deployed, since queues and job definition have fixed
names; so a definition that AWS would refuse stops the program, not the deployment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import cloudwatch, sfn

from .. import names, orchestrator_names, rules
from ..access import trust
from ..checks import Args, Fault, refused, within
from ..identity import Role, RoleArgs
from . import grants, instances, statemachine
from .compute import Compute, ComputeArgs, HostNetwork
from .contract import Resources, StageArgs
from .generations import HostArgs
from .jobs import JobArgs, Jobs, JobsArgs
from .machine import StateMachineArgs
from .notifications import Notifications, NotificationsArgs, StatusQueues


@dataclass(frozen=True, kw_only=True)
class OrchestratorArgs(Args):
    environment: str
    """Its name: part of every name here, and what clients ask for."""
    account: str
    region: str
    boundary: pulumi.Input[str]
    """ARN of the permissions boundary of every role."""
    stages: tuple[StageArgs, ...]
    """The workflows of a run, one after the other."""
    workspaces: tuple[str, ...]
    """``bucket`` or ``bucket/folder`` where clients may have inputs and outputs kept."""
    workflows: tuple[str, ...]
    """``bucket`` or ``bucket/folder`` with the WDL files."""
    hosts: HostArgs
    """The machines of its jobs."""
    network: HostNetwork
    capacity_wait_seconds: int = 1_800
    """How long the head of the spot queue waits for a machine before it is cancelled (and runs on demand)."""
    retiring: tuple[str, ...] = ()
    """Earlier generations of machines that stay for their jobs (:class:`.compute.ComputeArgs`)."""
    job: JobArgs
    notifications: StatusQueues = field(default_factory=StatusQueues)
    log_days: int = 90
    """How long the state machine's log is kept; one of CloudWatch's numbers."""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """On each job, for cost reports."""
    retire: bool = False
    """The state machine is no longer protected: it can be deleted, and with it what the runs need."""

    def faults(self) -> Iterator[Fault]:
        own_faults = [
            *refused("log_days", self.log_days, rules.retention_days(self.log_days)),
            *self.compute().faults(),
            *within("job", self.job.faults()),
            *within("notifications", self.notifications.faults(self.environment)),
        ]
        # The largest of machines that are not known is not known either.
        yield from own_faults or self._size_faults()

    def _size_faults(self) -> Iterator[Fault]:
        yield from self.machine().faults()
        yield from within("hosts", self.hosts.too_small(self.stages))

    def largest(self) -> Resources:
        """What a job can get in both queues: it may have to run in either."""
        vcpus = min(self.hosts.spot_max_vcpus, self.hosts.on_demand_max_vcpus)
        return instances.largest_job(self.hosts.instance_types, vcpus)

    def compute(self) -> ComputeArgs:
        return ComputeArgs(
            environment=self.environment,
            account=self.account,
            region=self.region,
            boundary=self.boundary,
            hosts=self.hosts,
            network=self.network,
            capacity_wait_seconds=self.capacity_wait_seconds,
            retiring=self.retiring,
        )

    def jobs(self) -> JobsArgs:
        return JobsArgs(
            environment=self.environment,
            account=self.account,
            region=self.region,
            boundary=self.boundary,
            job=self.job,
            scratch_gb=self.hosts.least_scratch_gb(),
            workspaces=self.workspaces,
        )

    def messages(self) -> NotificationsArgs:
        return NotificationsArgs(
            environment=self.environment, account=self.account, region=self.region, status_queues=self.notifications
        )

    def machine(self) -> StateMachineArgs:
        place = self.account, self.region
        queues = (orchestrator_names.notification_queue(self.environment, key) for key in self.notifications.queues)
        spot, on_demand = (
            orchestrator_names.batch_arn(*place, "job-queue", orchestrator_names.job_queue(self.environment, spot=spot))
            for spot in (True, False)
        )
        return StateMachineArgs(
            stages=self.stages,
            spot_queue=spot,
            on_demand_queue=on_demand,
            job_definition=orchestrator_names.job_definition(self.environment),
            job_definitions={
                one: orchestrator_names.job_definition(self.environment, one) for one in sorted(self.job.roles)
            },
            largest=self.largest(),
            workspaces=self.workspaces,
            workflows=self.workflows,
            job_timeout_seconds=self.job.timeout_seconds,
            message_queues=tuple(orchestrator_names.queue_url(*place, queue) for queue in queues),
            job_tags=self.tags,
        )


class Orchestrator(pulumi.ComponentResource):
    """Machines, queues, job definition, state machine and notifications of one environment."""

    state_machine_arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    """The group of the machines, which a database lets in."""
    generations: tuple[str, ...]
    """The current generations of machines."""
    retiring: tuple[str, ...]
    """Earlier generations that stay for their jobs (:class:`.compute.ComputeArgs`)."""
    alarm_topic_arn: pulumi.Output[str]
    job_queue_arns: tuple[pulumi.Output[str], pulumi.Output[str]]
    """Spot, and on demand."""
    notification_queue_arns: Mapping[str, pulumi.Output[str]]
    """By reader."""

    def __init__(self, name: str, args: OrchestratorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:orchestration:Orchestrator", name, None, opts)
        self.name, self._args = name, args
        child = pulumi.ResourceOptions(parent=self)
        compute = Compute(name, args.compute(), child)
        jobs = Jobs(name, args.jobs(), child)
        notifications = Notifications(name, args.messages(), child)
        self.state_machine_arn = self._state_machine(compute, jobs, notifications).arn
        self.security_group_id = compute.security_group_id
        self.generations, self.retiring = compute.generations, compute.retiring
        self.alarm_topic_arn = notifications.alarm_topic_arn
        spot, on_demand = compute.queues
        self.job_queue_arns = (spot.arn, on_demand.arn)
        queues = zip(args.notifications.queues, notifications.queues, strict=True)
        self.notification_queue_arns = {key: queue.arn for key, queue in queues}
        self.register_outputs(
            {
                "state_machine_arn": self.state_machine_arn,
                "security_group_id": self.security_group_id,
                "generations": list(self.generations),
                "retiring": list(self.retiring),
                "alarm_topic_arn": self.alarm_topic_arn,
            }
        )

    def _state_machine(self, *after: pulumi.Resource) -> sfn.StateMachine:
        """After what it names, and after its role may do what its definition says: AWS checks some of that at once."""
        args, child = self._args, pulumi.ResourceOptions(parent=self)
        machine = args.machine()
        definition = statemachine.definition(self.name, machine)
        role = Role(
            f"{self.name}-machine",
            RoleArgs(
                role=orchestrator_names.machine_role(args.environment),
                path=names.DELEGATED_PATH,
                description="The state machine: what its definition calls, and its log",
                trust=(trust.state_machine(args.account, args.region, args.environment),),
                permissions=grants.statements(
                    definition, machine, account=args.account, region=args.region, logged=True
                ),
                boundary=args.boundary,
            ),
            child,
        )
        log = cloudwatch.LogGroup(
            f"{self.name}-machine",
            name=orchestrator_names.machine_log_group(args.environment),
            retention_in_days=args.log_days,
            opts=child,
        )
        return sfn.StateMachine(
            f"{self.name}-machine",
            name=names.state_machine(args.environment),
            type="STANDARD",
            role_arn=role.arn,
            definition=statemachine.text(definition),
            logging_configuration=sfn.StateMachineLoggingConfigurationArgs(
                level="ALL", include_execution_data=True, log_destination=log.arn.apply(lambda arn: f"{arn}:*")
            ),
            # Deletions begin with what nothing needs: a refused one leaves queues and machines, which this one needs.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role, log, *after], protect=not args.retire),
        )
