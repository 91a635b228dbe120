"""What SQS refuses and moto takes, and the attributes that moto loses.

Sources: the API references of CreateQueue, SetQueueAttributes and PurgeQueue; the messages are those that providers
match on. AWS facts: a deleted queue's name is free again after 60 s, and so long a queue is not purged again; a queue
is made again if the attributes that are given are those it has; a policy may only name principals that exist.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from moto.core.utils import camelcase_to_underscores, unix_time

from localcloud.server.access.documents import Fault, check_resource
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.sqs.store import Queue
from localcloud.server.timescale import SCALE

from . import store
from .store import DELETED, REDRIVE_ALLOWED

NAME = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
FIFO_ONLY = ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")
RANGES = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
NAME_FREE_SECONDS = 60
PURGE_SECONDS = 60
MOST_RECEIVES = 1000
ALLOW = "RedriveAllowPolicy"


def _value(text: str) -> Refusal:
    return Refusal("InvalidParameterValue", text)


@HOOKS.before("sqs", "CreateQueue")
def create_queue(call: Call) -> None:
    name = store.name(call)
    fifo = (call.params.get("Attributes") or {}).get("FifoQueue") == "true"
    if not NAME.fullmatch(name) or (name.endswith(".fifo") and not fifo):
        raise _value("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
    gone = DELETED.get(store.arn(call))
    if gone is not None and time.monotonic() - gone < SCALE.real(NAME_FREE_SECONDS):
        text = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
        raise Refusal("AWS.SimpleQueueService.QueueDeletedRecently", text)


@HOOKS.after("sqs", "DeleteQueue")
def deleted(call: Call, output: Params) -> None:
    del output
    arn = store.arn(call)
    DELETED[arn] = time.monotonic()
    REDRIVE_ALLOWED.pop(arn, None)


@HOOKS.before("sqs", "PurgeQueue")
def purge(call: Call) -> None:
    queue = store.queue(call)
    if queue is None or queue.last_purged_at is None:
        return
    if unix_time() - queue.last_purged_at < SCALE.real(PURGE_SECONDS):
        text = f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds."
        raise Refusal("AWS.SimpleQueueService.PurgeQueueInProgress", text, 403)
    queue.last_purged_at = None  # moto would count real seconds


@HOOKS.poll("sqs", "ReceiveMessage")
def poll(call: Call) -> float:
    queue, attribute = store.queue(call), "ReceiveMessageWaitTimeSeconds"
    given = int(call.params.get("WaitTimeSeconds", _held(queue, attribute) if queue else 0))
    least, most = RANGES[attribute]
    if not least <= given <= most:
        return 0  # which moto refuses
    call.params["WaitTimeSeconds"] = 0
    return SCALE.real(given)


@HOOKS.before("sqs", "CreateQueue")
def create_again(call: Call) -> None:
    queue = store.queue(call)
    if queue is None:
        return
    for name, given in (call.params.get("Attributes") or {}).items():
        existing = REDRIVE_ALLOWED.get(store.arn(call)) if name == ALLOW else _held(queue, name)
        if _comparable(existing) != _comparable(given):
            text = f"A queue already exists with the same name and a different value for attribute {name}"
            raise Refusal("QueueAlreadyExists", text)


def _held(queue: Queue, attribute: str) -> Any:
    return getattr(queue, str(camelcase_to_underscores(attribute)), None)


def _comparable(value: Any) -> Any:
    """A value as it was given and as moto holds it: numbers and booleans as texts, documents as what they say."""
    try:
        return json.loads(value) if isinstance(value, str) and value.startswith("{") else str(value or "").lower()
    except ValueError:
        return value


@HOOKS.before("sqs", "CreateQueue", "SetQueueAttributes")
def attributes(call: Call) -> None:
    given: dict[str, str] = call.params.get("Attributes") or {}
    for name, (least, most) in RANGES.items():
        text = given.get(name)
        if text is not None and not (text.isdigit() and least <= int(text) <= most):
            raise Refusal("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    if not store.name(call).endswith(".fifo"):
        for name in set(FIFO_ONLY) & set(given):
            raise Refusal("InvalidAttributeName", f"Unknown Attribute {name}.")
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
        _redrive(call, given["RedrivePolicy"])
    if given.get(ALLOW):
        _redrive_allow(given[ALLOW])


@HOOKS.before("sqs", "SetQueueAttributes")
def policy_stays(call: Call) -> None:
    """moto takes the policy away whenever other attributes are set without it."""
    given: dict[str, str] = call.params["Attributes"]
    queue: Any = store.queue(call)
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


def _redrive(call: Call, text: str) -> None:
    start = f"Value {text} for parameter RedrivePolicy is invalid. Reason:"
    policy = _parsed("RedrivePolicy", text)
    arn, count = str(policy.get("deadLetterTargetArn", "")), str(policy.get("maxReceiveCount", ""))
    if not count.isdigit() or not 1 <= int(count) <= MOST_RECEIVES:
        raise _value(
            f"{start} Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 both inclusive."
        )
    parts = arn.split(":")
    if len(parts) != 6 or parts[3] != call.region or parts[4] != call.account:
        raise _value(f"{start} Dead-letter target must be in the same account and region as the source.")
    if parts[5].endswith(".fifo") != store.name(call).endswith(".fifo"):
        raise _value(f"{start} Dead-letter target must be the same type of queue as the source.")
    if store.by_arn(arn) is None:
        raise _value(f"{start} Dead letter target does not exist.")
    allowed = json.loads(REDRIVE_ALLOWED.get(arn, "{}"))
    kind = allowed.get("redrivePermission", "allowAll")
    if kind == "denyAll" or (kind == "byQueue" and store.arn(call) not in allowed.get("sourceQueueArns", [])):
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
        REDRIVE_ALLOWED[store.arn(call)] = given[ALLOW]


@HOOKS.after("sqs", "GetQueueAttributes")
def show(call: Call, output: Params) -> None:
    asked = call.params.get("AttributeNames") or []
    text = REDRIVE_ALLOWED.get(store.arn(call))
    if text and ("All" in asked or ALLOW in asked):
        output.setdefault("Attributes", {})[ALLOW] = text
