"""An environment's orchestrator, as its stack file describes it: machines, sizes of jobs, limits of time, messages.

Every number has its unit in its name. vCPUs bound what a market may cost at a time; memory is what a job gets and is
held to.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from components import rules
from components.orchestration import contract, hosts, instances, limits, orchestrator_rules
from components.orchestration import variables as of_jobs
from components.orchestration.generations import HostArgs
from settings.base import BucketRef, LogDays, Model, Word, bounded, pattern, rule

InstanceType = Annotated[str, rule(instances.fault), pattern(r"^[a-z0-9]+(\.[a-z0-9]+)?$")]
Variable = Annotated[str, rule(of_jobs.name), pattern("^[A-Za-z_][A-Za-z0-9_]*$")]
VariableText = Annotated[str, rule(of_jobs.text), Field(json_schema_extra={"minLength": 1})]
Generation = Annotated[str, rule(limits.generation), pattern("^(spot|overflow|on-demand)-[0-9a-f]{8}$")]
Vcpus = Annotated[int, bounded(limits.VCPUS)]
OptionalVcpus = Annotated[int, bounded(limits.OPTIONAL_VCPUS)]


class Size(Model):
    """What a job gets where the client doesn't say."""

    memory_mib: Annotated[int, Field(ge=contract.LEAST_MEMORY_MIB)] = 120_000
    """MiB, to which its WDL tasks are held too; at most what the largest machine has for jobs, which is less than its
    memory. The default fits once on a 4xlarge of the r families, twice on an 8xlarge."""
    vcpus: Vcpus = 2
    """Whole ones; at most what the largest machine and both markets have."""

    @property
    def resources(self) -> contract.Resources:
        return contract.Resources(memory_mib=self.memory_mib, vcpus=self.vcpus)


class Stage(Model):
    """One workflow of a run."""

    name: Annotated[str, rule(orchestrator_rules.stage), pattern("^([A-Z][a-z0-9]+)+$")]
    """Begins the clients' keys: ``Run`` gives ``RUN_WDL_URI``, ``RunSPOTMemory`` and so on."""
    spot: Size = Size()
    on_demand: Size = Size()

    @property
    def args(self) -> contract.StageArgs:
        return contract.StageArgs(name=self.name, spot=self.spot.resources, on_demand=self.on_demand.resources)


class Notifications(Model):
    """Queues that hear of every change of a run's status, and once of each stage that has ended."""

    queues: Annotated[
        tuple[Annotated[Word, rule(orchestrator_rules.reader)], ...], Field(max_length=limits.MOST_QUEUES)
    ] = ()
    """A word a reader, who gets a queue, and one for dead letters with an alarm. Each costs a transition a stage."""
    visibility_timeout_seconds: Annotated[int, bounded(limits.VISIBILITY_SECONDS)] = 120
    """How long a reader has for a message before others get it."""
    max_receive_count: Annotated[int, bounded(limits.RECEIVES)] = 30
    """After this many readings that didn't delete it, a message goes to the dead-letter queue."""


class Orchestrator(Model):
    """Runs the environment's workflows as batch jobs: on spot machines first, on demand when one is taken back."""

    instance_types: Annotated[tuple[InstanceType, ...], Field(min_length=1)] = ("r5d", "r6id")
    """Families (``r5d``) or types (``r5d.4xlarge``), all x86. The more, the fewer interruptions. A family is all its
    sizes; AWS Batch may exceed each limit of vCPUs by one machine: list sizes to bound how large that is."""
    spot_max_vcpus: Vcpus
    """Upper limit of spot vCPUs; at least those of the smallest machine on which the jobs of all stages fit, as for the
    other two limits."""
    on_demand_max_vcpus: Vcpus
    """For jobs whose spot machine was taken back, and those that must not be interrupted."""
    overflow_max_vcpus: OptionalVcpus = 0
    """On-demand machines for jobs of the spot queue while there is no spot capacity. 0: they wait."""
    spot_min_vcpus: OptionalVcpus = 0
    """Kept running, and paid, without jobs."""
    scratch_gib: Annotated[int, bounded(limits.SCRATCH_GIB)] | None = None
    """Encrypted disk of each machine, where its jobs work. Left out: the machines' own NVMe disks."""
    machine_image: Annotated[str, rule(rules.machine_image), pattern("^ami-[0-9a-f]{8,17}$")] | None = None
    """Pins the machines' image. Left out: the newest for ECS, of Amazon Linux 2023."""
    remove_machines: tuple[Generation, ...] = ()
    """Earlier machines to take out of the queues and delete, as `portal status` names them; what still runs on them is
    lost. Others stay. Remove the names once they are gone."""
    capacity_wait_seconds: Annotated[int, bounded(limits.WAIT_SECONDS)] = 1_800
    """How long the first job of the spot queue waits for a machine before it runs on demand instead."""
    image: Annotated[str, rule(rules.image)] = "ghcr.io/chanzuckerberg/swipe:v1.4.9"
    """What every job runs in; it runs the WDL file, whose tasks have images of their own. With a digest behind its tag
    it stays the same image; ``portal image-digest`` looks it up."""
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)] = (Stage(name="Run"),)
    """The workflows of a run, one after the other."""
    timeout_seconds: Annotated[int, bounded(limits.JOB_SECONDS)] = 86_400
    """What an attempt of a job may take, from its start."""
    call_cache: bool = False
    """Tasks and workflows that gave their outputs for the same inputs, under the same prefix, are not run again."""
    status_files: bool = False
    """Jobs keep a file with the status of each task beside their outputs: ``data_ingestion_status2.json`` for the
    workflow ``cryoet_data_ingestion``."""
    variables: dict[Variable, VariableText] = Field(default={})
    """Further environment variables of every job, such as miniwdl's; its WDL tasks get them too. No secrets: whoever
    may describe jobs reads them."""
    log_days: LogDays = 90
    """How long the logs of jobs and of the state machine are kept; one of CloudWatch's numbers."""
    sync_into: BucketRef | None = None
    """The public bucket, of another stack, into which this environment's sync workflows release."""
    notifications: Notifications = Notifications()

    def largest_job(self) -> contract.Resources:
        """What a job can get in both markets: it may have to run in either. For known instance types alone."""
        return instances.largest_job(self.instance_types, min(self.spot_max_vcpus, self.on_demand_max_vcpus))

    def hosts(self, network_key: str) -> HostArgs:
        """The machines. ``network_key``: another text whenever the network is another."""
        return HostArgs(
            instance_types=self.instance_types,
            spot_max_vcpus=self.spot_max_vcpus,
            overflow_max_vcpus=self.overflow_max_vcpus,
            on_demand_max_vcpus=self.on_demand_max_vcpus,
            spot_min_vcpus=self.spot_min_vcpus,
            scratch=hosts.NVME if self.scratch_gib is None else self.scratch_gib,
            image_id=self.machine_image,
            network_key=network_key,
        )
