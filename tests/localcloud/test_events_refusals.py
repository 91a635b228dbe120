"""What queues, topics and log groups refuse, and the attributes that are kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .batch_steps import policy, refused, time_scale
from .conftest import DEV, REGION, Cloud

NOBODY = f"arn:aws:iam::{DEV}:role/nobody"


def document(action: str, principal: dict[str, str]) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def sqs(cloud: Cloud) -> Any:
    return cloud.client("sqs")


def arn_of(sqs: Any, url: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])


@pytest.mark.parametrize(
    ("attributes", "code", "text"),
    [
        (
            {"Policy": document("sqs:SendMessage", {"AWS": NOBODY})},
            "InvalidAttributeValue",
            "for the parameter Policy.",
        ),
        ({"Policy": "{"}, "InvalidAttributeValue", "for the parameter Policy."),
        ({"VisibilityTimeout": "43201"}, "InvalidAttributeValue", "VisibilityTimeout"),
        ({"MessageRetentionPeriod": "59"}, "InvalidAttributeValue", "MessageRetentionPeriod"),
        ({"SqsManagedSseEnabled": "true", "KmsMasterKeyId": "alias/aws/sqs"}, "InvalidAttributeName", "one type of"),
        ({"RedrivePolicy": '{"maxReceiveCount": 1}'}, "InvalidParameterValue", "same account and region"),
        (
            {"RedrivePolicy": f'{{"deadLetterTargetArn": "arn:aws:sqs:{REGION}:{DEV}:none", "maxReceiveCount": 1}}'},
            "InvalidParameterValue",
            "does not exist",
        ),
        (
            {"RedrivePolicy": f'{{"deadLetterTargetArn": "arn:aws:sqs:{REGION}:{DEV}:x.fifo", "maxReceiveCount": 1}}'},
            "InvalidParameterValue",
            "same type of queue",
        ),
        ({"RedrivePolicy": '{"maxReceiveCount": 1001}'}, "InvalidParameterValue", "from 1 to 1000"),
        ({"RedriveAllowPolicy": '{"redrivePermission": "some"}'}, "InvalidParameterValue", "redrivePermission"),
    ],
)
def test_a_queue_that_cannot_be_is_refused(
    cloud: Cloud, sqs: Any, attributes: dict[str, str], code: str, text: str
) -> None:
    with refused(code, text):
        sqs.create_queue(QueueName=cloud.name("queue"), Attributes=attributes)


def test_a_queues_name_has_its_letters_and_is_free_again_after_a_minute(cloud: Cloud, sqs: Any) -> None:
    with refused("InvalidParameterValue", "Can only include alphanumeric"):
        sqs.create_queue(QueueName="a b")
    name = cloud.name("queue")
    sqs.delete_queue(QueueUrl=sqs.create_queue(QueueName=name)["QueueUrl"])
    with refused("AWS.SimpleQueueService.QueueDeletedRecently", "wait 60 seconds"):
        sqs.create_queue(QueueName=name)
    with time_scale(0):
        assert sqs.create_queue(QueueName=name)["QueueUrl"]


def test_a_redrive_allow_policy_is_kept_and_obeyed(cloud: Cloud, sqs: Any) -> None:
    allow = json.dumps({"redrivePermission": "denyAll"})
    dead = sqs.create_queue(QueueName=cloud.name("dead"), Attributes={"RedriveAllowPolicy": allow})["QueueUrl"]
    assert sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"]["RedriveAllowPolicy"] == allow
    redrive = json.dumps({"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 3})
    with refused("InvalidParameterValue", "does not allow this source queue"):
        sqs.create_queue(QueueName=cloud.name("queue"), Attributes={"RedrivePolicy": redrive})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": '{"redrivePermission":"allowAll"}'})
    assert sqs.create_queue(QueueName=cloud.name("queue"), Attributes={"RedrivePolicy": redrive})["QueueUrl"]


def test_a_topics_policy_names_who_exists_and_what_topics_do(cloud: Cloud) -> None:
    sns = cloud.client("sns")
    with refused("InvalidParameter", "Topic Name"):
        sns.create_topic(Name="a b")
    topic = sns.create_topic(Name=cloud.name("topic"))["TopicArn"]
    for text, words in (
        (document("sns:Publish", {"AWS": NOBODY}), "Policy Error: PrincipalNotFound"),
        (document("sqs:SendMessage", {"AWS": DEV}), "action out of service scope"),
    ):
        with refused("InvalidParameter", words):
            sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)


def test_what_a_queue_refuses_from_a_topic_goes_to_the_subscriptions_dead_letter_queue(cloud: Cloud, sqs: Any) -> None:
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=cloud.name("topic"))["TopicArn"]
    url, dead = (sqs.create_queue(QueueName=cloud.name("queue"))["QueueUrl"] for _ in range(2))
    allowed = document("sqs:SendMessage", {"Service": "sns.amazonaws.com"})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"Policy": allowed})
    redrive = json.dumps({"deadLetterTargetArn": arn_of(sqs, dead)})
    given = {"RawMessageDelivery": "true", "RedrivePolicy": redrive}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(sqs, url), Attributes=given)
    sns.publish(TopicArn=topic, Message="lost")
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "lost"


def test_a_queue_keeps_its_policy_when_other_attributes_are_set(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=cloud.name("kept"))["QueueUrl"]
    text = document("sqs:SendMessage", {"Service": "events.amazonaws.com"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert json.loads(held["Policy"]) == json.loads(text)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert "Policy" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_a_log_group_that_cannot_be_is_refused(cloud: Cloud) -> None:
    logs, kms = cloud.client("logs"), cloud.client("kms")
    group = f"/test/{cloud.name('group')}"
    with refused("InvalidParameterException", "reserved for AWS"):
        logs.create_log_group(logGroupName="aws/x")
    with refused("InvalidParameterException", "pattern"):
        logs.create_log_group(logGroupName="a b")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    with refused("AccessDeniedException", "is not allowed to be used with Arn"):
        logs.create_log_group(logGroupName=group, kmsKeyId=key)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    service = {
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"],
        "Resource": "*",
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement, service]})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)
    logs.create_log_group(logGroupName=group, kmsKeyId=key)
    with refused("InvalidParameterException", "enum value set: [1, 3, 5"):
        logs.put_retention_policy(logGroupName=group, retentionInDays=2)
    logs.put_retention_policy(logGroupName=group, retentionInDays=30)
    with refused("InvalidParameterException", "parsing accessPolicy"):
        logs.put_resource_policy(policyName="bad", policyDocument="{")
    with refused("InvalidParameterException", "5120"):
        logs.put_resource_policy(policyName="long", policyDocument=policy("logs:*", resource=["x" * 100] * 60))
