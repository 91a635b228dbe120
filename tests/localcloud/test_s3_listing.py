"""Listings: prefixes, delimiters, pages, encodings, and ten thousand keys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from localcloud.server.services.s3 import versions
from localcloud.server.services.s3.listing import page_of
from localcloud.server.services.s3.store import bucket_called
from localcloud.server.services.s3.versions import Attributes, Encryption, Version
from tests.untimed import given

from .conftest import DEV, Cloud
from .s3_steps import Bucket, make_bucket, refused

KEYS = ["a", "b/1", "b/2/x", "b/3", "c d", "é/1"]


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> Bucket:
    made = make_bucket(cloud)
    for key in KEYS:
        made.put(key)
    return made


def listed(bucket: Bucket, **params: Any) -> tuple[list[str], list[str]]:
    """Keys and common prefixes of all pages."""
    pages = bucket.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket.name, **params)
    whole = list(pages)
    return (
        [item["Key"] for page in whole for item in page.get("Contents", [])],
        [item["Prefix"] for page in whole for item in page.get("CommonPrefixes", [])],
    )


def test_prefix_and_delimiter(bucket: Bucket) -> None:
    assert listed(bucket) == (KEYS, [])
    assert listed(bucket, Delimiter="/") == (["a", "c d"], ["b/", "é/"])
    assert listed(bucket, Prefix="b/", Delimiter="/") == (["b/1", "b/3"], ["b/2/"])
    assert listed(bucket, StartAfter="b/2/x") == (["b/3", "c d", "é/1"], [])


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_add_up(bucket: Bucket, size: int) -> None:
    for params in ({}, {"Delimiter": "/"}, {"Prefix": "b/", "Delimiter": "/"}):
        assert listed(bucket, **params, PaginationConfig={"PageSize": size}) == listed(bucket, **params)


def test_version_1_listing(bucket: Bucket) -> None:
    first = bucket.s3.list_objects(Bucket=bucket.name, Delimiter="/", MaxKeys=2)
    assert ([item["Key"] for item in first["Contents"]], first["NextMarker"]) == (["a"], "b/")
    assert first["Contents"][0]["Owner"]["ID"]
    rest = bucket.s3.list_objects(Bucket=bucket.name, Delimiter="/", Marker=first["NextMarker"])
    assert [item["Key"] for item in rest["Contents"]] == ["c d"]
    assert [item["Prefix"] for item in rest["CommonPrefixes"]] == ["é/"]


def test_no_keys_asked_for(bucket: Bucket) -> None:
    got = bucket.s3.list_objects_v2(Bucket=bucket.name, MaxKeys=0)
    assert (got["KeyCount"], got["IsTruncated"]) == (0, False)


def test_a_page_has_at_most_1000_keys(bucket: Bucket) -> None:
    assert bucket.s3.list_objects_v2(Bucket=bucket.name, MaxKeys=5000)["MaxKeys"] == 1000


def test_a_token_that_is_none(bucket: Bucket) -> None:
    with refused("InvalidArgument"):
        bucket.s3.list_objects_v2(Bucket=bucket.name, ContinuationToken="ö")


@given(
    names=st.sets(st.text("ab/", min_size=1, max_size=6), max_size=30),
    prefix=st.text("ab/", max_size=2),
    delimiter=st.sampled_from(["", "/", "ab"]),
    size=st.integers(1, 5),
)
def test_pages_of_any_keys_are_the_whole(names: set[str], prefix: str, delimiter: str, size: int) -> None:
    ordered = sorted(names)
    keys = [name for name in ordered if name.startswith(prefix) and delimiter not in name[len(prefix) :]]
    cut = [name[len(prefix) :].find(delimiter) for name in ordered]
    prefixes = sorted(
        {
            name[: len(prefix) + at + len(delimiter)]
            for name, at in zip(ordered, cut, strict=True)
            if delimiter and name.startswith(prefix) and at >= 0
        }
    )
    if not delimiter:
        keys = [name for name in ordered if name.startswith(prefix)]
    got_keys: list[str] = []
    got_prefixes: list[str] = []
    after = ""
    for _ in range(len(names) + 1):
        page = page_of(ordered, prefix, delimiter, after, size)
        got_keys += page.keys
        got_prefixes += page.prefixes
        after = page.last
        if not page.truncated:
            break
    assert (got_keys, got_prefixes) == (keys, prefixes)


def test_ten_thousand_keys(cloud: Cloud) -> None:
    bucket = make_bucket(cloud)
    held = bucket_called(bucket.name)
    attributes = Attributes(
        encryption=Encryption(algorithm="AES256"),
        etag="0" * 32,
        checksum_algorithm=None,
        checksum=None,
        writer_account=DEV,
        shared_with_bucket_owner=True,
    )
    names = [f"run-{number // 100:03}/{number % 100}/x" for number in range(10_000)]
    for name in names:
        versions.put(held, Version(held, name, b"", attributes, "null"))
    keys, prefixes = listed(bucket)
    assert (keys, prefixes) == (sorted(names), [])
    keys, prefixes = listed(bucket, Delimiter="/", PaginationConfig={"PageSize": 30})
    assert (keys, len(prefixes)) == ([], 100)
    assert listed(bucket, Prefix="run-042/", Delimiter="/") == (
        [],
        sorted(f"run-042/{number}/" for number in range(100)),
    )
