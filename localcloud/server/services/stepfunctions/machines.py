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
    found = definition.problems(text, express=kind == "EXPRESS")
    refused = [problem for problem in found if not problem.absent]
    if refused:
        raise Refusal("InvalidDefinition", message(refused))
    if found:
        raise Refusal("NotImplemented", message(found), 501)
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
    found = LOG_GROUP.fullmatch(arn)
    if found is None:
        raise Refusal(wrong, f"{start} Must set valid log group ARN.")
    if not found[2]:
        raise Refusal(wrong, f"{start} Log group ARN must be provided with '*' qualifier.")
    if registry.resource(f"arn:aws:logs:{call.region}:{call.caller.account_id}:log-group:{found[1]}") is None:
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
    made = StateMachine(
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
    if existing := _same(call, made):
        return {"stateMachineArn": arn, "creationDate": existing.created}
    grants.check(made.role_arn, arn, parsed, logging)
    with LOCK:
        store_of(call).machines[arn] = made
    return {"stateMachineArn": arn, "creationDate": made.created}


def _same(call: Call, made: StateMachine) -> StateMachine | None:
    """The machine of that name if it is the same; raises StateMachineAlreadyExists if it is another."""
    with LOCK:
        existing = store_of(call).machines.get(made.arn)
    if existing is None:
        return None
    compared = ("definition", "kind", "logging", "tracing", "encryption")
    if any(getattr(existing, name) != getattr(made, name) for name in compared):
        raise Refusal("StateMachineAlreadyExists", f"State Machine Already Exists: '{made.arn}'")
    return existing


def _tags(given: list[Params], held: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tags that are held with those that are given."""
    made = {**(held or {}), **{item["key"]: item["value"] for item in given}}
    if len(made) > MOST_TAGS:
        raise Refusal("TooManyTags", f"Too many tags: at most {MOST_TAGS} are allowed")
    return made


def machine(held: Store, arn: str) -> StateMachine:
    found = held.machines.get(arn)
    if found is None:
        raise Refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    return found


def update(call: Call) -> Params:
    params = call.params
    _no_versions(call)
    with LOCK:
        found = machine(store_of(call), params["stateMachineArn"])
    changeable = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")
    if not any(name in params for name in changeable):
        text = (
            "Either the definition, the role ARN, the LoggingConfiguration, the EncryptionConfiguration or the "
            "TracingConfiguration must be specified"
        )
        raise Refusal("MissingRequiredParameter", text)
    text = params.get("definition", found.definition)
    parsed = _check_definition(text, found.kind)
    logging = PLAIN_LOGGING | params.get("loggingConfiguration", found.logging)
    _check_logging(call, found.name, logging)
    encryption = params.get("encryptionConfiguration", found.encryption)
    _check_encryption(call, encryption)
    role = params.get("roleArn", found.role_arn)
    grants.check(role, found.arn, parsed, logging)
    moment = now()
    with LOCK:
        made = StateMachine(**{name: getattr(found, name) for name in found.__dataclass_fields__})
        made.definition, made.parsed, made.role_arn, made.logging = text, parsed, role, logging
        made.encryption = encryption
        made.tracing = params.get("tracingConfiguration", found.tracing)
        if made.definition != found.definition or made.role_arn != found.role_arn:
            made.revision_id = str(uuid.uuid4())
        store_of(call).machines[found.arn] = made
    return {"updateDate": moment, "revisionId": made.revision_id}


def delete(call: Call) -> Params:
    """AWS stops what runs and takes its time over it; an unknown machine is no error."""
    arn = call.params["stateMachineArn"]
    with LOCK:
        held = store_of(call)
        if held.machines.pop(arn, None) is None:
            return {}
        running = [item for item in held.executions.values() if item.machine.arn == arn and item.status == "RUNNING"]
    for execution in running:
        stop(execution, None, None)
    with LOCK:
        for key in [key for key, item in held.executions.items() if item.machine.arn == arn]:
            del held.executions[key]
    return {}


def describe(call: Call) -> Params:
    with LOCK:
        found = machine(store_of(call), call.params["stateMachineArn"])
    made = described(found)
    if call.params.get("includedData") == "METADATA_ONLY":
        made.pop("definition")
    return made


def described(found: StateMachine) -> Params:
    made: Params = {
        "stateMachineArn": found.arn,
        "name": found.name,
        "status": found.status,
        "definition": found.definition,
        "roleArn": found.role_arn,
        "type": found.kind,
        "creationDate": found.created,
        "loggingConfiguration": found.logging,
        "tracingConfiguration": found.tracing,
        "revisionId": found.revision_id,
        "encryptionConfiguration": found.encryption,
    }
    if found.label is not None:
        made["label"] = found.label
    return made


def list_machines(call: Call) -> Params:
    with LOCK:
        found = sorted(store_of(call).machines.values(), key=lambda item: item.name)
    rows = [
        {"stateMachineArn": item.arn, "name": item.name, "type": item.kind, "creationDate": item.created}
        for item in found
    ]
    items, token = page(call, rows)
    return {"stateMachines": items} | token


def list_versions(call: Call) -> Params:
    """No version is ever published here: that call is refused by name."""
    with LOCK:
        machine(store_of(call), call.params["stateMachineArn"])
    return {"stateMachineVersions": []}


def validate(call: Call) -> Params:
    found = definition.problems(call.params["definition"], express=call.params.get("type") == "EXPRESS")
    most = call.params.get("maxResults") or 100
    failed = any(not problem.absent for problem in found)
    rows = [_diagnostic(problem) for problem in found]
    return {"result": "FAIL" if failed else "OK", "diagnostics": rows[:most], "truncated": len(rows) > most}


def _diagnostic(problem: Problem) -> dict[str, Any]:
    severity = "WARNING" if problem.absent else "ERROR"
    made = {"severity": severity, "code": problem.code, "message": problem.text}
    return made | ({"location": problem.at} if problem.at is not None else {})


def tag(call: Call) -> Params:
    with LOCK:
        held = _tagged(call)
        held.update(_tags(call.params["tags"], held))
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
    found = store_of(call).machines.get(arn)
    if found is None:
        raise Refusal("ResourceNotFound", f"Resource not found: '{arn}'")
    return found.tags


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
