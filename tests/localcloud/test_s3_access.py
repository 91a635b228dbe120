"""What a caller is told who may not do everything: anonymous, or of another account."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import DEV, PROD, PUBLIC, Cloud
from .s3_steps import Bucket, client, make_bucket, refused, statement


@pytest.fixture(scope="module")
def stranger(cloud: Cloud) -> Any:
    return cloud.anonymous()


def test_a_private_bucket_tells_a_stranger_nothing(cloud: Cloud, stranger: Any) -> None:
    bucket = make_bucket(cloud)
    bucket.put("key")
    for key in ("key", "missing"):
        with refused("AccessDenied", 403):
            stranger.get_object(Bucket=bucket.name, Key=key)
        with refused("403", 403):
            stranger.head_object(Bucket=bucket.name, Key=key)
    with refused("AccessDenied", 403):
        stranger.list_objects_v2(Bucket=bucket.name)


def test_a_missing_key_is_403_to_who_may_not_list(cloud: Cloud, stranger: Any) -> None:
    bucket = make_bucket(cloud)
    bucket.allow(statement("s3:GetObject", f"{bucket.arn}/*"))
    bucket.put("key")
    assert stranger.get_object(Bucket=bucket.name, Key="key")["Body"].read() == b"data"
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=bucket.name, Key="missing")
    with refused("403", 403):
        stranger.head_object(Bucket=bucket.name, Key="missing")


def test_a_missing_key_is_404_to_who_may_list(cloud: Cloud, stranger: Any) -> None:
    bucket = make_bucket(cloud)
    bucket.allow(statement("s3:GetObject", f"{bucket.arn}/*"), statement("s3:ListBucket", bucket.arn))
    with refused("NoSuchKey", 404):
        stranger.get_object(Bucket=bucket.name, Key="missing")
    with refused("404", 404):
        stranger.head_object(Bucket=bucket.name, Key="missing")


def test_a_bucket_that_is_not_there_is_404_to_anybody(cloud: Cloud, stranger: Any) -> None:
    for s3 in (stranger, client(cloud)):
        with refused("NoSuchBucket", 404):
            s3.list_objects_v2(Bucket="no-such-bucket-anywhere")


def test_a_copy_across_accounts_belongs_to_the_destination_and_keeps_its_tags(cloud: Cloud) -> None:
    source, public = make_bucket(cloud), make_bucket(cloud, PUBLIC)
    public.allow(
        statement(["s3:PutObject", "s3:PutObjectTagging"], f"{public.arn}/*", {"AWS": f"arn:aws:iam::{DEV}:root"})
    )
    source.put("d/a.json", b"{}", ContentType="application/json", Tagging="t=1", Metadata={"m": "2"})
    source.s3.copy_object(Bucket=public.name, Key="d/a.json", CopySource={"Bucket": source.name, "Key": "d/a.json"})
    ours = public.s3.list_buckets()["Owner"]
    assert public.s3.get_object_acl(Bucket=public.name, Key="d/a.json")["Owner"] == ours
    assert ours != source.s3.list_buckets()["Owner"]
    assert public.s3.get_object_tagging(Bucket=public.name, Key="d/a.json")["TagSet"] == [{"Key": "t", "Value": "1"}]
    head = public.s3.head_object(Bucket=public.name, Key="d/a.json")
    assert (head["ContentType"], head["Metadata"]) == ("application/json", {"m": "2"})
    with refused("AccessDenied", 403):
        client(cloud, PROD).get_object(Bucket=public.name, Key="d/a.json")


def writable_by_dev(cloud: Cloud, ownership: str) -> tuple[Bucket, Bucket]:
    """A public account's bucket that anybody may read and dev may write, as each account sees it."""
    public = make_bucket(cloud, PUBLIC, ObjectOwnership=ownership)
    dev = {"AWS": f"arn:aws:iam::{DEV}:root"}
    public.allow(
        statement("s3:GetObject", f"{public.arn}/*"),
        statement(["s3:PutObject", "s3:PutObjectAcl"], f"{public.arn}/*", dev),
    )
    return public, Bucket(public.name, client(cloud, DEV))


def test_with_acls_enabled_the_writer_owns_the_object_and_the_policy_says_nothing_of_it(
    cloud: Cloud, stranger: Any
) -> None:
    public, as_dev = writable_by_dev(cloud, "ObjectWriter")
    as_dev.put("key")
    assert as_dev.read("key") == b"data"
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=public.name, Key="key")
    with refused("AccessDenied", 403):
        public.read("key")
    as_dev.put("shared", ACL="bucket-owner-full-control")
    assert public.read("shared") == b"data"
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=public.name, Key="shared")


def test_bucket_owner_preferred_takes_over_what_is_given(cloud: Cloud, stranger: Any) -> None:
    public, as_dev = writable_by_dev(cloud, "BucketOwnerPreferred")
    as_dev.put("key", ACL="bucket-owner-full-control")
    assert stranger.get_object(Bucket=public.name, Key="key")["Body"].read() == b"data"


def test_bucket_owner_enforced_makes_everything_the_buckets_own(cloud: Cloud, stranger: Any) -> None:
    public, as_dev = writable_by_dev(cloud, "ObjectWriter")
    as_dev.put("key")
    public.s3.put_bucket_ownership_controls(
        Bucket=public.name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    assert stranger.get_object(Bucket=public.name, Key="key")["Body"].read() == b"data"
    owner = public.s3.list_objects_v2(Bucket=public.name, FetchOwner=True)["Contents"][0]["Owner"]
    assert owner == public.s3.list_buckets()["Owner"]


def test_delete_many_answers_each_key_for_itself(cloud: Cloud, stranger: Any) -> None:
    bucket = make_bucket(cloud)
    for key in ("open/1", "closed/1"):
        bucket.put(key)
    objects = {"Objects": [{"Key": "open/1"}, {"Key": "closed/1"}]}
    with_nothing = stranger.delete_objects(Bucket=bucket.name, Delete=objects)
    assert [(item["Key"], item["Code"]) for item in with_nothing["Errors"]] == [
        ("open/1", "AccessDenied"),
        ("closed/1", "AccessDenied"),
    ]
    bucket.allow(statement("s3:DeleteObject", f"{bucket.arn}/open/*"))
    got = stranger.delete_objects(Bucket=bucket.name, Delete=objects)
    assert [item["Key"] for item in got["Deleted"]] == ["open/1"]
    assert [(item["Key"], item["Code"]) for item in got["Errors"]] == [("closed/1", "AccessDenied")]
    assert [item["Key"] for item in bucket.s3.list_objects_v2(Bucket=bucket.name)["Contents"]] == ["closed/1"]
