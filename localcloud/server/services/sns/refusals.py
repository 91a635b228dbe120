"""What SNS refuses about topics and subscriptions and moto takes.

Sources: the API references of CreateTopic, SetTopicAttributes, Subscribe and SetSubscriptionAttributes, and AWS's
answers as recorded by others. AWS facts: a topic's policy names actions on topics one by one, no wildcard among them; a
topic is made again if the attributes and tags that are given are among those it has; a FIFO topic delivers into queues
alone.
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.core.utils import camelcase_to_underscores

from localcloud.server import event_patterns, service_calls
from localcloud.server.access.documents import Fault, check_resource
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.sns.store import Topic

from . import store
from .delivery import PRINCIPAL

NAME = re.compile(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo")
QUEUE = re.compile(r"arn:aws:sqs:[a-z0-9-]+:\d{12}:[\w.-]+")
POLICY_ACTIONS = frozenset(
    f"sns:{action}".lower()
    for action in (
        "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
        "ListSubscriptionsByTopic", "Publish", "Receive",
    )
)  # fmt: skip
MOST_FILTER_KEYS = 5
FIFO = ".fifo"


def _invalid(text: str) -> Refusal:
    return Refusal("InvalidParameter", f"Invalid parameter: {text}")


@HOOKS.before("sns", "CreateTopic")
def create_topic(call: Call) -> None:
    name: str = call.params["Name"]
    given: dict[str, str] = call.params.get("Attributes") or {}
    if not NAME.fullmatch(name) or name.endswith(FIFO) != (given.get("FifoTopic", "").lower() == "true"):
        raise _invalid("Topic Name")
    arn = f"arn:aws:sns:{call.region}:{call.account}:{name}"
    for attribute, value in given.items():
        _attribute(call, arn, attribute, value)
    existing = store.backend(call).topics.get(arn)
    if existing is not None:
        _same_attributes(existing, given)
        held = store.backend(call).list_tags_for_resource(arn)
        if any(held.get(tag["Key"]) != tag["Value"] for tag in call.params.get("Tags") or []):
            raise _invalid("Tags Reason: Topic already exists with different tags")


def _same_attributes(topic: Topic, given: dict[str, str]) -> None:
    for attribute, value in given.items():
        existing: Any = getattr(topic, str(camelcase_to_underscores(attribute)), None)
        if str(existing or "").lower() != value.lower() and (existing or value != "false"):
            raise _invalid("Attributes Reason: Topic already exists with different attributes")


@HOOKS.before("sns", "SetTopicAttributes")
def set_topic(call: Call) -> None:
    _attribute(call, call.params["TopicArn"], call.params["AttributeName"], call.params.get("AttributeValue") or "")


def _attribute(call: Call, topic: str, name: str, value: str) -> None:
    if name == "Policy" and value:
        _policy(value)
    if name.endswith("FeedbackRoleArn") and value:
        try:
            service_calls.as_role(value, PRINCIPAL, "feedback-check", source_arn=topic, region=call.region)
        except Refusal as refusal:
            text = f"{name}: {value} is not a valid role to allow SNS to write to Cloudwatch Logs"
            raise _invalid(text) from refusal


def _policy(text: str) -> None:
    try:
        policy = check_resource(text)
    except Fault as fault:
        wrong = "Policy Error: PrincipalNotFound" if "Invalid principal" in str(fault) else f"Policy Error: {fault}"
        raise _invalid(wrong) from fault
    for statement in policy.statements:
        if any(action.lower() not in POLICY_ACTIONS for action in statement.actions):
            raise _invalid("Policy statement action out of service scope!")


@HOOKS.before("sns", "Subscribe")
def subscribe(call: Call) -> None:
    topic, protocol, endpoint = call.params["TopicArn"], call.params["Protocol"], call.params.get("Endpoint") or ""
    if topic.endswith(FIFO) and protocol != "sqs":
        raise _invalid(f"Invalid protocol type: {protocol}")
    if protocol == "sqs":
        if not QUEUE.fullmatch(endpoint):
            raise _invalid("SQS endpoint ARN")
        if endpoint.endswith(FIFO) and not topic.endswith(FIFO):
            text = "Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
            raise _invalid(f"Invalid parameter: {text}")
    given: dict[str, str] = call.params.get("Attributes") or {}
    if given.get("FilterPolicy"):
        _filter(given["FilterPolicy"], given.get("FilterPolicyScope"))


@HOOKS.after("sns", "Subscribe")
def subscribed(call: Call, output: Params) -> None:
    """moto takes the topic's account for the subscriber's."""
    subscription = store.by_arn(output["SubscriptionArn"])
    if subscription is not None and call.caller.account_id:
        subscription.owner = subscription.account_id = call.caller.account_id
        subscription.attributes["Owner"] = call.caller.account_id


@HOOKS.before("sns", "SetSubscriptionAttributes")
def set_subscription(call: Call) -> None:
    text = call.params.get("AttributeValue")
    if call.params["AttributeName"] == "FilterPolicy" and text:
        subscription = store.backend(call).subscriptions.get(call.params["SubscriptionArn"])
        _filter(text, subscription.attributes.get("FilterPolicyScope") if subscription else None)


def _filter(text: str, scope: str | None) -> None:
    """``scope`` is MessageAttributes unless it is given."""
    try:
        event_patterns.check(text)
    except event_patterns.Fault as fault:
        raise _invalid(f"FilterPolicy: {fault}") from fault
    policy: dict[str, Any] = json.loads(text)
    if len(policy) > MOST_FILTER_KEYS:
        raise _invalid("Attributes Reason: FilterPolicy: Filter policy can not have more than 5 keys")
    if scope != "MessageBody" and any(isinstance(value, dict) for value in policy.values()):
        raise _invalid("Filter policy scope MessageAttributes does not support nested filter policy")
