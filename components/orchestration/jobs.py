"""The job definition: what every job of an environment runs in.

Rests on: Batch's first matching ``evaluateOnExit`` entry decides, and without a match it starts a failed job again, so
the last entries match anything; the patterns know a trailing ``*`` alone; SubmitJob sets memory and vCPUs over the
numbers here. WDL tasks are containers beside the job's own, started through the host's Docker socket: the volumes are
at the same path on both sides, so that a path of the one is a path of the other.

The image's entry point (swipe's ``scripts/init.sh``) trims its cache of downloads before a run and after it, the latter
where a variable that is not set ends the job as failed: so ``DOWNLOAD_CACHE_MAX_GB`` and the rest of what it reads are
always set. miniwdl's cache knows a file by its URI alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_aws import batch, cloudwatch

from .. import names, orchestrator_names, rules
from ..access import roles, trust
from ..checks import Args, Fault, refused, within
from ..identity import Role, RoleArgs
from . import failures, hosts, variables
from .limits import JOB_SECONDS

ATTEMPTS: Final = 3
"""For what Docker on the host or a registry got wrong; nothing else is started again by Batch."""
DOCKER_SOCKET: Final = "/var/run/docker.sock"
DRIVER_VCPUS, DRIVER_MIB = 1, 1_024
DOWNLOADS: Final = f"{hosts.SCRATCH}/download_cache"
"""Shared by the jobs of a machine; the entry point trims it at this place alone."""
CACHED_SHARE: Final = 4
"""Downloads may keep so much of the disk: one part in this many. The rest is the jobs' and the images'."""
OPEN_FILES: Final = 100_000


@dataclass(frozen=True, kw_only=True)
class JobArgs:
    image: str
    """The runner's image, with tag or digest."""
    role_arn: pulumi.Input[str]
    """The jobs' own role: data, workflows, images of tasks."""
    roles: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Roles of some workflows' jobs instead, by how the names of the workflows' files begin (``db_import``)."""
    timeout_seconds: int = 86_400
    """An attempt is ended so long after its start; 60 or more."""
    log_days: int = 90
    call_cache: bool = False
    """Tasks and workflows that gave their outputs for the same inputs, under the same prefix, are not run again."""
    status_files: bool = False
    """Jobs keep a file beside their outputs with the status of each task."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further environment variables of every job, such as miniwdl's; passed on to the tasks of workflows."""

    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong."""
        yield from refused("image", self.image, rules.image(self.image))
        yield from refused("timeout_seconds", self.timeout_seconds, JOB_SECONDS.fault(self.timeout_seconds))
        yield from refused("log_days", self.log_days, rules.retention_days(self.log_days))
        for name, value in self.variables.items():
            yield from refused(f"variables.{name}", value, variables.name(name) or variables.text(value))


@dataclass(frozen=True, kw_only=True)
class JobsArgs(Args):
    environment: str
    account: str
    region: str
    boundary: pulumi.Input[str]
    """ARN of the permissions boundary of the role that ECS starts jobs with."""
    job: JobArgs
    scratch_gb: int
    """GB that the smallest machine has for jobs."""
    workspaces: tuple[str, ...]
    """``bucket`` or ``bucket/folder`` that jobs write."""

    def faults(self) -> Iterator[Fault]:
        yield from within("job", self.job.faults())


class Jobs(pulumi.ComponentResource):
    """Job definition, log group, and the role that ECS starts jobs with."""

    log_group: cloudwatch.LogGroup

    def __init__(self, name: str, args: JobsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:orchestration:Jobs", name, None, opts)
        self._args, self._job, environment = args, args.job, args.environment
        child = pulumi.ResourceOptions(parent=self)
        self.log_group = cloudwatch.LogGroup(
            f"{name}-jobs",
            name=orchestrator_names.job_log_group(environment),
            retention_in_days=args.job.log_days,
            opts=child,
        )
        execution = Role(
            f"{name}-execution",
            RoleArgs(
                role=orchestrator_names.execution_role(environment),
                path=names.DELEGATED_PATH,
                description="ECS starts batch jobs with it: the image and the log",
                trust=(trust.job_starter(),),
                permissions=roles.job_starter(args.account, args.region, environment),
                boundary=args.boundary,
            ),
            child,
        )
        after = pulumi.ResourceOptions(parent=self, depends_on=[execution, self.log_group])
        for workflow, role in {"": args.job.role_arn, **args.job.roles}.items():
            self._definition(f"{name}-job" + (f"-{workflow}" if workflow else ""), workflow, role, execution.arn, after)
        self.register_outputs({"log_group_name": self.log_group.name})

    def _definition(
        self,
        name: str,
        workflow: str,
        role: pulumi.Input[str],
        execution: pulumi.Output[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        seconds = self._job.timeout_seconds
        batch.JobDefinition(
            name,
            name=orchestrator_names.job_definition(self._args.environment, workflow),
            type="container",
            platform_capabilities=["EC2"],
            propagate_tags=True,
            timeout=batch.JobDefinitionTimeoutArgs(attempt_duration_seconds=seconds),
            retry_strategy=batch.JobDefinitionRetryStrategyArgs(attempts=ATTEMPTS, evaluate_on_exits=_exits()),
            container_properties=pulumi.Output.all(role, execution).apply(self._container),
            opts=opts,
        )

    def _container(self, roles: list[Any]) -> str:
        job, job_role, execution_role = self._job, *roles
        log = {
            "awslogs-group": orchestrator_names.job_log_group(self._args.environment),
            "awslogs-region": self._args.region,
            "awslogs-stream-prefix": orchestrator_names.STREAM_PREFIX,
        }
        volumes = {"scratch": hosts.SCRATCH, "docker": DOCKER_SOCKET}
        properties = {
            "image": job.image,
            "jobRoleArn": job_role,
            "executionRoleArn": execution_role,
            "resourceRequirements": [
                {"type": "VCPU", "value": str(DRIVER_VCPUS)},
                {"type": "MEMORY", "value": str(DRIVER_MIB)},
            ],
            "environment": [{"name": key, "value": value} for key, value in sorted(self._variables().items())],
            "volumes": [{"name": name, "host": {"sourcePath": path}} for name, path in volumes.items()],
            "mountPoints": [
                {"sourceVolume": name, "containerPath": path, "readOnly": False} for name, path in volumes.items()
            ],
            "ulimits": [{"name": "nofile", "softLimit": OPEN_FILES, "hardLimit": OPEN_FILES}],
            "linuxParameters": {"initProcessEnabled": True},
            "privileged": False,
            "readonlyRootFilesystem": False,
            "logConfiguration": {"logDriver": "awslogs", "options": log},
        }
        return json.dumps(properties, sort_keys=True)

    def _variables(self) -> dict[str, str]:
        """The runner passes the credentials and the region on by itself."""
        passed = " ".join(sorted(self._job.variables))
        return {
            # Downloads of inputs run in the runner's own image.
            "MINIWDL__S3PARCP__DOCKER_IMAGE": self._job.image,
            "MINIWDL__S3PARCP__DIR": hosts.SCRATCH,
            "MINIWDL__DOCKER_SWARM__ALLOW_NETWORKS": "[]",
            **self._downloads(),
            **(variables.CALL_CACHE if self._job.call_cache else {}),
            **(variables.STATUS_FILES if self._job.status_files else {}),
            **self._job.variables,
            "APP_NAME": orchestrator_names.app(self._args.environment),
            "AWS_DEFAULT_REGION": self._args.region,
            "MINIWDL_DIR": hosts.SCRATCH,
            **({"WDL_PASSTHRU_ENVVARS": passed} if passed else {}),
        }

    def _downloads(self) -> dict[str, str]:
        """Inputs of workflows are kept on the machine for its next job, but for what jobs may write anew."""
        written = json.dumps([f"s3://{place}/*" for place in self._args.workspaces])
        return {
            "MINIWDL__DOWNLOAD_CACHE__PUT": "true",
            "MINIWDL__DOWNLOAD_CACHE__GET": "true",
            "MINIWDL__DOWNLOAD_CACHE__DIR": DOWNLOADS,
            "MINIWDL__DOWNLOAD_CACHE__DISABLE_PATTERNS": written,
            "DOWNLOAD_CACHE_MAX_GB": str(max(1, self._args.scratch_gb // CACHED_SHARE)),
        }


def _exits() -> list[batch.JobDefinitionRetryStrategyEvaluateOnExitArgs]:
    """Again for troubles of Docker and registries; the end for all else: a job whose machine is lost goes on demand."""
    make = batch.JobDefinitionRetryStrategyEvaluateOnExitArgs
    return [
        *(make(action="EXIT", on_reason=reason) for reason in failures.LASTING_REASONS),
        *(make(action="RETRY", on_reason=reason) for reason in failures.RETRIED_REASONS),
        make(action="EXIT", on_status_reason="*"),
        make(action="EXIT", on_exit_code="*"),
    ]
