"""The targets of a rule: each kind's own way of being called, and the dead-letter queue behind it.

AWS facts: queues, topics and log groups are called as ``events.amazonaws.com`` with the rule as ``aws:SourceArn``,
and their policies must allow it (a queue or topic may be called as the target's role instead); state machines, Batch
queues and other buses are called as the target's role. What a policy refuses, or a target that is not there, is not
tried again and goes to the dead-letter queue, if that queue's policy allows it, with the attributes RULE_ARN,
TARGET_ARN, ERROR_CODE, ERROR_MESSAGE; throttling and faults of a service are tried again.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from localcloud.server import service_calls
from localcloud.server.call import Caller, Params, Refusal
from localcloud.server.outbox import Event, send
from localcloud.server.services.events.store import Rule
from localcloud.server.timescale import SCALE

from .message import payload

LOG = logging.getLogger(__name__)
PRINCIPAL = "events.amazonaws.com"
ATTEMPTS = 3
RETRY_SECONDS = 1
ERROR_CODES = {
    "AccessDenied": "NO_PERMISSIONS",
    "AccessDeniedException": "NO_PERMISSIONS",
    "AWS.SimpleQueueService.NonExistentQueue": "NO_RESOURCE",
    "QueueDoesNotExist": "NO_RESOURCE",
    "NotFound": "NO_RESOURCE",
    "ResourceNotFoundException": "NO_RESOURCE",
    "StateMachineDoesNotExist": "NO_RESOURCE",
}

Target = dict[str, Any]


def deliver(rule: Rule, target: Target, event: Event) -> None:
    """Calls one target; what cannot be delivered goes to its dead-letter queue, and to the server's log."""
    text = payload(target, event, str(rule.arn))
    tries = 0
    while True:
        tries += 1
        try:
            _send(rule, target, text, event)
        except Refusal as refusal:
            again = refusal.status in (429, 500, 503) or "Throttl" in refusal.code
            if again and tries < ATTEMPTS:
                time.sleep(SCALE.real(RETRY_SECONDS))
                continue
            LOG.warning("rule %s, target %s: %s", rule.arn, target["Arn"], refusal)
            _send_to_dead_letter_queue(rule, target, event, refusal, tries)
        return


def _send(rule: Rule, target: Target, text: str, event: Event) -> None:
    service = target["Arn"].split(":")[2]
    send = _SENDERS.get(service)
    if send is None:
        raise Refusal("NotImplemented", f"events targets of {service} are not implemented here.", 501)
    send(rule, target, text, event)


def _caller(rule: Rule, target: Target, *, needs_role: bool = False) -> Caller:
    role = target.get("RoleArn")
    if role:
        return service_calls.as_role(role, PRINCIPAL, str(uuid.uuid4()).replace("-", ""), source_arn=str(rule.arn))
    if needs_role:
        raise Refusal("AccessDeniedException", f"RoleArn is required for target {target['Arn']}", 400)
    return service_calls.service(PRINCIPAL, target["Arn"].split(":")[4])


def _queue(rule: Rule, target: Target, text: str, event: Event) -> None:
    del event
    _, _, _, region, account, name = target["Arn"].split(":", 5)
    params: Params = {"QueueUrl": f"https://sqs.{region}.amazonaws.com/{account}/{name}", "MessageBody": text}
    if group := target.get("SqsParameters", {}).get("MessageGroupId"):
        params["MessageGroupId"] = group
    service_calls.perform(_caller(rule, target), "sqs", "SendMessage", params, region, source_arn=str(rule.arn))


def _topic(rule: Rule, target: Target, text: str, event: Event) -> None:
    del event
    params = {"TopicArn": target["Arn"], "Message": text}
    region = target["Arn"].split(":")[3]
    service_calls.perform(_caller(rule, target), "sns", "Publish", params, region, source_arn=str(rule.arn))


def _state_machine(rule: Rule, target: Target, text: str, event: Event) -> None:
    params = {"stateMachineArn": target["Arn"], "input": text, "name": f"{event['id']}_{uuid.uuid4()}"[:80]}
    caller = _caller(rule, target, needs_role=True)
    service_calls.perform(caller, "stepfunctions", "StartExecution", params, target["Arn"].split(":")[3])


def _job_queue(rule: Rule, target: Target, text: str, event: Event) -> None:
    del text, event
    given = target.get("BatchParameters", {})
    params: Params = {
        "jobName": given["JobName"],
        "jobDefinition": given["JobDefinition"],
        "jobQueue": target["Arn"],
    }
    if "RetryStrategy" in given:
        params["retryStrategy"] = {"attempts": given["RetryStrategy"]["Attempts"]}
    if "ArrayProperties" in given:
        params["arrayProperties"] = {"size": given["ArrayProperties"]["Size"]}
    caller = _caller(rule, target, needs_role=True)
    service_calls.perform(caller, "batch", "SubmitJob", params, target["Arn"].split(":")[3])


def _log_group(rule: Rule, target: Target, text: str, event: Event) -> None:
    del event
    _, _, _, region, account, _, group = target["Arn"].split(":")[:7]
    caller, source = service_calls.service(PRINCIPAL, account), str(rule.arn)
    names = {"logGroupName": group, "logStreamName": str(uuid.uuid4())}
    service_calls.perform(caller, "logs", "CreateLogStream", names, region, source_arn=source)
    line = {"timestamp": int(time.time() * 1000), "message": text}
    service_calls.perform(caller, "logs", "PutLogEvents", {**names, "logEvents": [line]}, region, source_arn=source)


def _bus(rule: Rule, target: Target, text: str, event: Event) -> None:
    """The event goes on as it is, still of the account that it came from; from there to no third bus."""
    del text
    _, _, _, region, account, name = target["Arn"].split(":", 5)
    if event["account"] != str(rule.arn).split(":")[4]:
        return
    service_calls.require(_caller(rule, target, needs_role=True), "events:PutEvents", target["Arn"], region)
    send(account, region, name.rpartition("/")[2], event)


_SENDERS: dict[str, Callable[[Rule, Target, str, Event], None]] = {
    "sqs": _queue,
    "sns": _topic,
    "states": _state_machine,
    "batch": _job_queue,
    "logs": _log_group,
    "events": _bus,
}
KINDS = tuple(_SENDERS)


def _send_to_dead_letter_queue(rule: Rule, target: Target, event: Event, refusal: Refusal, tries: int) -> None:
    arn = target.get("DeadLetterConfig", {}).get("Arn")
    if not arn:
        return
    _, _, _, region, account, name = arn.split(":", 5)
    told = {
        "RULE_ARN": str(rule.arn),
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": ERROR_CODES.get(refusal.code, "SDK_CLIENT_ERROR"),
        "ERROR_MESSAGE": refusal.message or refusal.code,
    }
    if tries > 1:
        told |= {"EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts", "RETRY_ATTEMPTS": str(tries - 1)}
    params: Params = {
        "QueueUrl": f"https://sqs.{region}.amazonaws.com/{account}/{name}",
        "MessageBody": json.dumps(event, separators=(",", ":")),
        "MessageAttributes": {
            key: {"DataType": "Number" if key == "RETRY_ATTEMPTS" else "String", "StringValue": value}
            for key, value in told.items()
        },
    }
    try:
        caller = service_calls.service(PRINCIPAL, account)
        service_calls.perform(caller, "sqs", "SendMessage", params, region, source_arn=str(rule.arn))
    except Refusal as again:
        LOG.warning("rule %s, dead-letter queue %s: %s", rule.arn, arn, again)
