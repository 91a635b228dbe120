"""What AWS refuses in KMS, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import DEV, PUBLIC, Cloud
from .policies import allow, document, refusal, root

MALFORMED = ("MalformedPolicyDocumentException", 400)
INVALID = ("ValidationException", 400)
OWNER = allow("kms:*", Principal=root(DEV), Sid="Enable IAM User Permissions")


@pytest.fixture(scope="module")
def kms(cloud: Cloud) -> Any:
    return cloud.client("kms", parameter_validation=False)


@pytest.fixture
def key(kms: Any) -> str:
    return kms.create_key()["KeyMetadata"]["KeyId"]


@pytest.mark.parametrize(
    "statements",
    [
        [allow("kms:*", Principal=root(PUBLIC))],
        [allow("kms:Decrypt", Principal=root(DEV))],
        [OWNER, allow("kms:PutKeyPolicy", Principal="*") | {"Effect": "Deny"}],
    ],
)
def test_kms_01_policy_that_locks_its_writer_out(kms: Any, key: str, statements: list[Any]) -> None:
    text = document(*statements)
    assert refusal(kms.create_key, Policy=text) == MALFORMED
    assert refusal(kms.put_key_policy, KeyId=key, PolicyName="default", Policy=text) == MALFORMED
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text, BypassPolicyLockoutSafetyCheck=True)
    assert refusal(kms.put_key_policy, KeyId=key, PolicyName="default", Policy=text) == ("AccessDeniedException", 400)


@pytest.mark.parametrize(
    "statement",
    [
        allow("kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{PUBLIC}:role/nobody"}),
        allow("kms:Decrypt", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
        allow("kms:Decrypt", Principal={"Service": "nothing.amazonaws.com"}),
        allow("kms:Decrypt"),
        {"Effect": "Allow", "Action": "kms:Decrypt", "Principal": root(DEV)},
        allow("kms:Decrypt", Principal=root(DEV), Sid="Enable IAM User Permissions"),
    ],
)
def test_kms_02_policy_that_is_malformed(kms: Any, statement: Any) -> None:
    assert refusal(kms.create_key, Policy=document(OWNER, statement)) == MALFORMED


def test_kms_02_a_role_that_exists_and_a_service(kms: Any) -> None:
    role = {"AWS": f"arn:aws:iam::{PUBLIC}:role/OrganizationAccountAccessRole"}
    service = {"Service": "logs.us-west-2.amazonaws.com"}
    text = document(OWNER, *(allow("kms:Decrypt", Principal=principal) for principal in (role, service)))
    assert kms.create_key(Policy=text)["KeyMetadata"]["KeyState"] == "Enabled"


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("alias/aws/mine", ("NotAuthorizedException", 400)),
        ("mine", INVALID),
        ("alias/with space", INVALID),
        ("alias/with:colon", ("InvalidAliasNameException", 400)),
    ],
)
def test_kms_03_alias_names(kms: Any, key: str, name: str, refused: tuple[str, int]) -> None:
    assert refusal(kms.create_alias, AliasName=name, TargetKeyId=key) == refused


@pytest.mark.parametrize("days", [6, 31])
def test_kms_04_pending_window(kms: Any, key: str, days: int) -> None:
    assert refusal(kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=days) == INVALID


def test_kms_05_characters_and_size_of_a_policy(kms: Any) -> None:
    text = document(OWNER, allow("kms:Decrypt", Principal=root(DEV), Sid="Schlüssel"))
    assert kms.create_key(Policy=text.replace("\\u00fc", "ü"))["KeyMetadata"]["KeyId"]
    assert refusal(kms.create_key, Policy=text.replace("\\u00fc", "鍵")) == INVALID
    many = document(OWNER, *(allow("kms:Decrypt", Principal=root(DEV), Sid=f"S{n}") for n in range(400)))
    assert refusal(kms.create_key, Policy=many) == ("LimitExceededException", 400)


def test_kms_06_alias_of_an_alias_and_of_a_key_elsewhere(kms: Any, cloud: Cloud, key: str) -> None:
    name = f"alias/{cloud.name()}"
    kms.create_alias(AliasName=name, TargetKeyId=key)
    assert refusal(kms.create_alias, AliasName="alias/other", TargetKeyId=name) == INVALID
    for place in (f"us-east-1:{DEV}", f"us-west-2:{PUBLIC}"):
        arn = f"arn:aws:kms:{place}:key/{key}"
        assert refusal(kms.create_alias, AliasName="alias/other", TargetKeyId=arn) == ("NotFoundException", 400)


def test_kms_07_a_key_that_is_disabled_or_to_be_deleted(kms: Any, key: str) -> None:
    sealed = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    uses: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (kms.encrypt, {"Plaintext": b"text"}),
        (kms.generate_data_key, {"KeySpec": "AES_256"}),
        (kms.decrypt, {"CiphertextBlob": sealed}),
    ]
    for call, params in uses:
        assert refusal(call, KeyId=key, **params) == ("DisabledException", 400)
    assert refusal(kms.decrypt, CiphertextBlob=sealed) == ("DisabledException", 400)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    for call, params in uses:
        assert refusal(call, KeyId=key, **params) == ("KMSInvalidStateException", 400)
    assert refusal(kms.enable_key, KeyId=key) == ("KMSInvalidStateException", 400)


def test_kms_08_rotation_and_usage_of_asymmetric_keys(kms: Any) -> None:
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    assert refusal(kms.enable_key_rotation, KeyId=key) == ("UnsupportedOperationException", 400)
    assert refusal(kms.create_key, KeySpec="ECC_NIST_P256", KeyUsage="ENCRYPT_DECRYPT") == INVALID
    assert refusal(kms.create_key, KeySpec="RSA_2048") == INVALID


def test_kms_08_rotation_period(kms: Any, key: str) -> None:
    assert refusal(kms.enable_key_rotation, KeyId=key, RotationPeriodInDays=89) == INVALID
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180


@pytest.mark.parametrize(
    "keys", [["a", "a"], ["aws:mine"], [str(number) for number in range(51)]], ids=["twice", "reserved", "many"]
)
def test_kms_09_tags(kms: Any, key: str, keys: list[str]) -> None:
    tags = [{"TagKey": name, "TagValue": "x"} for name in keys]
    assert refusal(kms.create_key, Tags=tags) == ("TagException", 400)
    assert refusal(kms.tag_resource, KeyId=key, Tags=tags) == ("TagException", 400)


def test_a_key_is_switched_and_deleted_by_its_arn_too(kms: Any) -> None:
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    for call, state in (
        (kms.disable_key, "Disabled"),
        (kms.enable_key, "Enabled"),
        (kms.schedule_key_deletion, "PendingDeletion"),
        (kms.cancel_key_deletion, "Disabled"),
    ):
        call(KeyId=arn)
        assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == state
