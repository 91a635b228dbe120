"""Whose resource a call works on: the account's that the call names, as far as that account lets the caller."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import DEV, PROD, REGION, Cloud
from .policies import allow, document, refusal, root


def _queues(cloud: Cloud) -> tuple[str, str]:
    """The URLs of a queue of the same name in two accounts."""
    name = cloud.name("queue")
    dev, prod = (cloud.client("sqs", account).create_queue(QueueName=name)["QueueUrl"] for account in (DEV, PROD))
    return dev, prod


def _messages(cloud: Cloud, account: str, url: str) -> list[str]:
    answer = cloud.client("sqs", account).receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


def _open(cloud: Cloud, url: str, action: str, principal: Any) -> None:
    policy = document(allow(action, Principal=principal))
    cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def test_another_accounts_queue_is_closed_and_ones_own_of_that_name_is_not_taken_for_it(cloud: Cloud) -> None:
    dev, prod = _queues(cloud)
    sqs = cloud.client("sqs", PROD)
    assert refusal(sqs.send_message, QueueUrl=dev, MessageBody="x")[0] == "AccessDeniedException"
    assert refusal(sqs.delete_queue, QueueUrl=dev)[0] == "AccessDeniedException"
    assert _messages(cloud, PROD, prod) == _messages(cloud, DEV, dev) == []


def test_another_accounts_queue_takes_what_its_policy_lets_in(cloud: Cloud) -> None:
    dev, prod = _queues(cloud)
    _open(cloud, dev, "sqs:*", root(PROD))
    sqs = cloud.client("sqs", PROD)
    sqs.send_message(QueueUrl=dev, MessageBody="from prod")
    assert (_messages(cloud, DEV, dev), _messages(cloud, PROD, prod)) == (["from prod"], [])
    named = sqs.get_queue_url(QueueName=dev.rpartition("/")[2], QueueOwnerAWSAccountId=DEV)["QueueUrl"]
    assert named == dev
    assert refusal(sqs.delete_queue, QueueUrl=dev)[0] == "AccessDeniedException", "which no policy can allow"


def test_another_registrys_repository(cloud: Cloud) -> None:
    name, ecr, other = cloud.name("repository"), cloud.client("ecr"), cloud.client("ecr", PROD)
    for client in (ecr, other):
        client.create_repository(repositoryName=name)
    asked = {"repositoryName": name, "registryId": DEV}
    assert refusal(other.get_lifecycle_policy, **asked)[0] == "AccessDeniedException"
    assert refusal(other.delete_repository, **asked)[0] == "AccessDeniedException"
    text = document(
        {key: value for key, value in allow("ecr:DescribeImages", Principal=root(PROD)).items() if key != "Resource"}
    )
    ecr.set_repository_policy(repositoryName=name, policyText=text)
    assert other.describe_images(**asked)["imageDetails"] == []
    assert ecr.describe_repositories(repositoryNames=[name], registryId=DEV)["repositories"][0]["registryId"] == DEV


def test_a_log_group_by_its_identifier(cloud: Cloud) -> None:
    logs, names = cloud.client("logs"), [cloud.name("group") for _ in range(2)]
    for name in names:
        logs.create_log_group(logGroupName=name)
    own, other = (f"arn:aws:logs:{REGION}:{DEV}:log-group:{name}" for name in names)
    reader = cloud.limited(allow("logs:FilterLogEvents", f"{own}:*"))
    assert cloud.client("logs", DEV, reader).filter_log_events(logGroupIdentifier=own)["events"] == []
    assert cloud.client("logs", DEV, reader).filter_log_events(logGroupIdentifier=names[0])["events"] == []
    refused = refusal(cloud.client("logs", DEV, reader).filter_log_events, logGroupIdentifier=other)
    assert refused[0] == "AccessDeniedException"
    assert refusal(cloud.client("logs", PROD).filter_log_events, logGroupIdentifier=own)[0] == "AccessDeniedException"


def test_a_queue_and_a_topic_that_are_open_to_anybody_take_unsigned_requests(cloud: Cloud) -> None:
    dev, _ = _queues(cloud)
    anybody = cloud.anonymous("sqs")
    assert refusal(anybody.send_message, QueueUrl=dev, MessageBody="x")[0] == "AccessDeniedException"
    _open(cloud, dev, "sqs:SendMessage", "*")
    anybody.send_message(QueueUrl=dev, MessageBody="from anybody")
    assert _messages(cloud, DEV, dev) == ["from anybody"]
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=cloud.name("topic"))["TopicArn"]
    assert refusal(cloud.anonymous("sns").publish, TopicArn=topic, Message="x") == ("AccessDenied", 403)
    policy = document(allow("sns:Publish", topic, Principal="*"))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert cloud.anonymous("sns").publish(TopicArn=topic, Message="x")["MessageId"]


@pytest.mark.parametrize(
    ("service", "method"),
    [("ecr", "describe_repositories"), ("secretsmanager", "list_secrets"), ("logs", "describe_log_groups")],
)
def test_other_services_want_a_signature(cloud: Cloud, service: str, method: str) -> None:
    assert refusal(getattr(cloud.anonymous(service), method))[0] == "MissingAuthenticationTokenException"


def test_a_subscription_in_another_account_is_the_subscribers_and_the_topic_owners(cloud: Cloud) -> None:
    sns, other = cloud.client("sns"), cloud.client("sns", PROD)
    topic = sns.create_topic(Name=cloud.name("topic"))["TopicArn"]
    policy = document(allow("sns:Subscribe", topic, Principal=root(PROD)))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    queue = cloud.client("sqs", PROD).create_queue(QueueName=cloud.name("queue"))["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{PROD}:{queue.rpartition('/')[2]}"
    cloud.client("sqs", PROD).set_queue_attributes(
        QueueUrl=queue,
        Attributes={"Policy": document(allow("sqs:SendMessage", Principal={"Service": "sns.amazonaws.com"}))},
    )
    subscription = other.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)[
        "SubscriptionArn"
    ]
    sns.publish(TopicArn=topic, Message="to prod")
    assert [json.loads(body)["Message"] for body in _messages(cloud, PROD, queue)] == ["to prod"]
    assert other.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]["Owner"] == PROD
    stranger = cloud.client("sns", "444455556666")
    assert refusal(stranger.get_subscription_attributes, SubscriptionArn=subscription)[0] == "NotFound"
    other.unsubscribe(SubscriptionArn=subscription)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
