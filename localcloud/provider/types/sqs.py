"""aws:sqs/queue:Queue and aws:sqs/queuePolicy:QueuePolicy. The id of both is the queue's URL.

AWS facts: a queue's settings are attributes, all of them text; one that is given as "" is taken away; a FIFO queue is
one from the start and others don't know its attributes; a deleted queue's name is free again after 60 s.
"""

from typing import Any, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.plan import FLAGS, REFUSED
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import has_code
from localcloud.provider.types.fifo import fifo_only, name_of_kind
from localcloud.provider.types.iam_common import name_of
from localcloud.provider.types.s3_common import optional

NAME_FREE_SECONDS: Final = 90.0
GONE: Final = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
_NUMBERS: Final = {
    "delay_seconds": "DelaySeconds",
    "max_message_size": "MaximumMessageSize",
    "message_retention_seconds": "MessageRetentionPeriod",
    "receive_wait_time_seconds": "ReceiveMessageWaitTimeSeconds",
    "visibility_timeout_seconds": "VisibilityTimeout",
}
_TEXTS: Final = {
    "kms_master_key_id": "KmsMasterKeyId",
    "policy": "Policy",
    "redrive_allow_policy": "RedriveAllowPolicy",
    "redrive_policy": "RedrivePolicy",
}
_FLAGS: Final = {"sqs_managed_sse_enabled": "SqsManagedSseEnabled"}
_FIFO_FLAGS: Final = {"fifo_queue": "FifoQueue", "content_based_deduplication": "ContentBasedDeduplication"}
_ATTRIBUTES: Final = {**_NUMBERS, **_TEXTS, **_FLAGS, **_FIFO_FLAGS}


class Queue(Resource):
    """A queue, plain or FIFO."""

    tf = "aws_sqs_queue"
    pulumi = "aws:sqs/queue:Queue"
    awaits_removal = True
    handles = frozenset({"name", "name_prefix", *_ATTRIBUTES})
    autoname = Autoname("name", 80)
    plan_rules = (
        ("name pattern checked", name_of_kind("fifo_queue", 80)),
        ("content_based_deduplication without", fifo_only("fifo_queue")),
        ("sqs_managed_sse_enabled=true clears", REFUSED),
        ("name, name_prefix, fifo_queue", FLAGS),
    )

    def create(self, op: Operation) -> str:
        values = {name: op.new.get(name) for name in _ATTRIBUTES}
        attributes = _attributes({name: value for name, value in values.items() if value not in (None, "")})
        if not values["fifo_queue"]:
            attributes = {key: text for key, text in attributes.items() if key not in _FIFO_FLAGS.values()}
        request = {"QueueName": name_of(op.new), "Attributes": attributes, **_tags(op.new["tags_all"])}
        recently = has_code("AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently")
        return str(op.retry(lambda: op.client("sqs").create_queue(**request), recently, NAME_FREE_SECONDS)["QueueUrl"])

    def read(self, op: Operation) -> State | None:
        sqs, url = op.client("sqs"), op.resource_id
        found = optional(lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]), GONE)
        if found is None:
            return None
        held = found["Attributes"]
        return {
            "arn": held["QueueArn"],
            "url": url,
            "name": held["QueueArn"].rsplit(":", 1)[1],
            **{name: int(held[api]) for name, api in _NUMBERS.items()},
            **{name: held.get(api, "") for name, api in _TEXTS.items()},
            **{name: held.get(api) == "true" for name, api in {**_FLAGS, **_FIFO_FLAGS}.items()},
            "tags_all": sqs.list_queue_tags(QueueUrl=url).get("Tags", {}),
        }

    def update(self, op: Operation) -> None:
        sqs = op.client("sqs")
        changed = {name: op.new.get(name) for name in sorted(op.changed) if name in _ATTRIBUTES}
        if changed:
            sqs.set_queue_attributes(QueueUrl=op.resource_id, Attributes=_attributes(changed))
        op.retag(
            lambda keys: sqs.untag_queue(QueueUrl=op.resource_id, TagKeys=keys),
            lambda tags: sqs.tag_queue(QueueUrl=op.resource_id, Tags=tags),
        )

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("sqs").delete_queue(QueueUrl=op.resource_id), GONE)


def _tags(tags: dict[str, str]) -> dict[str, Any]:
    return {"tags": tags} if tags else {}


def _attributes(values: dict[str, Any]) -> dict[str, str]:
    return {_ATTRIBUTES[name]: _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


class QueuePolicy(Resource):
    """The policy of a queue that another resource made."""

    tf = "aws_sqs_queue_policy"
    pulumi = "aws:sqs/queuePolicy:QueuePolicy"
    awaits_removal = True
    handles = frozenset({"queue_url", "policy"})

    def create(self, op: Operation) -> str:
        url = str(op.new["queue_url"])
        self._set(op, url, op.new["policy"])
        return url

    def read(self, op: Operation) -> State | None:
        asked = {"QueueUrl": op.resource_id, "AttributeNames": ["Policy"]}
        found = optional(lambda: op.client("sqs").get_queue_attributes(**asked), GONE)
        policy = (found or {}).get("Attributes", {}).get("Policy")
        return {"queue_url": op.resource_id, "policy": policy} if policy else None

    def update(self, op: Operation) -> None:
        self._set(op, op.resource_id, op.new["policy"])

    def delete(self, op: Operation) -> None:
        optional(lambda: self._set(op, op.resource_id, ""), GONE)

    def _set(self, op: Operation, url: str, policy: str) -> None:
        op.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
