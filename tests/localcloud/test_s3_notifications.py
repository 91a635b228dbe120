"""Event notifications: where they may go (row S3-18), and that they arrive."""

from __future__ import annotations

import json
from typing import Any

from .conftest import DEV, Cloud
from .s3_steps import Bucket, document, make_bucket, refused, statement


def make_queue(cloud: Cloud, bucket: Bucket, *, lets_s3_in: bool = True, fifo: bool = False) -> tuple[Any, str, str]:
    sqs = cloud.client("sqs")
    name = cloud.name("queue") + (".fifo" if fifo else "")
    arn = f"arn:aws:sqs:us-west-2:{DEV}:{name}"
    narrowed = {"Condition": {"ArnEquals": {"aws:SourceArn": bucket.arn}}}
    policy = document(statement("sqs:SendMessage", arn, {"Service": "s3.amazonaws.com"}, **narrowed))
    attributes = {**({"Policy": policy} if lets_s3_in else {}), **({"FifoQueue": "true"} if fifo else {})}
    return sqs, arn, sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def put(bucket: Bucket, *queues: dict[str, Any]) -> None:
    bucket.s3.put_bucket_notification_configuration(
        Bucket=bucket.name, NotificationConfiguration={"QueueConfigurations": list(queues)}
    )


def to_queue(arn: str, prefix: str = "", event: str = "s3:ObjectCreated:*", **more: Any) -> dict[str, Any]:
    rules = [{"Name": "prefix", "Value": prefix}]
    return {"QueueArn": arn, "Events": [event], "Filter": {"Key": {"FilterRules": rules}}, **more}


def test_s3_18_destinations(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    closed, fifo = make_queue(cloud, bucket, lets_s3_in=False)[1], make_queue(cloud, bucket, fifo=True)[1]
    for arn in (
        f"arn:aws:sqs:us-west-2:{DEV}:not-there",
        f"arn:aws:sqs:eu-west-1:{DEV}:elsewhere",
        closed,
        fifo,
    ):
        with refused("InvalidArgument") as told:
            put(bucket, to_queue(arn))
        assert "Unable to validate the following destination configurations" in told["Message"]


def test_s3_18_overlapping_filters(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    arn = make_queue(cloud, bucket)[1]
    with refused("InvalidArgument") as told:
        put(bucket, to_queue(arn, "a/"), to_queue(arn, "a/b/", "s3:ObjectCreated:Put"))
    assert "overlap" in told["Message"]
    put(bucket, to_queue(arn, "a/", Id="one"), to_queue(arn, "b/", Id="two"))
    got = bucket.s3.get_bucket_notification_configuration(Bucket=bucket.name)
    assert [item["Id"] for item in got["QueueConfigurations"]] == ["one", "two"]


def test_an_event_arrives(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    sqs, arn, url = make_queue(cloud, bucket)
    put(bucket, to_queue(arn, "runs/"))
    bucket.put("elsewhere")
    bucket.put("runs/a b.json", b"12345")
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    bodies = [json.loads(message["Body"]) for message in received]
    records = [body["Records"][0] for body in bodies if "Records" in body]
    assert [record["eventName"] for record in records] == ["ObjectCreated:Put"]
    assert records[0]["s3"]["object"]["key"] == "runs%2Fa+b.json"
    assert records[0]["s3"]["object"]["size"] == 5
    assert any(body.get("Event") == "s3:TestEvent" for body in bodies)
