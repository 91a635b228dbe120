"""What `portal up` asks an account before it removes an environment: how many executions run, what its buckets hold.

The program asks for no counts: its resources follow from stack file and state alone. AWS fact: DeleteStateMachine ends
the machine's executions at their next transition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from components import names
from portal.errors import PortalError
from portal.protection import deployed_environments
from portal.recovery import Place
from settings import Settings
from settings.environments import lost
from settings.faults import fault_at

GONE = frozenset({"StateMachineDoesNotExist", "NoSuchBucket"})
BUCKETS = ("wdl_bucket", "comms_bucket")


@dataclass(frozen=True, kw_only=True)
class Removal:
    """An environment that is to lose some of what it has, or all."""

    environment: str
    lost: Mapping[str, str]
    """Names by key of the stack file."""
    running: int
    """Executions."""
    objects: Mapping[str, int]
    """By bucket, of those that are deleted."""

    def __str__(self) -> str:
        parts = [f"{bucket} with {_counted(count, 'object')}" for bucket, count in self.objects.items()]
        parts += [self.lost["orchestrator"]] if "orchestrator" in self.lost else []
        return f"the environment {self.environment} loses {', '.join(parts)}"


def removals(settings: Settings, deployment: Mapping[str, Any], place: Place) -> list[Removal]:
    """What environments are to lose by the stack file. Raises PortalError if the account does not answer."""
    deployed = deployed_environments(deployment)
    return [
        Removal(
            environment=name,
            lost=parts,
            running=_running(place, name) if "orchestrator" in deployed[name] else 0,
            objects={parts[key]: _objects(place, parts[key]) for key in BUCKETS if key in parts},
        )
        for name, parts in lost(settings, deployed).items()
    ]


def refuse_running(stack: str, removals: list[Removal]) -> None:
    """Raises PortalError for environments in which executions run."""
    rule = "stop each or wait for its end (portal watch), then bring the stack up again"
    faults = [
        fault_at(
            stack,
            ("environments", one.environment),
            None,
            f"{one}, and has {_counted(one.running, 'running execution')}: {rule}",
        )
        for one in removals
        if one.running
    ]
    if faults:
        raise PortalError("nothing was touched: " + "; ".join(map(str, faults)))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _running(place: Place, environment: str) -> int:
    machine = names.state_machine_arn(place.account, place.region, environment)
    request = {"stateMachineArn": machine, "statusFilter": "RUNNING"}
    return _count(place, "stepfunctions", "list_executions", request, lambda page: len(page["executions"]))


def _objects(place: Place, bucket: str) -> int:
    return _count(place, "s3", "list_objects_v2", {"Bucket": bucket}, lambda page: int(page["KeyCount"]))


def _count(
    place: Place, service: str, call: str, request: Mapping[str, str], size: Callable[[Mapping[str, Any]], int]
) -> int:
    try:
        return sum(map(size, place.client(service).get_paginator(call).paginate(**request)))
    except (ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in GONE:
            return 0
        raise PortalError(f"what an environment still has cannot be counted as {place.role}: {error}") from error
