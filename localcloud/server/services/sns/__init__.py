"""SNS: moto's topics, with what AWS refuses and moto takes, and deliveries as far as the queues' policies let them.

AWS facts: a topic's ARN says whose it is, and so does its subscriptions'; a topic may be open to anybody, unsigned
requests too; a subscription is its subscriber's and the topic's owner's to change.
"""

from __future__ import annotations

from localcloud.server.service import Service

from . import store

SERVICE = Service(
    name="sns",
    operations={
        ("arn:aws:sns:{region}:{account}:{Name}",): "CreateTopic",
        ("{TopicArn}",): """DeleteTopic GetTopicAttributes ListSubscriptionsByTopic Publish PublishBatch
            SetTopicAttributes Subscribe""",
        ("{ResourceArn}",): "ListTagsForResource TagResource UntagResource",
        ("*",): "GetSubscriptionAttributes ListSubscriptions ListTopics SetSubscriptionAttributes Unsubscribe",
    },
    actions={"PublishBatch": "Publish"},
    account=store.account,
    condition_keys={"sns:Endpoint": "Endpoint", "sns:Protocol": "Protocol"},
    tags_on_create={"CreateTopic": "TagResource"},
    unsigned="*",
    resource=store.resource,
    inventory=store.inventory,
    invalid="InvalidParameter",
    modules=("delivery", "refusals"),
)
