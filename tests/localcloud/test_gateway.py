"""Requests through the gateway: bodies, signatures, error shapes, what is not implemented, and the log of calls."""

from __future__ import annotations

import http.client
import json
import os
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from botocore.exceptions import ClientError

from localcloud.server import moto_backend, pipeline, service_calls
from localcloud.server.call import HOOKS, Call, Refusal
from localcloud.server.callers import identify
from localcloud.server.registry import load_for
from localcloud.server.signing import Signature
from localcloud.server.wire import HttpRequest, with_plain_body

from .conftest import ACCOUNTS, DEV, Cloud
from .policies import refusal


def fetch(cloud: Cloud, url: str, method: str = "GET", **options: Any) -> urllib3.BaseHTTPResponse:
    """A request as it is written: urllib3 neither signs nor follows."""
    with urllib3.PoolManager(ca_certs=cloud.ca_bundle) as pool:
        return pool.request(method, url, retries=False, **options)


def made_bucket(cloud: Cloud, s3: Any = None) -> tuple[Any, str]:
    client, bucket = s3 or cloud.client("s3", DEV), cloud.name("gateway")
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return client, bucket


def logged(cloud: Cloud) -> list[dict[str, Any]]:
    """The lines of the call log."""
    return [json.loads(line) for line in cloud.folder.calls.read_text().splitlines()]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_engineer_assumes_the_organization_role_in_each_account(cloud: Cloud, account: str) -> None:
    identity = cloud.client("sts", account).get_caller_identity()
    assert identity["Account"] == account
    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/OrganizationAccountAccessRole/test"


@pytest.mark.parametrize("key", ["a b", "x[1]", "ü/ø", "a+b", "p//q", "/lead", "a%2Fb", "a/../b", "tail/", "new\nline"])
def test_keys_come_back_as_they_were_given(cloud: Cloud, key: str) -> None:
    s3, bucket = made_bucket(cloud)
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={"some_name": "value"})
    answer = s3.get_object(Bucket=bucket, Key=key)
    assert answer["Body"].read() == key.encode()
    assert answer["Metadata"] == {"some_name": "value"}
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


@pytest.mark.parametrize("secure", [True, False])
def test_a_large_body_passes_in_both_directions(cloud: Cloud, secure: bool) -> None:
    body = os.urandom(12_000_000)
    s3, bucket = made_bucket(cloud, cloud.client("s3", DEV, secure=secure))
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert sha256(s3.get_object(Bucket=bucket, Key="k")["Body"].read()).digest() == sha256(body).digest()


def test_a_chunked_body_with_expect_is_read(cloud: Cloud) -> None:
    s3, bucket = made_bucket(cloud, cloud.client("s3", DEV, signature_version="s3v4"))
    url = urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"}))
    where = urlsplit(cloud.http_url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port)
    headers = {"Host": url.netloc, "Transfer-Encoding": "chunked", "Expect": "100-continue"}
    connection.request("PUT", f"{url.path}?{url.query}", iter([b"one ", b"two"]), headers, encode_chunked=True)
    assert connection.getresponse().read() == b""
    connection.close()
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"one two"


def test_a_signed_chunk_stream_is_unframed() -> None:
    body = b"3;chunk-signature=a\r\nabc\r\n2;chunk-signature=b\r\nde\r\n0;chunk-signature=c\r\n"
    body += b"x-amz-checksum-crc32:AAAA\r\n\r\n"
    headers = {
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "content-encoding": "gzip,aws-chunked",
        "x-amz-decoded-content-length": "5",
    }
    plain = with_plain_body(HttpRequest(method="PUT", target="/b/k", headers=headers, body=body))
    assert plain.body == b"abcde"
    assert plain.headers["content-encoding"] == "gzip"
    assert plain.headers["x-amz-checksum-crc32"] == "AAAA"


def test_a_wrong_checksum_is_refused(cloud: Cloud) -> None:
    s3, bucket = made_bucket(cloud)
    with pytest.raises(ClientError, match="BadDigest"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ChecksumSHA256="A" * 43 + "=")


def test_a_presigned_url_is_enough(cloud: Cloud) -> None:
    key = "a b+c"
    s3, bucket = made_bucket(cloud, cloud.client("s3", DEV, signature_version="s3v4"))
    s3.put_object(Bucket=bucket, Key=key, Body=b"text")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
    answer = fetch(cloud, url)
    assert (answer.status, answer.data) == (200, b"text")
    assert fetch(cloud, url.replace("Signature=", "Signature=0")).status == 403
    assert b"Request has expired" in fetch(cloud, url.replace("Expires=3600", "Expires=0")).data
    old = cloud.client("s3", DEV, signature_version="s3").generate_presigned_url("list_buckets")
    assert b"Please use AWS4-HMAC-SHA256" in fetch(cloud, old).data


def test_a_changed_body_is_refused(cloud: Cloud) -> None:
    session = cloud.client("s3", DEV, secure=False)

    def change(request: Any, **_: Any) -> None:
        request.body = b"other"
        request.headers["Content-Length"] = "5"

    session.meta.events.register("before-send.s3.PutBucketTagging", change)
    _, bucket = made_bucket(cloud)
    with pytest.raises(ClientError, match="XAmzContentSHA256Mismatch"):
        session.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []})
    session.meta.events.unregister("before-send.s3.PutBucketTagging", change)


def test_an_old_signature_is_refused(cloud: Cloud) -> None:
    key = cloud.credentials.access_key_id
    old = Signature(
        access_key_id=key, date="20200101", region="us-west-2", service="s3", signed_headers=("host",),
        signature="", timestamp="20200101T000000Z", token=None,
    )  # fmt: skip
    with pytest.raises(Exception, match="RequestTimeTooSkewed"):
        identify(HttpRequest(method="GET", target="/", headers={"host": "x"}), old, "rest-xml")


def test_the_transport_is_told_to_the_decision(cloud: Cloud) -> None:
    for secure in (True, False):
        cloud.client("s3", DEV, secure=secure).list_buckets()
        line = [line for line in logged(cloud) if line.get("operation") == "ListBuckets"][-1]
        assert line["secure"] is secure
        assert line["permissions"][0]["context"]["aws:SecureTransport"] == [str(secure).lower()]


class TestErrors:
    """Each protocol has its own shape; a client must find code, message and request id in it."""

    @pytest.mark.parametrize(
        ("service", "method", "params", "code", "status"),
        [
            ("s3", "get_bucket_policy", {"Bucket": "no-such-bucket-anywhere"}, "NoSuchBucket", 404),
            ("iam", "get_role", {"RoleName": "none"}, "NoSuchEntity", 404),
            ("ec2", "describe_subnets", {"SubnetIds": ["subnet-12345678"]}, "InvalidSubnetID.NotFound", 400),
            ("kms", "describe_key", {"KeyId": "0" * 8 + "-0000-0000-0000-" + "0" * 12}, "NotFoundException", 400),
            ("batch", "submit_job", {"jobName": "j", "jobQueue": "q", "jobDefinition": "d"}, "ClientException", 400),
        ],
    )
    def test_a_service_error(
        self, cloud: Cloud, service: str, method: str, params: dict[str, Any], code: str, status: int
    ) -> None:
        with pytest.raises(ClientError) as error:
            getattr(cloud.client(service, DEV), method)(**params)
        response: Any = error.value.response
        assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
        assert response["Error"]["Message"]
        assert response["ResponseMetadata"]["RequestId"]

    @pytest.mark.parametrize(
        ("service", "method", "code"),
        [
            ("iam", "list_users", "AccessDenied"),
            ("s3", "list_buckets", "AccessDenied"),
            ("ec2", "describe_vpcs", "UnauthorizedOperation"),
            ("kms", "list_keys", "AccessDeniedException"),
            ("batch", "describe_job_queues", "AccessDeniedException"),
        ],
    )
    def test_a_denial_names_who_what_and_why(self, cloud: Cloud, service: str, method: str, code: str) -> None:
        with pytest.raises(ClientError) as error:
            getattr(cloud.engineer(service), method)()
        response: Any = error.value.response
        assert response["Error"]["Code"] == code
        assert "user/engineer is not authorized to perform: " in response["Error"]["Message"]

    def test_an_operation_that_nobody_answers_is_named(self, cloud: Cloud) -> None:
        with pytest.raises(ClientError, match=r"\(NotImplemented\).*GetBucketAbac"):
            cloud.client("s3", DEV).get_bucket_abac(Bucket="x-y-z")

    def test_a_fault_of_the_server_is_an_internal_error(
        self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*_: Any) -> None:
            raise ZeroDivisionError("broken")

        monkeypatch.setattr(pipeline, "invoke", broken)
        with pytest.raises(ClientError, match="InternalError"):
            cloud.client("ec2", DEV).describe_vpcs()
        assert "ZeroDivisionError" in caplog.text

    def test_a_service_is_denied_as_a_client_is(self, cloud: Cloud) -> None:
        params = {"CidrBlock": "10.0.0.0/16"}
        with pytest.raises(Refusal) as refused:
            service_calls.perform(
                service_calls.service("batch.amazonaws.com", DEV), "ec2", "CreateVpc", params, "us-west-2"
            )
        assert (refused.value.code, refused.value.status) == refusal(cloud.engineer("ec2").create_vpc, **params)

    def test_a_head_request_has_no_body(self, cloud: Cloud) -> None:
        answer = fetch(cloud, f"{cloud.https_url}/no-such-bucket-anywhere", "HEAD")
        assert answer.status in (403, 404)
        assert answer.data == b""


class TestHooks:
    """What a service adds around moto is seen by moto and by the client."""

    @pytest.fixture(autouse=True)
    def _loaded(self) -> None:
        """Hooks that EC2's first call registered while a test's own stand there would go with them."""
        load_for("ec2")

    def test_a_changed_parameter_reaches_moto(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        def change(call: Call) -> None:
            call.params["Description"] = "changed"

        monkeypatch.setitem(HOOKS.before_calls, ("ec2", "CreateSecurityGroup"), [change])
        ec2 = cloud.client("ec2", DEV)
        made = ec2.create_security_group(GroupName=cloud.name(), Description="given")["GroupId"]
        assert ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["Description"] == "changed"

    def test_a_changed_answer_reaches_the_client(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        def change(call: Call, output: dict[str, Any]) -> None:
            output["Vpcs"][0]["State"] = f"seen in {call.caller.account_id}"

        monkeypatch.setitem(HOOKS.after_calls, ("ec2", "DescribeVpcs"), [change])
        assert cloud.client("ec2", DEV).describe_vpcs()["Vpcs"][0]["State"] == f"seen in {DEV}"


def test_the_log_holds_all_that_a_decision_rests_on(cloud: Cloud) -> None:
    _, bucket = made_bucket(cloud)
    lines = logged(cloud)
    policies = {line["policy"]: line["document"] for line in lines if "policy" in line}
    assert all(sha256(text.encode()).hexdigest() == name for name, text in policies.items())
    line = [line for line in lines if line.get("operation") == "CreateBucket"][-1]
    assert (line["status"], line["code"], line["service"]) == (200, "", "s3")
    assert line["caller"]["principal_arn"] == f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"
    asked = line["permissions"][0]
    assert (asked["action"], asked["resource"]) == ("s3:CreateBucket", f"arn:aws:s3:::{bucket}")
    assert asked["allowed"]
    assert asked["context"]["aws:PrincipalArn"] == [line["caller"]["principal_arn"]]
    assert '"Action": "*"' in policies[asked["policies"]["identity"][0]]
    role = line["caller"]["principal_arn"]
    assumed = [
        line["permissions"][0]
        for line in lines
        if line.get("operation") == "AssumeRole" and line["caller"]["kind"] == "user" and line["status"] == 200
    ]
    entered = [one for one in assumed if one["resource"] == role]
    assert {"identity", "resource"} <= set(entered[-1]["policies"])


def test_a_signature_that_cannot_be_read_is_logged_with_the_service_that_the_request_names(cloud: Cloud) -> None:
    headers = {"Authorization": "AWS4-HMAC-SHA256 of nothing", "X-Amz-Target": "AWSEvents.ListRules"}
    assert fetch(cloud, cloud.https_url, "POST", headers=headers).status == 400
    line = logged(cloud)[-1]
    assert (line["service"], line["operation"], line["code"]) == ("events", "", "IncompleteSignature")


def test_moto_is_found_for_every_service_in_use() -> None:
    """A host that moto does not know would make a whole service unavailable."""
    for service in ("ec2", "batch", "events", "logs", "ecr", "elbv2", "cloudwatch", "ssm", "rds", "eks", "lambda"):
        assert moto_backend.routes(moto_backend.host_of(service, "us-west-2")), service
