"""Objects: written, read in whole and in part, under conditions, copied, tagged, deleted."""

from __future__ import annotations

import base64
import hashlib
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import DEV, Cloud
from .s3_steps import Bucket, code_of, make_bucket, md5, refused

KEYS = ["a b", "a/b [1].json", "../up", "a//b", "/leading", "ü", "a+b&c=d?e#f%2F", "trailing/"]


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> Bucket:
    return make_bucket(cloud)


@pytest.mark.parametrize("key", KEYS)
def test_any_key_is_read_back(bucket: Bucket, key: str) -> None:
    bucket.put(key, key.encode())
    assert bucket.read(key) == key.encode()
    listed = bucket.s3.list_objects_v2(Bucket=bucket.name)["Contents"]
    assert key in [item["Key"] for item in listed]
    bucket.s3.delete_object(Bucket=bucket.name, Key=key)
    with refused("NoSuchKey", 404) as told:
        bucket.read(key)
    assert told["Key"] == key


def test_what_is_put_is_told(bucket: Bucket) -> None:
    expires = datetime(2030, 1, 1, tzinfo=UTC)
    written = bucket.put(
        "told",
        b"12345",
        ContentType="application/json",
        CacheControl="max-age=3",
        ContentDisposition="inline",
        ContentEncoding="gzip",
        ContentLanguage="en",
        Expires=expires,
        Metadata={"one": "1", "two": "zwei"},
        StorageClass="STANDARD_IA",
        Tagging="a=b&c=d",
    )
    assert written["ETag"] == f'"{md5(b"12345").hex()}"'
    got = bucket.s3.head_object(Bucket=bucket.name, Key="told")
    expected = {
        "ContentLength": 5,
        "ETag": written["ETag"],
        "ContentType": "application/json",
        "CacheControl": "max-age=3",
        "ContentDisposition": "inline",
        "ContentEncoding": "gzip",
        "ContentLanguage": "en",
        "Metadata": {"one": "1", "two": "zwei"},
        "StorageClass": "STANDARD_IA",
        "ServerSideEncryption": "AES256",
        "AcceptRanges": "bytes",
    }
    assert {name: got[name] for name in expected} == expected
    assert "VersionId" not in got
    body = bucket.s3.get_object(Bucket=bucket.name, Key="told")
    assert (body["ContentType"], body["TagCount"], body["Body"].read()) == ("application/json", 2, b"12345")
    assert bucket.s3.head_object(Bucket=bucket.name, Key="told")["Expires"] == expires


def test_content_type_of_nothing_said(bucket: Bucket) -> None:
    bucket.put("plain")
    assert bucket.s3.head_object(Bucket=bucket.name, Key="plain")["ContentType"] == "binary/octet-stream"


RANGES: dict[str, tuple[bytes, str]] = {
    "bytes=0-3": (b"0123", "bytes 0-3/10"),
    "bytes=7-": (b"789", "bytes 7-9/10"),
    "bytes=-4": (b"6789", "bytes 6-9/10"),
    "bytes=-100": (b"0123456789", "bytes 0-9/10"),
    "bytes=8-100": (b"89", "bytes 8-9/10"),
}


@pytest.mark.parametrize(("header", "expected"), RANGES.items())
def test_range(bucket: Bucket, header: str, expected: tuple[bytes, str]) -> None:
    bucket.put("digits", b"0123456789")
    got = bucket.s3.get_object(Bucket=bucket.name, Key="digits", Range=header)
    assert (got["Body"].read(), got["ContentRange"]) == expected
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["ContentLength"] == len(expected[0])
    head = bucket.s3.head_object(Bucket=bucket.name, Key="digits", Range=header)
    assert (head["ContentLength"], head["ResponseMetadata"]["HTTPStatusCode"]) == (len(expected[0]), 206)


@pytest.mark.parametrize("header", ["bytes=0-1,3-4", "bytes=5-2", "lines=0-1", "bytes=a-b"])
def test_range_that_counts_as_none(bucket: Bucket, header: str) -> None:
    bucket.put("digits", b"0123456789")
    got = bucket.s3.get_object(Bucket=bucket.name, Key="digits", Range=header)
    assert (got["Body"].read(), got["ResponseMetadata"]["HTTPStatusCode"]) == (b"0123456789", 200)


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_range_behind_the_end(bucket: Bucket, header: str) -> None:
    bucket.put("digits", b"0123456789")
    with refused("InvalidRange", 416) as told:
        bucket.read("digits", Range=header)
    assert (told["RangeRequested"], told["ActualObjectSize"]) == (header, "10")
    with refused("416", 416):
        bucket.s3.head_object(Bucket=bucket.name, Key="digits", Range=header)


def test_conditional_reads(bucket: Bucket) -> None:
    etag = bucket.put("condition", b"x")["ETag"]
    before, after = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(seconds=5)
    for passing in (
        {"IfMatch": etag},
        {"IfMatch": "*"},
        {"IfNoneMatch": '"other"'},
        {"IfModifiedSince": before},
        {"IfUnmodifiedSince": after},
        {"IfMatch": etag, "IfUnmodifiedSince": before},
    ):
        assert bucket.read("condition", **passing) == b"x"
    for failing in ({"IfMatch": '"other"'}, {"IfUnmodifiedSince": before}):
        with refused("PreconditionFailed", 412):
            bucket.read("condition", **failing)
    for same in ({"IfNoneMatch": etag}, {"IfModifiedSince": after}, {"IfNoneMatch": etag, "IfModifiedSince": before}):
        with refused("304", 304) as told:
            bucket.read("condition", **same)
        assert told.headers["etag"] == etag


def test_create_only_and_replace_only(bucket: Bucket) -> None:
    first = bucket.put("once", b"1", IfNoneMatch="*")["ETag"]
    with refused("PreconditionFailed", 412) as told:
        bucket.put("once", b"2", IfNoneMatch="*")
    assert told["Condition"] == "If-None-Match"
    with refused("NotImplemented", 501):
        bucket.put("once", b"2", IfNoneMatch=first)
    bucket.put("once", b"2", IfMatch=first)
    with refused("PreconditionFailed", 412):
        bucket.put("once", b"3", IfMatch=first)
    with refused("NoSuchKey", 404):
        bucket.put("never", b"3", IfMatch=first)
    assert bucket.read("once") == b"2"


def test_of_many_who_create_only_one_does(bucket: Bucket) -> None:
    outcomes: list[str] = []

    def create() -> None:
        try:
            bucket.put("race", b"x", IfNoneMatch="*")
            outcomes.append("created")
        except ClientError as error:
            outcomes.append(code_of(error))

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["PreconditionFailed"] * 5 + ["created"]


def test_checksums(bucket: Bucket) -> None:
    sha = base64.b64encode(hashlib.sha256(b"data").digest()).decode()
    assert bucket.put("sum", ChecksumAlgorithm="SHA256")["ChecksumSHA256"] == sha
    head = bucket.s3.head_object(Bucket=bucket.name, Key="sum", ChecksumMode="ENABLED")
    assert (head["ChecksumSHA256"], head["ChecksumType"]) == (sha, "FULL_OBJECT")
    with refused("BadDigest"):
        bucket.put("sum", b"other", ChecksumSHA256=sha)


def test_checksum_that_nobody_asked_for_is_crc64nvme(cloud: Cloud, bucket: Bucket) -> None:
    plain = cloud.client("s3", request_checksum_calculation="when_required")
    assert plain.put_object(Bucket=bucket.name, Key="sum", Body=b"123456789")["ChecksumCRC64NVME"] == "rosUhgp5mIg="


def test_content_md5(bucket: Bucket) -> None:
    wrong = base64.b64encode(md5(b"other")).decode()
    with refused("BadDigest"):
        bucket.put("md5", ContentMD5=wrong)
    with refused("InvalidDigest"):
        bucket.put("md5", ContentMD5="aaaa")
    bucket.put("md5", b"other", ContentMD5=wrong)


def test_limits(bucket: Bucket) -> None:
    with refused("KeyTooLongError"):
        bucket.put("x" * 1025)
    with refused("MetadataTooLarge"):
        bucket.put("metadata", Metadata={"a": "x" * 2048})


def test_what_is_not_done_here_is_an_error(bucket: Bucket) -> None:
    with refused("NotImplemented", 501) as told:
        bucket.put("locked", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=datetime(2030, 1, 1, tzinfo=UTC))
    assert "ObjectLockMode" in told["Message"]


def copy(bucket: Bucket, source: str, target: str, **params: Any) -> Any:
    return bucket.s3.copy_object(
        Bucket=bucket.name, Key=target, CopySource={"Bucket": bucket.name, "Key": source}, **params
    )


def test_copy_keeps_metadata_and_tags_unless_told_otherwise(bucket: Bucket) -> None:
    bucket.put("source é [1]", b"x", ContentType="text/plain", Metadata={"m": "1"}, Tagging="t=1")
    copy(bucket, "source é [1]", "copy")
    head = bucket.s3.head_object(Bucket=bucket.name, Key="copy")
    assert (head["ContentType"], head["Metadata"]) == ("text/plain", {"m": "1"})
    assert bucket.s3.get_object_tagging(Bucket=bucket.name, Key="copy")["TagSet"] == [{"Key": "t", "Value": "1"}]
    copy(bucket, "source é [1]", "copy", MetadataDirective="REPLACE", Metadata={"n": "2"}, TaggingDirective="REPLACE")
    head = bucket.s3.head_object(Bucket=bucket.name, Key="copy")
    assert (head["ContentType"], head["Metadata"]) == ("binary/octet-stream", {"n": "2"})
    assert bucket.s3.get_object_tagging(Bucket=bucket.name, Key="copy")["TagSet"] == []


def test_copy_onto_itself(bucket: Bucket) -> None:
    bucket.put("self", b"x")
    with refused("InvalidRequest"):
        copy(bucket, "self", "self")
    copy(bucket, "self", "self", MetadataDirective="REPLACE", Metadata={"new": "1"})
    assert bucket.read("self") == b"x"


def test_copy_conditions_and_missing_sources(bucket: Bucket) -> None:
    etag = bucket.put("source", b"x")["ETag"]
    copy(bucket, "source", "copy", CopySourceIfMatch=etag)
    for failing in ({"CopySourceIfMatch": '"other"'}, {"CopySourceIfNoneMatch": etag}):
        with refused("PreconditionFailed", 412):
            copy(bucket, "source", "copy", **failing)
    with refused("NoSuchKey", 404):
        copy(bucket, "nothing", "copy")
    with refused("NoSuchBucket", 404):
        bucket.s3.copy_object(Bucket=bucket.name, Key="copy", CopySource="no-such-bucket-here/key")


def test_object_tagging(bucket: Bucket) -> None:
    bucket.put("tagged")
    tags = [{"Key": "a", "Value": "1"}]
    bucket.s3.put_object_tagging(Bucket=bucket.name, Key="tagged", Tagging={"TagSet": tags})
    assert bucket.s3.get_object_tagging(Bucket=bucket.name, Key="tagged")["TagSet"] == tags
    bucket.s3.delete_object_tagging(Bucket=bucket.name, Key="tagged")
    assert bucket.s3.get_object_tagging(Bucket=bucket.name, Key="tagged")["TagSet"] == []
    with refused("NoSuchKey", 404):
        bucket.s3.put_object_tagging(Bucket=bucket.name, Key="missing", Tagging={"TagSet": tags})


def test_overrides_of_a_signed_read(cloud: Cloud, bucket: Bucket) -> None:
    bucket.put("override", ContentType="text/plain")
    got = bucket.s3.get_object(Bucket=bucket.name, Key="override", ResponseContentType="text/csv")
    assert got["ContentType"] == "text/csv"


def test_delete_many(bucket: Bucket) -> None:
    for key in ("x/1", "x/2"):
        bucket.put(key)
    objects = [{"Key": "x/1"}, {"Key": "x/2"}, {"Key": "x/never"}]
    got = bucket.s3.delete_objects(Bucket=bucket.name, Delete={"Objects": objects})
    assert [item["Key"] for item in got["Deleted"]] == ["x/1", "x/2", "x/never"]
    assert "Contents" not in bucket.s3.list_objects_v2(Bucket=bucket.name, Prefix="x/")
    quiet = bucket.s3.delete_objects(Bucket=bucket.name, Delete={"Objects": objects, "Quiet": True})
    assert "Deleted" not in quiet
    with refused("MalformedXML"):
        bucket.s3.delete_objects(Bucket=bucket.name, Delete={"Objects": [{"Key": str(n)} for n in range(1001)]})


def test_object_attributes(bucket: Bucket) -> None:
    bucket.put("attributes", b"12345", ChecksumAlgorithm="CRC32")
    got = bucket.s3.get_object_attributes(
        Bucket=bucket.name, Key="attributes", ObjectAttributes=["ETag", "ObjectSize", "StorageClass", "Checksum"]
    )
    assert got["ETag"] == md5(b"12345").hex()
    assert (got["ObjectSize"], got["StorageClass"], got["Checksum"]["ChecksumCRC32"]) == (5, "STANDARD", "y/U6HA==")


def test_one_canonical_user_an_account(cloud: Cloud, bucket: Bucket) -> None:
    bucket.put("owned")
    ids = {
        bucket.s3.list_buckets()["Owner"]["ID"],
        bucket.s3.get_bucket_acl(Bucket=bucket.name)["Owner"]["ID"],
        bucket.s3.get_object_acl(Bucket=bucket.name, Key="owned")["Owner"]["ID"],
        bucket.s3.list_objects_v2(Bucket=bucket.name, FetchOwner=True, Prefix="owned")["Contents"][0]["Owner"]["ID"],
    }
    assert len(ids) == 1
    assert DEV not in ids.pop()
