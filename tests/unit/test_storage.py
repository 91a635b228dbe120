"""DataBucket: what each kind registers, in which order."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pulumi
import pytest

from components import lifecycle
from components.lifecycle import LifecycleArgs
from components.storage import DataBucket, DataBucketArgs, Part
from tests.unit.recording import Recording, record, rules_by_token

DAYS = LifecycleArgs(abort_multipart_days=7, noncurrent_days=30)
LOG = DataBucketArgs(kind="log", bucket="the-logs", lifecycle=DAYS)
ORDER = ("ownership", "public-access", "versioning", "encryption", "lifecycle", "cors", "logging", "policy")


def deploy(**fields: Any) -> Recording:
    """A bucket named ``data`` beside its log bucket."""

    def program() -> None:
        logs = DataBucket("log", LOG)
        given: dict[str, Any] = {"kind": "staging", "bucket": "the-data", "lifecycle": DAYS, "logs": logs, **fields}
        DataBucket("data", DataBucketArgs(**given))

    return record(program)


@pytest.mark.parametrize("kind", ["source", "staging", "embargo", "public", "workspace"])
def test_every_kind_is_encrypted_versioned_logged_and_owned(kind: str) -> None:
    graph = deploy(kind=kind)
    encryption = graph.one("data-encryption").inputs["rules"][0]["applyServerSideEncryptionByDefault"]
    assert encryption == {"sseAlgorithm": "AES256"}
    assert graph.one("data-versioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    assert graph.one("data-ownership").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    logging = graph.one("data-logging").inputs
    assert logging["targetBucket"] == "the-logs"
    assert logging["targetPrefix"] == "s3/"
    assert logging["targetObjectKeyFormat"] == {"partitionedPrefix": {"partitionDateSource": "EventTime"}}
    statements = graph.one("data-policy").json("policy")["Statement"]
    assert statements[0]["Effect"] == "Deny"
    assert statements[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statements[0]["Resource"] == ["arn:aws:s3:::the-data", "arn:aws:s3:::the-data/*"]


@pytest.mark.parametrize("kind", ["source", "staging", "embargo", "workspace"])
def test_only_a_public_bucket_can_be_opened(kind: str) -> None:
    graph = deploy(kind=kind)
    block = graph.one("data-public-access").inputs
    assert [block[key] for key in sorted(block) if key != "bucket"] == [True] * 4
    assert [statement["Effect"] for statement in graph.one("data-policy").json("policy")["Statement"]] == ["Deny"]


def test_a_public_bucket_is_opened_by_its_policy_alone() -> None:
    graph = deploy(kind="public")
    block = graph.one("data-public-access").inputs
    assert (block["blockPublicAcls"], block["ignorePublicAcls"]) == (True, True)
    assert (block["blockPublicPolicy"], block["restrictPublicBuckets"]) == (False, False)
    allowed = graph.one("data-policy").json("policy")["Statement"][1:]
    assert [(one["Principal"], one["Action"], one["Resource"]) for one in allowed] == [
        ("*", "s3:ListBucket", "arn:aws:s3:::the-data"),
        ("*", "s3:GetObject", "arn:aws:s3:::the-data/*"),
    ]


def test_the_parts_are_made_one_after_the_other() -> None:
    graph = deploy(cors_origins=("*",))
    previous = "data"
    for part in ORDER:
        assert previous in graph.one(f"data-{part}").depends_on
        previous = f"data-{part}"
    assert {"log", "log-policy"} <= graph.one("data-logging").depends_on


def test_children_hang_on_the_component_and_take_none_of_its_options() -> None:
    graph = deploy()
    component = graph.one("data", "DataBucket")
    children = [one for one in graph.resources if one.parent == component.urn]
    assert {one.name for one in children} == {"data", *(f"data-{part}" for part in ORDER if part != "cors")}


@pytest.mark.parametrize(
    ("kind", "protected"),
    [("source", True), ("staging", True), ("embargo", True), ("public", True), ("workspace", False)],
)
def test_what_is_protected(kind: str, protected: bool) -> None:
    bucket = deploy(kind=kind).one("data", "s3/bucket:Bucket")
    assert bucket.protect is protected
    assert bucket.inputs["forceDestroy"] is (not protected)
    assert bucket.inputs["tags"] == {"kind": kind}


def test_a_protected_bucket_keeps_its_parts_too() -> None:
    graph = deploy(cors_origins=("*",))
    family = {one.name: one.protect for one in graph.resources if one.type.startswith("aws:")}
    assert [name for name, protect in family.items() if not protect] == ["data-cors"]


def test_a_log_bucket_is_protected_and_not_logged() -> None:
    graph = deploy()
    assert graph.one("log", "s3/bucket:Bucket").protect
    assert "log-logging" not in graph.names


def test_a_retired_bucket_is_let_go_of_with_all_its_parts() -> None:
    graph = deploy(retire=True)
    family = [one for one in graph.resources if one.type.startswith("aws:") and one.name.startswith("data")]
    assert len(family) == 8
    assert all(one.retain and not one.protect for one in family)
    assert not any(one.retain for one in graph.resources if one.name.startswith("log"))


def test_an_adopted_bucket_is_imported_with_the_parts_that_it_has_and_nothing_of_it_changes() -> None:
    graph = deploy(adopt=frozenset({"policy", "cors", "logging"}), cors_origins=("*",))
    own = {one.name: one for one in graph.resources if one.type.startswith("aws:") and one.name.startswith("data")}
    assert own.keys() == {"data", "data-policy", "data-cors", "data-logging"}
    assert {one.import_id for one in own.values()} == {"the-data"}
    for one in own.values():
        assert {*one.inputs} - {"bucket"} <= {*one.ignore_changes}, one.name
    assert {one.protect for one in own.values()} == {True, False}


@pytest.mark.parametrize("part", get_args(Part))
def test_no_setting_of_a_part_counts_when_it_is_imported(part: Part) -> None:
    """Every property that the provider lets a program set, but those that say which bucket it is and where."""
    graph = deploy(adopt=frozenset({part}), cors_origins=("*",))
    one = graph.one(f"data-{part}")
    fields = rules_by_token()[one.type].fields.values()
    settable = {field.pulumi for field in fields if field.is_input}
    assert {*one.ignore_changes} == settable - {"bucket", "region", "expectedBucketOwner", "skipDestroy"}


def test_a_bucket_that_is_made_imports_nothing() -> None:
    own = [one for one in deploy(cors_origins=("*",)).resources if one.type.startswith("aws:")]
    assert {(one.import_id, one.ignore_changes) for one in own} == {("", ())}


def test_cors_lets_browsers_read_ranges() -> None:
    rule = deploy(cors_origins=("https://a.example", "*")).one("data-cors").inputs["corsRules"][0]
    assert rule["allowedMethods"] == ["GET", "HEAD"]
    assert rule["allowedOrigins"] == ["https://a.example", "*"]
    assert "Range" in rule["allowedHeaders"]
    assert {"Content-Length", "Content-Range", "ETag", "Accept-Ranges"} <= set(rule["exposeHeaders"])
    assert "data-cors" not in deploy().names


def test_lifecycle_always_cleans_up() -> None:
    rules = {rule["id"]: rule for rule in deploy().one("data-lifecycle").inputs["rules"]}
    assert set(rules) == {"unfinished-uploads", "old-versions"}
    assert rules["unfinished-uploads"]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert rules["old-versions"]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert rules["old-versions"]["expiration"] == {"expiredObjectDeleteMarker": True}


def test_lifecycle_tiers_and_expires_where_asked() -> None:
    days = dataclasses.replace(DAYS, tier_days=0, expire_days=90)
    rules = {rule["id"]: rule for rule in deploy(lifecycle=days).one("data-lifecycle").inputs["rules"]}
    assert rules["tiering"]["transitions"] == [{"days": 0, "storageClass": "INTELLIGENT_TIERING"}]
    assert rules["expiry"]["expiration"] == {"days": 90}
    assert len(lifecycle.rules(days)) == 4


def test_grants_are_for_this_bucket() -> None:
    granted: list[set[str]] = []

    def program() -> None:
        logs = DataBucket("log", LOG)
        grants = (logs.grant_read("X"), logs.grant_write("X"))
        granted.extend({resource for statement in grant for resource in statement.resources} for grant in grants)

    record(program)
    assert granted == [{"arn:aws:s3:::the-logs", "arn:aws:s3:::the-logs/*"}] * 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"bucket": "Bad_Name"}, "DataBucket 'data': bucket: 'Bad_Name': a bucket name has lower-case"),
        ({"kind": "sauce"}, "DataBucket 'data': kind: 'sauce': one of source, staging"),
        ({"logs": None}, "DataBucket 'data': logs: None: required, except for the kind log"),
        ({"kind": "log"}, "DataBucket 'data': logs: .*: required, except for the kind log"),
        ({"lifecycle": dataclasses.replace(DAYS, noncurrent_days=0)}, "lifecycle.noncurrent_days: 0: 1 to 3650"),
        ({"lifecycle": dataclasses.replace(DAYS, expire_days=-1)}, "lifecycle.expire_days: -1: 1 to 3650"),
        ({"lifecycle": dataclasses.replace(DAYS, expire_days=5, tier_days=5)}, "tier_days: 5: must be less than"),
        ({"adopt": frozenset[Part](), "retire": True}, "adopt: True: is taken in or retired, not both"),
    ],
)
def test_refused_before_anything_is_registered(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        deploy(**fields)


def test_logs_go_to_a_log_bucket_only() -> None:
    def program() -> None:
        data = DataBucket(
            "data", DataBucketArgs(kind="staging", bucket="the-data", lifecycle=DAYS, logs=DataBucket("log", LOG))
        )
        DataBucket("other", DataBucketArgs(kind="staging", bucket="the-other", lifecycle=DAYS, logs=data))

    with pytest.raises(ValueError, match=r"DataBucket 'other': logs: .*: a bucket of kind log"):
        record(program)


def test_outputs_are_the_buckets_own() -> None:
    seen: dict[str, object] = {}

    def program() -> None:
        logs = DataBucket("log", LOG)
        pulumi.export("name", logs.bucket)
        pulumi.export("arn", logs.arn)

    seen |= record(program).exports
    assert seen == {"name": "the-logs", "arn": "arn:aws:mock:::log"}
