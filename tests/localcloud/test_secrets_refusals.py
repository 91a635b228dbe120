"""What Secrets Manager refuses, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from . import refusal_rows
from .batch_steps import refused
from .conftest import DEV, PROD, REGION, Cloud

MARKED = "marked for deletion"


@pytest.fixture
def secrets(cloud: Cloud) -> Any:
    return cloud.client("secretsmanager")


@pytest.fixture
def name(cloud: Cloud, secrets: Any) -> str:
    """A secret's."""
    return str(secrets.create_secret(Name=cloud.name("secret"), SecretString="hidden")["Name"])


def resource_policy(principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_msg_05_name_of_a_secret_that_is_to_be_deleted(secrets: Any, name: str) -> None:
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    with refused("InvalidRequestException", "already scheduled for deletion"):
        secrets.create_secret(Name=name)


def test_msg_06_name_that_is_taken(cloud: Cloud, secrets: Any, name: str) -> None:
    with refused("ResourceExistsException", f"the secret {name} already exists"):
        secrets.create_secret(Name=name, SecretString="hidden")
    token = "a" * 32
    given = {"Name": cloud.name("secret"), "SecretString": "x", "ClientRequestToken": token}
    first = secrets.create_secret(**given)
    assert secrets.create_secret(**given)["ARN"] == first["ARN"]
    with refused("ResourceExistsException", "already in use for a version"):
        secrets.create_secret(**{**given, "SecretString": "y"})


@pytest.mark.parametrize(
    "wanted", ["a b", "a:b", "ä", "a*", "x" * 513], ids=["space", "colon", "umlaut", "star", "long"]
)
def test_msg_07_names_that_aws_refuses(secrets: Any, wanted: str) -> None:
    with refused("ValidationException", "length less than or equal to 512" if len(wanted) > 512 else "Invalid name"):
        secrets.create_secret(Name=wanted)


def test_msg_08_recovery_window(secrets: Any, name: str) -> None:
    for days in (6, 31):
        with refused("InvalidParameterException", "between 7 and 30"):
            secrets.delete_secret(SecretId=name, RecoveryWindowInDays=days)
    with refused("InvalidParameterException", "in conjunction with RecoveryWindowInDays"):
        secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7, ForceDeleteWithoutRecovery=True)


def test_msg_09_key_of_another_service_region_or_account(cloud: Cloud, secrets: Any) -> None:
    elsewhere = f"arn:aws:kms:us-east-1:{DEV}:key/00000000-0000-0000-0000-000000000000"
    for key in ("alias/aws/s3", elsewhere):
        with refused("InvalidRequestException", key):
            secrets.create_secret(Name=cloud.name("secret"), KmsKeyId=key)
    with refused("EncryptionFailure", "does not exist"):
        secrets.create_secret(Name=cloud.name("secret"), KmsKeyId="alias/none", SecretString="x")
    one = secrets.create_secret(Name=cloud.name("secret"), SecretString="x")
    secrets.put_resource_policy(
        SecretId=one["Name"], ResourcePolicy=resource_policy({"AWS": f"arn:aws:iam::{PROD}:root"})
    )
    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        cloud.client("secretsmanager", PROD).get_secret_value(SecretId=one["ARN"])


def test_msg_09_key_that_can_not_be_used(cloud: Cloud, secrets: Any) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    name = secrets.create_secret(Name=cloud.name("secret"), SecretString="x", KmsKeyId=key)["Name"]
    kms.disable_key(KeyId=key)
    with refused("DecryptionFailure", "is disabled"):
        secrets.get_secret_value(SecretId=name)
    with refused("EncryptionFailure", "is disabled"):
        secrets.put_secret_value(SecretId=name, SecretString="y")


def test_msg_20_name_that_ends_like_an_arn(cloud: Cloud, secrets: Any) -> None:
    one = secrets.create_secret(Name=cloud.name("secret") + "-abc123", SecretString="x")
    assert secrets.get_secret_value(SecretId=one["ARN"])["SecretString"] == "x"
    with refused("ResourceNotFoundException", "can't find the specified secret."):
        secrets.get_secret_value(SecretId=one["ARN"][:-7])


def test_msg_21_secret_that_is_to_be_deleted(secrets: Any, name: str) -> None:
    secrets.delete_secret(SecretId=name)
    for operation, more in (
        ("get_secret_value", {}),
        ("put_secret_value", {"SecretString": "x"}),
        ("update_secret", {"Description": "x"}),
        ("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("untag_resource", {"TagKeys": ["a"]}),
        ("put_resource_policy", {"ResourcePolicy": resource_policy("*")}),
        ("delete_resource_policy", {}),
        ("rotate_secret", {}),
        ("delete_secret", {}),
    ):
        with refused("InvalidRequestException", MARKED):
            getattr(secrets, operation)(SecretId=name, **more)
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException", "can't find"):
        secrets.restore_secret(SecretId=name)


def test_msg_22_policies_that_are_public_or_name_nobody(secrets: Any, name: str) -> None:
    with refused("PublicPolicyException", "broad access"):
        secrets.put_resource_policy(SecretId=name, ResourcePolicy=resource_policy("*"), BlockPublicPolicy=True)
    nobody = {"AWS": f"arn:aws:iam::{DEV}:role/nobody"}
    for text in (resource_policy(nobody), "{}", resource_policy({"Service": "nothing.amazonaws.com"})):
        with refused("MalformedPolicyDocumentException", "contains an error"):
            secrets.put_resource_policy(SecretId=name, ResourcePolicy=text)
    secrets.put_resource_policy(SecretId=name, ResourcePolicy=resource_policy("*"))


def test_msg_23_rotation_without_a_function(secrets: Any, name: str) -> None:
    with refused("InvalidRequestException", "No Lambda rotation function ARN is associated"):
        secrets.rotate_secret(SecretId=name)
    with refused("InvalidRequestException", "No Lambda rotation function ARN is associated"):
        secrets.cancel_rotate_secret(SecretId=name)
    function = f"arn:aws:lambda:{REGION}:{DEV}:function:rotate"
    with refused("AccessDeniedException", "cannot invoke the specified Lambda function"):
        secrets.rotate_secret(SecretId=name, RotationLambdaARN=function)


def test_values_labels_and_tags_that_can_not_be(cloud: Cloud, secrets: Any, name: str) -> None:
    with refused("ValidationException", "length less than or equal to 65536"):
        secrets.put_secret_value(SecretId=name, SecretString="x" * 65_537)
    with refused("InvalidRequestException", "either SecretString or SecretBinary"):
        secrets.put_secret_value(SecretId=name)
    with refused("ResourceNotFoundException", "for VersionId: " + "b" * 32):
        secrets.get_secret_value(SecretId=name, VersionId="b" * 32)
    with refused("ResourceNotFoundException", "for staging label: NONE"):
        secrets.get_secret_value(SecretId=name, VersionStage="NONE")
    version = secrets.get_secret_value(SecretId=name)["VersionId"]
    with refused("InvalidRequestException", "not associated to the provided VersionId"):
        secrets.get_secret_value(SecretId=name, VersionId=version, VersionStage="NONE")
    for keys, text in ((["a", "a"], "Duplicate"), (["aws:a"], "reserved"), ([f"k{i}" for i in range(51)], "50 tags")):
        with refused("InvalidParameterException", text):
            secrets.tag_resource(SecretId=name, Tags=[{"Key": key, "Value": ""} for key in keys])
    with refused("NotImplemented", "replicas"):
        secrets.create_secret(Name=cloud.name("secret"), AddReplicaRegions=[{"Region": "us-east-1"}])


def test_rows_and_tests_name_each_other() -> None:
    refusal_rows.check("Secrets Manager", "MSG", "test_secrets_refusals.py")
