"""What botocore's models demand is demanded, in AWS's words and with each service's own code."""

from __future__ import annotations

from typing import Any

import pytest
from moto.core.model import OperationModel
from moto.core.utils import get_service_model

from localcloud.server.call import Refusal
from localcloud.server.validation import compile_pattern, unsupported_patterns, validate

SERVICES = (
    "s3 s3control iam sts kms ec2 batch stepfunctions events sqs sns logs ssm secretsmanager rds eks ecr elbv2"
    " cloudfront route53 acm wafv2 autoscaling cloudwatch lambda backup athena glue application-autoscaling budgets"
)
ROLE = {"RoleName": "r", "AssumeRolePolicyDocument": "{}"}


def operation(service: str, name: str) -> OperationModel:
    return get_service_model(service).operation_model(name)


@pytest.mark.parametrize(
    ("service", "name", "params", "code", "text"),
    [
        (
            "iam",
            "CreateRole",
            {**ROLE, "RoleName": "r" * 65},
            "ValidationError",
            (
                f"1 validation error detected: Value '{'r' * 65}' at 'roleName' failed to satisfy constraint: "
                "Member must have length less than or equal to 64"
            ),
        ),
        (
            "iam",
            "CreateRole",
            {**ROLE, "RoleName": "a b"},
            "ValidationError",
            (
                "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the "
                "following: +=,.@_-"
            ),
        ),
        (
            "iam",
            "CreateRole",
            {**ROLE, "MaxSessionDuration": 60},
            "ValidationError",
            (
                "1 validation error detected: Value '60' at 'maxSessionDuration' failed to satisfy constraint: "
                "Member must have value greater than or equal to 3600"
            ),
        ),
        (
            "iam",
            "CreateRole",
            {**ROLE, "Tags": [{"Key": "", "Value": "v"}]},
            "ValidationError",
            (
                "2 validation errors detected: Value '' at 'tags.1.member.key' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1"
            ),
        ),
        (
            "sts",
            "AssumeRole",
            {},
            "ValidationError",
            (
                "2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not "
                "be null; Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null"
            ),
        ),
        (
            "kms",
            "CreateKey",
            {"KeySpec": "X"},
            "ValidationException",
            "Member must satisfy enum value set: [RSA_2048,",
        ),
        ("batch", "SubmitJob", {"jobName": "j", "jobQueue": "q"}, "ClientException", "'jobDefinition'"),
        ("ec2", "DeleteVpc", {}, "MissingParameter", "The request must contain the parameter VpcId"),
        (
            "ec2",
            "CreateVpc",
            {"InstanceTenancy": "x"},
            "InvalidParameterValue",
            "Value (x) for parameter InstanceTenancy",
        ),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "ACL": "x"}, "InvalidArgument", "aCL"),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "StorageClass": "x"}, "InvalidStorageClass", "storage class"),
        (
            "s3",
            "CreateBucket",
            {"Bucket": "b", "CreateBucketConfiguration": {"LocationConstraint": "moon"}},
            "InvalidLocationConstraint",
            "not valid",
        ),
        (
            "s3",
            "PutBucketVersioning",
            {"Bucket": "b", "VersioningConfiguration": {"Status": "On"}},
            "MalformedXML",
            "versioningConfiguration.status",
        ),
    ],
)
def test_a_fault_is_refused_with_the_service_code(
    service: str, name: str, params: dict[str, Any], code: str, text: str
) -> None:
    with pytest.raises(Refusal) as refused:
        validate(operation(service, name), params)
    assert refused.value.code == code
    assert text in refused.value.message
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("service", "name", "params"),
    [
        ("iam", "CreateRole", ROLE),
        ("iam", "CreateRole", {**ROLE, "RoleName": "a+=,.@_-Z", "MaxSessionDuration": 43200}),
        ("iam", "TagRole", {"RoleName": "r", "Tags": [{"Key": "é x", "Value": "日本"}]}),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Body": b""}),
        ("kms", "CreateKey", {}),
    ],
)
def test_what_the_model_allows_passes(service: str, name: str, params: dict[str, Any]) -> None:
    validate(operation(service, name), params)


def test_a_pattern_is_read_as_java_reads_it() -> None:
    word = compile_pattern(r"[\w+=,.@-]+")
    assert word.fullmatch("abc")
    assert not word.fullmatch("é")
    assert compile_pattern("[\\u0020-\\uD7FF\\uD800\\uDC00-\\uDBFF\\uDFFF]*").fullmatch("a💥")
    assert compile_pattern("[") is None


@pytest.mark.parametrize("service", SERVICES.split())
def test_every_pattern_of_the_services_in_use_is_checked(service: str) -> None:
    assert unsupported_patterns(get_service_model(service)) == {}
