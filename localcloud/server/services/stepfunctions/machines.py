"""State machines: create, update, delete, describe, list, validate, tag.

AWS facts: creating one again with the same definition, type, logging, tracing and encryption answers 200 (role and
tags are not looked at), with others StateMachineAlreadyExists; executions that run keep the definition they began
with; logging needs exactly one log group, whose ARN ends in ``:*``.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.server import registry
from localcloud.server.call import Call, Params, Refusal

from . import definition, grants
from .executions import stop
from .model import LOCK, StateMachine, Store, now, store_of
from .pages import page
from .problems import Problem, message

LONGEST_NAME = 80
MOST_TAGS = 50
FORBIDDEN = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
LOG_GROUP = re.compile(r"arn:aws:logs:[a-z0-9-]+:\d{12}:log-group:([^:*]+)(:\*)?")
PLAIN_ENCRYPTION = {"type": "AWS_OWNED_KEY"}
PLAIN_LOGGING = {"level": "OFF", "includeExecutionData": False}


def check_name(name: str) -> None:
    if not name or len(name) > LONGEST_NAME or FORBIDDEN.search(name):
        raise Refusal("InvalidName", f"Invalid Name: '{name}'")


def _check_definition(text: str, kind: str) -> Params:
    problems = definition.problems(text, express=kind == "EXPRESS")
    refused = [problem for problem in problems if not problem.absent]
    if refused:
        raise Refusal("InvalidDefinition", message(refused))
    if problems:
        raise Refusal("NotImplemented", message(problems), 501)
    parsed: Params = json.loads(text)
    return parsed


def _check_logging(call: Call, name: str, given: Params) -> None:
    if given.get("level", "OFF") == "OFF":
        return
    wrong = "InvalidLoggingConfiguration"
    start = "Invalid Logging Configuration:"
    places = given.get("destinations", [])
    if len(places) != 1:
        raise Refusal(wrong, f"{start} Must specify exactly one Log Destination.")
    arn = str(places[0].get("cloudWatchLogsLogGroup", {}).get("logGroupArn", ""))
    match = LOG_GROUP.fullmatch(arn)
    if match is None:
        raise Refusal(wrong, f"{start} Must set valid log group ARN.")
    if not match[2]:
        raise Refusal(wrong, f"{start} Log group ARN must be provided with '*' qualifier.")
    if registry.resource(f"arn:aws:logs:{call.region}:{call.caller.account_id}:log-group:{match[1]}") is None:
        raise Refusal(wrong, f"{start} Log Destination not found.")
    if not name.isascii():
        raise Refusal(wrong, f"{start} State machine name must be ASCII when logging is on.")


def _check_encryption(call: Call, given: Params) -> None:
    key = given.get("kmsKeyId")
    if given["type"] == "CUSTOMER_MANAGED_KMS_KEY" and not key:
        raise Refusal("InvalidEncryptionConfiguration", "Invalid Encryption Configuration: Must set a valid kmsKeyId.")
    if given["type"] == "AWS_OWNED_KEY" and key:
        text = "Invalid Encryption Configuration: kmsKeyId must not be set for AWS_OWNED_KEY."
        raise Refusal("InvalidEncryptionConfiguration", text)
    if key and key.startswith("arn:") and key.split(":")[3] != call.region:
        raise Refusal("InvalidEncryptionConfiguration", f"Invalid Encryption Configuration: invalid arn {key}.")


def _no_versions(call: Call) -> None:
    for name in ("publish", "versionDescription"):
        if call.params.get(name):
            raise Refusal("NotImplemented", f"{call.operation} with {name} is not implemented here.", 501)


def create(call: Call) -> Params:
    params = call.params
    _no_versions(call)
    name, kind = params["name"], params.get("type", "STANDARD")
    check_name(name)
    parsed = _check_definition(params["definition"], kind)
    if kind == "EXPRESS":
        raise Refusal("NotImplemented", "state machines of type EXPRESS are not implemented here.", 501)
    logging = PLAIN_LOGGING | params.get("loggingConfiguration", {})
    _check_logging(call, name, logging)
    encryption = params.get("encryptionConfiguration", dict(PLAIN_ENCRYPTION))
    _check_encryption(call, encryption)
    arn = f"arn:aws:states:{call.region}:{call.caller.account_id}:stateMachine:{name}"
    state_machine = StateMachine(
        name=name,
        arn=arn,
        kind=kind,
        definition=params["definition"],
        parsed=parsed,
        role_arn=params["roleArn"],
        logging=logging,
        tracing=params.get("tracingConfiguration", {"enabled": False}),
        encryption=encryption,
        tags=_tags(params.get("tags", [])),
        revision_id=str(uuid.uuid4()),
        created=now(),
    )
    if existing := _same(call, state_machine):
        return {"stateMachineArn": arn, "creationDate": existing.created}
    grants.check(state_machine.role_arn, arn, parsed, logging)
    with LOCK:
        store_of(call).machines[arn] = state_machine
    return {"stateMachineArn": arn, "creationDate": state_machine.created}


def _same(call: Call, state_machine: StateMachine) -> StateMachine | None:
    """The machine of that name if it is the same; raises StateMachineAlreadyExists if it is another."""
    with LOCK:
        existing = store_of(call).machines.get(state_machine.arn)
    if existing is None:
        return None
    compared = ("definition", "kind", "logging", "tracing", "encryption")
    if any(getattr(existing, name) != getattr(state_machine, name) for name in compared):
        raise Refusal("StateMachineAlreadyExists", f"State Machine Already Exists: '{state_machine.arn}'")
    return existing


def _tags(given: list[Params], existing: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tags that are held with those that are given."""
    members = {**(existing or {}), **{item["key"]: item["value"] for item in given}}
    if len(members) > MOST_TAGS:
        raise Refusal("TooManyTags", f"Too many tags: at most {MOST_TAGS} are allowed")
    return members


def machine(states: Store, arn: str) -> StateMachine:
    machine = states.machines.get(arn)
    if machine is None:
        raise Refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    return machine


def update(call: Call) -> Params:
    params = call.params
    _no_versions(call)
    with LOCK:
        existing = machine(store_of(call), params["stateMachineArn"])
    changeable = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")
    if not any(name in params for name in changeable):
        text = (
            "Either the definition, the role ARN, the LoggingConfiguration, the EncryptionConfiguration or the "
            "TracingConfiguration must be specified"
        )
        raise Refusal("MissingRequiredParameter", text)
    text = params.get("definition", existing.definition)
    parsed = _check_definition(text, existing.kind)
    logging = PLAIN_LOGGING | params.get("loggingConfiguration", existing.logging)
    _check_logging(call, existing.name, logging)
    encryption = params.get("encryptionConfiguration", existing.encryption)
    _check_encryption(call, encryption)
    role = params.get("roleArn", existing.role_arn)
    grants.check(role, existing.arn, parsed, logging)
    moment = now()
    with LOCK:
        state_machine = StateMachine(**{name: getattr(existing, name) for name in existing.__dataclass_fields__})
        state_machine.definition, state_machine.parsed, state_machine.role_arn, state_machine.logging = (
            text,
            parsed,
            role,
            logging,
        )
        state_machine.encryption = encryption
        state_machine.tracing = params.get("tracingConfiguration", existing.tracing)
        if state_machine.definition != existing.definition or state_machine.role_arn != existing.role_arn:
            state_machine.revision_id = str(uuid.uuid4())
        store_of(call).machines[existing.arn] = state_machine
    return {"updateDate": moment, "revisionId": state_machine.revision_id}


def delete(call: Call) -> Params:
    """AWS stops what runs and takes its time over it; an unknown machine is no error."""
    arn = call.params["stateMachineArn"]
    with LOCK:
        states = store_of(call)
        if states.machines.pop(arn, None) is None:
            return {}
        running = [item for item in states.executions.values() if item.machine.arn == arn and item.status == "RUNNING"]
    for execution in running:
        stop(execution, None, None)
    with LOCK:
        for key in [key for key, item in states.executions.items() if item.machine.arn == arn]:
            del states.executions[key]
    return {}


def describe(call: Call) -> Params:
    with LOCK:
        existing = machine(store_of(call), call.params["stateMachineArn"])
    members = described(existing)
    if call.params.get("includedData") == "METADATA_ONLY":
        members.pop("definition")
    return members


def described(state_machine: StateMachine) -> Params:
    members: Params = {
        "stateMachineArn": state_machine.arn,
        "name": state_machine.name,
        "status": state_machine.status,
        "definition": state_machine.definition,
        "roleArn": state_machine.role_arn,
        "type": state_machine.kind,
        "creationDate": state_machine.created,
        "loggingConfiguration": state_machine.logging,
        "tracingConfiguration": state_machine.tracing,
        "revisionId": state_machine.revision_id,
        "encryptionConfiguration": state_machine.encryption,
    }
    if state_machine.label is not None:
        members["label"] = state_machine.label
    return members


def list_machines(call: Call) -> Params:
    with LOCK:
        machines = sorted(store_of(call).machines.values(), key=lambda item: item.name)
    rows = [
        {"stateMachineArn": item.arn, "name": item.name, "type": item.kind, "creationDate": item.created}
        for item in machines
    ]
    items, token = page(call, rows)
    return {"stateMachines": items} | token


def list_versions(call: Call) -> Params:
    """No version is ever published here: that call is refused by name."""
    with LOCK:
        machine(store_of(call), call.params["stateMachineArn"])
    return {"stateMachineVersions": []}


def validate(call: Call) -> Params:
    problems = definition.problems(call.params["definition"], express=call.params.get("type") == "EXPRESS")
    most = call.params.get("maxResults") or 100
    failed = any(not problem.absent for problem in problems)
    rows = [_diagnostic(problem) for problem in problems]
    return {"result": "FAIL" if failed else "OK", "diagnostics": rows[:most], "truncated": len(rows) > most}


def _diagnostic(problem: Problem) -> dict[str, Any]:
    severity = "WARNING" if problem.absent else "ERROR"
    diagnostic = {"severity": severity, "code": problem.code, "message": problem.text}
    return diagnostic | ({"location": problem.at} if problem.at is not None else {})


def tag(call: Call) -> Params:
    with LOCK:
        tagged = _tagged(call)
        tagged.update(_tags(call.params["tags"], tagged))
    return {}


def untag(call: Call) -> Params:
    with LOCK:
        for key in call.params["tagKeys"]:
            _tagged(call).pop(key, None)
    return {}


def list_tags(call: Call) -> Params:
    with LOCK:
        return {"tags": [{"key": key, "value": value} for key, value in _tagged(call).items()]}


def _tagged(call: Call) -> dict[str, str]:
    arn = call.params["resourceArn"]
    machine = store_of(call).machines.get(arn)
    if machine is None:
        raise Refusal("ResourceNotFound", f"Resource not found: '{arn}'")
    return machine.tags


OPERATIONS: dict[str, Callable[[Call], Params]] = {
    "CreateStateMachine": create,
    "UpdateStateMachine": update,
    "DeleteStateMachine": delete,
    "DescribeStateMachine": describe,
    "ListStateMachines": list_machines,
    "ListStateMachineVersions": list_versions,
    "ValidateStateMachineDefinition": validate,
    "TagResource": tag,
    "UntagResource": untag,
    "ListTagsForResource": list_tags,
}
