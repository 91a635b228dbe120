"""Server access logs really arrive, when and where AWS would deliver them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from localcloud.server.services.s3.server_logs import flush_access_logs

from .conftest import DEV, Cloud
from .s3_steps import Bucket, document, make_bucket, refused, statement

LINE = re.compile(
    r'(\S+) (\S+) \[(.*?)\] (\S+) (\S+) (\S+) (\S+) (\S+) "(.*?)" (\S+) (\S+) (\S+) (\S+) (\d+) (\d+) "(.*?)" "(.*?)" '
    r"(\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+)"
)


def logged_pair(cloud: Cloud, condition: dict[str, Any] | None = None, **more: Any) -> tuple[Bucket, Bucket]:
    """A bucket and its log bucket, whose policy lets the log service write under that condition."""
    bucket, target = make_bucket(cloud, prefix="logged"), make_bucket(cloud, prefix="log")
    service = {"Service": "logging.s3.amazonaws.com"}
    narrowed = {"Condition": condition} if condition else {}
    target.s3.put_bucket_policy(
        Bucket=target.name, Policy=document(statement("s3:PutObject", f"{target.arn}/*", service, **narrowed))
    )
    switch_on(bucket, target, **more)
    return bucket, target


def switch_on(bucket: Bucket, target: Bucket, **more: Any) -> None:
    enabled = {"TargetBucket": target.name, "TargetPrefix": "logs/", **more}
    bucket.s3.put_bucket_logging(Bucket=bucket.name, BucketLoggingStatus={"LoggingEnabled": enabled})


def delivered(target: Bucket) -> dict[str, str]:
    flush_access_logs()
    listed = target.s3.list_objects_v2(Bucket=target.name).get("Contents", [])
    return {item["Key"]: target.read(item["Key"]).decode() for item in listed}


def test_a_record_of_each_request(cloud: Cloud) -> None:
    bucket, target = logged_pair(cloud)
    bucket.put("d/a b.json", b"12345")
    bucket.read("d/a b.json")
    with refused("AccessDenied", 403):
        cloud.anonymous().get_object(Bucket=bucket.name, Key="d/a b.json")
    (key, text), *others = delivered(target).items()
    assert others == []
    assert re.fullmatch(r"logs/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}", key)
    matches = [match for line in text.splitlines() if (match := LINE.fullmatch(line))]
    assert len(matches) == len(text.splitlines())
    fields = [(match[7], match[8], match[10], match[11], match[12], match[13]) for match in matches]
    put, got, denied = fields[-3:]
    assert put == ("REST.PUT.OBJECT", "d/a%20b.json", "200", "-", "-", "5")
    assert got == ("REST.GET.OBJECT", "d/a%20b.json", "200", "-", "5", "5")
    assert (denied[0], denied[2], denied[3]) == ("REST.GET.OBJECT", "403", "AccessDenied")
    requesters = [match[5] for match in matches]
    assert requesters[-2].startswith(f"arn:aws:sts::{DEV}:assumed-role/")
    assert requesters[-1] == "-"


def test_delete_many_has_a_record_of_each_key(cloud: Cloud) -> None:
    bucket, target = logged_pair(cloud)
    bucket.s3.delete_objects(Bucket=bucket.name, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})
    (text,) = delivered(target).values()
    names = [(match[7], match[8]) for line in text.splitlines() if (match := LINE.fullmatch(line))]
    assert names[-3:] == [
        ("BATCH.DELETE.OBJECT", "a"),
        ("BATCH.DELETE.OBJECT", "b"),
        ("REST.POST.MULTI_OBJECT_DELETE", "-"),
    ]


def test_partitioned_keys(cloud: Cloud) -> None:
    key_format = {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
    bucket, target = logged_pair(cloud, TargetObjectKeyFormat=key_format)
    bucket.put("key")
    (key,) = delivered(target)
    where = re.escape(f"logs/{DEV}/us-west-2/{bucket.name}/")
    assert re.fullmatch(where + r"\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\d-00-00-00-[0-9A-F]{16}", key)


def test_s3_16_no_policy_no_logs(cloud: Cloud) -> None:
    bucket, target = make_bucket(cloud), make_bucket(cloud)
    switch_on(bucket, target)
    bucket.put("key")
    assert delivered(target) == {}


CONDITIONS: list[tuple[dict[str, Any], bool]] = [
    ({"StringEquals": {"aws:SourceAccount": DEV}}, True),
    ({"StringEquals": {"aws:SourceAccount": "111122223333"}}, False),
    ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::logged-*"}}, True),
    ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::other-*"}}, False),
]


@pytest.mark.parametrize(("condition", "arrives"), CONDITIONS)
def test_conditions_on_the_source(cloud: Cloud, condition: dict[str, Any], arrives: bool) -> None:
    bucket, target = logged_pair(cloud, condition)
    bucket.put("key")
    assert bool(delivered(target)) is arrives


def test_a_target_encrypted_by_kms_gets_nothing(cloud: Cloud) -> None:
    bucket, target = logged_pair(cloud)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    target.s3.put_bucket_encryption(Bucket=target.name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    bucket.put("key")
    assert delivered(target) == {}


def test_nothing_is_logged_without_logging(cloud: Cloud) -> None:
    bucket, target = logged_pair(cloud)
    bucket.s3.put_bucket_logging(Bucket=bucket.name, BucketLoggingStatus={})
    flush_access_logs()
    bucket.put("key")
    assert delivered(target) == {}
