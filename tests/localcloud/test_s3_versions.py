"""Versions: enabled, suspended, deleted, and how they are listed."""

from __future__ import annotations

from .conftest import Cloud
from .s3_steps import make_bucket, refused


def test_each_write_is_a_version(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    bucket.put("key", b"0")
    bucket.versioned()
    ids = [bucket.put("key", str(number).encode())["VersionId"] for number in (1, 2)]
    assert bucket.read("key") == b"2"
    assert bucket.read("key", VersionId=ids[0]) == b"1"
    assert bucket.read("key", VersionId="null") == b"0"
    listed = bucket.s3.list_object_versions(Bucket=bucket.name)["Versions"]
    assert [(item["VersionId"], item["IsLatest"]) for item in listed] == [
        (ids[1], True),
        (ids[0], False),
        ("null", False),
    ]


def test_a_delete_leaves_a_marker(cloud: Cloud) -> None:
    bucket = make_bucket(cloud).versioned()
    kept = bucket.put("key", b"x")["VersionId"]
    deleted = bucket.s3.delete_object(Bucket=bucket.name, Key="key")
    assert deleted["DeleteMarker"] is True
    with refused("NoSuchKey", 404) as told:
        bucket.read("key")
    assert told.headers["x-amz-delete-marker"] == "true"
    with refused("404", 404):
        bucket.s3.head_object(Bucket=bucket.name, Key="key")
    with refused("MethodNotAllowed", 405) as told:
        bucket.read("key", VersionId=deleted["VersionId"])
    assert told.headers["allow"] == "DELETE"
    assert bucket.read("key", VersionId=kept) == b"x"
    assert "Contents" not in bucket.s3.list_objects_v2(Bucket=bucket.name)
    bucket.s3.delete_object(Bucket=bucket.name, Key="key", VersionId=deleted["VersionId"])
    assert bucket.read("key") == b"x"


def test_a_delete_of_a_key_that_never_was_leaves_a_marker_too(cloud: Cloud) -> None:
    bucket = make_bucket(cloud).versioned()
    bucket.s3.delete_object(Bucket=bucket.name, Key="never")
    listed = bucket.s3.list_object_versions(Bucket=bucket.name)
    assert [item["Key"] for item in listed["DeleteMarkers"]] == ["never"]


def test_suspended_versioning_replaces_the_null_version_alone(cloud: Cloud) -> None:
    bucket = make_bucket(cloud).versioned()
    kept = bucket.put("key", b"kept")["VersionId"]
    bucket.versioned("Suspended")
    assert bucket.put("key", b"1")["VersionId"] == "null"
    bucket.put("key", b"2")
    assert bucket.read("key") == b"2"
    assert bucket.read("key", VersionId=kept) == b"kept"
    assert len(bucket.s3.list_object_versions(Bucket=bucket.name)["Versions"]) == 2
    assert bucket.s3.delete_object(Bucket=bucket.name, Key="key")["VersionId"] == "null"
    listed = bucket.s3.list_object_versions(Bucket=bucket.name)
    assert [item["VersionId"] for item in listed["Versions"]] == [kept]
    assert [item["VersionId"] for item in listed["DeleteMarkers"]] == ["null"]


def test_version_ids_that_are_none(cloud: Cloud) -> None:
    bucket = make_bucket(cloud).versioned()
    bucket.put("key")
    with refused("NoSuchVersion", 404):
        bucket.read("key", VersionId="x" * 32)
    with refused("InvalidArgument"):
        bucket.read("key", VersionId="nonsense")


def test_tags_are_of_a_version(cloud: Cloud) -> None:
    bucket = make_bucket(cloud).versioned()
    first = bucket.put("key", Tagging="v=1")["VersionId"]
    bucket.put("key", Tagging="v=2")
    old = bucket.s3.get_object_tagging(Bucket=bucket.name, Key="key", VersionId=first)
    assert (old["TagSet"], old["VersionId"]) == ([{"Key": "v", "Value": "1"}], first)


def test_pages_of_versions(cloud: Cloud) -> None:
    bucket = make_bucket(cloud).versioned()
    for key in ("a", "b/1", "b/2", "c"):
        for _ in range(3):
            bucket.put(key)
    bucket.s3.delete_object(Bucket=bucket.name, Key="a")
    whole = bucket.s3.list_object_versions(Bucket=bucket.name)
    expected = [(item["Key"], item["VersionId"]) for item in whole["Versions"] + whole["DeleteMarkers"]]
    pages = bucket.s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket.name, PaginationConfig={"PageSize": 2}
    )
    got = [
        (item["Key"], item["VersionId"])
        for page in pages
        for item in page.get("Versions", []) + page.get("DeleteMarkers", [])
    ]
    assert sorted(got) == sorted(expected)
    assert len(got) == 13
    folded = bucket.s3.list_object_versions(Bucket=bucket.name, Delimiter="/")
    assert [item["Prefix"] for item in folded["CommonPrefixes"]] == ["b/"]
    assert {item["Key"] for item in folded["Versions"]} == {"a", "c"}
