"""What EventBridge refuses about buses, rules and targets and moto takes.

Sources: the API reference of PutRule, PutTargets, DeleteRule and DeleteEventBus; AWS's answers as recorded by others.
"""

from __future__ import annotations

import json

from localcloud.server import event_patterns, service_calls
from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import schedules, store
from .message import VARIABLE
from .targets import KINDS, PRINCIPAL

NEED_ROLE = ("states", "batch", "events")
MOST_TARGETS = 5
MANAGED_RULES = ("StepFunctionsGetEventsForBatchJobsRule", "StepFunctionsGetEventsForStepFunctionsExecutionRule")
PARAMETERS = {"BatchParameters": "batch", "SqsParameters": "sqs"}


def _invalid(text: str) -> Refusal:
    return Refusal("ValidationException", text)


@HOOKS.before("events", "PutRule", "DeleteRule", "PutTargets", "RemoveTargets", "DisableRule", "EnableRule")
def managed(call: Call) -> None:
    name = call.params.get("Rule") or call.params.get("Name")
    if name in MANAGED_RULES and call.caller.kind != "service":
        raise Refusal("ManagedRuleException", f"Rule {name} is managed by AWS service and can't be modified.")


@HOOKS.before("events", "PutRule")
def rule(call: Call) -> None:
    pattern, schedule = call.params.get("EventPattern"), call.params.get("ScheduleExpression")
    if not schedule and (not pattern or pattern.strip() == "{}"):
        raise _invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if schedule and not schedules.valid(schedule):
        raise _invalid("Parameter ScheduleExpression is not valid.")


@HOOKS.before("events", "PutRule", "CreateArchive", "UpdateArchive", "TestEventPattern")
def pattern(call: Call) -> None:
    text = call.params.get("EventPattern")
    try:
        if text:
            event_patterns.check(text)
    except event_patterns.Fault as fault:
        raise Refusal("InvalidEventPatternException", f"Event pattern is not valid. Reason: {fault}") from fault


@HOOKS.before("events", "DeleteEventBus")
def bus(call: Call) -> None:
    name = call.params["Name"]
    event_bus = store.backend(call).event_buses.get(name)
    if name != "default" and event_bus is not None and event_bus.rules:  # moto refuses to delete the default bus
        raise _invalid("EventBus can't be deleted since it has rules.")


@HOOKS.before("events", "PutTargets")
def targets(call: Call) -> None:
    bus = str(call.params.get("EventBusName") or "default").rpartition("/")[2]
    event_bus = store.backend(call).event_buses.get(bus)
    existing = event_bus.rules.get(call.params["Rule"]) if event_bus else None
    given: list[Params] = call.params["Targets"]
    if existing is not None:
        ids = {str(item["Id"]) for item in existing.targets} | {item["Id"] for item in given}
        if len(ids) > MOST_TARGETS:
            text = f"The requested resource exceeds the maximum number allowed: {MOST_TARGETS} targets a rule."
            raise Refusal("LimitExceededException", text)
        for target in given:
            _target(call, target, str(existing.arn))


def _target(call: Call, target: Params, rule_arn: str) -> None:
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
    if role:
        _assumable(role, rule_arn, call.region)
    _parameters(target, service)
    _input(target)
    if dead := target.get("DeadLetterConfig", {}).get("Arn"):
        wanted = f"arn:aws:sqs:{call.region}:"
        if not dead.startswith(wanted) or dead.endswith(".fifo"):
            raise _invalid(f"Parameter {dead} is not valid. Reason: It is not supported as a dead letter resource.")


def _assumable(role: str, rule_arn: str, region: str) -> None:
    try:
        service_calls.as_role(role, PRINCIPAL, "put-targets", source_arn=rule_arn, region=region)
    except Refusal as refusal:
        raise _invalid(f"Provided role '{role}' cannot be assumed by principal '{PRINCIPAL}'.") from refusal


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
        for variable in VARIABLE.findall(transformer["InputTemplate"]):
            if variable not in known and not variable.startswith("aws.events."):
                raise _invalid(f"InputTemplate for target {target['Id']} contains invalid placeholder <{variable}>.")
