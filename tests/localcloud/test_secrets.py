"""Secrets Manager: secrets and their versions, how they are named, who may read them, and where no value is seen."""

from __future__ import annotations

import json
import logging
import re
import string
from typing import Any

import boto3
import pytest

from .batch_steps import refused
from .conftest import DEV, PROD, PUBLIC, REGION, Cloud

GET = "secretsmanager:GetSecretValue"


@pytest.fixture
def secrets(cloud: Cloud) -> Any:
    return cloud.client("secretsmanager")


def made(cloud: Cloud, value: str = "hidden", **more: Any) -> dict[str, Any]:
    return cloud.client("secretsmanager").create_secret(Name=cloud.name("dev/secret"), SecretString=value, **more)


def allow(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def reader(cloud: Cloud, *actions: str, resource: str = "*", condition: dict[str, Any] | None = None) -> Any:
    """A client of a new role that may do this much."""
    iam, role = cloud.client("iam"), cloud.name("reader")
    trusted = allow(Principal={"AWS": f"arn:aws:iam::{DEV}:root"}, Action="sts:AssumeRole")
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    granted = allow(Action=list(actions), Resource=resource, Condition=condition or {})
    iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=granted)
    keys = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=REGION)
    return cloud.client_of(session, "secretsmanager")


def test_a_secret_is_found_by_name_arn_and_arn_without_its_end(cloud: Cloud, secrets: Any) -> None:
    one = made(cloud)
    assert re.fullmatch(rf"arn:aws:secretsmanager:{REGION}:{DEV}:secret:{one['Name']}-[A-Za-z0-9]{{6}}", one["ARN"])
    for name in (one["Name"], one["ARN"], one["ARN"][:-7]):
        found = secrets.get_secret_value(SecretId=name)
        assert (found["SecretString"], found["VersionStages"]) == ("hidden", ["AWSCURRENT"])
    with refused("ResourceNotFoundException", "can't find the specified secret."):
        secrets.get_secret_value(SecretId="dev/none")
    elsewhere = cloud.client("secretsmanager", PROD)
    with refused("ResourceNotFoundException", "can't find the specified secret."):
        elsewhere.get_secret_value(SecretId=one["Name"])


def test_versions_follow_one_another(cloud: Cloud, secrets: Any) -> None:
    name = made(cloud, "first")["Name"]
    second = secrets.put_secret_value(SecretId=name, SecretString="second")["VersionId"]
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "second"
    previous = secrets.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == "first"
    secrets.update_secret_version_stage(
        SecretId=name, VersionStage="AWSCURRENT", RemoveFromVersionId=second, MoveToVersionId=previous["VersionId"]
    )
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "first"
    secrets.update_secret(SecretId=name, SecretString="third", Description="a third")
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "third"
    described = secrets.describe_secret(SecretId=name)
    assert described["Description"] == "a third"
    assert sorted(described["VersionIdsToStages"].values()) == [["AWSCURRENT"], ["AWSPREVIOUS"]]
    listed = secrets.list_secret_version_ids(SecretId=name)
    assert (listed["Name"], len(listed["Versions"])) == (name, 2)
    assert len(secrets.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]) == 3
    secrets.update_secret(SecretId=name, Description="")
    assert not secrets.describe_secret(SecretId=name).get("Description")


def test_a_secret_without_a_value_says_so(cloud: Cloud, secrets: Any) -> None:
    name = secrets.create_secret(Name=cloud.name("empty"))["Name"]
    with refused("ResourceNotFoundException", "secret value for staging label: AWSCURRENT"):
        secrets.get_secret_value(SecretId=name)
    secrets.put_secret_value(SecretId=name, SecretBinary=b"\x00\x01")
    assert secrets.get_secret_value(SecretId=name)["SecretBinary"] == b"\x00\x01"


def test_a_secret_is_deleted_restored_and_made_again(cloud: Cloud, secrets: Any) -> None:
    one = made(cloud)
    secrets.delete_secret(SecretId=one["Name"])
    assert secrets.describe_secret(SecretId=one["Name"])["DeletedDate"]
    secrets.restore_secret(SecretId=one["Name"])
    assert secrets.get_secret_value(SecretId=one["Name"])["SecretString"] == "hidden"
    secrets.delete_secret(SecretId=one["Name"], ForceDeleteWithoutRecovery=True)
    again = secrets.create_secret(Name=one["Name"], SecretString="other")
    assert again["ARN"] != one["ARN"]


def test_tags_are_kept_and_found(cloud: Cloud, secrets: Any) -> None:
    one = made(cloud, Tags=[{"Key": "for", "Value": "import"}])
    secrets.tag_resource(SecretId=one["ARN"], Tags=[{"Key": "more", "Value": "x"}])
    secrets.untag_resource(SecretId=one["Name"], TagKeys=["for"])
    assert secrets.describe_secret(SecretId=one["Name"])["Tags"] == [{"Key": "more", "Value": "x"}]
    found = secrets.list_secrets(Filters=[{"Key": "name", "Values": [one["Name"]]}])["SecretList"]
    assert [secret["ARN"] for secret in found] == [one["ARN"]]


def test_a_grant_ends_in_six_characters_that_are_not_known(cloud: Cloud) -> None:
    """What is granted is the ARN, whatever the call says; whether a secret is there is not told to those outside."""
    name = made(cloud)["Name"]
    prefix = f"arn:aws:secretsmanager:{REGION}:{DEV}:secret:{name}"
    allowed = reader(cloud, GET, resource=f"{prefix}-??????")
    assert allowed.get_secret_value(SecretId=name)["SecretString"] == "hidden"
    longer = cloud.client("secretsmanager").create_secret(Name=f"{name}-longer", SecretString="x")["Name"]
    for client, wanted in (
        (allowed, longer),
        (allowed, "dev/none"),
        (reader(cloud, GET, resource=prefix), name),
        (reader(cloud, "secretsmanager:DescribeSecret"), name),
    ):
        with refused("AccessDeniedException", f"is not authorized to perform: {GET} on resource: arn:aws:secretsm"):
            client.get_secret_value(SecretId=wanted)
    with refused("AccessDeniedException", "secretsmanager:PutSecretValue"):
        allowed.put_secret_value(SecretId=name, SecretString="x")
    with refused("ResourceNotFoundException", "can't find"):
        reader(cloud, GET).get_secret_value(SecretId="dev/none")


def test_creation_is_granted_by_name_and_tags_need_a_grant_of_their_own(cloud: Cloud) -> None:
    name = cloud.name("dev/made")
    prefix = f"arn:aws:secretsmanager:{REGION}:{DEV}:secret:{name}"
    maker = reader(cloud, "secretsmanager:CreateSecret", resource=f"{prefix}-*")
    with refused("AccessDeniedException", "secretsmanager:TagResource"):
        maker.create_secret(Name=name, Tags=[{"Key": "a", "Value": "b"}])
    with refused("AccessDeniedException", "secretsmanager:CreateSecret"):
        maker.create_secret(Name=f"other/{name}")
    assert maker.create_secret(Name=name)["Name"] == name


def test_versions_are_granted_by_their_label(cloud: Cloud, secrets: Any) -> None:
    name = made(cloud, "first")["Name"]
    secrets.put_secret_value(SecretId=name, SecretString="second")
    client = reader(cloud, GET, condition={"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}})
    assert client.get_secret_value(SecretId=name)["SecretString"] == "second"
    with refused("AccessDeniedException", GET):
        client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")


def test_another_account_reads_by_the_secrets_policy_and_its_key(cloud: Cloud, secrets: Any) -> None:
    key = cloud.client("kms").create_key(Policy=key_policy(PUBLIC))["KeyMetadata"]["Arn"]
    shared, own = made(cloud, KmsKeyId=key), made(cloud)
    other = cloud.client("secretsmanager", PUBLIC)
    with refused("AccessDeniedException", GET):
        other.get_secret_value(SecretId=shared["ARN"])
    for one in (shared, own):
        document = allow(Principal={"AWS": f"arn:aws:iam::{PUBLIC}:root"}, Action=GET, Resource="*")
        secrets.put_resource_policy(SecretId=one["Name"], ResourcePolicy=document, BlockPublicPolicy=True)
        assert secrets.get_resource_policy(SecretId=one["Name"])["ResourcePolicy"] == document
    assert other.get_secret_value(SecretId=shared["ARN"])["SecretString"] == "hidden"
    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        other.get_secret_value(SecretId=own["ARN"])
    secrets.delete_resource_policy(SecretId=shared["Name"])
    with refused("AccessDeniedException", GET):
        other.get_secret_value(SecretId=shared["ARN"])


def key_policy(*accounts: str) -> str:
    principals = [f"arn:aws:iam::{account}:root" for account in (DEV, *accounts)]
    return allow(Principal={"AWS": principals}, Action="kms:*", Resource="*")


def test_a_secrets_key_must_let_its_reader_in(cloud: Cloud) -> None:
    key = cloud.client("kms").create_key(Policy=key_policy())["KeyMetadata"]["Arn"]
    name = made(cloud, KmsKeyId=key)["Name"]
    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        reader(cloud, GET).get_secret_value(SecretId=name)
    assert reader(cloud, GET, "kms:Decrypt").get_secret_value(SecretId=name)["SecretString"] == "hidden"


def test_values_are_in_no_log(cloud: Cloud, secrets: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "localcloud")
    value = "postgresql+psycopg://somebody:a-password-of-its-own@database/cryoetv2"
    name = made(cloud, value)["Name"]
    secrets.put_secret_value(SecretId=name, SecretString=f"{value}?2")
    secrets.get_secret_value(SecretId=name)
    with refused("InvalidParameterException", "both a binary secret value and a string"):
        secrets.update_secret(SecretId=name, SecretString=value, SecretBinary=b"x")
    logged = cloud.folder.calls.read_text()
    assert name in logged, "the calls are there"
    assert "a-password-of-its-own" not in logged
    said = [record.getMessage() for record in caplog.records if record.name.startswith("localcloud")]
    assert not [line for line in said if "a-password-of-its-own" in line]


EXCLUDED = ("ExcludeLowercase", "ExcludeUppercase", "ExcludeNumbers", "ExcludePunctuation")


@pytest.mark.parametrize(
    ("given", "letters"),
    [
        ({}, string.ascii_letters + string.digits + string.punctuation),
        ({"ExcludePunctuation": True, "ExcludeCharacters": "abc123"}, string.ascii_letters + string.digits),
        (dict.fromkeys(EXCLUDED[1:], True), string.ascii_lowercase),
        ({**dict.fromkeys(EXCLUDED, True), "IncludeSpace": True}, " "),
        (
            {"ExcludeCharacters": string.digits, "RequireEachIncludedType": False},
            string.ascii_letters + string.punctuation,
        ),
    ],
)  # fmt: skip
def test_a_random_password_has_what_was_not_excluded(cloud: Cloud, given: dict[str, Any], letters: str) -> None:
    password = cloud.client("secretsmanager").get_random_password(PasswordLength=200, **given)["RandomPassword"]
    assert len(password) == 200
    assert set(password) <= set(letters) - set(given.get("ExcludeCharacters", ""))
    kinds = [set(kind) & set(letters) for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits)]
    assert all(kind & set(password) for kind in kinds if kind)


@pytest.mark.parametrize(
    "given",
    [
        dict.fromkeys(EXCLUDED, True),
        {"ExcludeCharacters": string.digits},
        {**dict.fromkeys(EXCLUDED[1:], True), "ExcludeCharacters": string.ascii_lowercase},
        {"PasswordLength": 3},
    ],
)
def test_a_random_password_of_nothing_is_refused(cloud: Cloud, given: dict[str, Any]) -> None:
    with refused("InvalidParameterException", "password"):
        cloud.client("secretsmanager").get_random_password(**given)
