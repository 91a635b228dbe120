"""The caller that a state machine's tasks are: a session of its role, kept while it lasts."""

from __future__ import annotations

import threading
import time

from localcloud.server import service_calls
from localcloud.server.call import Caller, Refusal
from localcloud.server.sessions import SESSIONS

from .failures import TASK_FAILED, StateFailure
from .model import StateMachine

PRINCIPAL = "states.amazonaws.com"
KEPT_SECONDS = 1800
_CALLERS: dict[tuple[str, str], tuple[Caller, float]] = {}
_LOCK = threading.Lock()


def caller_of(machine: StateMachine) -> Caller:
    """Raises StateFailure if the role is gone or does not trust Step Functions any more."""
    key = (machine.arn, machine.role_arn)
    with _LOCK:
        known = _CALLERS.get(key)
    if known is not None and known[1] > time.monotonic() and known[0].access_key_id in SESSIONS:
        return known[0]
    name = machine.name[:50].replace(" ", "-")
    region = machine.arn.split(":")[3]
    try:
        caller = service_calls.as_role(
            machine.role_arn, PRINCIPAL, f"{name}-sfn", source_arn=machine.arn, region=region
        )
    except Refusal as refusal:
        text = f"The role {machine.role_arn} cannot be assumed by Step Functions: {refusal.message}"
        raise StateFailure(TASK_FAILED, text) from refusal
    with _LOCK:
        _CALLERS[key] = (caller, time.monotonic() + KEPT_SECONDS)
    return caller


def task_caller(own: Caller, role_arn: str, machine_arn: str) -> Caller:
    """The caller that a task with ``Credentials`` is: the role it names, assumed by the machine's."""
    params = {"RoleArn": role_arn, "RoleSessionName": "StepFunctionsTask"}
    try:
        answer = service_calls.perform(own, "sts", "AssumeRole", params, machine_arn.split(":")[3])
    except Refusal as refusal:
        text = f"The role {own.principal_arn} is not authorized to assume the task state's role, {role_arn}."
        raise StateFailure(TASK_FAILED, text) from refusal
    return SESSIONS[answer["Credentials"]["AccessKeyId"]].caller
