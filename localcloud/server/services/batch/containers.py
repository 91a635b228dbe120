"""What a job's container asks its host: the credentials of the job role, and ECS's metadata about itself.

Both are served under ``/_localcloud/`` by a token that only the job's environment holds. AWS facts: the credentials
come as the JSON that SDKs read at AWS_CONTAINER_CREDENTIALS_...; ECS sends them to the host's agent with the task, and
new ones in time, so that the agent answers from memory (SDKs wait for two seconds); metadata version 4 has ``/task``
below it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from localcloud.server import service_calls
from localcloud.server.call import Caller, Refusal
from localcloud.server.control import Answer, Request, on_reset, route
from localcloud.server.sessions import SESSIONS, Renewed

from .model import Attempt, Job
from .texts import TASKS


class Container:
    """A job's container, and the credentials that its host holds for it."""

    def __init__(self, job: Job, attempt: Attempt) -> None:
        self.job, self.attempt = job, attempt
        self._role = Renewed(self._assume)

    def _assume(self) -> tuple[Caller, datetime]:
        """The job role, as ECS assumes it for the attempt's task."""
        role = required(self.job.container.get("jobRoleArn"))
        task = self.attempt.task_arn
        caller = service_calls.as_role(role, TASKS, task.rpartition("/")[2], source_arn=task, region=self.job.region)
        return caller, SESSIONS[caller.access_key_id].expires

    def caller(self) -> Caller:
        """Who acts with its credentials. Raises Refusal."""
        return self._role.get()


_CONTAINERS: dict[str, Container] = {}


def add(token: str, job: Job, attempt: Attempt) -> None:
    """Its credentials are there before it starts. A role that can't be assumed is told to the container that asks."""
    container = Container(job, attempt)
    if job.container.get("jobRoleArn"):
        with suppress(Refusal):
            container.caller()
    _CONTAINERS[token] = container


def remove(token: str) -> None:
    """The container has ended: nothing is given out for it any more."""
    _CONTAINERS.pop(token, None)


def found(token: str) -> Container | None:
    """Whose container has the token."""
    return _CONTAINERS.get(token)


def required(role: str | None) -> str:
    """The role. Raises Refusal, as the SDK's chain of credentials does, if there is none."""
    if not role:
        raise Refusal("AccessDeniedException", "NoCredentialProviders: no valid providers in chain", 403)
    return role


@on_reset
def forget() -> None:
    _CONTAINERS.clear()


@route("credentials", for_jobs=True)
def credentials(request: Request) -> Answer:
    """The job role's credentials."""
    container = found(request.rest)
    role = container.job.container.get("jobRoleArn") if container else None
    if container is None or role is None:
        return 404, {"code": "NoSuchCredentials", "message": "No task is associated with this endpoint"}
    try:
        issued = container.caller()
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
    container = _container(held.job, held.attempt)
    return 200, container if not part else _task(held.job, held.attempt, container)


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
