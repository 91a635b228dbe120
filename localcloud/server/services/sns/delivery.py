"""SNS to SQS: a topic delivers into a queue only if the queue's policy lets it.

AWS facts: the call is ``sns.amazonaws.com``'s, with the topic as ``aws:SourceArn``; what a queue refuses goes to the
subscription's dead-letter queue, if there is one, and else is lost; with RawMessageDelivery the body is the message as
it was published, and the message's attributes are the queue message's.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from localcloud.server import registry, service_calls
from localcloud.server.call import Refusal
from localcloud.server.services.sns.store import Subscription

LOG = logging.getLogger(__name__)
PRINCIPAL = "sns.amazonaws.com"

_publish = Subscription.publish


def publish(self: Subscription, *args: Any, **kwargs: Any) -> None:
    """In place of moto's: asks the queue's policy, and hands the message to the account that has the queue."""
    if self.protocol in ("http", "https"):  # AWS sends nothing before the endpoint has confirmed, which none can here
        LOG.warning("topic %s: %s has not confirmed its subscription", self.topic.arn, self.endpoint)
        return
    if self.protocol != "sqs":
        _publish(self, *args, **kwargs)
        return
    region, account = self.endpoint.split(":")[3:5]
    try:
        _require(self.endpoint, region, account, self.topic.arn)
    except Refusal as refusal:
        LOG.warning("topic %s, queue %s: %s", self.topic.arn, self.endpoint, refusal)
        _send_to_dead_letter_queue(self, str(args[0] if args else kwargs["message"]))
        return
    own = self.account_id
    try:
        self.account_id = account  # moto looks for the queue in the subscription's account
        _publish(self, *args, **kwargs)
    finally:
        self.account_id = own


def _require(arn: str, region: str, account: str, topic: str) -> None:
    if registry.resource(arn) is None:
        raise Refusal("AWS.SimpleQueueService.NonExistentQueue", f"The queue {arn} does not exist")
    caller = service_calls.service(PRINCIPAL, account)
    service_calls.require(caller, "sqs:SendMessage", arn, region, source_arn=topic)


def _send_to_dead_letter_queue(subscription: Subscription, message: str) -> None:
    """The message goes to the subscription's dead-letter queue, if it has one whose policy lets SNS in."""
    text = subscription.attributes.get("RedrivePolicy")
    if not text:
        return
    arn = str(json.loads(text)["deadLetterTargetArn"])
    region, account, name = arn.split(":")[3:6]
    params = {"QueueUrl": f"https://sqs.{region}.amazonaws.com/{account}/{name}", "MessageBody": message}
    try:
        caller = service_calls.service(PRINCIPAL, account)
        service_calls.perform(caller, "sqs", "SendMessage", params, region, source_arn=subscription.topic.arn)
    except Refusal as refusal:
        LOG.warning("topic %s, dead-letter queue %s: %s", subscription.topic.arn, arn, refusal)


Subscription.publish = publish  # type: ignore[method-assign]  # the one place where moto delivers
