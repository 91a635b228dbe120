"""SQS: moto's queues, with what AWS refuses and moto takes, and the attributes that moto loses.

AWS facts (developer guide, *Amazon SQS policy examples*): a queue's URL says whose it is, and a call works on the queue
of that account; another account's queue is open as far as its policy says, but for the operations of
:data:`OWN_ACCOUNT`, which no policy opens. A queue may be open to anybody, unsigned requests too.
"""

from __future__ import annotations

from dataclasses import replace

from localcloud.server.access.permission import Permission
from localcloud.server.call import Call
from localcloud.server.permissions import declared
from localcloud.server.service import Service

from . import store

QUEUE = "arn:aws:sqs:{region}:{account}:"
OWN_ACCOUNT = ("CreateQueue", "DeleteQueue", "ListQueueTags", "SetQueueAttributes", "TagQueue", "UntagQueue")


def _permissions(call: Call) -> list[Permission]:
    needed = declared(SERVICE, call)
    return [replace(item, resource_policy=None) for item in needed] if call.operation in OWN_ACCOUNT else needed


SERVICE = Service(
    name="sqs",
    operations={
        (QUEUE + "{QueueName}",): "CreateQueue GetQueueUrl",
        (QUEUE + "{QueueUrl}",): """ChangeMessageVisibility DeleteMessage DeleteMessageBatch DeleteQueue
            GetQueueAttributes ListDeadLetterSourceQueues ListQueueTags PurgeQueue ReceiveMessage SendMessage
            SendMessageBatch SetQueueAttributes TagQueue UntagQueue""",
        ("*",): "ListQueues",
    },
    actions={"DeleteMessageBatch": "DeleteMessage", "SendMessageBatch": "SendMessage"},
    stands_for={"QueueUrl": lambda _, url: store.name_in(url)},
    account=store.account,
    tags_on_create={"CreateQueue": "TagQueue"},
    permissions=_permissions,
    unsigned="*",
    resource=store.resource,
    inventory=store.inventory,
    reset=store.reset,
    invalid="InvalidParameterValue",
    modules=("refusals",),
)
