"""EventBridge's deliveries: what targets get, in which account, only as far as policies allow; SNS into queues."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.server import outbox
from localcloud.server.services.events.message import payload

from .batch_steps import policy, trust, until
from .conftest import DEV, PROD, REGION, Cloud
from .states_steps import Machines

PASS = {"A": {"Type": "Pass", "End": True}}


class Bus:
    """Rules, queues and topics of one account."""

    def __init__(self, cloud: Cloud, account: str = DEV) -> None:
        self.cloud, self.account = cloud, account
        self.events, self.sqs = cloud.client("events", account), cloud.client("sqs", account)
        self.sns, self.iam = cloud.client("sns", account), cloud.client("iam", account)

    def rule(self, pattern: dict[str, Any], *targets: dict[str, Any]) -> str:
        name = self.cloud.name("rule")
        arn = self.events.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
        if targets:
            given = [target | {"Id": f"t{index}"} for index, target in enumerate(targets)]
            self.events.put_targets(Rule=name, Targets=given)
        return str(arn)

    def queue(self, service: str = "", source: str = "", attributes: dict[str, str] | None = None) -> tuple[str, str]:
        """URL and ARN of a new queue that a service may send to from a source."""
        url = self.sqs.create_queue(QueueName=self.cloud.name("queue"), Attributes=attributes or {})["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        if service:
            statement = {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnLike": {"aws:SourceArn": source or f"arn:aws:events:{REGION}:{DEV}:rule/*"}},
            }
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
        return str(url), str(arn)

    def role(self, *actions: str) -> str:
        name = self.cloud.name("events-role")
        document = trust("events.amazonaws.com")
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*actions))
        return str(arn)

    def put(self, source: str, detail: Any, kind: str = "Test") -> dict[str, Any]:
        entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail)}
        answer = self.events.put_events(Entries=[entry])
        outbox.settle()
        return answer

    def messages(self, url: str) -> list[dict[str, Any]]:
        outbox.settle()
        answer = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
        )
        return answer.get("Messages", [])

    def message(self, url: str) -> Any:
        """The only message, parsed."""
        (message,) = self.messages(url)
        return json.loads(message["Body"])


@pytest.fixture(scope="module")
def bus(cloud: Cloud) -> Bus:
    return Bus(cloud)


@pytest.fixture
def source(cloud: Cloud) -> str:
    return cloud.name("source")


def test_a_queue_gets_the_event_that_matches(bus: Bus, source: str) -> None:
    url, arn = bus.queue("events.amazonaws.com")
    bus.rule({"source": [source], "detail": {"n": [{"numeric": [">", 1]}]}}, {"Arn": arn})
    assert bus.put(source, {"n": 1})["FailedEntryCount"] == 0
    bus.put(source, {"n": 2})
    event = bus.message(url)
    assert (event["source"], event["detail"], event["account"]) == (source, {"n": 2}, DEV)
    assert set(event) == {
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail",
    }  # fmt: skip


def test_a_queue_whose_policy_says_no_gets_nothing_and_the_dead_letter_queue_says_why(bus: Bus, source: str) -> None:
    url, arn = bus.queue()
    dead_url, dead = bus.queue("events.amazonaws.com")
    rule = bus.rule({"source": [source]}, {"Arn": arn, "DeadLetterConfig": {"Arn": dead}})
    bus.put(source, {"n": 1})
    assert bus.messages(url) == []
    (message,) = bus.messages(dead_url)
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert told["ERROR_CODE"] == "NO_PERMISSIONS"
    assert (told["RULE_ARN"], told["TARGET_ARN"]) == (rule, arn)
    assert json.loads(message["Body"])["detail"] == {"n": 1}


def test_a_policy_for_one_rule_is_for_no_other(bus: Bus, source: str) -> None:
    url, arn = bus.queue("events.amazonaws.com", source=f"arn:aws:events:{REGION}:{DEV}:rule/other")
    bus.rule({"source": [source]}, {"Arn": arn})
    bus.put(source, {})
    assert bus.messages(url) == []


def test_a_disabled_rule_delivers_nothing(bus: Bus, source: str) -> None:
    url, arn = bus.queue("events.amazonaws.com")
    rule = bus.rule({"source": [source]}, {"Arn": arn})
    bus.events.disable_rule(Name=rule.rpartition("/")[2])
    bus.put(source, {})
    assert bus.messages(url) == []


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"Input": '{"fixed": 1}'}, '{"fixed": 1}'),
        ({"InputPath": "$.detail.a"}, '{"b":[1,"x"]}'),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"v": "$.detail.a.b[1]", "n": "$.detail.none", "o": "$.detail.a"},
                    "InputTemplate": '{"text": "<v> and <n>!", "object": <o>, "none": <n>, '
                    '"rule": "<aws.events.rule-name>"}',
                }
            },
            '{"text":"x and !","object":{"b":[1,"x"]},"none":null,"rule":"mine"}',
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"v": "$.detail.a.b[1]"}, "InputTemplate": '"got <v>"'}},
            '"got x"',
        ),
    ],
)  # fmt: skip
def test_what_a_target_gets(target: dict[str, Any], text: str) -> None:
    event = {"detail": {"a": {"b": [1, "x"]}}, "time": "2026-01-01T00:00:00Z"}
    assert payload(target, event, f"arn:aws:events:{REGION}:{DEV}:rule/mine") == text


def test_a_state_machine_is_started_as_the_targets_role(bus: Bus, source: str, cloud: Cloud) -> None:
    machines = Machines(cloud)
    machine = machines.create(PASS)
    dead_url, dead = bus.queue("events.amazonaws.com")
    target = {"Arn": machine, "RoleArn": bus.role("states:StartExecution"), "InputPath": "$.detail"}
    bus.rule(
        {"source": [source]}, target, target | {"RoleArn": bus.role("s3:GetObject"), "DeadLetterConfig": {"Arn": dead}}
    )
    bus.put(source, {"n": 7})
    (execution,) = machines.sfn.list_executions(stateMachineArn=machine)["executions"]
    assert machines.ended(execution["executionArn"])["input"] == '{"n":7}'
    (message,) = bus.messages(dead_url)
    assert "states:StartExecution" in message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


def test_a_topic_passes_it_on_raw_if_both_policies_allow(bus: Bus, source: str) -> None:
    topic = bus.sns.create_topic(Name=bus.cloud.name("topic"))["TopicArn"]
    url, arn = bus.queue("sns.amazonaws.com", source=topic)
    closed_url, closed = bus.queue()
    for endpoint in (arn, closed):
        bus.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint, Attributes={"RawMessageDelivery": "true"})
    rule = bus.rule({"source": [source]}, {"Arn": topic})
    bus.put(source, {"n": 1})
    assert bus.messages(url) == []
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    bus.sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)
    bus.put(source, {"n": 2})
    assert bus.message(url)["detail"] == {"n": 2}
    assert bus.messages(closed_url) == []


def test_a_topic_without_raw_delivery_wraps_the_message(bus: Bus) -> None:
    topic = bus.sns.create_topic(Name=bus.cloud.name("topic"))["TopicArn"]
    url, arn = bus.queue("sns.amazonaws.com", source=topic)
    bus.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    bus.sns.publish(TopicArn=topic, Message="hello", Subject="me")
    found = bus.message(url)
    assert (found["Type"], found["Message"], found["TopicArn"]) == ("Notification", "hello", topic)


def test_a_log_group_gets_events_if_the_accounts_log_policy_allows(bus: Bus, source: str, cloud: Cloud) -> None:
    logs = cloud.client("logs")
    group = f"/aws/events/{cloud.name('events')}"
    logs.create_log_group(logGroupName=group)
    bus.rule({"source": [source]}, {"Arn": f"arn:aws:logs:{REGION}:{DEV}:log-group:{group}"})
    bus.put(source, {"n": 1})
    assert logs.describe_log_streams(logGroupName=group)["logStreams"] == []
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:{REGION}:{DEV}:log-group:/aws/events/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    logs.put_resource_policy(policyName=cloud.name("events"), policyDocument=document)
    bus.put(source, {"n": 2})
    (stream,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
    (event,) = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    assert json.loads(event["message"])["detail"] == {"n": 2}


def test_another_accounts_queue_gets_it_if_its_policy_allows(bus: Bus, source: str, cloud: Cloud) -> None:
    other = Bus(cloud, PROD)
    url, arn = other.queue("events.amazonaws.com")
    bus.rule({"source": [source]}, {"Arn": arn})
    bus.put(source, {"n": 1})
    assert other.message(url)["account"] == DEV


def test_executions_tell_of_their_start_and_end_in_their_own_account(bus: Bus, cloud: Cloud) -> None:
    machines = Machines(cloud)
    machine = machines.create(PASS)
    url, arn = bus.queue("events.amazonaws.com")
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine]}}
    bus.rule(pattern, {"Arn": arn})
    other = Bus(cloud, PROD)
    other_url, other_arn = other.queue("events.amazonaws.com")
    other.rule({"source": ["aws.states"]}, {"Arn": other_arn})
    execution = machines.start(machine, {"n": 1})
    machines.ended(execution)
    seen: list[dict[str, Any]] = []

    def both() -> bool | None:
        seen.extend(json.loads(message["Body"]) for message in bus.messages(url))
        return True if len(seen) == 2 else None

    until(both)
    assert [event["detail"]["status"] for event in seen] == ["RUNNING", "SUCCEEDED"]
    last = seen[-1]
    assert last["detail-type"] == "Step Functions Execution Status Change"
    assert last["resources"] == [execution]
    detail = last["detail"]
    assert (detail["input"], detail["output"], detail["error"]) == ('{"n":1}', '{"n":1}', None)
    assert isinstance(detail["startDate"], int)
    assert other.messages(other_url) == []


def test_messages_that_are_not_taken_go_to_the_dead_letter_queue_of_the_queue(bus: Bus) -> None:
    dead_url, dead = bus.queue()
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})
    url, _ = bus.queue(attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})
    bus.sqs.send_message(QueueUrl=url, MessageBody="{}")
    assert len(bus.messages(url)) == 1
    until(lambda: bus.messages(url) == [])
    assert len(bus.messages(dead_url)) == 1


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"Source": "aws.batch", "DetailType": "a", "Detail": "{}"}, "NotAuthorizedForSourceException"),
        ({"Source": "a", "DetailType": "a", "Detail": "[1]"}, "MalformedDetail"),
        ({"Source": "a", "DetailType": "a", "Detail": "{"}, "MalformedDetail"),
        ({"Source": "a", "DetailType": "a"}, "InvalidArgument"),
    ],
)
def test_an_entry_is_refused_by_itself(bus: Bus, entry: dict[str, str], code: str) -> None:
    good = {"Source": "a", "DetailType": "a", "Detail": "{}"}
    answer = bus.events.put_events(Entries=[good, entry])
    assert answer["FailedEntryCount"] == 1
    assert "EventId" in answer["Entries"][0]
    assert answer["Entries"][1]["ErrorCode"] == code


def poll(bus: Bus, url: str, answers: list[Any]) -> threading.Thread:
    """A client that waits up to five seconds for a message, begun half a second ago."""
    sqs = bus.cloud.client("sqs", read_timeout=20)

    def receive() -> None:
        answers.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages", []))

    thread = threading.Thread(target=receive, daemon=True)
    thread.start()
    time.sleep(0.5)
    assert answers == []
    return thread


def test_a_poll_stops_nobody_and_sees_what_arrives_meanwhile(bus: Bus) -> None:
    url, _ = bus.queue()
    answers: list[Any] = []
    others = bus.cloud.client("sts", PROD)
    others.get_caller_identity()
    thread = poll(bus, url, answers)
    began = time.monotonic()
    others.get_caller_identity()
    bus.sqs.send_message(QueueUrl=url, MessageBody="arrived")
    thread.join()
    assert time.monotonic() - began < 2
    assert [message["Body"] for message in answers[0]] == ["arrived"]


def test_a_poll_by_the_queues_own_attribute_waits_and_ends_empty(bus: Bus) -> None:
    url, _ = bus.queue(attributes={"ReceiveMessageWaitTimeSeconds": "1"})
    began = time.monotonic()
    assert "Messages" not in bus.sqs.receive_message(QueueUrl=url)
    assert 1 <= time.monotonic() - began < 3


def test_a_poll_of_a_queue_that_goes_ends(bus: Bus) -> None:
    url, _ = bus.queue()
    failed: list[Any] = []

    def receive() -> None:
        with pytest.raises(ClientError) as caught:
            bus.cloud.client("sqs", read_timeout=20).receive_message(QueueUrl=url, WaitTimeSeconds=20)
        failed.append(caught.value.response)

    thread = threading.Thread(target=receive, daemon=True)
    thread.start()
    time.sleep(0.3)
    bus.sqs.delete_queue(QueueUrl=url)
    thread.join(5)
    assert failed[0]["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"


def test_a_topic_sends_nothing_to_an_endpoint_that_has_not_confirmed(bus: Bus) -> None:
    """To do so would have all accounts wait for whoever has the address."""
    sns = bus.cloud.client("sns")
    topic = sns.create_topic(Name=bus.cloud.name("topic"))["TopicArn"]
    with socket.create_server(("127.0.0.1", 0)) as endpoint:
        address = f"http://127.0.0.1:{endpoint.getsockname()[1]}/"
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=address)
        sns.publish(TopicArn=topic, Message="a")
        endpoint.settimeout(0.2)
        with pytest.raises(TimeoutError):
            endpoint.accept()
