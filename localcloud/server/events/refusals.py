"""What EventBridge refuses about rules and targets and moto takes.

Sources: the API reference of PutRule, PutTargets and DeleteRule; AWS's answers as recorded by others.
"""

from __future__ import annotations

import json
from typing import Any

from moto.events.models import EventsBackend, events_backends

from localcloud.server.access import resources
from localcloud.server.call import HOOKS, Call, Params, Refusal

from .message import VARIABLE
from .targets import KINDS

NEED_ROLE = ("states", "batch", "events")
MOST_TARGETS = 5
MANAGED_RULES = ("StepFunctionsGetEventsForBatchJobsRule", "StepFunctionsGetEventsForStepFunctionsExecutionRule")
PARAMETERS = {"BatchParameters": "batch", "SqsParameters": "sqs"}


def _invalid(text: str) -> Refusal:
    return Refusal("ValidationException", text)


def _backend(call: Call) -> EventsBackend:
    return events_backends[call.caller.account_id][call.region]


@HOOKS.before("events", "PutRule", "DeleteRule", "PutTargets", "RemoveTargets", "DisableRule", "EnableRule")
def managed(call: Call) -> None:
    name = call.params.get("Rule") or call.params.get("Name")
    if name in MANAGED_RULES and call.caller.kind != "service":
        raise Refusal("ManagedRuleException", f"Rule {name} is managed by AWS service and can't be modified.")


@HOOKS.before("events", "PutRule")
def rule(call: Call) -> None:
    pattern, schedule = call.params.get("EventPattern"), call.params.get("ScheduleExpression")
    if not pattern and not schedule:
        raise _invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if pattern:
        try:
            parsed: Any = json.loads(pattern)
        except ValueError as error:
            text = f"Event pattern is not valid. Reason: {error}"
            raise Refusal("InvalidEventPatternException", text) from error
        if not parsed:
            raise Refusal(
                "InvalidEventPatternException", "Event pattern is not valid. Reason: Filter is an empty object"
            )


@HOOKS.before("events", "PutTargets")
def targets(call: Call) -> None:
    bus = str(call.params.get("EventBusName") or "default").rpartition("/")[2]
    held = _backend(call).event_buses.get(bus)
    existing = held.rules.get(call.params["Rule"]) if held else None
    given: list[Params] = call.params["Targets"]
    if existing is not None:
        ids = {str(item["Id"]) for item in existing.targets} | {item["Id"] for item in given}
        if len(ids) > MOST_TARGETS:
            text = f"The requested resource exceeds the maximum number allowed: {MOST_TARGETS} targets a rule."
            raise Refusal("LimitExceededException", text)
    for target in given:
        _target(call, target)


def _target(call: Call, target: Params) -> None:
    arn = str(target["Arn"])
    parts = arn.split(":")
    if len(parts) < 6:
        raise _invalid(f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.")
    service = parts[2]
    if service not in KINDS:
        raise Refusal("NotImplemented", f"events targets of {service} are not implemented here.", 501)
    role = target.get("RoleArn")
    if service in NEED_ROLE and not role:
        raise _invalid(f"RoleArn is required for target {arn}.")
    if role and "events.amazonaws.com" not in str(getattr(resources.by_arn(role), "assume_role_policy_document", "")):
        raise _invalid(f"Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'.")
    _parameters(target, service)
    _input(target)
    if dead := target.get("DeadLetterConfig", {}).get("Arn"):
        wanted = f"arn:aws:sqs:{call.region}:"
        if not dead.startswith(wanted) or dead.endswith(".fifo"):
            raise _invalid(f"Parameter {dead} is not valid. Reason: It is not supported as a dead letter resource.")


def _parameters(target: Params, service: str) -> None:
    for name, owner in PARAMETERS.items():
        if target.get(name) and service != owner:
            raise _invalid(f"Parameter(s) {name} not supported for target: {target['Id']}.")
    if service != "batch":
        return
    given = target.get("BatchParameters")
    if not given:
        raise _invalid(f"Parameter(s) BatchParameters must be specified for target: {target['Id']}.")
    size = given.get("ArrayProperties", {}).get("Size")
    if size is not None and not 2 <= size <= 10_000:
        raise _invalid("Parameter ArrayProperties.Size must be between 2 and 10000.")
    attempts = given.get("RetryStrategy", {}).get("Attempts")
    if attempts is not None and not 1 <= attempts <= 10:
        raise _invalid("Parameter RetryStrategy.Attempts must be between 1 and 10.")


def _input(target: Params) -> None:
    given = [name for name in ("Input", "InputPath", "InputTransformer") if target.get(name) is not None]
    if len(given) > 1:
        raise _invalid(f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}.")
    if given == ["Input"]:
        try:
            json.loads(target["Input"])
        except ValueError as error:
            raise _invalid(f"JSON syntax error in input for target {target['Id']}: {error}") from error
    if given == ["InputTransformer"]:
        transformer: Params = target["InputTransformer"]
        known = set(transformer.get("InputPathsMap", {}))
        for found in VARIABLE.findall(transformer["InputTemplate"]):
            if found not in known and not found.startswith("aws.events."):
                raise _invalid(f"InputTemplate for target {target['Id']} contains invalid placeholder <{found}>.")
