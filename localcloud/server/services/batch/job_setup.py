"""What a job finds when it starts: directory, environment variables, program, and the way to its logs.

AWS facts: Batch sets AWS_BATCH_JOB_ID, AWS_BATCH_JOB_ATTEMPT, AWS_BATCH_JQ_NAME, AWS_BATCH_CE_NAME (and for a child of
an array AWS_BATCH_JOB_ARRAY_INDEX); the ECS agent sets its metadata addresses, AWS_EXECUTION_ENV and, if there is a
job role, where its credentials are. The awslogs driver writes as the execution role, or else as the instance's role;
its group is ``/aws/batch/job`` unless the definition says otherwise, which Batch makes by itself; any other must exist
unless ``awslogs-create-group`` is true.

Three things differ from AWS. The credentials are under AWS_CONTAINER_CREDENTIALS_FULL_URI, not ..._RELATIVE_URI: the
latter means the address 169.254.170.2, which a process has no network of its own to have. AWS_ENDPOINT_URL and
AWS_CA_BUNDLE stand for the network that leads to AWS. PGSSLROOTCERT is there, as in an image that has a file of the
authorities that certify databases.

A process shares its machine: user, volumes, mount points, ulimits, linuxParameters, privileged and read-only root of a
definition are kept and described, and have no effect on it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from localcloud.server import images, pulls, scratch, service_calls
from localcloud.server.access import resources
from localcloud.server.call import Caller, Refusal
from localcloud.server.child_output import Write

from . import containers
from .model import Attempt, Job
from .texts import TASKS, cannot_pull, cannot_start, from_docker, no_log_group, pull_denied

DEFAULT_GROUP = "/aws/batch/job"
DIRECTORY_VARIABLE = "LOCALCLOUD_JOBS"
MOST_OVERRIDES = 8192
INHERITED = ("PATH", "LANG", "LC_ALL")
"""What an image would bring: the programs that are installed, and the language."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    argv: list[str]
    variables: Mapping[str, str]
    directory: Path
    logs: Write
    token: str
    """Part of the job's metadata address, in the environment of every process of the job."""


def log_prefix(job: Job) -> str:
    name = job.definition.rpartition("/")[2].partition(":")[0]
    return str(_log_options(job).get("awslogs-stream-prefix", name))


def _log_options(job: Job) -> Mapping[str, str]:
    options: Mapping[str, str] = job.container.get("logConfiguration", {}).get("options", {})
    return options


def prepare(job: Job, attempt: Attempt, instance_role: str) -> Prepared | str:
    """Everything that an attempt needs, or the container's reason for not starting."""
    image = str(job.container["image"])
    stand_in = images.stand_in(image)
    if stand_in is None:
        return cannot_pull(image)
    agent = str(job.container.get("executionRoleArn") or _role_of_profile(job.account, instance_role))
    if refusal := pulls.refusal(image, job.region, partial(_agent, job, agent)):
        return from_docker(pull_denied(image, refusal))
    argv = stand_in.argv(job.container.get("command", []))
    if not argv:
        return cannot_start("")
    writer = _log_writer(job, attempt, agent)
    if isinstance(writer, str):
        return writer
    directory = _directory(job, attempt)
    token = secrets.token_urlsafe(24)
    containers.add(token, job, attempt)
    variables = {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        "HOME": str(directory),
        "TMPDIR": str(directory / "tmp"),
        "HOSTNAME": f"ip-{attempt.instance_id.removeprefix('i-')}",
        **stand_in.environment,
        **_network(),
        **_of_ecs(job, token),
        **{item["name"]: item.get("value", "") for item in job.container.get("environment", [])},
        **_of_batch(job, attempt.number, attempt.compute_environment),
    }
    return Prepared(argv=argv, variables=variables, directory=directory, logs=writer, token=token)


def _own_root() -> Path | None:
    """Where the jobs' directories are while this server runs; None if LOCALCLOUD_JOBS names a place of the user's."""
    return None if os.environ.get(DIRECTORY_VARIABLE) else scratch.folder("jobs")


def remove_directories() -> None:
    """Removes all jobs' directories, but for those in a place of the user's."""
    if root := _own_root():
        shutil.rmtree(root, ignore_errors=True)


def remove_directory(job_id: str) -> None:
    """Removes what a job left on disk, but for that in a place of the user's."""
    if root := _own_root():
        shutil.rmtree(root / _name(job_id), ignore_errors=True)


def _name(job_id: str) -> str:
    return job_id.replace(":", "-")


def _directory(job: Job, attempt: Attempt) -> Path:
    root = _own_root() or Path(os.environ[DIRECTORY_VARIABLE])
    of_job = root / _name(job.id)
    of_job.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory = of_job / str(attempt.number)
    (directory / "tmp").mkdir(parents=True, exist_ok=True)
    return directory.resolve()


def _network() -> dict[str, str]:
    server = service_calls.SERVER
    values = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_CA_BUNDLE": server.ca_bundle,
        "PGSSLROOTCERT": server.ca_bundle,
    }
    return {name: value for name, value in values.items() if value}


def overrides_too_long(job: Job, compute_environment: str) -> bool:
    """Whether ECS would refuse the job's next attempt.

    AWS fact: what the job has beside its definition, its command with parameters filled in and Batch's own variables
    are one JSON of overrides to ECS, which takes 8,192 characters.
    """
    given: dict[str, Any] = job.request.get("containerOverrides", {})
    own = _of_batch(job, len(job.attempts) + 1, compute_environment)
    variables = [*given.get("environment", []), *({"name": name, "value": value} for name, value in own.items())]
    overrides = {**given, "environment": variables}
    if given.get("command") or job.parameters:
        overrides["command"] = job.container["command"]
    return len(json.dumps(overrides, separators=(",", ":"), ensure_ascii=False)) > MOST_OVERRIDES


def _of_batch(job: Job, attempt: int, compute_environment: str) -> dict[str, str]:
    values = {
        "AWS_BATCH_JOB_ID": job.id,
        "AWS_BATCH_JOB_ATTEMPT": str(attempt),
        "AWS_BATCH_JQ_NAME": job.queue.rpartition("/")[2],
        "AWS_BATCH_CE_NAME": compute_environment.rpartition("/")[2],
    }
    if job.array_index is not None:
        values["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.array_index)
    return values


def _of_ecs(job: Job, token: str) -> dict[str, str]:
    base = f"{service_calls.SERVER.plain_url}/_localcloud"
    values = {
        "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
        "ECS_CONTAINER_METADATA_URI": f"{base}/metadata/v3/{token}",
        "ECS_CONTAINER_METADATA_URI_V4": f"{base}/metadata/v4/{token}",
    }
    if job.container.get("jobRoleArn"):
        values["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{base}/credentials/{token}"
    return values


def _role_of_profile(account: str, profile: str) -> str:
    backend = resources.iam(account)
    profiles = list(backend.instance_profiles.values()) if backend else []
    instance_profile = next((item for item in profiles if profile in (item.arn, item.name)), None)
    return str(instance_profile.roles[0].arn) if instance_profile and instance_profile.roles else ""


def _agent(job: Job, role: str) -> Caller:
    """The role that the agent works with for the job. Raises Refusal."""
    principal = TASKS if job.container.get("executionRoleArn") else "ec2.amazonaws.com"
    return service_calls.as_role(containers.required(role), principal, job.id.replace(":", "-"), region=job.region)


def _log_writer(job: Job, attempt: Attempt, agent: str) -> Write | str:
    """Makes the log stream; answers what writes to it, or the reason why there is none."""
    options = _log_options(job)
    group = options.get("awslogs-group", DEFAULT_GROUP)
    region = options.get("awslogs-region", job.region)
    names = {"logGroupName": group, "logStreamName": attempt.log_stream}
    try:
        caller = _agent(job, agent)
        if group == DEFAULT_GROUP:
            _create_group(service_calls.service("batch.amazonaws.com", job.account), region, group, by_itself=True)
        elif options.get("awslogs-create-group") == "true":
            _create_group(caller, region, group, by_itself=False)
        service_calls.perform(caller, "logs", "CreateLogStream", names, region)
    except Refusal as refusal:
        if refusal.code == "ResourceNotFoundException":
            return no_log_group(group)
        return (
            "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to "
            f"create Cloudwatch log stream: {refusal.code}: {refusal.message}"
        )

    def write(lines: list[tuple[int, str]]) -> None:
        events = [{"timestamp": when, "message": text} for when, text in lines]
        service_calls.perform(caller, "logs", "PutLogEvents", {**names, "logEvents": events}, region)

    return write


def _create_group(caller: Caller, region: str, group: str, *, by_itself: bool) -> None:
    try:
        service_calls.perform(caller, "logs", "CreateLogGroup", {"logGroupName": group}, region, by_itself=by_itself)
    except Refusal as refusal:
        if refusal.code != "ResourceAlreadyExistsException":
            raise
