"""Every operation of the services in use is found again, with its parameters, from the request that botocore writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from moto.core.model import OperationModel

from localcloud.server.call import Refusal
from localcloud.server.routing import PREFLIGHT, route
from localcloud.server.serialization import to_request
from localcloud.server.wire import HttpRequest

from .model_examples import example, operations

SERVICES = {
    "s3": "s3",
    "s3control": "s3",
    "iam": "iam",
    "sts": "sts",
    "kms": "kms",
    "ec2": "ec2",
    "batch": "batch",
    "stepfunctions": "states",
    "events": "events",
    "sqs": "sqs",
    "sns": "sns",
    "logs": "logs",
    "ssm": "ssm",
    "secretsmanager": "secretsmanager",
    "rds": "rds",
    "elbv2": "elasticloadbalancing",
    "cloudwatch": "monitoring",
    "ecr": "ecr",
    "eks": "eks",
    "route53": "route53",
    "cloudfront": "cloudfront",
}
"""Botocore's service name and the one that requests are signed with."""


def comparable(value: Any) -> Any:
    """Timestamps in one form: parsers give naive UTC."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value
    if isinstance(value, Mapping):
        return {key: comparable(item) for key, item in value.items()}
    return [comparable(item) for item in value] if isinstance(value, list) else value


ELSEWHERE = ("ListDirectoryBuckets", "BucketCORSPreflightCheck", "ObjectCORSPreflightCheck")
"""S3 Express has an endpoint of its own; a preflight is called by one name here."""


@pytest.mark.parametrize(("service", "signing_name"), SERVICES.items())
def test_every_operation_is_found_again_with_its_parameters(service: str, signing_name: str) -> None:
    sought = [each for each in operations(service) if not each.deprecated and each.name not in ELSEWHERE]
    assert sought
    assert [text for operation in sought if (text := _round_trip(operation, signing_name))] == []


def _round_trip(operation: OperationModel, signing_name: str) -> str:
    shape = operation.input_shape
    params = example(shape, "") if shape is not None else {}
    try:
        routed = route(to_request(operation, params), signing_name)
    except Refusal as refusal:
        return f"{operation.name}: {refusal}"
    if routed.operation != operation.name:
        return f"{operation.name} was taken for {routed.operation}"
    given, found = comparable(params), comparable(routed.params)
    return "" if found == given else f"{operation.name}: {given} became {found}"


def request(method: str, target: str, body: bytes = b"", **headers: str) -> HttpRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest(method=method, target=target, headers={"host": "localhost", **named}, body=body)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("a b", "a%20b"),
        ("x[1]", "x[1]"),
        ("ü", "%C3%BC"),
        ("a+b", "a+b"),
        ("a//b", "a//b"),
        ("/lead", "/lead"),
        ("a/b", "a%2Fb"),
        ("a%2Fb", "a%252Fb"),
        ("../x/.", "../x/."),
        ("tail/", "tail/"),
    ],
)
def test_a_key_is_what_the_path_says(key: str, path: str) -> None:
    assert route(request("GET", f"/bucket/{path}"), "s3").params == {"Bucket": "bucket", "Key": key}


CONTROL = "/v20180820/configuration"


@pytest.mark.parametrize(
    ("asked", "operation"),
    [
        (request("GET", "/"), "ListBuckets"),
        (request("GET", "/b"), "ListObjects"),
        (request("GET", "/b/?list-type=2&prefix=a+b"), "ListObjectsV2"),
        (request("GET", "/b?versions"), "ListObjectVersions"),
        (request("PUT", "/b/k", x_amz_copy_source="c/k"), "CopyObject"),
        (request("PUT", "/b/k?partNumber=1&uploadId=u"), "UploadPart"),
        (request("PUT", "/b/k?partNumber=1&uploadId=u", x_amz_copy_source="c/k"), "UploadPartCopy"),
        (request("GET", "/b/k?x-id=GetObject"), "GetObject"),
        (request("POST", "/b?delete", b"<Delete><Object><Key>k</Key></Object></Delete>"), "DeleteObjects"),
        (request("OPTIONS", "/b/k", origin="https://x"), PREFLIGHT),
        (request("PUT", f"{CONTROL}/publicAccessBlock", x_amz_account_id="1"), "PutPublicAccessBlock"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_s3_operations_are_told_apart(asked: HttpRequest, operation: str) -> None:
    assert route(asked, "s3").operation == operation


@pytest.mark.parametrize(
    ("asked", "signed_as", "code", "named"),
    [
        (request("PUT", "/b?somethingNew"), "s3", "NotImplemented", "somethingNew"),
        (request("PUT", "/b/k", x_amz_new_feature="1"), "s3", "NotImplemented", "x-amz-new-feature"),
        (request("PATCH", "/b/k"), "s3", "NotImplemented", "PATCH"),
        (request("PUT", "/b?tagging", b"<Tagging><TagSet/><Other/></Tagging>"), "s3", "MalformedXML", "Other"),
        (request("PUT", "/b?tagging", b"<Else/>"), "s3", "MalformedXML", "Else"),
        (request("PUT", "/b?tagging", b"<Tagging>"), "s3", "MalformedXML", "no element found"),
        (request("POST", "/", b"{}", x_amz_target="TrentService.Nothing"), "kms", "InvalidAction", "Nothing"),
        (request("GET", "/"), "nosuchservice", "NotImplemented", "nosuchservice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_model_knows_is_refused_by_name(asked: HttpRequest, signed_as: str, code: str, named: str) -> None:
    with pytest.raises(Refusal, match=named) as refused:
        route(asked, signed_as)
    assert refused.value.code == code


FORM = "application/x-www-form-urlencoded"
JSON = "application/x-amz-json-1.1"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"Action=GetRole&Version=2010-05-08&RoleName=r&Other=1", "ValidationError"),
        (b"Action=ListRoles&Version=2010-05-08&MaxItems=many", "MalformedInput"),
        (b"Action=Nothing&Version=2010-05-08", "InvalidAction"),
    ],
)
def test_a_query_request_is_read_strictly(body: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        route(request("POST", "/", body, content_type=FORM), "iam")
    assert refused.value.code == code


@pytest.mark.parametrize("body", [b'{"KeyId": 1}', b'{"KeyId": "a", "Other": 1}', b'{"KeyId": ["a"]}', b"{", b"[]"])
def test_a_json_request_is_read_strictly(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        route(request("POST", "/", body, x_amz_target="TrentService.DescribeKey", content_type=JSON), "kms")
    assert refused.value.code == "SerializationException"
