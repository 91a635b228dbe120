"""Who reaches what, by request: what the deployed policies let through and what they don't."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from botocore.exceptions import ClientError

from components import names
from tests.journey.conftest import DEV, PUBLIC, Cloud, Project

PUBLIC_BUCKET = "cryoet-data-portal-public"
CLOSED = {
    "cryoetportal-rawdatasets-dev": DEV,
    "cryoet-data-portal-staging": DEV,
    "cryoet-data-portal-embargo": DEV,
    "cryoet-data-portal-logs-dev": DEV,
    "cryoet-swipe-wdl-dev": DEV,
    "cryoet-swipe-comms-staging": DEV,
    "cryoet-data-portal-logs-public": PUBLIC,
}
KEY, BODY = "10000/TS_[1] a+b/dataset.json", b'{"voxels": [0, 1, 2, 3]}'


@pytest.fixture(scope="module", autouse=True)
def objects(standing: Project, cloud: Cloud) -> Iterator[None]:
    """One object in every bucket, put by its account's administrator."""
    for bucket, account in {**CLOSED, PUBLIC_BUCKET: PUBLIC}.items():
        client = cloud.client("s3", account)
        client.put_object(Bucket=bucket, Key=KEY, Body=BODY, ContentType="application/json")
    yield
    for bucket, account in {**CLOSED, PUBLIC_BUCKET: PUBLIC}.items():
        cloud.client("s3", account).delete_object(Bucket=bucket, Key=KEY)


def code(call: Any, **arguments: Any) -> str:
    """AWS's error code, or the HTTP status where the answer has no body."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response.get("Error", {}).get("Code", "")


def ask(cloud: Cloud, method: str, path: str, **headers: str) -> requests.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, f"{cloud.https_url}/{path}", headers=names, verify=cloud.ca_bundle, timeout=10)


def test_anyone_reads_and_lists_the_public_bucket(cloud: Cloud) -> None:
    client = cloud.anonymous()
    found = client.get_object(Bucket=PUBLIC_BUCKET, Key=KEY)
    assert found["Body"].read() == BODY
    assert found["ContentType"] == "application/json"
    listed = client.list_objects_v2(Bucket=PUBLIC_BUCKET, Prefix="10000/")
    assert [row["Key"] for row in listed["Contents"]] == [KEY]


def test_a_missing_key_is_not_found_where_one_may_list(cloud: Cloud) -> None:
    assert code(cloud.anonymous().get_object, Bucket=PUBLIC_BUCKET, Key="none") == "NoSuchKey"


def test_a_browser_reads_ranges_across_origins(cloud: Cloud) -> None:
    path = f"{PUBLIC_BUCKET}/{quote(KEY)}"
    answer = ask(cloud, "GET", path, Range="bytes=2-7", Origin="https://viewer.example.org")
    assert answer.status_code == 206
    assert answer.content == BODY[2:8]
    assert answer.headers["Content-Range"] == f"bytes 2-7/{len(BODY)}"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    exposed = {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
    assert {"Content-Length", "Content-Range", "ETag", "Accept-Ranges"} <= exposed


PREFLIGHT = {"Origin": "https://viewer.example.org", "Access_Control_Request_Headers": "range"}


def test_a_browser_may_ask_first(cloud: Cloud) -> None:
    path = f"{PUBLIC_BUCKET}/{quote(KEY)}"
    answer = ask(cloud, "OPTIONS", path, Access_Control_Request_Method="GET", **PREFLIGHT)
    assert answer.status_code == 200
    assert "range" in answer.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_nobody_may_write_from_a_browser(cloud: Cloud, method: str) -> None:
    answer = ask(cloud, "OPTIONS", f"{PUBLIC_BUCKET}/x", Access_Control_Request_Method=method, **PREFLIGHT)
    assert answer.status_code == 403


@pytest.mark.parametrize("bucket", CLOSED)
@pytest.mark.parametrize("key", [KEY, "none"])
def test_anonymous_reading_of_any_other_bucket_is_forbidden(cloud: Cloud, bucket: str, key: str) -> None:
    client = cloud.anonymous()
    assert code(client.get_object, Bucket=bucket, Key=key) == "AccessDenied"
    assert code(client.head_object, Bucket=bucket, Key=key) == "403"


@pytest.mark.parametrize("bucket", CLOSED)
def test_anonymous_anything_else_is_forbidden_too(cloud: Cloud, bucket: str) -> None:
    client = cloud.anonymous()
    assert code(client.list_objects_v2, Bucket=bucket) == "AccessDenied"
    assert code(client.list_object_versions, Bucket=bucket) == "AccessDenied"
    assert code(client.get_bucket_policy, Bucket=bucket) == "AccessDenied"
    assert code(client.put_object, Bucket=bucket, Key="x", Body=b"") == "AccessDenied"
    assert code(client.delete_object, Bucket=bucket, Key=KEY) == "AccessDenied"


def test_anonymous_writing_to_the_public_bucket_is_forbidden(cloud: Cloud) -> None:
    client = cloud.anonymous()
    assert code(client.put_object, Bucket=PUBLIC_BUCKET, Key="x", Body=b"") == "AccessDenied"
    assert code(client.delete_object, Bucket=PUBLIC_BUCKET, Key=KEY) == "AccessDenied"
    assert code(client.put_object_acl, Bucket=PUBLIC_BUCKET, Key=KEY, ACL="private") == "AccessDenied"
    assert code(client.get_bucket_policy, Bucket=PUBLIC_BUCKET) == "AccessDenied"


@pytest.mark.parametrize("bucket", [*CLOSED, PUBLIC_BUCKET])
def test_plain_http_is_refused(cloud: Cloud, bucket: str) -> None:
    account = {**CLOSED, PUBLIC_BUCKET: PUBLIC}[bucket]
    administrator = cloud.client("s3", account, secure=False)
    assert code(administrator.get_object, Bucket=bucket, Key=KEY) == "AccessDenied"
    assert code(administrator.put_object, Bucket=bucket, Key="x", Body=b"") == "AccessDenied"
    assert code(cloud.anonymous(secure=False).get_object, Bucket=bucket, Key=KEY) == "AccessDenied"


@pytest.mark.parametrize("bucket", CLOSED)
def test_another_accounts_administrator_is_a_stranger(cloud: Cloud, bucket: str) -> None:
    stranger = cloud.client("s3", PUBLIC if CLOSED[bucket] == DEV else DEV)
    assert code(stranger.get_object, Bucket=bucket, Key=KEY) == "AccessDenied"
    assert code(stranger.list_objects_v2, Bucket=bucket) == "AccessDenied"


def test_other_accounts_roles_read_the_tags_that_a_copy_takes_along(cloud: Cloud) -> None:
    operator = cloud.client("s3", DEV, names.OPERATOR)
    assert operator.get_object_tagging(Bucket=PUBLIC_BUCKET, Key=KEY)["TagSet"] == []
    anyone = cloud.anonymous()
    assert code(anyone.get_object_tagging, Bucket=PUBLIC_BUCKET, Key=KEY) == "AccessDenied"


def test_a_public_policy_cannot_open_a_closed_bucket(cloud: Cloud) -> None:
    bucket = "cryoet-data-portal-embargo"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert code(cloud.client("s3").put_bucket_policy, Bucket=bucket, Policy=policy) == "AccessDenied"
