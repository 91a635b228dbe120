"""Executions by name or ARN, and the clients that ask about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from components import orchestrator_names
from portal.environments import PATIENT, Home, home, home_of
from portal.errors import PortalError
from portal.following.jobs import Job, latest_job
from portal.following.outcomes import Outcome, outcome
from settings import Portal


@dataclass(frozen=True, kw_only=True)
class Follower:
    """Asks, as the operator, about the executions of one environment."""

    where: Home
    states: Any = field(repr=False)
    batch: Any = field(repr=False)
    logs: Any = field(repr=False)

    @property
    def log_group(self) -> str:
        return orchestrator_names.job_log_group(self.where.name)

    def outcome(self, name: str) -> Outcome:
        """Raises PortalError for a name that no execution has."""
        arn = self.where.execution_arn(name)
        try:
            return outcome(self.states.describe_execution(executionArn=arn))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in ("ExecutionDoesNotExist", "InvalidArn"):
                rule = f"there is no such execution in the environment {self.where.name!r}"
                raise PortalError(f"{name!r}: {rule} (--environment names another)") from error
            raise PortalError(f"{name!r}: {error}") from error
        except BotoCoreError as error:
            raise PortalError(f"{name!r}: {error}") from error

    def job(self, name: str) -> Job | None:
        try:
            return latest_job(self.states, self.batch, self.where.execution_arn(name), self.where.name)
        except (ClientError, BotoCoreError) as error:
            raise PortalError(f"{name!r}: its job is not known: {error}") from error


def follower(where: Home) -> Follower:
    """Raises PortalError if the credentials at hand may not."""
    session = where.session()
    clients = (session.client(service, config=PATIENT) for service in ("stepfunctions", "batch", "logs"))  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType]  # the stubs of these services are not installed
    states, batch, logs = clients
    return Follower(where=where, states=states, batch=batch, logs=logs)


def by_environment(portal: Portal, given: Sequence[str], environment: str) -> dict[str, list[str]]:
    """Names of executions by environment, in order, each once. An ARN says its environment, a name is of the given."""
    executions: dict[str, list[str]] = {}
    for one in dict.fromkeys(given):
        where, name = home_of(portal, one) if one.startswith("arn:") else (home(portal, environment), one)
        names = executions.setdefault(where.name, [])
        if name not in names:
            names.append(name)
    return executions
