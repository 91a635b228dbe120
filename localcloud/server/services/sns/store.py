"""moto's topics and subscriptions."""

from __future__ import annotations

from moto.sns.models import SNSBackend, Subscription, Topic, sns_backends

from localcloud.server.call import Call
from localcloud.server.moto_backend import backend_of, of_account
from localcloud.server.service import Resource

ARN_PARTS = 6


def account(call: Call) -> str:
    """The account of the topic. That of a subscription for those who may change it, else the caller's."""
    own = call.caller.account_id
    arn = str(call.params.get("TopicArn") or call.params.get("ResourceArn") or "")
    if len(arn.split(":")) >= ARN_PARTS:
        return arn.split(":")[4]
    subscription = by_arn(str(call.params.get("SubscriptionArn", "")))
    if subscription is not None and subscription.owner == own:
        return subscription.topic.account_id
    return own


def backend(call: Call) -> SNSBackend:
    return sns_backends[call.account][call.region]


def topic(arn: str) -> Topic | None:
    _, _, _, region, owner, _ = arn.split(":", 5)
    state = backend_of(sns_backends, owner, region)
    return state.topics.get(arn) if state else None


def by_arn(arn: str) -> Subscription | None:
    if len(arn.split(":")) < ARN_PARTS:
        return None
    _, _, _, region, owner, _ = arn.split(":", 5)
    state = backend_of(sns_backends, owner, region)
    return state.subscriptions.get(arn) if state else None


def resource(arn: str) -> Resource | None:
    named = topic(arn)
    return (
        Resource(owner=named.account_id, policy=named.policy, tags=named.sns_backend.list_tags_for_resource(arn))
        if named
        else None
    )


def inventory(owner: str) -> list[str]:
    return [arn for state in of_account(sns_backends, owner) for arn in (*state.topics, *state.subscriptions)]
