"""Where the runs of an environment happen, and what a client finds there.

A client knows an environment by its name: it takes the buckets whose names contain a word (``client_buckets`` of
portal.yaml) and the environment's name, the last of several, and the state machine whose name it computes. Account,
region and the limits of a job come from the stack files. Everything is asked as the account's operator.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from components import names
from portal.accounts import session
from portal.errors import PortalError
from settings import Portal, Project
from settings.faults import file_of
from settings.orchestration import Orchestrator
from settings.schema import Environment

PATIENT: Final = Config(retries={"mode": "standard", "max_attempts": 10})
"""For reads: throttled ones are tried again, with backoff and jitter."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """An environment, the account that holds it, and its orchestrator."""

    name: str
    stack: str
    account: str
    region: str
    settings: Environment = field(repr=False)
    orchestrator: Orchestrator = field(repr=False)
    project: Project = field(repr=False)

    @property
    def machine_arn(self) -> str:
        return names.state_machine_arn(self.account, self.region, self.name)

    def execution_arn(self, execution: str) -> str:
        return names.execution_arn(self.account, self.region, self.name).removesuffix("*") + execution

    def session(self) -> boto3.Session:
        """The operator's. Raises PortalError if the credentials at hand may not become it."""
        role = names.role_arn(self.account, names.OPERATOR)
        try:
            return session(role, self.region)
        except (ClientError, BotoCoreError) as error:
            raise PortalError(f"no access to the environment {self.name!r} as {role}: {error}") from error


@dataclass(frozen=True, kw_only=True)
class Discovered:
    """What the account answered."""

    wdl_bucket: str
    comms_bucket: str
    machine_arn: str


def home(portal: Portal, name: str) -> Home:
    """The environment of that name in the stack files. Raises PortalError."""
    for stack, settings in portal.stacks.items():
        environment = settings.environments.get(name)
        if environment is None:
            continue
        if environment.orchestrator is None:
            raise PortalError(f"--environment: {name!r}: has no orchestrator in {file_of(stack)}: nothing can run")
        account = settings.account
        return Home(
            name=name,
            stack=stack,
            account=account.id,
            region=account.region,
            settings=environment,
            orchestrator=environment.orchestrator,
            project=portal.project,
        )
    known = sorted(name for settings in portal.stacks.values() for name in settings.orchestrators)
    raise PortalError(f"--environment: {name!r}: must be one of {', '.join(known) or '(no stack file has one)'}")


def home_of(portal: Portal, execution_arn: str) -> tuple[Home, str]:
    """The environment of an execution, and the execution's name. Raises PortalError."""
    for stack in portal.stacks.values():
        for name in stack.orchestrators:
            candidate = home(portal, name)
            prefix = candidate.execution_arn("")
            if execution_arn.startswith(prefix) and ":" not in execution_arn[len(prefix) :]:
                return candidate, execution_arn[len(prefix) :]
    raise PortalError(f"{execution_arn!r}: is not the ARN of an execution of an environment in the stack files")


def discover(where: Home, as_operator: boto3.Session) -> Discovered:
    """What clients look for when they start. Raises PortalError for what is not there."""
    try:
        account = as_operator.client("sts", config=PATIENT).get_caller_identity()["Account"]
        listed = as_operator.client("s3", config=PATIENT).list_buckets()["Buckets"]
    except (ClientError, BotoCoreError) as error:
        raise PortalError(f"environment {where.name!r}: {error}") from error
    buckets = [str(bucket.get("Name", "")) for bucket in listed]
    words = where.project.client_buckets
    by_word = {word: [one for one in buckets if word in one and where.name in one] for word in (words.wdl, words.comms)}
    for word, ones in by_word.items():
        if not ones:
            rule = f"the account {account} has no bucket whose name contains {word!r} and {where.name!r}"
            raise PortalError(f"--environment: {where.name!r}: {rule}; bring the stack {where.stack} up")
    arn = names.state_machine_arn(account, where.region, where.name)
    states: Any = as_operator.client("stepfunctions", config=PATIENT)  # pyright: ignore[reportArgumentType, reportCallIssue]  # the stubs of this service are not installed
    try:
        states.describe_state_machine(stateMachineArn=arn)
    except (ClientError, BotoCoreError) as error:
        raise PortalError(f"--environment: {where.name!r}: no state machine {arn}: {error}") from error
    return Discovered(wdl_bucket=by_word[words.wdl][-1], comms_bucket=by_word[words.comms][-1], machine_arn=arn)
