"""What GitHub's jobs may do in the accounts: preview on a pull request, deploy from one environment, nothing else."""

from __future__ import annotations

import re
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from components import names
from localcloud.server.oidc import load_key, mint
from portal.pulumi_cli import without_progress
from tests.journey.conftest import DEV, STACKS, Cloud, Project

PROVIDER = "pulumi:providers:aws account"
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


def changes(printed: str) -> set[str]:
    """Type and name of what a preview would change. The provider is among it: it assumes another role than before."""
    lines = "\n".join(without_progress(line) for line in printed.splitlines())
    found = re.findall(r"^ [~+-]+ +(\S+) (\S+) (?:update|create|delete|replace)", lines, re.MULTILINE)
    return {" ".join(words) for words in found}


@pytest.mark.parametrize("stack", STACKS)
def test_a_pull_request_previews_and_finds_drift(standing: Project, cloud: Cloud, stack: str) -> None:
    env = job(cloud, STACKS[stack], names.GITHUB_PREVIEW, "pull_request")
    printed = standing.pulumi(stack, "preview", env=env)
    assert changes(printed) == {PROVIDER}
    printed = standing.pulumi(stack, "refresh", "--preview-only", "--run-program", env=env)
    assert changes(printed) <= {PROVIDER}


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
        lambda: sts.assume_role(RoleArn=names.role_arn(DEV, "OrganizationAccountAccessRole"), RoleSessionName="rise"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
