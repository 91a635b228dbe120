"""What GitHub's jobs may do in the accounts: preview on a pull request, deploy from one environment, nothing else."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from components import names
from localcloud.server.oidc import load_key, mint
from tests.journey.conftest import DEV, STACKS, Cloud, Project

REPOSITORY = "chanzuckerberg/cryoet-data-portal-infrastructure"


def job(cloud: Cloud, account: str, role: str, context: str, repository: str = REPOSITORY) -> dict[str, str]:
    """The environment of a job that took the role with its token. Raises ClientError where STS refuses."""
    token = mint(load_key(cloud.folder.issuer_key), repository, context)
    given = cloud.anonymous("sts").assume_role_with_web_identity(
        RoleArn=names.role_arn(account, role), RoleSessionName="job", WebIdentityToken=token
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
        "PORTAL_ROLE": role,
    }


def client(cloud: Cloud, service: str, env: dict[str, str]) -> Any:
    keys = (env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"])
    return cloud.client_of(boto3.Session(*keys, region_name="us-west-2"), service)


@pytest.mark.parametrize("stack", STACKS)
def test_a_pull_request_previews_and_finds_drift(standing: Project, cloud: Cloud, stack: str) -> None:
    env = job(cloud, STACKS[stack], names.GITHUB_PREVIEW, "pull_request")
    standing.pulumi(stack, "preview", "--expect-no-changes", env=env)
    standing.pulumi(stack, "refresh", "--preview-only", "--expect-no-changes", env=env)


def test_a_pull_request_cannot_deploy(standing: Project, cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        job(cloud, DEV, names.GITHUB_DEPLOY, "pull_request")


@pytest.mark.parametrize(
    ("context", "repository"),
    [("pull_request", "somebody/else"), ("ref:refs/heads/other", REPOSITORY), ("environment:public", REPOSITORY)],
)
def test_no_other_job_enters(standing: Project, cloud: Cloud, context: str, repository: str) -> None:
    for role in (names.GITHUB_PREVIEW, names.GITHUB_DEPLOY):
        with pytest.raises(ClientError, match="AccessDenied"):
            job(cloud, DEV, role, context, repository)


def test_the_preview_role_changes_nothing(standing: Project, cloud: Cloud) -> None:
    env = job(cloud, DEV, names.GITHUB_PREVIEW, "pull_request")
    s3, iam = client(cloud, "s3", env), client(cloud, "iam", env)
    bucket = "cryoet-data-portal-staging"
    for call in (
        lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}),
        lambda: s3.put_object(Bucket="cryoet-swipe-wdl-dev", Key="x", Body=b""),
        lambda: s3.get_object(Bucket="cryoet-data-portal-embargo", Key="x"),
        lambda: iam.create_role(RoleName="cryoet-x", AssumeRolePolicyDocument="{}"),
        lambda: iam.delete_role(RoleName=names.OPERATOR),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()


def test_the_deploy_role_brings_a_change_up(project: Project, cloud: Cloud) -> None:
    """After an administrator's first `up`: settings of buckets, a bucket and a role more, a workflow file."""
    project.up("dev")
    env = job(cloud, DEV, names.GITHUB_DEPLOY, "environment:dev")
    project.pulumi("dev", "up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes", env=env)

    def change(settings: dict[str, Any]) -> None:
        settings["tags"]["service"] = "changed"
        settings["buckets"]["staging"]["lifecycle"]["noncurrent_days"] = 60
        settings["buckets"]["more"] = {"kind": "source", "name": "cryoet-more-raw-data"}
        settings["access"]["readers"] = {"lab": {"principals": ["arn:aws:iam::999988887777:user/engineer"]}}
        settings["buckets"]["embargo"]["readers"] = ["lab"]

    project.change("dev", change)
    (project.folder / "workflows" / "sync-v0.0.2.wdl").write_text("version 1.0\nworkflow sync {}\n")
    # The roots (boundary, issuer, GitHub's own roles) carry the tags too, and they are an administrator's to change.
    project.change("dev", lambda settings: settings["tags"].update(service="cryoet-data-portal"))
    project.pulumi("dev", "up", "--yes", "--skip-preview", env=env)
    project.pulumi("dev", "preview", "--expect-no-changes", env=env)
    reader = cloud.client("s3", DEV, names.reader_role("lab"))
    assert reader.list_objects_v2(Bucket="cryoet-data-portal-embargo")["KeyCount"] == 0
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.list_objects_v2(Bucket="cryoet-data-portal-staging")


def test_the_deploy_role_cannot_rise(standing: Project, cloud: Cloud) -> None:
    env = job(cloud, DEV, names.GITHUB_DEPLOY, "environment:dev")
    iam, sts = client(cloud, "iam", env), client(cloud, "sts", env)
    boundary = names.policy_arn(DEV, names.BOUNDARY)
    trust = '{"Version": "2012-10-17", "Statement": []}'
    anything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    for call in (
        lambda: iam.create_role(RoleName="cryoet-x", AssumeRolePolicyDocument=trust),
        lambda: iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary),
        lambda: iam.delete_role_permissions_boundary(RoleName=names.OPERATOR),
        lambda: iam.put_role_policy(RoleName=names.GITHUB_DEPLOY, PolicyName="x", PolicyDocument=anything),
        lambda: iam.create_policy_version(PolicyArn=boundary, PolicyDocument=anything, SetAsDefault=True),
        lambda: iam.attach_role_policy(
            RoleName=names.OPERATOR, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        lambda: iam.update_assume_role_policy(RoleName="OrganizationAccountAccessRole", PolicyDocument=trust),
        lambda: iam.create_user(UserName="x"),
        lambda: sts.assume_role(RoleArn=names.role_arn(DEV, "OrganizationAccountAccessRole"), RoleSessionName="x"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
