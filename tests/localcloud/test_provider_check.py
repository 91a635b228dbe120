"""What Check refuses and fills in, without any network."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.provider.property_values import UNKNOWN
from localcloud.provider.provider import AwsProvider
from tests.types.storage import policy, trust

from .provider_kit import Engine

BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
CORS = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
RULE: dict[str, Any] = {"id": "one", "status": "Enabled"}


def configured(**settings: Any) -> Engine:
    provider = AwsProvider()
    provider.configure({"region": "us-west-2", "skipCredentialsValidation": True, **settings})
    return Engine(provider)


@pytest.fixture
def engine() -> Engine:
    return configured()


@pytest.mark.parametrize(
    ("token", "inputs", "path", "words"),
    [
        (BUCKET, {"bukcet": "a"}, "bukcet", "did you mean bucket?"),
        (BUCKET, {"zzzzz": "a"}, "zzzzz", "unknown property; known are"),
        (BUCKET, {"arn": "arn:aws:s3:::a"}, "arn", "is an output"),
        (BUCKET, {"bucket": 5}, "bucket", "must be text, is 5"),
        (BUCKET, {"forceDestroy": "yes"}, "forceDestroy", "must be true or false"),
        (BUCKET, {"tags": ["a"]}, "tags", "must be a map"),
        (BUCKET, {"tags": {"a": 1}}, 'tags["a"]', "must be text, is 1"),
        (BUCKET, {"bucket": "a" * 64}, "bucket", "must have 0 to 63 characters, has 64"),
        (BUCKET, {"bucket": "abc", "bucketPrefix": "a"}, "bucket", "conflicts with bucketPrefix"),
        (BUCKET, {"region": "nowhere"}, "region", "must be a region name"),
        (BUCKET, {"acl": "private"}, "acl", f"not supported by the local cloud: {BUCKET}.acl"),
        (BUCKET, {"acl": "publik"}, "acl", "must be one of private, public-read"),
        (ROLE, {}, "assumeRolePolicy", "is required"),
        (ROLE, {"assumeRolePolicy": " {}"}, "assumeRolePolicy", "must be an IAM policy"),
        (ROLE, {"assumeRolePolicy": "{,}"}, "assumeRolePolicy", "must be an IAM policy"),
        (
            "aws:batch/computeEnvironment:ComputeEnvironment",
            {"type": "MANAGED", "updatePolicy": {"jobExecutionTimeoutMinutes": 361, "terminateJobsOnUpdate": False}},
            "updatePolicy.jobExecutionTimeoutMinutes",
            "1 to 360, is 361",
        ),
        (ROLE, {"assumeRolePolicy": trust(), "maxSessionDuration": 60}, "maxSessionDuration", "3600 to 43200, is 60"),
        (ROLE, {"assumeRolePolicy": trust(), "maxSessionDuration": 3600.5}, "maxSessionDuration", "a whole number"),
        (ROLE, {"assumeRolePolicy": trust(), "name": "a/b"}, "name", "must match"),
        (ROLE, {"assumeRolePolicy": trust(), "permissionsBoundary": "b"}, "permissionsBoundary", "must be an ARN"),
        (ROLE_POLICY, {"role": "a:b", "policy": policy()}, "role", "must not contain ':'"),
        (ROLE_POLICY, {"role": "r", "name": "n", "namePrefix": "n", "policy": policy()}, "name", "conflicts with"),
        (LIFECYCLE, {"bucket": "b", "rules": []}, "rules", "at least 1"),
        (
            LIFECYCLE,
            {"bucket": "b", "rules": [{**RULE, "status": "On"}]},
            "rules[0].status",
            "one of Disabled, Enabled",
        ),
        (LIFECYCLE, {"bucket": "b", "rules": [{"id": "x"}]}, "rules[0].status", "is required"),
        (LIFECYCLE, {"bucket": "b", "rules": [{**RULE, "filtre": {}}]}, "rules[0].filtre", "did you mean filter?"),
        (LIFECYCLE, {"bucket": "b", "rules": "all"}, "rules", "must be a list"),
        (LIFECYCLE, {"bucket": "b", "rules": [{**RULE, "filter": "a/"}]}, "rules[0].filter", "must be an object"),
        (LIFECYCLE, {"bucket": "b", "timeouts": {}}, "timeouts", "unknown property"),
        (
            LIFECYCLE,
            {"bucket": "b", "rules": [{**RULE, "expiration": {"date": "tomorrow"}}]},
            "rules[0].expiration.date",
            "RFC 3339",
        ),
        (
            LIFECYCLE,
            {
                "bucket": "b",
                "rules": [
                    {**RULE, "transitions": [{"date": "2030-01-01T00:00:00Z", "days": 1, "storageClass": "GLACIER"}]}
                ],
            },
            "rules[0].transitions[0]",
            "date and days exclude each other",
        ),
        (
            LOGGING,
            {"bucket": "b", "targetBucket": "t", "targetPrefix": "", "targetObjectKeyFormat": {}},
            "targetObjectKeyFormat",
            "exactly one of targetObjectKeyFormat.partitionedPrefix, targetObjectKeyFormat.simplePrefix",
        ),
        (LOGGING, {"bucket": "b", "targetBucket": "t"}, "targetPrefix", "is required"),
        (OBJECT, {"bucket": "b", "content": "a", "contentBase64": "YQ=="}, "content", "conflicts with contentBase64"),
        (OBJECT, {"bucket": "b", "metadata": {"Upper": "a"}}, "metadata", "lower-case keys, has Upper"),
        (OBJECT, {"bucket": ""}, "bucket", "must not be empty"),
        (KEY, {"rotationPeriodInDays": 100}, "rotationPeriodInDays", "needs enableKeyRotation too"),
        (KEY, {"deletionWindowInDays": 3}, "deletionWindowInDays", "7 to 30, is 3"),
        (ALIAS, {"targetKeyId": "k", "name": "portal"}, "name", "must match ^alias/"),
        (CORS, {"bucket": "b", "corsRules": [{"allowedMethods": ["GET"]}]}, "corsRules[0].allowedOrigins", "required"),
        (
            VERSIONING,
            {"bucket": "b", "versioningConfiguration": {"status": "off"}},
            "versioningConfiguration.status",
            "one of",
        ),
        (
            VERSIONING,
            {"bucket": "b", "versioningConfiguration": {"status": "Enabled", "mfaDelete": "Enabled"}},
            "versioningConfiguration.mfaDelete",
            "not supported by the local cloud",
        ),
        (
            VERSIONING,
            {"bucket": "b", "mfa": "x", "versioningConfiguration": {"status": "Enabled"}},
            "mfa",
            "not supported",
        ),
    ],
)
def test_refused(engine: Engine, token: str, inputs: dict[str, Any], path: str, words: str) -> None:
    refusals = engine.refusals(token, inputs)
    assert words in refusals[path]


def test_all_faults_at_once(engine: Engine) -> None:
    refusals = engine.refusals(ROLE, {"nam": "x", "maxSessionDuration": 1, "path": 5})
    assert set(refusals) == {"nam", "maxSessionDuration", "path", "assumeRolePolicy"}


def test_one_hundred_cors_rules_and_no_more(engine: Engine) -> None:
    rule = {"allowedMethods": ["GET"], "allowedOrigins": ["*"]}
    assert engine.refusals(CORS, {"bucket": "b", "corsRules": [rule] * 100}) == {}
    assert "at most 100" in engine.refusals(CORS, {"bucket": "b", "corsRules": [rule] * 101})["corsRules"]


def test_versioning_cannot_be_switched_off_again(engine: Engine) -> None:
    old = {"bucket": "b", "versioningConfiguration": {"status": "Suspended"}}
    new = {"bucket": "b", "versioningConfiguration": {"status": "Disabled"}}
    assert (
        "cannot be updated from 'Suspended' to 'Disabled'"
        in engine.refusals(VERSIONING, new, old)["versioningConfiguration.status"]
    )
    assert engine.refusals(VERSIONING, new) == {}


def test_what_is_left_out_is_filled_in(engine: Engine) -> None:
    inputs = engine.check(ROLE, {"name": "r", "assumeRolePolicy": trust()})
    assert inputs == {
        "name": "r",
        "assumeRolePolicy": json.dumps(trust(), separators=(",", ":")),
        "forceDetachPolicies": False,
        "maxSessionDuration": 3600,
        "path": "/",
        "tagsAll": {},
    }


def test_a_lifecycle_has_its_planned_minimum_size(engine: Engine) -> None:
    inputs = engine.check(LIFECYCLE, {"bucket": "b", "rules": [RULE]})
    assert inputs["transitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"


def test_the_region_is_the_providers_on_regional_types_alone(engine: Engine) -> None:
    assert engine.check(BUCKET, {})["region"] == "us-west-2"
    assert engine.check(BUCKET, {"region": "us-east-1"})["region"] == "us-east-1"
    assert "region" not in engine.check(ROLE, {"assumeRolePolicy": trust()})


def test_names_are_made_up_and_kept(engine: Engine) -> None:
    first = engine.check(BUCKET, {}, name="Data")
    assert first["bucket"].startswith("data-")
    assert len(first["bucket"]) == len("data-") + 7
    assert engine.check(BUCKET, {}, name="Data") == first
    assert engine.check(BUCKET, {}, olds={**first, "bucket": "data-1234567"}, name="Data")["bucket"] == "data-1234567"
    assert engine.provider.check(BUCKET, "Data", {}, {}, b"other seed")[0]["bucket"] != first["bucket"]


def test_a_name_that_was_given_is_not_kept(engine: Engine) -> None:
    given = engine.check(BUCKET, {"bucket": "fixed"})
    assert engine.check(BUCKET, {}, olds=given, name="data")["bucket"].startswith("data-")


@pytest.mark.parametrize(
    ("token", "inputs", "field", "most", "start"),
    [
        (BUCKET, {}, "bucket", 63, "xxx"),
        (ROLE, {"assumeRolePolicy": trust()}, "name", 64, "xxx"),
        (ROLE_POLICY, {"role": "r", "policy": policy()}, "name", 128, "xxx"),
        (ALIAS, {"targetKeyId": "k"}, "name", 238, "alias/xxx"),
    ],
)
def test_made_up_names_keep_their_types_limit(
    engine: Engine, token: str, inputs: dict[str, Any], field: str, most: int, start: str
) -> None:
    made = engine.check(token, inputs, name="x" * 300)[field]
    assert len(made) == most
    assert made.startswith(start)


def test_an_object_is_called_as_its_resource(engine: Engine) -> None:
    assert engine.check(OBJECT, {"bucket": "b"}, name="wdl/a.wdl")["key"] == "wdl/a.wdl"


def test_no_name_beside_a_prefix(engine: Engine) -> None:
    assert "bucket" not in engine.check(BUCKET, {"bucketPrefix": "p-"})


def test_default_tags_are_overlaid_and_ignored_ones_left_out() -> None:
    engine = configured(
        defaultTags='{"tags":{"project":"portal","kind":"none"}}', ignoreTags={"keys": ["mine"], "keyPrefixes": ["x:"]}
    )
    inputs = engine.check(BUCKET, {"tags": {"kind": "log", "mine": "1", "x:y": "2"}})
    assert inputs["tagsAll"] == {"project": "portal", "kind": "log"}
    assert inputs["tags"] == {"kind": "log", "mine": "1", "x:y": "2"}


def test_an_object_may_go_without_the_default_tags() -> None:
    engine = configured(defaultTags={"tags": {"project": "portal"}})
    inputs = {"bucket": "b", "tags": {"a": "1"}, "overrideProvider": {"defaultTags": {"tags": {}}}}
    assert engine.check(OBJECT, inputs)["tagsAll"] == {"a": "1"}


def test_unknown_values_pass_and_spread(engine: Engine) -> None:
    inputs = engine.check(ROLE, {"assumeRolePolicy": UNKNOWN, "maxSessionDuration": UNKNOWN, "tags": {"a": UNKNOWN}})
    assert inputs["assumeRolePolicy"] is UNKNOWN
    assert inputs["maxSessionDuration"] is UNKNOWN
    assert inputs["tagsAll"] is UNKNOWN
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": UNKNOWN}]}
    assert engine.check(ROLE_POLICY, {"role": UNKNOWN, "policy": document})["policy"] is UNKNOWN


def test_an_unknown_value_settles_no_conflict(engine: Engine) -> None:
    assert engine.refusals(BUCKET, {"bucket": UNKNOWN, "bucketPrefix": UNKNOWN}) == {}
    unknown_format = {"partitionedPrefix": UNKNOWN}
    logging = {"bucket": "b", "targetBucket": "t", "targetPrefix": "", "targetObjectKeyFormat": unknown_format}
    assert engine.refusals(LOGGING, logging) == {}


def test_an_unknown_type_and_function_are_named(engine: Engine) -> None:
    with pytest.raises(Exception, match="resource type aws:sqs/queue2:Queue2"):
        engine.check("aws:sqs/queue2:Queue2", {})
    with pytest.raises(Exception, match="function aws:ec2/getVpc:getVpc"):
        engine.provider.invoke("aws:ec2/getVpc:getVpc", {})
