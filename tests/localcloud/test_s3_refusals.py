"""What S3 refuses about buckets, a test for each row of docs/refusals.md that isn't about one configuration alone."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import DEV, PUBLIC, Cloud
from .s3_steps import HERE, Bucket, client, code_of, document, make_bucket, refused, statement


def put_policy(bucket: Bucket, *statements: dict[str, Any]) -> None:
    bucket.s3.put_bucket_policy(Bucket=bucket.name, Policy=document(*statements))


def test_s3_01_policy_names_a_role_that_is_not_there(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    nobody = {"AWS": f"arn:aws:iam::{DEV}:role/nobody"}
    with refused("MalformedPolicy") as told:
        put_policy(bucket, statement("s3:GetObject", f"{bucket.arn}/*", nobody))
    assert "Invalid principal in policy" in told["Message"]


def test_s3_02_public_policy_while_public_policies_are_blocked(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    with refused("AccessDenied", 403) as told:
        put_policy(bucket, statement("s3:GetObject", f"{bucket.arn}/*"))
    assert "because public policies are prevented by the BlockPublicPolicy setting" in told["Message"]


def test_s3_02_public_policy_while_the_account_blocks_public_policies(cloud: Cloud) -> None:
    bucket, control = make_bucket(cloud, PUBLIC), cloud.client("s3control", PUBLIC)
    bucket.s3.delete_public_access_block(Bucket=bucket.name)
    control.put_public_access_block(AccountId=PUBLIC, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    try:
        with refused("AccessDenied", 403):
            put_policy(bucket, statement("s3:GetObject", f"{bucket.arn}/*"))
    finally:
        control.delete_public_access_block(AccountId=PUBLIC)
    put_policy(bucket, statement("s3:GetObject", f"{bucket.arn}/*"))


def test_s3_02_policy_narrowed_to_an_account_is_not_public(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    narrowed = {"Condition": {"StringEquals": {"aws:PrincipalAccount": PUBLIC}}}
    put_policy(bucket, statement("s3:GetObject", f"{bucket.arn}/*", **narrowed))


def test_s3_03_new_bucket_with_a_public_acl(cloud: Cloud) -> None:
    s3 = client(cloud)
    for more in ({}, {"ObjectOwnership": "ObjectWriter"}):
        with refused("InvalidBucketAclWithBlockPublicAccessError"):
            s3.create_bucket(Bucket=cloud.name(), CreateBucketConfiguration=HERE, ACL="public-read", **more)


def test_s3_03_public_acl_while_public_acls_are_blocked(cloud: Cloud) -> None:
    bucket = make_bucket(cloud, ObjectOwnership="ObjectWriter")
    with refused("AccessDenied", 403):
        bucket.s3.put_bucket_acl(Bucket=bucket.name, ACL="public-read")


def test_s3_04_acl_under_bucket_owner_enforced(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    bucket.put("key")
    with refused("AccessControlListNotSupported"):
        bucket.s3.put_bucket_acl(Bucket=bucket.name, ACL="private")
    with refused("AccessControlListNotSupported"):
        bucket.s3.put_object_acl(Bucket=bucket.name, Key="key", ACL="public-read")
    for acl in ("private", "public-read", "bucket-owner-read"):
        with refused("AccessControlListNotSupported"):
            bucket.put("other", ACL=acl)
    bucket.put("other", ACL="bucket-owner-full-control")


def test_an_acl_that_would_count_for_nothing_is_not_taken(cloud: Cloud) -> None:
    bucket = make_bucket(cloud, ObjectOwnership="ObjectWriter")
    bucket.s3.delete_public_access_block(Bucket=bucket.name)
    with refused("NotImplemented", 501):
        bucket.s3.put_bucket_acl(Bucket=bucket.name, ACL="public-read")


def test_an_acl_call_without_an_acl(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    with refused("MissingSecurityHeader"):
        bucket.s3.put_bucket_acl(Bucket=bucket.name)


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "{}",
        '{"Version": "2012-10-17"}',
        '{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]}',
    ],
)
def test_s3_05_policy_that_is_none(cloud: Cloud, text: str) -> None:
    bucket = make_bucket(cloud)
    with refused("MalformedPolicy"):
        bucket.s3.put_bucket_policy(Bucket=bucket.name, Policy=text)


def test_s3_06_action_that_fits_no_resource(cloud: Cloud) -> None:
    bucket, us = make_bucket(cloud), {"AWS": DEV}
    for action, resource in (("s3:GetObject", bucket.arn), ("s3:ListBucket", f"{bucket.arn}/*")):
        with refused("MalformedPolicy") as told:
            put_policy(bucket, statement(action, resource, us))
        assert "Action does not apply to any resource(s) in statement" in told["Message"]


def test_s3_07_policy_for_another_bucket(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    with refused("MalformedPolicy") as told:
        put_policy(bucket, statement("s3:GetObject", "arn:aws:s3:::another/*", {"AWS": DEV}))
    assert "Policy has invalid resource" in told["Message"]


BAD_NAMES = [
    "ab",
    "a" * 64,
    "Upper",
    "under_score",
    "two..dots",
    "-begins",
    "ends-",
    ".begins",
    "ends.",
    "192.168.5.4",
    "xn--name",
    "sthree-name",
    "amzn-s3-demo-name",
    "name-s3alias",
    "name--ol-s3",
    "name.mrap",
    "name--table-s3",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_s3_08_s3_22_names_that_aws_refuses(cloud: Cloud, name: str) -> None:
    s3 = client(cloud)
    with refused("InvalidBucketName"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=HERE)


@pytest.mark.parametrize("name", ["abc", "a" * 63, "a.b-c.d", "1a2", "xn-name", "192.168.5.x"])
def test_names_that_aws_takes(cloud: Cloud, name: str) -> None:
    s3 = client(cloud)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=HERE)
    s3.delete_bucket(Bucket=name)


def test_s3_09_racing_configurations(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    policy = document(statement("s3:GetObject", f"{bucket.arn}/*", {"AWS": DEV}))
    block = {"BlockPublicAcls": True}
    together = threading.Barrier(2)
    codes: list[str] = []

    def run(call: Any, **params: Any) -> None:
        together.wait()
        try:
            call(Bucket=bucket.name, **params)
        except ClientError as error:
            codes.append(code_of(error))

    for _ in range(10):
        threads = [
            threading.Thread(target=run, args=(bucket.s3.put_bucket_policy,), kwargs={"Policy": policy}),
            threading.Thread(
                target=run,
                args=(bucket.s3.put_public_access_block,),
                kwargs={"PublicAccessBlockConfiguration": block},
            ),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert codes
    assert set(codes) == {"OperationAborted"}


def test_configurations_one_after_another_do_not_race(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    for _ in range(5):
        bucket.s3.put_public_access_block(Bucket=bucket.name, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
        put_policy(bucket, statement("s3:GetObject", f"{bucket.arn}/*", {"AWS": DEV}))


def test_s3_10_location_constraint(cloud: Cloud) -> None:
    s3 = client(cloud)
    with refused("IllegalLocationConstraintException"):
        s3.create_bucket(Bucket=cloud.name())
    with refused("IllegalLocationConstraintException"):
        s3.create_bucket(Bucket=cloud.name(), CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with refused("InvalidLocationConstraint"):
        s3.create_bucket(Bucket=cloud.name(), CreateBucketConfiguration={"LocationConstraint": "us-east-1-mars"})


def test_s3_10_us_east_1_takes_no_location_constraint(cloud: Cloud) -> None:
    s3: Any = cloud.session().client("s3", "us-east-1", endpoint_url=cloud.https_url, verify=cloud.ca_bundle)
    name = cloud.name()
    s3.create_bucket(Bucket=name)
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    s3.create_bucket(Bucket=name)
    with refused("InvalidLocationConstraint"):
        s3.create_bucket(Bucket=cloud.name(), CreateBucketConfiguration={"LocationConstraint": "us-east-1"})


def test_s3_11_bucket_with_objects_or_versions(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    bucket.put("key")
    with refused("BucketNotEmpty", 409) as told:
        bucket.s3.delete_bucket(Bucket=bucket.name)
    assert told["BucketName"] == bucket.name
    bucket.versioned()
    marker = bucket.s3.delete_object(Bucket=bucket.name, Key="key")["VersionId"]
    bucket.s3.delete_object(Bucket=bucket.name, Key="key", VersionId="null")
    with refused("BucketNotEmpty", 409):
        bucket.s3.delete_bucket(Bucket=bucket.name)
    bucket.s3.delete_object(Bucket=bucket.name, Key="key", VersionId=marker)
    bucket.s3.delete_bucket(Bucket=bucket.name)
    with refused("NoSuchBucket", 404):
        bucket.s3.list_objects_v2(Bucket=bucket.name)


def test_s3_19_acl_with_bucket_owner_enforced_on_a_new_bucket(cloud: Cloud) -> None:
    with refused("InvalidBucketAclWithObjectOwnership"):
        client(cloud).create_bucket(
            Bucket=cloud.name(),
            CreateBucketConfiguration=HERE,
            ACL="public-read",
            ObjectOwnership="BucketOwnerEnforced",
        )


def test_s3_20_policy_of_more_than_20_kb(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    many = [f"{bucket.arn}/{'x' * 100}{number}/*" for number in range(200)]
    with refused("MalformedPolicy"):
        put_policy(bucket, statement("s3:GetObject", many, {"AWS": DEV}))


def test_s3_21_expected_bucket_owner(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    with refused("InvalidBucketOwnerAWSAccountID"):
        bucket.s3.get_bucket_location(Bucket=bucket.name, ExpectedBucketOwner="12345")
    with refused("AccessDenied", 403):
        bucket.s3.get_bucket_location(Bucket=bucket.name, ExpectedBucketOwner=PUBLIC)
    bucket.s3.get_bucket_location(Bucket=bucket.name, ExpectedBucketOwner=DEV)


def test_s3_23_name_that_is_taken(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    with refused("BucketAlreadyExists", 409):
        client(cloud, PUBLIC).create_bucket(Bucket=bucket.name, CreateBucketConfiguration=HERE)
    with refused("BucketAlreadyOwnedByYou", 409):
        bucket.s3.create_bucket(Bucket=bucket.name, CreateBucketConfiguration=HERE)


def test_s3_36_tags(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    for tags in (
        [{"Key": "aws:x", "Value": ""}],
        [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
        [{"Key": "a", "Value": "<"}],
    ):
        with refused("InvalidTag"):
            bucket.s3.put_bucket_tagging(Bucket=bucket.name, Tagging={"TagSet": tags})
    with refused("InvalidTag"):
        bucket.put("key", Tagging="aws:x=1")
    with refused("BadRequest"):
        bucket.put("key", Tagging="&".join(f"k{number}=v" for number in range(11)))


def test_s3_37_acceleration_of_a_name_with_dots(cloud: Cloud) -> None:
    bucket = make_bucket(cloud, prefix="a.b")
    with refused("InvalidRequest"):
        bucket.s3.put_bucket_accelerate_configuration(Bucket=bucket.name, AccelerateConfiguration={"Status": "Enabled"})
