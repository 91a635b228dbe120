"""Replication configurations that AWS refuses, and one that comes back whole."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import DEV, Cloud
from .s3_steps import Bucket, make_bucket, refused

ROLE = f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"


def rule(target: Bucket, destination: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "ID": "rule",
        "Status": "Enabled",
        "Priority": 1,
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Filter": {"Prefix": ""},
        "Destination": {"Bucket": target.arn, **(destination or {})},
        **more,
    }


def put(bucket: Bucket, *rules: dict[str, Any]) -> None:
    bucket.s3.put_bucket_replication(Bucket=bucket.name, ReplicationConfiguration={"Role": ROLE, "Rules": list(rules)})


@pytest.fixture(scope="module")
def pair(cloud: Cloud) -> tuple[Bucket, Bucket]:
    return make_bucket(cloud).versioned(), make_bucket(cloud).versioned()


def test_s3_17_neither_end_may_be_unversioned(cloud: Cloud, pair: tuple[Bucket, Bucket]) -> None:
    source, target = pair
    with refused("InvalidRequest") as told:
        put(make_bucket(cloud), rule(target))
    assert "Versioning must be 'Enabled'" in told["Message"]
    with refused("InvalidRequest") as told:
        put(source, rule(make_bucket(cloud)))
    assert told["Message"] == "Destination bucket must have versioning enabled."


def without(made: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in made.items() if name != member}


def test_s3_32_version_2_rules(pair: tuple[Bucket, Bucket]) -> None:
    source, target = pair
    for member in ("Priority", "DeleteMarkerReplication"):
        with refused("InvalidRequest") as told:
            put(source, without(rule(target), member))
        assert member in told["Message"]
    with refused("InvalidRequest"):
        put(source, rule(target), {**rule(target), "ID": "other"})
    with refused("MalformedXML"):
        put(source, rule(target, Prefix="a"))


def test_s3_33_what_needs_something_else(pair: tuple[Bucket, Bucket]) -> None:
    source, target = pair
    tags = {"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "DeleteMarkerReplication": {"Status": "Enabled"}}
    time = {"ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}}}
    other_minutes = {"Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 10}}}
    by_kms = {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}}
    for bad in (
        rule(target, **tags),
        rule(target, time),
        rule(target, time | other_minutes),
        rule(target, {"AccessControlTranslation": {"Owner": "Destination"}}),
        rule(target, **by_kms),
    ):
        with refused("InvalidRequest"):
            put(source, bad)


def test_s3_27_suspending_versioning_of_a_source(cloud: Cloud) -> None:
    source, target = make_bucket(cloud).versioned(), make_bucket(cloud).versioned()
    put(source, rule(target))
    with refused("InvalidBucketState", 409):
        source.versioned("Suspended")


def test_comes_back_whole(cloud: Cloud) -> None:
    source, target = make_bucket(cloud).versioned(), make_bucket(cloud).versioned()
    made = rule(
        target,
        {
            "Account": DEV,
            "StorageClass": "STANDARD_IA",
            "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
            "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
        },
        Filter={"And": {"Prefix": "a/", "Tags": [{"Key": "a", "Value": "b"}]}},
        SourceSelectionCriteria={"ReplicaModifications": {"Status": "Enabled"}},
    )
    put(source, made)
    got = source.s3.get_bucket_replication(Bucket=source.name)["ReplicationConfiguration"]
    assert got == {"Role": ROLE, "Rules": [made]}
    source.s3.delete_bucket_replication(Bucket=source.name)
    with refused("ReplicationConfigurationNotFoundError", 404):
        source.s3.get_bucket_replication(Bucket=source.name)
