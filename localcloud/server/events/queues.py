"""What SQS and SNS refuse and moto takes, and the attributes that moto loses.

Sources: the API references of CreateQueue, SetQueueAttributes and CreateTopic; the messages are those that providers
match on. AWS facts: a deleted queue's name is free again after 60 s; a policy may only name principals that exist.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from moto.sqs.models import sqs_backends

from localcloud.server.access.documents import Fault, check_resource
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.control import on_reset
from localcloud.server.timescale import SCALE

NAME = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo")
RANGES = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
NAME_FREE_SECONDS = 60
MOST_RECEIVES = 1000
ALLOW = "RedriveAllowPolicy"
_DELETED: dict[str, float] = {}
_ALLOWED: dict[str, str] = {}


@on_reset
def forget() -> None:
    _DELETED.clear()
    _ALLOWED.clear()


def _arn(call: Call, name: str) -> str:
    return f"arn:aws:sqs:{call.region}:{call.caller.account_id}:{name}"


def _name(call: Call) -> str:
    return str(call.params.get("QueueName") or call.params["QueueUrl"].rstrip("/").rpartition("/")[2])


def _value(text: str) -> Refusal:
    return Refusal("InvalidParameterValue", text)


@HOOKS.before("sqs", "CreateQueue")
def create_queue(call: Call) -> None:
    name = _name(call)
    if not NAME.fullmatch(name):
        raise _value("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
    gone = _DELETED.get(_arn(call, name))
    if gone is not None and time.monotonic() - gone < SCALE.real(NAME_FREE_SECONDS):
        text = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
        raise Refusal("AWS.SimpleQueueService.QueueDeletedRecently", text)


@HOOKS.after("sqs", "DeleteQueue")
def deleted(call: Call, output: Params) -> None:
    del output
    arn = _arn(call, _name(call))
    _DELETED[arn] = time.monotonic()
    _ALLOWED.pop(arn, None)


@HOOKS.before("sqs", "CreateQueue", "SetQueueAttributes")
def attributes(call: Call) -> None:
    given: dict[str, str] = call.params.get("Attributes") or {}
    for name, (least, most) in RANGES.items():
        text = given.get(name)
        if text is not None and not (text.isdigit() and least <= int(text) <= most):
            raise Refusal("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    if given.get("SqsManagedSseEnabled") == "true" and given.get("KmsMasterKeyId"):
        text = (
            "You can use one type of server-side encryption (SSE) at one time. "
            "You can either enable KMS SSE or SQS SSE."
        )
        raise Refusal("InvalidAttributeName", text)
    if given.get("Policy"):
        try:
            check_resource(given["Policy"])
        except Fault as fault:
            raise Refusal("InvalidAttributeValue", "Invalid value for the parameter Policy.") from fault
    if given.get("RedrivePolicy"):
        _redrive(call, _name(call), given["RedrivePolicy"])
    if given.get(ALLOW):
        _redrive_allow(given[ALLOW])


@HOOKS.before("sqs", "SetQueueAttributes")
def policy_stays(call: Call) -> None:
    """moto takes the policy away whenever other attributes are set without it."""
    given: dict[str, str] = call.params["Attributes"]
    queue: Any = sqs_backends[call.caller.account_id][call.region].queues.get(_name(call))
    if "Policy" not in given and queue is not None and queue.policy:
        given["Policy"] = queue.policy


def _parsed(name: str, text: str) -> dict[str, Any]:
    try:
        value: Any = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _value(f"Value {text} for parameter {name} is invalid. Reason: Redrive policy is not a valid JSON map.")
    return value  # pyright: ignore[reportUnknownVariableType]


def _redrive(call: Call, name: str, text: str) -> None:
    start = f"Value {text} for parameter RedrivePolicy is invalid. Reason:"
    policy = _parsed("RedrivePolicy", text)
    arn, count = str(policy.get("deadLetterTargetArn", "")), str(policy.get("maxReceiveCount", ""))
    if not count.isdigit() or not 1 <= int(count) <= MOST_RECEIVES:
        raise _value(
            f"{start} Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 both inclusive."
        )
    parts = arn.split(":")
    if len(parts) != 6 or parts[3] != call.region or parts[4] != call.caller.account_id:
        raise _value(f"{start} Dead-letter target must be in the same account and region as the source.")
    if parts[5].endswith(".fifo") != name.endswith(".fifo"):
        raise _value(f"{start} Dead-letter target must be the same type of queue as the source.")
    if parts[5] not in sqs_backends[parts[4]][parts[3]].queues:
        raise _value(f"{start} Dead letter target does not exist.")
    allowed = json.loads(_ALLOWED.get(arn, "{}"))
    kind = allowed.get("redrivePermission", "allowAll")
    if kind == "denyAll" or (kind == "byQueue" and _arn(call, name) not in allowed.get("sourceQueueArns", [])):
        raise _value(f"{start} Dead-letter target's redrive allow policy does not allow this source queue.")


def _redrive_allow(text: str) -> None:
    policy = _parsed(ALLOW, text)
    start = f"Value {text} for parameter {ALLOW} is invalid. Reason:"
    kind, sources = policy.get("redrivePermission"), policy.get("sourceQueueArns")
    if kind not in ("allowAll", "denyAll", "byQueue"):
        raise _value(f"{start} redrivePermission must be one of allowAll, denyAll, byQueue.")
    if (kind == "byQueue") != bool(sources) or len(sources or []) > 10:
        raise _value(f"{start} sourceQueueArns goes with byQueue alone, and has 1 to 10 ARNs.")


@HOOKS.after("sqs", "CreateQueue", "SetQueueAttributes")
def keep(call: Call, output: Params) -> None:
    """moto loses the redrive allow policy."""
    del output
    given = call.params.get("Attributes") or {}
    if ALLOW in given:
        _ALLOWED[_arn(call, _name(call))] = given[ALLOW]


@HOOKS.after("sqs", "GetQueueAttributes")
def show(call: Call, output: Params) -> None:
    asked = call.params.get("AttributeNames") or []
    text = _ALLOWED.get(_arn(call, _name(call)))
    if text and ("All" in asked or ALLOW in asked):
        output.setdefault("Attributes", {})[ALLOW] = text


@HOOKS.before("sns", "CreateTopic")
def create_topic(call: Call) -> None:
    if not TOPIC.fullmatch(call.params["Name"]):
        raise Refusal("InvalidParameter", "Invalid parameter: Topic Name")
    policy = (call.params.get("Attributes") or {}).get("Policy")
    if policy:
        _topic_policy(policy)


@HOOKS.before("sns", "SetTopicAttributes")
def set_topic(call: Call) -> None:
    if call.params["AttributeName"] == "Policy" and call.params.get("AttributeValue"):
        _topic_policy(call.params["AttributeValue"])


def _topic_policy(text: str) -> None:
    try:
        policy = check_resource(text)
    except Fault as fault:
        wrong = "Policy Error: PrincipalNotFound" if "Invalid principal" in str(fault) else f"Policy Error: {fault}"
        raise Refusal("InvalidParameter", f"Invalid parameter: {wrong}") from fault
    for statement in policy.statements:
        if any(not action.lower().startswith("sns:") and action != "*" for action in statement.actions):
            raise Refusal("InvalidParameter", "Invalid parameter: Policy statement action out of service scope!")
