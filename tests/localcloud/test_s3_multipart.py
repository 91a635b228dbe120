"""Uploads and copies in parts."""

from __future__ import annotations

import hashlib
import io
import os
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from .conftest import DEV, PUBLIC, Cloud
from .s3_steps import Bucket, make_bucket, md5, refused, statement

MIB = 1024**2
IN_PARTS = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB)


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> Bucket:
    return make_bucket(cloud)


class Upload:
    """An upload in progress."""

    def __init__(self, bucket: Bucket, key: str = "key", **params: Any) -> None:
        self.bucket, self.key = bucket, key
        self.id = bucket.s3.create_multipart_upload(Bucket=bucket.name, Key=key, **params)["UploadId"]
        self.names: dict[str, Any] = {"Bucket": bucket.name, "Key": key, "UploadId": self.id}

    def part(self, number: int, body: bytes, **params: Any) -> dict[str, Any]:
        told = self.bucket.s3.upload_part(**self.names, PartNumber=number, Body=body, **params)
        sums = {name: value for name, value in told.items() if name.startswith("Checksum")}
        return {"PartNumber": number, "ETag": told["ETag"], **sums}

    def complete(self, parts: list[dict[str, Any]], **params: Any) -> Any:
        return self.bucket.s3.complete_multipart_upload(**self.names, MultipartUpload={"Parts": parts}, **params)


def test_etag_and_parts(bucket: Bucket) -> None:
    upload = Upload(bucket, "parts", Metadata={"m": "1"}, Tagging="a=b", ContentType="text/plain")
    bodies = [os.urandom(5 * MIB), b"the rest"]
    done = upload.complete([upload.part(number, body) for number, body in enumerate(bodies, 1)])
    md5s = b"".join(md5(body) for body in bodies)
    assert done["ETag"] == f'"{md5(md5s).hex()}-2"'
    got = bucket.s3.get_object(Bucket=bucket.name, Key="parts")
    assert (got["Body"].read(), got["Metadata"], got["TagCount"]) == (b"".join(bodies), {"m": "1"}, 1)
    second = bucket.s3.get_object(Bucket=bucket.name, Key="parts", PartNumber=2)
    assert (second["Body"].read(), second["PartsCount"], second["ContentRange"]) == (
        b"the rest",
        2,
        f"bytes {5 * MIB}-{5 * MIB + 7}/{5 * MIB + 8}",
    )
    with refused("InvalidPartNumber", 416):
        bucket.read("parts", PartNumber=3)


def test_parts_smaller_than_5_mib(bucket: Bucket) -> None:
    upload = Upload(bucket)
    parts = [upload.part(1, b"small"), upload.part(2, b"last")]
    with refused("EntityTooSmall") as told:
        upload.complete(parts)
    assert (told["ProposedSize"], told["MinSizeAllowed"], told["PartNumber"]) == ("5", str(5 * MIB), "1")
    upload.complete(parts[:1])


def test_parts_named_wrongly(bucket: Bucket) -> None:
    upload = Upload(bucket)
    one, two = upload.part(1, b"x" * 5 * MIB), upload.part(2, b"y")
    with refused("InvalidPartOrder"):
        upload.complete([two, one])
    with refused("InvalidPart"):
        upload.complete([one, {**two, "ETag": one["ETag"]}])
    with refused("InvalidPart"):
        upload.complete([one, {**two, "PartNumber": 3}])
    with refused("MalformedXML"):
        upload.complete([])
    with refused("InvalidArgument"):
        upload.part(10_001, b"x")
    upload.complete([one, two])
    with refused("NoSuchUpload", 404):
        upload.complete([one, two])


def test_abort_and_listing(bucket: Bucket) -> None:
    upload = Upload(bucket, "pending/1")
    upload.part(3, b"three")
    upload.part(1, b"one")
    uploads = bucket.s3.list_multipart_uploads(Bucket=bucket.name, Prefix="pending/")["Uploads"]
    assert [(item["Key"], item["UploadId"]) for item in uploads] == [("pending/1", upload.id)]
    assert uploads[0]["Initiator"]["ID"].startswith(f"arn:aws:sts::{DEV}:assumed-role/")
    parts = bucket.s3.list_parts(**upload.names, MaxParts=1)
    assert ([part["PartNumber"] for part in parts["Parts"]], parts["IsTruncated"]) == ([1], True)
    rest = bucket.s3.list_parts(**upload.names, PartNumberMarker=parts["NextPartNumberMarker"])
    assert [(part["PartNumber"], part["Size"]) for part in rest["Parts"]] == [(3, 5)]
    bucket.s3.abort_multipart_upload(**upload.names)
    with refused("NoSuchUpload", 404):
        bucket.s3.list_parts(**upload.names)
    assert "Uploads" not in bucket.s3.list_multipart_uploads(Bucket=bucket.name, Prefix="pending/")


def test_checksums_of_parts(bucket: Bucket) -> None:
    upload = Upload(bucket, "sums", ChecksumAlgorithm="SHA256")
    part = upload.part(1, b"data", ChecksumAlgorithm="SHA256")
    with refused("InvalidRequest"):
        upload.complete([{"PartNumber": 1, "ETag": part["ETag"]}])
    done = upload.complete([part])
    assert done["ChecksumSHA256"].endswith("-1")
    assert done["ChecksumType"] == "COMPOSITE"
    with refused("InvalidRequest"):
        Upload(bucket, "sums", ChecksumAlgorithm="CRC64NVME", ChecksumType="COMPOSITE")


def test_create_only_in_parts(bucket: Bucket) -> None:
    bucket.put("there")
    upload = Upload(bucket, "there")
    part = upload.part(1, b"x")
    with refused("PreconditionFailed", 412):
        upload.complete([part], IfNoneMatch="*")


@pytest.mark.parametrize("size", [8 * MIB, 50 * MIB])
def test_large_copy_across_accounts(cloud: Cloud, bucket: Bucket, size: int) -> None:
    public = make_bucket(cloud, PUBLIC)
    public.s3.put_bucket_policy(
        Bucket=public.name,
        Policy=f"""{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow",
        "Principal": {{"AWS": "arn:aws:iam::{DEV}:root"}},
        "Action": ["s3:PutObject", "s3:PutObjectTagging"], "Resource": "{public.arn}/*"}}]}}""",
    )
    data = os.urandom(size)
    bucket.s3.upload_fileobj(
        io.BytesIO(data), bucket.name, "large.mrc", ExtraArgs={"Metadata": {"m": "1"}}, Config=IN_PARTS
    )
    bucket.s3.copy({"Bucket": bucket.name, "Key": "large.mrc"}, public.name, "large.mrc", Config=IN_PARTS)
    got = public.s3.get_object(Bucket=public.name, Key="large.mrc")
    assert hashlib.sha256(got["Body"].read()).digest() == hashlib.sha256(data).digest()
    owner = public.s3.get_object_acl(Bucket=public.name, Key="large.mrc")["Owner"]
    assert owner == public.s3.list_buckets()["Owner"]


def test_copied_range_of_a_part(bucket: Bucket) -> None:
    bucket.put("source", b"0123456789")
    upload = Upload(bucket, "ranged")
    source = {"Bucket": bucket.name, "Key": "source"}
    told = bucket.s3.upload_part_copy(**upload.names, PartNumber=1, CopySource=source, CopySourceRange="bytes=2-4")
    for wrong in ("bytes=2-", "bytes=4-2", "bytes=0-10"):
        with refused("InvalidArgument"):
            bucket.s3.upload_part_copy(**upload.names, PartNumber=2, CopySource=source, CopySourceRange=wrong)
    upload.complete([{"PartNumber": 1, "ETag": told["CopyPartResult"]["ETag"]}])
    assert bucket.read("ranged") == b"234"


def test_parts_written_by_another_account_belong_to_the_bucket(cloud: Cloud) -> None:
    public = make_bucket(cloud, PUBLIC)
    public.s3.put_public_access_block(Bucket=public.name, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    public.allow(statement("s3:PutObject", f"{public.arn}/*", {"AWS": f"arn:aws:iam::{DEV}:root"}))
    dev = Bucket(public.name, cloud.client("s3", DEV))
    upload = Upload(dev, "key")
    upload.complete([upload.part(1, b"x")])
    owner = public.s3.list_objects_v2(Bucket=public.name, FetchOwner=True)["Contents"][0]["Owner"]["ID"]
    assert owner == public.s3.list_buckets()["Owner"]["ID"]
