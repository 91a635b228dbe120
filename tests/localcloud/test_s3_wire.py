"""Requests that no SDK would send: signed by hand, then changed."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest

from .conftest import REGION, Cloud
from .s3_steps import Bucket, make_bucket, md5


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> Bucket:
    return make_bucket(cloud)


def send(cloud: Cloud, method: str, path: str, body: bytes, *, sent: bytes | None = None, md5_sum: str = "") -> Any:
    """Signs the request with ``body`` and sends it with ``sent``."""
    headers = {"Content-MD5": md5_sum} if md5_sum else {}
    request = AWSRequest(method=method, url=f"{cloud.https_url}/{path}", data=body, headers=headers)
    credentials = cloud.session().get_credentials()
    assert credentials is not None
    request.context["payload_signing_enabled"] = True
    S3SigV4Auth(credentials.get_frozen_credentials(), "s3", REGION).add_auth(request)
    pool = urllib3.PoolManager(ca_certs=cloud.ca_bundle)
    return pool.request(
        method, str(request.url), body=body if sent is None else sent, headers=dict(request.headers.items())
    )


def code(answer: Any) -> str:
    return answer.data.decode().partition("<Code>")[2].partition("</Code>")[0]


def test_body_that_was_not_signed(cloud: Cloud, bucket: Bucket) -> None:
    answer = send(cloud, "PUT", f"{bucket.name}/key", b"signed", sent=b"forged")
    assert (answer.status, code(answer)) == (400, "XAmzContentSHA256Mismatch")


VERSIONING = b"<VersioningConfiguration><Status>%s</Status></VersioningConfiguration>"


@pytest.mark.parametrize(
    "body", [b"<not xml", b"<Other/>", b"<VersioningConfiguration><Other/></VersioningConfiguration>"]
)
def test_malformed_xml(cloud: Cloud, bucket: Bucket, body: bytes) -> None:
    answer = send(cloud, "PUT", f"{bucket.name}?versioning", body)
    assert (answer.status, code(answer)) == (400, "MalformedXML")


def test_well_formed_xml(cloud: Cloud, bucket: Bucket) -> None:
    assert send(cloud, "PUT", f"{bucket.name}?versioning", VERSIONING % b"Enabled").status == 200
    assert bucket.s3.get_bucket_versioning(Bucket=bucket.name)["Status"] == "Enabled"


def test_delete_many_without_a_checksum(cloud: Cloud, bucket: Bucket) -> None:
    body = b"<Delete><Object><Key>key</Key></Object></Delete>"
    answer = send(cloud, "POST", f"{bucket.name}?delete", body)
    assert (answer.status, code(answer)) == (400, "InvalidRequest")
    assert b"Missing required header for this request: Content-MD5" in answer.data
    told = base64.b64encode(md5(body)).decode()
    assert send(cloud, "POST", f"{bucket.name}?delete", body, md5_sum=told).status == 200


def test_chunks_that_end_early(cloud: Cloud, bucket: Bucket) -> None:
    sha256 = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    pool = urllib3.PoolManager(ca_certs=cloud.ca_bundle)
    bucket.allow({"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": f"{bucket.arn}/open/*"})
    url = f"{cloud.https_url}/{bucket.name}/open/key"
    headers = {"x-amz-content-sha256": sha256, "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "9"}
    for body in (b"5\r\nabc", b"5\r\nabcde\r\n0\r\n\r\n"):
        answer = pool.request("PUT", url, body=body, headers=headers)
        assert (answer.status, code(answer)) == (400, "IncompleteBody")
    whole = b"5\r\nabcde\r\n4\r\nfghi\r\n0\r\nx-amz-checksum-crc32:jdqAoA==\r\n\r\n"
    answer = pool.request("PUT", url, body=whole, headers=headers)
    assert (answer.status, code(answer)) == (400, "BadDigest")
    answer = pool.request("PUT", url, body=whole.replace(b"jdqAoA==", b"jamIrw=="), headers=headers)
    assert (answer.status, code(answer)) == (200, "")
    assert bucket.read("open/key") == b"abcdefghi"
