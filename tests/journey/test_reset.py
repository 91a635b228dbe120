"""A reset forgets everything but what a new organization has; by itself, for other tests' clients lose their keys."""

from __future__ import annotations

from tests.journey.conftest import ACCOUNTS, DEV, Cloud


def test_a_reset_leaves_what_a_new_organization_has(cloud: Cloud) -> None:
    bucket = {"Bucket": "reset", "CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}}
    cloud.client("s3", DEV).create_bucket(**bucket)
    cloud.reset()
    assert cloud.client("s3", DEV).list_buckets()["Buckets"] == []
    roles = cloud.client("iam", DEV).list_roles()["Roles"]
    assert [role["RoleName"] for role in roles] == ["OrganizationAccountAccessRole"]
    cloud.client("s3", ACCOUNTS[1]).create_bucket(**bucket)
    cloud.reset()
