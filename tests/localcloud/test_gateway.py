"""Requests through the gateway: identities, keys, bodies and answers."""

from __future__ import annotations

from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from .conftest import ACCOUNTS, DEV, Cloud


def fetch(cloud: Cloud, url: str, method: str = "GET", **options: Any) -> urllib3.BaseHTTPResponse:
    """A request as it is written: urllib3 neither signs nor follows."""
    with urllib3.PoolManager(ca_certs=cloud.ca_bundle) as pool:
        return pool.request(method, url, retries=False, **options)


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


def test_a_presigned_url_is_enough(cloud: Cloud) -> None:
    bucket, key = cloud.name("presigned"), "a b+c"
    s3 = cloud.client("s3", DEV, signature_version="s3v4")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=bucket, Key=key, Body=b"text")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
    answer = fetch(cloud, url)
    assert (answer.status, answer.data) == (200, b"text")
    assert fetch(cloud, url.replace("Signature=", "Signature=0")).status == 403
    assert b"Request has expired" in fetch(cloud, url.replace("Expires=3600", "Expires=0")).data
    old = cloud.client("s3", DEV, signature_version="s3").generate_presigned_url("list_buckets")
    assert b"Please use AWS4-HMAC-SHA256" in fetch(cloud, old).data
