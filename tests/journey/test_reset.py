"""A reset forgets everything but what a new organization has; by itself, for other tests' clients lose their keys."""

from __future__ import annotations

from tests.journey.conftest import ACCOUNTS, DEV, Cloud

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def attachments(cloud: Cloud, account: str) -> int:
    return cloud.client("iam", account).get_policy(PolicyArn=READ_ONLY)["Policy"]["AttachmentCount"]


def test_a_reset_leaves_what_a_new_organization_has(cloud: Cloud) -> None:
    bucket = {"Bucket": "reset", "CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}}
    cloud.client("s3", DEV).create_bucket(**bucket)
    cloud.client("iam", DEV).attach_role_policy(RoleName="OrganizationAccountAccessRole", PolicyArn=READ_ONLY)
    assert [attachments(cloud, account) for account in ACCOUNTS] == [int(account == DEV) for account in ACCOUNTS]
    cloud.reset()
    assert cloud.client("s3", DEV).list_buckets()["Buckets"] == []
    roles = cloud.client("iam", DEV).list_roles()["Roles"]
    assert [attachments(cloud, account) for account in ACCOUNTS] == [0, 0, 0]
    assert [role["RoleName"] for role in roles] == ["OrganizationAccountAccessRole"]
    cloud.client("s3", ACCOUNTS[1]).create_bucket(**bucket)
    cloud.reset()
