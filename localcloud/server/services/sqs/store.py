"""moto's queues, and what is kept beside them."""

from __future__ import annotations

import re
from typing import Any

from moto.core.utils import unix_time
from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends

from localcloud.server.call import Call
from localcloud.server.moto_backend import backend_of, of_account
from localcloud.server.service import Resource

_ACCOUNT = re.compile(r"/(\d{12})/[^/]+/?$")
DELETED: dict[str, float] = {}
"""ARN of a queue that is gone -> when it was deleted."""
REDRIVE_ALLOWED: dict[str, str] = {}
"""ARN -> the redrive allow policy, which moto loses."""


def _is_kept(self: SQSBackend, queue_name: str, message: Message) -> bool:
    """Whether a message is not too old to be received. moto works out all of the queue's attributes for it, with the
    counts of its messages, and so takes the square of their number to hand them out."""
    queue: Any = self.get_queue(queue_name)
    return bool(queue.message_retention_period + (message.sent_timestamp or 0) / 1000 > unix_time())


SQSBackend.is_message_valid_based_on_retention_period = _is_kept


def account(call: Call) -> str:
    """The account that a queue's URL names, or that GetQueueUrl is told."""
    match = _ACCOUNT.search(call.params.get("QueueUrl", ""))
    return match[1] if match else str(call.params.get("QueueOwnerAWSAccountId") or call.caller.account_id)


def name_in(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def name(call: Call) -> str:
    return str(call.params.get("QueueName") or name_in(call.params["QueueUrl"]))


def arn(call: Call) -> str:
    return f"arn:aws:sqs:{call.region}:{call.account}:{name(call)}"


def queue(call: Call) -> Queue | None:
    return by_arn(arn(call))


def by_arn(queue_arn: str) -> Queue | None:
    _, _, _, region, owner, queue_name = queue_arn.split(":", 5)
    backend = backend_of(sqs_backends, owner, region)
    return backend.queues.get(queue_name) if backend else None


def resource(queue_arn: str) -> Resource | None:
    named = by_arn(queue_arn)
    return Resource(owner=named.account_id, policy=named.policy or None, tags=named.tags or {}) if named else None


def inventory(owner: str) -> list[str]:
    return [queue.queue_arn for backend in of_account(sqs_backends, owner) for queue in backend.queues.values()]


def reset() -> None:
    DELETED.clear()
    REDRIVE_ALLOWED.clear()
