"""What a job's container asks its host: the credentials of the job role, and ECS's metadata about itself.

Both are served under ``/_localcloud/`` by a token that only the job's environment holds. AWS facts: the credentials
come as the JSON that SDKs read at AWS_CONTAINER_CREDENTIALS_...; metadata version 4 has ``/task`` below it.
"""

from __future__ import annotations

from typing import Any

from localcloud.server import service_calls
from localcloud.server.call import Caller, Refusal
from localcloud.server.control import Answer, Request, on_reset, route
from localcloud.server.sessions import SESSIONS

from .model import Attempt, Job
from .texts import TASKS

_CONTAINERS: dict[str, tuple[Job, Attempt]] = {}


def add(token: str, job: Job, attempt: Attempt) -> None:
    _CONTAINERS[token] = (job, attempt)


def remove(token: str) -> None:
    """The container has ended: nothing is given out for it any more."""
    _CONTAINERS.pop(token, None)


def found(token: str) -> tuple[Job, Attempt] | None:
    """Whose container has the token."""
    return _CONTAINERS.get(token)


def required(role: str | None) -> str:
    """The role. Raises Refusal, as the SDK's chain of credentials does, if there is none."""
    if not role:
        raise Refusal("AccessDeniedException", "NoCredentialProviders: no valid providers in chain", 403)
    return role


def caller(job: Job, attempt: Attempt) -> Caller:
    """The job role, as ECS assumes it for the attempt's task. Raises Refusal."""
    role = required(job.container.get("jobRoleArn"))
    task = attempt.task_arn.rpartition("/")[2]
    return service_calls.as_role(role, TASKS, task, source_arn=attempt.task_arn, region=job.region)


@on_reset
def forget() -> None:
    _CONTAINERS.clear()


@route("credentials", for_jobs=True)
def credentials(request: Request) -> Answer:
    """The job role's credentials, new ones each time."""
    container = found(request.rest)
    role = container[0].container.get("jobRoleArn") if container else None
    if container is None or role is None:
        return 404, {"code": "NoSuchCredentials", "message": "No task is associated with this endpoint"}
    try:
        issued = caller(*container)
    except Refusal as refusal:
        return 400, {"code": "CredentialsUnavailable", "message": refusal.message}
    session = SESSIONS[issued.access_key_id]
    return 200, {
        "RoleArn": role,
        "AccessKeyId": issued.access_key_id,
        "SecretAccessKey": session.secret,
        "Token": session.token,
        "Expiration": session.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


@route("metadata", for_jobs=True)
def metadata(request: Request) -> Answer:
    """``v3/TOKEN`` or ``v4/TOKEN``, the container; with ``/task`` behind, the task."""
    _, _, rest = request.rest.partition("/")
    token, _, part = rest.partition("/")
    held = found(token)
    if held is None or part not in ("", "task"):
        return 404, {"message": "no such container"}
    job, attempt = held
    container = _container(job, attempt)
    return 200, container if not part else _task(job, attempt, container)


def _container(job: Job, attempt: Attempt) -> dict[str, Any]:
    task = attempt.task_arn.rpartition("/")[2]
    return {
        "DockerId": task,
        "Name": "default",
        "DockerName": f"ecs-{job.definition.rpartition('/')[2].replace(':', '-')}-default-{task}",
        "Image": job.container["image"],
        "Labels": {
            "com.amazonaws.ecs.container-name": "default",
            "com.amazonaws.ecs.task-arn": attempt.task_arn,
        },
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "Limits": {"CPU": int(job.vcpus * 1024), "Memory": job.memory_mib},
        "Type": "NORMAL",
        "LogDriver": "awslogs",
        "LogOptions": {"awslogs-stream": attempt.log_stream},
    }


def _task(job: Job, attempt: Attempt, container: dict[str, Any]) -> dict[str, Any]:
    return {
        "Cluster": attempt.task_arn.split("/")[1],
        "TaskARN": attempt.task_arn,
        "Family": job.definition.rpartition("/")[2].partition(":")[0],
        "Revision": job.definition.rpartition(":")[2],
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "Limits": {"CPU": job.vcpus, "Memory": job.memory_mib},
        "LaunchType": "EC2",
        "Containers": [container],
    }
