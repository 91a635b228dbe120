"""What SNS and SQS refuse, row by row of docs/refusals.md, with AWS's codes, and the attributes that are kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.server.services.sqs import store

from . import refusal_rows
from .batch_steps import refused, time_scale, trust
from .conftest import DEV, REGION, Cloud

NOBODY = f"arn:aws:iam::{DEV}:role/nobody"
INVALID = "InvalidParameter"


def document(action: str, principal: dict[str, str]) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def sqs(cloud: Cloud) -> Any:
    return cloud.client("sqs")


@pytest.fixture
def sns(cloud: Cloud) -> Any:
    return cloud.client("sns")


@pytest.fixture
def topic(cloud: Cloud, sns: Any) -> str:
    """A topic's ARN."""
    return str(sns.create_topic(Name=cloud.name("topic"))["TopicArn"])


def arn_of(sqs: Any, url: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])


def queue(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{DEV}:{name}"


def set_policy(sns: Any, topic: str, text: str) -> None:
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)


def test_msg_01_topic_policy_that_names_nobody(cloud: Cloud, sns: Any, topic: str) -> None:
    text = document("sns:Publish", {"AWS": NOBODY})
    with refused(INVALID, "Policy Error: PrincipalNotFound"):
        set_policy(sns, topic, text)
    with refused(INVALID, "Policy Error: PrincipalNotFound"):
        sns.create_topic(Name=cloud.name("topic"), Attributes={"Policy": text})
    with refused(INVALID, "Policy Error"):
        set_policy(sns, topic, "{")


@pytest.mark.parametrize("text", [document("sqs:SendMessage", {"AWS": NOBODY}), "{", "{}"], ids=["nobody", "bad", "no"])
def test_msg_02_queue_policy_that_names_nobody_or_is_none(cloud: Cloud, sqs: Any, text: str) -> None:
    with refused("InvalidAttributeValue", "Invalid value for the parameter Policy."):
        sqs.create_queue(QueueName=cloud.name("queue"), Attributes={"Policy": text})
    url = sqs.create_queue(QueueName=cloud.name("queue"))["QueueUrl"]
    with refused("InvalidAttributeValue", "Invalid value for the parameter Policy."):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})


def test_msg_03_name_of_a_queue_that_was_just_deleted(cloud: Cloud, sqs: Any) -> None:
    name = cloud.name("queue")
    sqs.delete_queue(QueueUrl=sqs.create_queue(QueueName=name)["QueueUrl"])
    with refused("AWS.SimpleQueueService.QueueDeletedRecently", "wait 60 seconds"):
        sqs.create_queue(QueueName=name)
    with time_scale(0):
        assert sqs.create_queue(QueueName=name)["QueueUrl"]


@pytest.mark.parametrize(
    ("redrive", "text"),
    [
        ({"maxReceiveCount": 1}, "same account and region"),
        ({"maxReceiveCount": 1, "deadLetterTargetArn": f"arn:aws:sqs:eu-west-1:{DEV}:x"}, "same account and region"),
        ({"maxReceiveCount": 1, "deadLetterTargetArn": queue("none")}, "does not exist"),
        ({"maxReceiveCount": 1, "deadLetterTargetArn": queue("x.fifo")}, "same type of queue"),
        ({"maxReceiveCount": 0, "deadLetterTargetArn": queue("x")}, "from 1 to 1000"),
        ({"maxReceiveCount": 1001, "deadLetterTargetArn": queue("x")}, "from 1 to 1000"),
    ],
)
def test_msg_04_dead_letter_queues(cloud: Cloud, sqs: Any, redrive: dict[str, Any], text: str) -> None:
    with refused("InvalidParameterValue", text):
        sqs.create_queue(QueueName=cloud.name("queue"), Attributes={"RedrivePolicy": json.dumps(redrive)})


@pytest.mark.parametrize("action", ["sqs:SendMessage", "sns:*", "*", "sns:CreateTopic", "sns:Get*"])
def test_msg_10_topic_policy_with_actions_that_are_not_of_a_topic(sns: Any, topic: str, action: str) -> None:
    with refused(INVALID, "Policy statement action out of service scope!"):
        set_policy(sns, topic, document(action, {"AWS": DEV}))
    set_policy(sns, topic, document("SNS:Publish", {"AWS": DEV}))


def test_msg_11_topic_again_with_other_attributes_or_tags(cloud: Cloud, sns: Any) -> None:
    name, tags = cloud.name("topic"), [{"Key": "a", "Value": "1"}]
    made = sns.create_topic(Name=name, Attributes={"DisplayName": "one"}, Tags=tags)["TopicArn"]
    assert sns.create_topic(Name=name)["TopicArn"] == made
    assert sns.create_topic(Name=name, Attributes={"DisplayName": "one"}, Tags=tags)["TopicArn"] == made
    with refused(INVALID, "Topic already exists with different attributes"):
        sns.create_topic(Name=name, Attributes={"DisplayName": "two"})
    for other in ({"Key": "a", "Value": "2"}, {"Key": "b", "Value": "1"}):
        with refused(INVALID, "Topic already exists with different tags"):
            sns.create_topic(Name=name, Tags=[other])


def test_msg_12_names_of_topics_and_what_fifo_goes_with(cloud: Cloud, sns: Any, topic: str) -> None:
    for name, attributes in (
        ("a b", {}),
        ("x" * 257, {}),
        ("a.fifo", {}),
        ("a.fifo", {"FifoTopic": "false"}),
        ("a", {"FifoTopic": "true"}),
    ):
        with refused(INVALID, "Invalid parameter: Topic Name"):
            sns.create_topic(Name=name, Attributes=attributes)
    fifo = sns.create_topic(Name=f"{cloud.name('topic')}.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    for protocol, endpoint in (("email", "a@b.example"), ("https", "https://b.example"), ("lambda", "arn:aws:lambda")):
        with refused(INVALID, f"Invalid protocol type: {protocol}"):
            sns.subscribe(TopicArn=fifo, Protocol=protocol, Endpoint=endpoint)
    with refused(INVALID, "FIFO SQS Queues can not be subscribed to standard SNS topics"):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue("a.fifo"))
    sns.subscribe(TopicArn=fifo, Protocol="sqs", Endpoint=queue("a.fifo"))


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("{", "FilterPolicy: "),
        ('{"a": "b"}', '"a" must be an object or an array'),
        ('{"a": []}', "Empty arrays are not allowed"),
        ('{"a": [["b"]]}', "Match value must be String, number, true, false, or null"),
        ('{"a": [{"startsWith": "b"}]}', "Unrecognized match type startsWith"),
        ('{"a": [{"exists": "no"}]}', "exists match pattern must be either true or false."),
        ('{"a": {"b": ["c"]}}', "scope MessageAttributes does not support nested filter policy"),
        (json.dumps({str(key): ["a"] for key in range(6)}), "Filter policy can not have more than 5 keys"),
    ],
)
def test_msg_13_filter_policies(cloud: Cloud, sns: Any, topic: str, policy: str, text: str) -> None:
    given = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue(cloud.name("queue"))}
    with refused(INVALID, text):
        sns.subscribe(**given, Attributes={"FilterPolicy": policy})
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    arn = sns.subscribe(**given)["SubscriptionArn"]
    with refused(INVALID, text):
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=policy)


def test_msg_13_filter_policies_of_the_body_may_be_nested(cloud: Cloud, sns: Any, topic: str) -> None:
    text = '{"a": {"b": ["c"]}}'
    arn = sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue(cloud.name("queue")),
        Attributes={"FilterPolicyScope": "MessageBody", "FilterPolicy": text},
    )["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["FilterPolicy"] == text
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue='{"a": ["b"]}')


def test_msg_14_endpoint_that_is_no_queue_and_topic_that_is_not_there(cloud: Cloud, sns: Any, topic: str) -> None:
    url = f"https://sqs.{REGION}.amazonaws.com/{DEV}/queue"
    for endpoint in (url, f"arn:aws:sns:{REGION}:{DEV}:queue"):
        with refused(INVALID, "SQS endpoint ARN"):
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint)
    with refused("NotFound", "Topic does not exist"):
        sns.subscribe(TopicArn=f"{topic}-other", Protocol="sqs", Endpoint=queue(cloud.name("queue")))


def test_msg_15_role_for_delivery_status_that_sns_cannot_assume(cloud: Cloud, sns: Any, topic: str) -> None:
    iam, name = cloud.client("iam"), cloud.name("role")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust("sqs.amazonaws.com"))["Role"]["Arn"]
    given = {"TopicArn": topic, "AttributeName": "SQSFailureFeedbackRoleArn"}
    for wrong in (NOBODY, role):
        with refused(INVALID, f"{wrong} is not a valid role to allow SNS to write to Cloudwatch Logs"):
            sns.set_topic_attributes(**given, AttributeValue=wrong)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust("sns.amazonaws.com"))
    sns.set_topic_attributes(**given, AttributeValue=role)


def test_msg_16_queue_again_with_other_attributes(cloud: Cloud, sqs: Any) -> None:
    name, allow = cloud.name("queue"), json.dumps({"redrivePermission": "denyAll"})
    policy = document("sqs:SendMessage", {"AWS": DEV})
    given = {"VisibilityTimeout": "5", "Policy": policy, "RedriveAllowPolicy": allow, "SqsManagedSseEnabled": "true"}
    url = sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"]
    assert sqs.create_queue(QueueName=name)["QueueUrl"] == url
    assert sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"] == url
    for attribute, value in (
        ("VisibilityTimeout", "6"),
        ("DelaySeconds", "1"),
        ("Policy", document("sqs:ReceiveMessage", {"AWS": DEV})),
        ("RedriveAllowPolicy", json.dumps({"redrivePermission": "allowAll"})),
    ):
        with refused("QueueAlreadyExists", f"a different value for attribute {attribute}"):
            sqs.create_queue(QueueName=name, Attributes={attribute: value})


@pytest.mark.parametrize(
    ("attributes", "code", "text"),
    [
        ({"SqsManagedSseEnabled": "true", "KmsMasterKeyId": "alias/aws/sqs"}, "InvalidAttributeName", "one type of"),
        ({"FifoQueue": "true"}, "InvalidAttributeName", "Unknown Attribute FifoQueue."),
        ({"ContentBasedDeduplication": "true"}, "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication."),
        ({"VisibilityTimeout": "43201"}, "InvalidAttributeValue", "VisibilityTimeout"),
        ({"MessageRetentionPeriod": "59"}, "InvalidAttributeValue", "MessageRetentionPeriod"),
        ({"MessageRetentionPeriod": "1209601"}, "InvalidAttributeValue", "MessageRetentionPeriod"),
        ({"MaximumMessageSize": "1048577"}, "InvalidAttributeValue", "MaximumMessageSize"),
        ({"DelaySeconds": "901"}, "InvalidAttributeValue", "DelaySeconds"),
        ({"RedriveAllowPolicy": '{"redrivePermission": "some"}'}, "InvalidParameterValue", "redrivePermission"),
    ],
)
def test_msg_17_attributes_of_queues(cloud: Cloud, sqs: Any, attributes: dict[str, str], code: str, text: str) -> None:
    with refused(code, text):
        sqs.create_queue(QueueName=cloud.name("queue"), Attributes=attributes)


@pytest.mark.parametrize("name", ["a b", "ä", "a.b", "x" * 81, "a.fifo"])
def test_msg_18_names_of_queues(sqs: Any, name: str) -> None:
    with refused("InvalidParameterValue", "Can only include alphanumeric"):
        sqs.create_queue(QueueName=name)


def test_msg_19_purging_twice_within_a_minute(cloud: Cloud, sqs: Any) -> None:
    url = sqs.create_queue(QueueName=cloud.name("queue"))["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)
    with pytest.raises(ClientError) as caught:
        sqs.purge_queue(QueueUrl=url)
    answer: Any = caught.value.response
    assert answer["Error"]["Code"] == "AWS.SimpleQueueService.PurgeQueueInProgress"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    with time_scale(0):
        sqs.purge_queue(QueueUrl=url)


def test_a_redrive_allow_policy_is_kept_and_obeyed(cloud: Cloud, sqs: Any) -> None:
    allow = json.dumps({"redrivePermission": "denyAll"})
    dead = sqs.create_queue(QueueName=cloud.name("dead"), Attributes={"RedriveAllowPolicy": allow})["QueueUrl"]
    assert sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"]["RedriveAllowPolicy"] == allow
    redrive = json.dumps({"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 3})
    with refused("InvalidParameterValue", "does not allow this source queue"):
        sqs.create_queue(QueueName=cloud.name("queue"), Attributes={"RedrivePolicy": redrive})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": '{"redrivePermission":"allowAll"}'})
    assert sqs.create_queue(QueueName=cloud.name("queue"), Attributes={"RedrivePolicy": redrive})["QueueUrl"]


def test_what_a_queue_refuses_from_a_topic_goes_to_the_subscriptions_dead_letter_queue(
    cloud: Cloud, sqs: Any, sns: Any, topic: str
) -> None:
    url, dead = (sqs.create_queue(QueueName=cloud.name("queue"))["QueueUrl"] for _ in range(2))
    allowed = document("sqs:SendMessage", {"Service": "sns.amazonaws.com"})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"Policy": allowed})
    redrive = json.dumps({"deadLetterTargetArn": arn_of(sqs, dead)})
    given = {"RawMessageDelivery": "true", "RedrivePolicy": redrive}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(sqs, url), Attributes=given)
    sns.publish(TopicArn=topic, Message="lost")
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "lost"


def test_a_queue_keeps_its_policy_when_other_attributes_are_set(cloud: Cloud, sqs: Any) -> None:
    url = sqs.create_queue(QueueName=cloud.name("kept"))["QueueUrl"]
    text = document("sqs:SendMessage", {"Service": "events.amazonaws.com"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert json.loads(held["Policy"]) == json.loads(text)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert "Policy" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_a_message_is_received_until_it_is_older_than_its_queue_keeps_it(cloud: Cloud, sqs: Any) -> None:
    attributes = {"MessageRetentionPeriod": "60", "VisibilityTimeout": "0"}
    url = sqs.create_queue(QueueName=cloud.name("aged"), Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="aged")
    model: Any = store.by_arn(arn_of(sqs, url))
    [message] = model.messages
    for older_seconds, received in ((50, 1), (11, 0)):
        message.sent_timestamp -= 1000 * older_seconds
        assert len(sqs.receive_message(QueueUrl=url).get("Messages", [])) == received


def test_rows_and_tests_name_each_other() -> None:
    refusal_rows.check("SNS and SQS", "MSG", "test_messaging_refusals.py")
