"""Conditions on what a resource is tagged with, and on keys whose value is not known here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import DEV, REGION, Cloud
from .policies import allow, refusal

TAGS = {"sealed": "yes"}
LISTED = [{"Key": "sealed", "Value": "yes"}]
Made = tuple[str, Callable[[Any], Any]]
"""The action that is denied on what is sealed, and the call that needs it, by the client of a role."""


def _queue(cloud: Cloud, name: str) -> Made:
    url = cloud.client("sqs").create_queue(QueueName=name, tags=TAGS)["QueueUrl"]
    return "sqs:SendMessage", lambda sqs: sqs.send_message(QueueUrl=url, MessageBody="x")


def _topic(cloud: Cloud, name: str) -> Made:
    topic = cloud.client("sns").create_topic(Name=name, Tags=LISTED)["TopicArn"]
    return "sns:Publish", lambda sns: sns.publish(TopicArn=topic, Message="x")


def _log_group(cloud: Cloud, name: str) -> Made:
    cloud.client("logs").create_log_group(logGroupName=name, tags=TAGS)
    return "logs:FilterLogEvents", lambda logs: logs.filter_log_events(logGroupName=name)


def _repository(cloud: Cloud, name: str) -> Made:
    cloud.client("ecr").create_repository(repositoryName=name, tags=LISTED)
    return "ecr:ListImages", lambda ecr: ecr.list_images(repositoryName=name)


def _rule(cloud: Cloud, name: str) -> Made:
    cloud.client("events").put_rule(Name=name, ScheduleExpression="rate(1 day)", Tags=LISTED)
    return "events:DisableRule", lambda events: events.disable_rule(Name=name)


def _alarm(cloud: Cloud, name: str) -> Made:
    metric: dict[str, Any] = {"Namespace": "AWS/SQS", "MetricName": "Sent", "Statistic": "Sum", "Period": 60}
    comparison: dict[str, Any] = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1}
    cloud.client("cloudwatch").put_metric_alarm(AlarmName=name, Tags=LISTED, **metric, **comparison)
    return "cloudwatch:DeleteAlarms", lambda cloudwatch: cloudwatch.delete_alarms(AlarmNames=[name])


def _key(cloud: Cloud, name: str) -> Made:
    tag = {"TagKey": "sealed", "TagValue": "yes"}
    key = cloud.client("kms").create_key(Description=name, Tags=[tag])["KeyMetadata"]["KeyId"]
    return "kms:DescribeKey", lambda kms: kms.describe_key(KeyId=key)


def _vpc(cloud: Cloud, name: str) -> Made:
    tags = {"ResourceType": "vpc", "Tags": [*LISTED, {"Key": "Name", "Value": name}]}
    vpc = cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[tags])["Vpc"]["VpcId"]
    return "ec2:CreateSubnet", lambda ec2: ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")


def _secret(cloud: Cloud, name: str) -> Made:
    secret = cloud.client("secretsmanager").create_secret(Name=name, SecretString="x", Tags=LISTED)["ARN"]
    return "secretsmanager:DescribeSecret", lambda secrets: secrets.describe_secret(SecretId=secret)


def _role(cloud: Cloud, name: str) -> Made:
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=text, Tags=LISTED)
    return "iam:GetRole", lambda iam: iam.get_role(RoleName=name)


MAKERS = {
    "sqs": _queue, "sns": _topic, "logs": _log_group, "ecr": _repository, "events": _rule, "cloudwatch": _alarm,
    "kms": _key, "ec2": _vpc, "secretsmanager": _secret, "iam": _role,
}  # fmt: skip


def _condition(key: str, operator: str = "StringEquals", value: str = "yes") -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


@pytest.mark.parametrize("service", MAKERS)
def test_a_deny_by_the_resources_tags_is_in_force(cloud: Cloud, service: str) -> None:
    action, call = MAKERS[service](cloud, cloud.name("sealed"))
    everything = allow(f"{service}:*")
    denied = allow(action, **_condition("aws:ResourceTag/sealed")) | {"Effect": "Deny"}
    other = allow(action, **_condition("aws:ResourceTag/sealed", value="no")) | {"Effect": "Deny"}
    sealed_off = cloud.client(service, DEV, cloud.limited(everything, denied))
    code = refusal(lambda: call(sealed_off))[0]
    assert code in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
    call(cloud.client(service, DEV, cloud.limited(everything, other)))


@pytest.mark.parametrize("key", ["aws:PrincipalOrgID", "aws:SourceVpce", "s3:TlsVersion"])
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_policy_that_names_a_key_whose_value_is_not_known_is_an_error(cloud: Cloud, key: str, effect: str) -> None:
    bucket = cloud.name("bucket")
    cloud.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    named = allow("s3:ListBucket", **_condition(key, "StringNotEquals", "x")) | {"Effect": effect}
    s3 = cloud.client("s3", DEV, cloud.limited(allow("s3:*"), named) if effect == "Deny" else cloud.limited(named))
    with pytest.raises(Exception, match=f"AWS sets the key {key.lower()} for s3:ListBucket") as refused:
        s3.list_objects_v2(Bucket=bucket)
    assert "AccessDenied" in str(refused.value)


def test_such_a_key_does_not_matter_where_another_condition_fails(cloud: Cloud) -> None:
    bucket = cloud.name("bucket")
    cloud.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    both = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1", "aws:RequestedRegion": "eu-central-1"}}}
    role = cloud.limited(allow("s3:*"), allow("s3:*", **both) | {"Effect": "Deny"})
    assert cloud.client("s3", DEV, role).list_objects_v2(Bucket=bucket)["KeyCount"] == 0
