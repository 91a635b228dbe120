"""Which changes Diff sees, and which of them replace, without any network."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.provider.compare import Change
from localcloud.provider.property_values import UNKNOWN, Asset
from tests.types.storage import policy

from .provider_kit import Engine, paths, replacing
from .test_provider_check import BUCKET, CORS, KEY, LIFECYCLE, LOGGING, OBJECT, ROLE, RULE, configured

POLICY = "aws:s3/bucketPolicy:BucketPolicy"
OPENID = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ALIAS = "aws:kms/alias:Alias"


@pytest.fixture
def engine() -> Engine:
    return configured()


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **statement}]})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (document(Action="s3:GetObject"), document(Action=["s3:GetObject"])),
        (document(Action=["s3:GetObject", "s3:PutObject"]), document(Action=["s3:putobject", "s3:getobject"])),
        (
            document(Action="s3:*", Principal={"AWS": "123456789012"}),
            document(Action="s3:*", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
        ),
        (document(Action="s3:*", Principal="*"), document(Action="s3:*", Principal={"AWS": "*"})),
        (
            document(Action="s3:*", Condition={"Bool": {"aws:SecureTransport": False}}),
            document(Action="s3:*", Condition={"Bool": {"aws:securetransport": ["false"]}}),
        ),
    ],
)
def test_policies_that_mean_the_same(engine: Engine, old: str, new: str) -> None:
    state = {"bucket": "b", "policy": old, "region": "us-west-2"}
    assert paths(engine.diff(POLICY, state, {"bucket": "b", "policy": new})) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (document(Action="s3:GetObject"), document(Action="s3:PutObject")),
        (document(Action="s3:*", Sid="A"), document(Action="s3:*", Sid="B")),
        (document(Action="s3:*", Resource="arn:aws:s3:::A"), document(Action="s3:*", Resource="arn:aws:s3:::a")),
        (document(Action="s3:*", Effect="Allow"), document(Action="s3:*", Effect="Deny")),
        (
            document(Action="s3:*", Condition={"StringEquals": {"aws:PrincipalArn": "a"}}),
            document(Action="s3:*", Condition={"StringEquals": {"aws:PrincipalArn": "A"}}),
        ),
    ],
)
def test_policies_that_differ(engine: Engine, old: str, new: str) -> None:
    state = {"bucket": "b", "policy": old, "region": "us-west-2"}
    assert paths(engine.diff(POLICY, state, {"bucket": "b", "policy": new})) == ["policy"]


def test_a_list_of_statements_has_no_order(engine: Engine) -> None:
    first, second = json.loads(policy("s3:A"))["Statement"] + json.loads(policy("s3:B"))["Statement"]
    state = {"bucket": "b", "policy": json.dumps({"Version": "2012-10-17", "Statement": [first, second]})}
    new = {"bucket": "b", "policy": {"Version": "2012-10-17", "Statement": [second, first]}}
    assert paths(engine.diff(POLICY, state, new)) == []


def test_optional_and_computed_left_out_is_no_difference(engine: Engine) -> None:
    state = {
        "bucket": "b",
        "region": "us-west-2",
        "versioning": {"enabled": True},
        "corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}],
        "requestPayer": "BucketOwner",
        "forceDestroy": False,
        "tagsAll": {},
    }
    assert paths(engine.diff(BUCKET, state, {"bucket": "b"})) == []


def test_optional_left_out_is_a_removal(engine: Engine) -> None:
    state = engine.check(ROLE, {"name": "r", "assumeRolePolicy": policy(), "description": "d", "tags": {"a": "1"}})
    difference = engine.diff(ROLE, state, {"name": "r", "assumeRolePolicy": policy()})
    assert difference.changes == [
        Change("description", "delete", False),
        Change("tags.a", "delete", False),
        Change("tagsAll.a", "delete", False),
    ]


def test_an_absent_value_is_an_empty_one(engine: Engine) -> None:
    state = engine.check(ROLE, {"name": "r", "assumeRolePolicy": policy()})
    assert paths(engine.diff(ROLE, {**state, "description": "", "permissionsBoundary": "", "tags": {}}, state)) == []


def test_another_region_replaces_and_an_unrecorded_one_does_not(engine: Engine) -> None:
    state = engine.check(BUCKET, {"bucket": "b"})
    assert replacing(engine.diff(BUCKET, state, {"bucket": "b", "region": "us-east-1"})) == ["region"]
    state.pop("region")
    assert paths(engine.diff(BUCKET, state, {"bucket": "b"})) == []


def test_sets_have_no_order_and_lists_do(engine: Engine) -> None:
    first = {"allowedMethods": ["GET", "HEAD"], "allowedOrigins": ["*"], "maxAgeSeconds": 1}
    second = {"allowedMethods": ["PUT"], "allowedOrigins": ["https://a.example"]}
    state = engine.check(CORS, {"bucket": "b", "corsRules": [first, second]})
    turned = {**first, "allowedMethods": ["HEAD", "GET"]}
    assert paths(engine.diff(CORS, state, {"bucket": "b", "corsRules": [second, turned]})) == []
    one, two = {**RULE, "id": "1"}, {**RULE, "id": "2"}
    rules = engine.check(LIFECYCLE, {"bucket": "b", "rules": [one, two]})
    assert paths(engine.diff(LIFECYCLE, rules, {"bucket": "b", "rules": [two, one]})) == ["rules[0].id", "rules[1].id"]


def test_an_element_of_a_set_that_changed_is_shown_by_its_place(engine: Engine) -> None:
    rule = {"allowedMethods": ["GET"], "allowedOrigins": ["*"], "maxAgeSeconds": 1}
    state = engine.check(CORS, {"bucket": "b", "corsRules": [rule]})
    new = {"bucket": "b", "corsRules": [{**rule, "maxAgeSeconds": 2}]}
    assert engine.diff(CORS, state, new).changes == [Change("corsRules[0].maxAgeSeconds", "update", False)]


def test_a_block_without_content_is_an_absent_one_unless_it_can_have_none(engine: Engine) -> None:
    rule = {**RULE, "expiration": {"days": 1}}
    state = engine.check(LIFECYCLE, {"bucket": "b", "rules": [{**rule, "filter": {"prefix": ""}}]})
    assert paths(engine.diff(LIFECYCLE, state, {"bucket": "b", "rules": [rule]})) == []
    logging = {"bucket": "b", "targetBucket": "t", "targetPrefix": "p"}
    plain = engine.check(LOGGING, logging)
    given = {**logging, "targetObjectKeyFormat": {"simplePrefix": {}}}
    assert paths(engine.diff(LOGGING, plain, given)) == ["targetObjectKeyFormat"]


def test_an_unknown_value_is_a_change_and_replaces_where_a_change_would(engine: Engine) -> None:
    state = engine.check(POLICY, {"bucket": "b", "policy": policy()})
    difference = engine.diff(POLICY, state, {"bucket": UNKNOWN, "policy": UNKNOWN})
    assert difference.changes == [Change("bucket", "update", True), Change("policy", "update", False)]


def test_an_asset_differs_by_its_hash(engine: Engine) -> None:
    state = engine.check(OBJECT, {"bucket": "b", "source": Asset(hash="1", path="/old/place")})
    assert paths(engine.diff(OBJECT, state, {"bucket": "b", "source": Asset(hash="1", path="/new/place")})) == []
    assert paths(engine.diff(OBJECT, state, {"bucket": "b", "source": Asset(hash="2")})) == ["source"]


def test_the_scheme_of_an_issuer_and_the_spelling_of_a_key_are_no_difference(engine: Engine) -> None:
    state = {"url": "issuer.example", "clientIdLists": ["a"], "tagsAll": {}}
    assert paths(engine.diff(OPENID, state, {"url": "https://issuer.example", "clientIdLists": ["a"]})) == []
    alias = {"name": "alias/a", "targetKeyId": "1234", "region": "us-west-2"}
    arn = "arn:aws:kms:us-west-2:123456789012:key/1234"
    assert paths(engine.diff(ALIAS, alias, {"name": "alias/a", "targetKeyId": arn})) == []


def test_an_emptied_list_that_aws_fills_is_no_difference(engine: Engine) -> None:
    state = {"url": "issuer.example", "clientIdLists": ["a"], "thumbprintLists": ["a" * 40], "tagsAll": {}}
    new = {"url": "https://issuer.example", "clientIdLists": ["a"], "thumbprintLists": []}
    assert paths(engine.diff(OPENID, state, new)) == []


def test_default_tags_change_in_place() -> None:
    state = configured(defaultTags={"tags": {"a": "1"}}).check(KEY, {})
    difference = configured(defaultTags={"tags": {"a": "2"}}).diff(KEY, state, {})
    assert difference.changes == [Change("tagsAll.a", "update", False)]
