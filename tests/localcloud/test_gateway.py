"""Requests through the gateway: identities, keys, bodies and answers."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import ACCOUNTS, DEV, Cloud


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_engineer_assumes_the_organization_role_in_each_account(cloud: Cloud, account: str) -> None:
    identity = cloud.client("sts", account).get_caller_identity()
    assert identity["Account"] == account
    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/OrganizationAccountAccessRole/test"


def test_an_object_is_put_and_read(cloud: Cloud) -> None:
    s3, bucket = cloud.client("s3", DEV), cloud.name("objects")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"text")
    assert s3.get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"text"


def test_a_stranger_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.anonymous("s3").list_buckets()
