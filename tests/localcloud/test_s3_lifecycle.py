"""Lifecycle rules that AWS refuses, and one that it doesn't any more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from localcloud.server.call import Refusal
from localcloud.server.services.s3 import lifecycle

from .conftest import Cloud
from .s3_steps import make_bucket, refused

TAGGED = {"Tag": {"Key": "a", "Value": "b"}}
MIDNIGHT, NOON = datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, 12, tzinfo=UTC)


def rule(**more: Any) -> dict[str, Any]:
    return {"ID": "rule", "Status": "Enabled", "Filter": {"Prefix": ""}, **more}


def transitions(*steps: tuple[int, str]) -> dict[str, Any]:
    return {"Transitions": [{"Days": days, "StorageClass": storage_class} for days, storage_class in steps]}


def noncurrent(*steps: tuple[int, str]) -> dict[str, Any]:
    made = [{"NoncurrentDays": days, "StorageClass": storage_class} for days, storage_class in steps]
    return {"NoncurrentVersionTransitions": made}


ABORT = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}
REFUSED: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "s3_13_archive_less_than_30_days_after_ia": (
        "InvalidArgument",
        [rule(**transitions((30, "STANDARD_IA"), (45, "GLACIER")))],
    ),
    "s3_13_later_class_not_later": ("InvalidArgument", [rule(**transitions((60, "GLACIER"), (60, "DEEP_ARCHIVE")))]),
    "s3_13_waterfall": ("InvalidArgument", [rule(**transitions((30, "GLACIER"), (90, "STANDARD_IA")))]),
    "s3_13_noncurrent": ("InvalidArgument", [rule(**noncurrent((30, "STANDARD_IA"), (40, "GLACIER")))]),
    "same_class_twice": ("InvalidArgument", [rule(**transitions((30, "GLACIER"), (90, "GLACIER")))]),
    "s3_28_expiration_not_after_transition": (
        "InvalidArgument",
        [rule(**transitions((90, "GLACIER")), Expiration={"Days": 90})],
    ),
    "s3_28_noncurrent_expiration_not_after_transition": (
        "InvalidArgument",
        [rule(**noncurrent((30, "GLACIER")), NoncurrentVersionExpiration={"NoncurrentDays": 30})],
    ),
    "s3_30_date_and_days": (
        "InvalidRequest",
        [rule(**transitions((30, "GLACIER")), Expiration={"Date": MIDNIGHT})],
    ),
    "s3_30_date_and_days_in_transitions": (
        "InvalidRequest",
        [
            rule(
                Transitions=[
                    {"Days": 30, "StorageClass": "STANDARD_IA"},
                    {"Date": MIDNIGHT, "StorageClass": "GLACIER"},
                ]
            )
        ],
    ),
    "s3_30_date_not_at_midnight": ("InvalidArgument", [rule(Expiration={"Date": NOON})]),
    "s3_30_same_id_twice": ("InvalidArgument", [rule(**ABORT), rule(Expiration={"Days": 1})]),
    "s3_30_no_action": ("InvalidRequest", [rule()]),
    "s3_30_two_filters": (
        "MalformedXML",
        [{**rule(**ABORT), "Filter": {"Prefix": "a", "ObjectSizeGreaterThan": 1}}],
    ),
    "s3_30_and_of_one": ("MalformedXML", [{**rule(Expiration={"Days": 1}), "Filter": {"And": {"Prefix": "a"}}}]),
    "filter_and_prefix": ("MalformedXML", [{**rule(**ABORT), "Prefix": "a"}]),
    "neither_filter_nor_prefix": ("MalformedXML", [{"ID": "x", "Status": "Enabled", **ABORT}]),
    "s3_31_abort_with_tags": ("InvalidRequest", [{**rule(**ABORT), "Filter": TAGGED}]),
    "s3_31_delete_marker_with_tags": (
        "InvalidRequest",
        [{**rule(Expiration={"ExpiredObjectDeleteMarker": True}), "Filter": TAGGED}],
    ),
    "days_and_delete_marker": (
        "MalformedXML",
        [rule(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True})],
    ),
    "zero_days": ("InvalidArgument", [rule(Expiration={"Days": 0})]),
    "zero_noncurrent_days": ("InvalidArgument", [rule(NoncurrentVersionExpiration={"NoncurrentDays": 0})]),
    "newer_versions_without_days": (
        "MalformedXML",
        [rule(NoncurrentVersionExpiration={"NewerNoncurrentVersions": 3})],
    ),
    "too_many_newer_versions": (
        "InvalidArgument",
        [rule(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 101})],
    ),
    "sizes_that_fit_nothing": (
        "InvalidRequest",
        [
            {
                **rule(Expiration={"Days": 1}),
                "Filter": {"And": {"ObjectSizeGreaterThan": 10, "ObjectSizeLessThan": 10}},
            }
        ],
    ),
    "no_rules": ("MalformedXML", []),
    "more_than_1000_rules": (
        "MalformedXML",
        [{**rule(Expiration={"Days": 1}), "ID": str(number)} for number in range(1001)],
    ),
    "long_id": ("InvalidArgument", [{**rule(Expiration={"Days": 1}), "ID": "x" * 256}]),
}


@pytest.mark.parametrize(("code", "rules"), REFUSED.values(), ids=list(REFUSED))
def test_s3_13_s3_28_s3_30_s3_31_rules_that_are_refused(code: str, rules: list[dict[str, Any]]) -> None:
    with pytest.raises(Refusal) as caught:
        lifecycle.check({"Rules": rules})
    assert (caught.value.code, caught.value.status) == (code, 400)


ACCEPTED: dict[str, list[dict[str, Any]]] = {
    "s3_29_infrequent_access_before_day_30": [rule(**transitions((5, "STANDARD_IA")))],
    "archive_30_days_after_ia": [rule(**transitions((30, "STANDARD_IA"), (60, "GLACIER")))],
    "day_zero": [rule(**transitions((0, "INTELLIGENT_TIERING")))],
    "abort_with_a_prefix": [{**rule(**ABORT), "Filter": {"Prefix": "a/"}}],
    "tags_with_days": [{**rule(Expiration={"Days": 1}), "Filter": TAGGED}],
    "two_tags": [
        {
            **rule(Expiration={"Days": 1}),
            "Filter": {"And": {"Tags": [{"Key": "a", "Value": ""}, {"Key": "b", "Value": ""}]}},
        }
    ],
    "old_style_prefix": [{"ID": "x", "Status": "Enabled", "Prefix": "", **ABORT}],
    "midnight": [rule(Expiration={"Date": MIDNIGHT})],
}


@pytest.mark.parametrize("rules", ACCEPTED.values(), ids=list(ACCEPTED))
def test_s3_29_rules_that_are_accepted(rules: list[dict[str, Any]]) -> None:
    lifecycle.check({"Rules": rules})


def test_a_refused_configuration_leaves_the_old_one(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    good = rule(Expiration={"Days": 1})
    bucket.s3.put_bucket_lifecycle_configuration(Bucket=bucket.name, LifecycleConfiguration={"Rules": [good]})
    bad = rule(**transitions((30, "STANDARD_IA"), (45, "GLACIER")))
    with refused("InvalidArgument"):
        bucket.s3.put_bucket_lifecycle_configuration(Bucket=bucket.name, LifecycleConfiguration={"Rules": [bad]})
    assert bucket.s3.get_bucket_lifecycle_configuration(Bucket=bucket.name)["Rules"] == [good]
