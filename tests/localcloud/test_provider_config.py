"""The provider's configuration: what is refused without a network, and which account it ends in."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.provider.errors import ProviderError
from localcloud.provider.provider import AwsProvider
from tests.localcloud.clouds import MANAGEMENT_ACCOUNT

from .conftest import DEV, PUBLIC, REGION, Cloud
from .provider_kit import Engine, role_of, unique


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("assumeRole", "{}", "it should be 'aws:assumeRoles'"),
        ("endpoints", "[]", "not supported by the local cloud: aws:config:endpoints"),
        ("regoin", "us-west-2", "unknown configuration key aws:regoin"),
        ("region", "oregon", "invalid AWS Region: oregon"),
        ("allowedAccountIds", '["1"]', "12-digit account ids as text, has '1'"),
        ("allowedAccountIds", "[111122223333]", "12-digit account ids as text"),
        ("assumeRoles", '{"roleArn":"arn:aws:iam::1:role/a"}', "must be an array"),
        ("assumeRoles", "not json", "must be an array"),
        ("assumeRoles", "[{}]", "is required"),
        ("assumeRoles", '[{"roleArn":"admin"}]', "must be an ARN"),
        ("assumeRoles", '[{"roleArn":"arn:aws:iam::1:role/a","role":"b"}]', "unknown key"),
        ("assumeRoles", '[{"roleArn":"arn:aws:iam::1:role/a","duration":"5m"}]', "15m to 12h"),
        ("assumeRoles", '[{"roleArn":"arn:aws:iam::1:role/a","duration":"soon"}]', "not a duration"),
        ("assumeRoles", '[{"roleArn":"arn:aws:iam::1:role/a","sessionName":"x"}]', "2 to 64 characters"),
        ("defaultTags", '{"tag":{}}', "unknown key, known are tags"),
        ("defaultTags", '{"tags":{"a":1}}', "must be text, is 1"),
        ("skipCredentialsValidation", "maybe", "true or false"),
        ("retryMode", "legacy", "standard or adaptive"),
        ("maxRetries", "-1", "number of retries"),
    ],
)
def test_refused(key: str, value: str, words: str) -> None:
    failures = AwsProvider().check_config({"region": REGION, "version": "7.51.1", key: value})
    assert any(words in reason for _, reason in failures), failures


def test_both_lists_of_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = {"allowedAccountIds": f'["{DEV}"]', "forbiddenAccountIds": f'["{PUBLIC}"]'}
    assert ("allowedAccountIds", "conflicts with forbiddenAccountIds") in AwsProvider().check_config(
        {"region": REGION, **accounts}
    )


def test_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    assert [key for key, _ in AwsProvider().check_config({})] == ["region"]
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    assert AwsProvider().check_config({}) == []


def test_what_an_explicit_provider_sends_is_fine() -> None:
    roles = f'[{{"roleArn":"arn:aws:iam::{DEV}:role/a","sessionName":"deploy","duration":"1h30m"}}]'
    args = {
        "region": REGION,
        "allowedAccountIds": f'["{DEV}"]',
        "assumeRoles": roles,
        "defaultTags": '{"tags":{"project":"portal"}}',
        "skipCredentialsValidation": "false",
        "skipRegionValidation": "true",
        "version": "7.51.1",
    }
    assert AwsProvider().check_config(args) == []


def test_changed_settings_update_the_provider_and_replace_nothing() -> None:
    old, new = {"region": REGION, "version": "1"}, {"region": REGION, "version": "2", "defaultTags": "{}"}
    changes = AwsProvider().diff_config(old, new).changes
    assert [(change.path, change.replace) for change in changes] == [("defaultTags", False)]


@pytest.fixture
def endpoint(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The local cloud in the environment, and the engineer's keys as settings."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.https_url)
    monkeypatch.setenv("AWS_CA_BUNDLE", cloud.ca_bundle)
    keys = cloud.credentials
    return {"region": REGION, "accessKey": keys.access_key_id, "secretKey": keys.secret_access_key}


def test_an_account_that_is_not_allowed_is_refused_before_any_resource(endpoint: dict[str, Any]) -> None:
    provider = AwsProvider()
    with pytest.raises(ProviderError, match=f"^AWS account ID not allowed: {PUBLIC}$"):
        provider.configure({**endpoint, "assumeRoles": role_of(PUBLIC), "allowedAccountIds": f'["{DEV}"]'})
    with pytest.raises(ProviderError, match="has not been configured"):
        provider.check("aws:s3/bucket:Bucket", "one", {}, {}, b"")


def test_credentials_of_another_account_are_refused(endpoint: dict[str, Any]) -> None:
    with pytest.raises(ProviderError, match=f"AWS account ID not allowed: {MANAGEMENT_ACCOUNT}"):
        AwsProvider().configure({**endpoint, "allowedAccountIds": f'["{DEV}"]', "skipCredentialsValidation": True})


def test_a_forbidden_account_is_refused(endpoint: dict[str, Any]) -> None:
    with pytest.raises(ProviderError, match=f"AWS account ID not allowed: {DEV}"):
        AwsProvider().configure({**endpoint, "assumeRoles": role_of(DEV), "forbiddenAccountIds": f'["{DEV}"]'})


def test_a_role_that_may_not_be_assumed_is_named(endpoint: dict[str, Any]) -> None:
    roles = f'[{{"roleArn":"arn:aws:iam::{DEV}:role/nobody"}}]'
    with pytest.raises(
        ProviderError, match=rf"IAM Role \(arn:aws:iam::{DEV}:role/nobody\) cannot be assumed.*AccessDenied"
    ):
        AwsProvider().configure({**endpoint, "assumeRoles": roles})


def test_keys_that_do_not_exist_are_refused(endpoint: dict[str, Any]) -> None:
    with pytest.raises(ProviderError, match=r"unable to validate AWS credentials.*InvalidClientTokenId"):
        AwsProvider().configure({**endpoint, "accessKey": "AKIAIOSFODNN7EXAMPLE"})


def test_roles_are_assumed_in_order_each_from_the_one_before(endpoint: dict[str, Any]) -> None:
    first = Engine(AwsProvider())
    first.provider.configure({**endpoint, "assumeRoles": role_of(DEV)})
    name = unique("second")
    trusted = {"AWS": f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    first.create("aws:iam/role:Role", {"name": name, "assumeRolePolicy": document})
    chain = role_of(DEV)[:-1] + f',{{"roleArn":"arn:aws:iam::{DEV}:role/{name}","sessionName":"chained"}}]'
    last = AwsProvider()
    last.configure({**endpoint, "assumeRoles": chain})
    identity = last.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})
    assert identity["arn"] == f"arn:aws:sts::{DEV}:assumed-role/{name}/chained"
    with pytest.raises(ProviderError, match="cannot be assumed"):
        AwsProvider().configure({**endpoint, "assumeRoles": chain.replace(role_of(DEV)[1:-1] + ",", "")})
    first.sweep()


def test_two_providers_of_one_process_do_not_mix(endpoint: dict[str, Any], cloud: Cloud) -> None:
    engines: list[Engine] = []
    for account in (DEV, PUBLIC):
        engine = Engine(AwsProvider())
        engine.provider.configure({**endpoint, "assumeRoles": role_of(account), "allowedAccountIds": f'["{account}"]'})
        engines.append(engine)
    names = [engine.create("aws:s3/bucket:Bucket", {"bucket": unique("mix")})[0] for engine in engines]
    for account, name in zip((DEV, PUBLIC), names, strict=True):
        owned = {bucket["Name"] for bucket in cloud.client("s3", account).list_buckets()["Buckets"]}
        assert owned & set(names) == {name}
    for engine in engines:
        engine.sweep()


def test_the_functions(endpoint: dict[str, Any]) -> None:
    provider = AwsProvider()
    provider.configure({**endpoint, "assumeRoles": role_of(PUBLIC)})
    assert provider.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"] == PUBLIC
    assert provider.invoke("aws:index/getPartition:getPartition", {})["dnsSuffix"] == "amazonaws.com"
    region = provider.invoke("aws:index/getRegion:getRegion", {})
    assert (region["region"], region["description"]) == (REGION, "US West (Oregon)")
    with pytest.raises(ProviderError, match="argument endpoint"):
        provider.invoke("aws:index/getRegion:getRegion", {"endpoint": "x"})
    with pytest.raises(ProviderError, match="region 'us-nowhere-9' is not known"):
        provider.invoke("aws:index/getRegion:getRegion", {"region": "us-nowhere-9"})
