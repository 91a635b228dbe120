"""aws:sns/topic:Topic, aws:sns/topicPolicy:TopicPolicy and aws:sns/topicSubscription:TopicSubscription.

AWS facts: CreateTopic answers with the topic of that name if there is one, so pulumi-aws looks first; a topic always
has a policy, of its owner alone at first; attributes are set one at a time; an endpoint confirms a subscription, a
queue at once.
"""

import json
from typing import Any, ClassVar, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import FLAGS, Faults, Plan
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.fifo import fifo_only, name_of_kind
from localcloud.provider.types.iam_common import name_of, retag
from localcloud.provider.types.s3_common import optional

GONE: Final = frozenset({"NotFound", "NotFoundException"})
_TEXTS: Final = {
    "delivery_policy": "DeliveryPolicy",
    "display_name": "DisplayName",
    "kms_master_key_id": "KmsMasterKeyId",
    "policy": "Policy",
}
_OWNERS_ACTIONS: Final = (
    "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
    "ListSubscriptionsByTopic", "Publish",
)  # fmt: skip


def _filter_scope(plan: Plan) -> Faults:
    given: Any = plan.new.get("filter_policy")
    if not given and plan.new.get("filter_policy_scope"):
        return [("filter_policy_scope", "needs filter_policy too")]
    if given:
        plan.new.setdefault("filter_policy_scope", "MessageAttributes")
    return []


class Topic(Resource):
    """A topic. Its id is its ARN."""

    tf = "aws_sns_topic"
    pulumi = "aws:sns/topic:Topic"
    handles = frozenset({"name", "name_prefix", "fifo_topic", "content_based_deduplication", *_TEXTS})
    autoname = Autoname("name", 80)
    plan_rules = (
        ("name pattern", name_of_kind("fifo_topic", 256)),
        ("fifo-only:", fifo_only("fifo_topic")),
        ("name, name_prefix, fifo_topic", FLAGS),
    )

    def create(self, op: Operation) -> str:
        sns, name = op.client("sns"), name_of(op.new)
        arn = f"arn:{op.partition}:sns:{op.region}:{op.account_id}:{name}"
        if optional(lambda: sns.get_topic_attributes(TopicArn=arn), GONE) is not None:
            raise ProviderError(f"topic {arn} already exists")
        fifo, tags = {"FifoTopic": "true"} if op.new.get("fifo_topic") else {}, as_list(op.new["tags_all"])
        return str(sns.create_topic(Name=name, Attributes=fifo, **({"Tags": tags} if tags else {}))["TopicArn"])

    def settle(self, op: Operation) -> None:
        for name in _TEXTS:
            if op.new.get(name):
                self._set(op, _TEXTS[name], op.new[name])
        if op.new.get("content_based_deduplication"):
            self._set(op, "ContentBasedDeduplication", "true")

    def read(self, op: Operation) -> State | None:
        sns, arn = op.client("sns"), op.resource_id
        found = optional(lambda: sns.get_topic_attributes(TopicArn=arn), GONE)
        if found is None:
            return None
        held = found["Attributes"]
        tags = sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
        return {
            "arn": arn,
            "name": arn.rsplit(":", 1)[1],
            "owner": held["Owner"],
            "beginning_archive_time": held.get("BeginningArchiveTime", ""),
            "fifo_topic": held.get("FifoTopic") == "true",
            "content_based_deduplication": held.get("ContentBasedDeduplication") == "true",
            **{name: held.get(api, "") for name, api in _TEXTS.items()},
            "tags_all": as_map(tags),
        }

    def update(self, op: Operation) -> None:
        for name in sorted(op.changed & set(_TEXTS)):
            self._set(op, _TEXTS[name], op.new.get(name) or "")
        if "content_based_deduplication" in op.changed:
            wanted = "true" if op.new.get("content_based_deduplication") else "false"
            self._set(op, "ContentBasedDeduplication", wanted)
        sns = op.client("sns")
        retag(op, sns.tag_resource, sns.untag_resource, {"ResourceArn": op.resource_id})

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("sns").delete_topic(TopicArn=op.resource_id), GONE)

    def _set(self, op: Operation, name: str, value: str) -> None:
        op.client("sns").set_topic_attributes(TopicArn=op.resource_id, AttributeName=name, AttributeValue=value)


class TopicPolicy(Resource):
    """The policy of a topic that another resource made. Taking it away puts the owner's own back."""

    tf = "aws_sns_topic_policy"
    pulumi = "aws:sns/topicPolicy:TopicPolicy"
    handles = frozenset({"arn", "policy"})

    def create(self, op: Operation) -> str:
        arn = str(op.new["arn"])
        self._set(op, arn, op.new["policy"])
        return arn

    def read(self, op: Operation) -> State | None:
        found = optional(lambda: op.client("sns").get_topic_attributes(TopicArn=op.resource_id), GONE)
        if found is None:
            return None
        return {"arn": op.resource_id, "policy": found["Attributes"]["Policy"], "owner": found["Attributes"]["Owner"]}

    def update(self, op: Operation) -> None:
        self._set(op, op.resource_id, op.new["policy"])

    def delete(self, op: Operation) -> None:
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [f"SNS:{action}" for action in _OWNERS_ACTIONS],
            "Resource": op.resource_id,
            "Condition": {"StringEquals": {"AWS:SourceOwner": op.resource_id.split(":")[4]}},
        }
        document = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
        optional(lambda: self._set(op, op.resource_id, json.dumps(document)), GONE)

    def _set(self, op: Operation, arn: str, policy: str) -> None:
        op.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


_SUBSCRIPTION: Final = {
    "delivery_policy": "DeliveryPolicy",
    "filter_policy": "FilterPolicy",
    "filter_policy_scope": "FilterPolicyScope",
    "raw_message_delivery": "RawMessageDelivery",
    "redrive_policy": "RedrivePolicy",
}


class TopicSubscription(Resource):
    """What a topic delivers to. Its id is its ARN."""

    tf = "aws_sns_topic_subscription"
    pulumi = "aws:sns/topicSubscription:TopicSubscription"
    awaits_removal = True
    handles = frozenset({"topic_arn", "protocol", "endpoint", *_SUBSCRIPTION})
    steers: ClassVar = {"confirmation_timeout_in_minutes": 1, "endpoint_auto_confirms": False}
    plan_rules = (
        ("protocol, endpoint", FLAGS),
        ("filter_policy set without scope", _filter_scope),
    )

    def create(self, op: Operation) -> str:
        values = {api: op.new.get(name) for name, api in _SUBSCRIPTION.items()}
        made = op.client("sns").subscribe(
            TopicArn=op.new["topic_arn"],
            Protocol=op.new["protocol"],
            Endpoint=op.new["endpoint"],
            Attributes={api: _text(value) for api, value in values.items() if value},
            ReturnSubscriptionArn=True,
        )
        return str(made["SubscriptionArn"])

    def read(self, op: Operation) -> State | None:
        asked = {"SubscriptionArn": op.resource_id}
        found = optional(lambda: op.client("sns").get_subscription_attributes(**asked), GONE)
        if found is None:
            return None
        held = found["Attributes"]
        return {
            "arn": op.resource_id,
            "topic_arn": held["TopicArn"],
            "protocol": held["Protocol"],
            "endpoint": held["Endpoint"],
            "owner_id": held["Owner"],
            "pending_confirmation": held.get("PendingConfirmation") == "true",
            "confirmation_was_authenticated": held.get("ConfirmationWasAuthenticated") == "true",
            **{name: held.get(api, "") for name, api in _SUBSCRIPTION.items()},
            "raw_message_delivery": held.get("RawMessageDelivery") == "true",
        }

    def update(self, op: Operation) -> None:
        """The scope goes before the policy that is written for it."""
        for name in sorted(op.changed & set(_SUBSCRIPTION), key=lambda name: name != "filter_policy_scope"):
            op.client("sns").set_subscription_attributes(
                SubscriptionArn=op.resource_id,
                AttributeName=_SUBSCRIPTION[name],
                AttributeValue=_text(op.new.get(name)),
            )

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("sns").unsubscribe(SubscriptionArn=op.resource_id), GONE)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
