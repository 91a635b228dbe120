"""What GitHub's jobs may do in the accounts: preview in one environment, look for drift on the main branch, deploy from
another environment, nothing else. The steps of the workflows are run as they are written there."""

from __future__ import annotations

import fnmatch
import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from components import names
from localcloud.server.oidc import Job, load_key, mint
from portal.pulumi_cli import ROOT, without_progress
from tests.journey.conftest import DEV, STACKS, Cloud, Project
from tests.journey.granted import each

REPOSITORY = "chanzuckerberg/cryoet-data-portal-infrastructure"
PREVIEW, DRIFT = "environment:preview", "ref:refs/heads/main"
UNSEEN = {
    "acm:Describe*",
    "acm:List*",
    "s3:GetBucketTagging",
    "states:ValidateStateMachineDefinition",
    "wafv2:Get*",
    "wafv2:List*",
}
"""What drift detection is granted and does not ask here: the stack dev has no certificate, no web ACL and no definition
that somebody changed; the provider asks for a bucket's tags by S3's own call only where the other is refused."""
ROLES = (names.GITHUB_PREVIEW, names.GITHUB_DRIFT, names.GITHUB_DEPLOY)


WORKFLOWS = {
    names.GITHUB_PREVIEW: {"workflow": "preview.yml", "ref": "refs/pull/7/merge"},
    names.GITHUB_DRIFT: {"workflow": "drift.yml"},
    names.GITHUB_DEPLOY: {"workflow": "deploy.yml"},
}
"""From where each role is entered."""


def job(cloud: Cloud, account: str, role: str, context: str, **claims: Any) -> dict[str, str]:
    """The environment of a job that took the role with its token. Raises ClientError where STS refuses."""
    claimed: dict[str, Any] = {"repository": REPOSITORY, "context": context, **WORKFLOWS[role], **claims}
    token = mint(load_key(cloud.folder.issuer_key), Job(**claimed))
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


def changes(text: str) -> set[str]:
    """Type and name of what a preview would change."""
    lines = "\n".join(without_progress(line) for line in text.splitlines())
    found = re.findall(r"^ [~+-]+ +(\S+) (\S+) (?:update|create|delete|replace)", lines, re.MULTILINE)
    return {" ".join(words) for words in found}


def unused(cloud: Cloud, role: str) -> set[str]:
    """Actions that a role of the account dev is granted, and that no call of it in this cloud has needed."""
    iam = cloud.client("iam")
    inline = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=role, PolicyName=one)["PolicyDocument"] for one in inline]
    for one in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        policy = iam.get_policy(PolicyArn=one["PolicyArn"])["Policy"]
        version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        documents.append(version["PolicyVersion"]["Document"])
    granted = {action for document in documents for one in document["Statement"] for action in each(one["Action"])}
    arn = f'"principal_arn": "{names.role_arn(DEV, role)}"'
    with cloud.folder.calls.open() as log:
        calls = [json.loads(line) for line in log if arn in line]
    needed = {one["action"] for call in calls for one in call["permissions"]}
    return {one for one in granted if not fnmatch.filter(needed, one)}


def last_step(workflow: str, job_name: str) -> list[str]:
    """The command with which a workflow's job ends, for the shell."""
    content = yaml.safe_load(Path(ROOT, ".github", "workflows", f"{workflow}.yml").read_text())
    return ["bash", "-euo", "pipefail", "-c", content["jobs"][job_name]["steps"][-1]["run"]]


def run_step(project: Project, workflow: str, job_name: str, stack: str, env: dict[str, str]) -> tuple[int, str]:
    """Exit code and output of the last step of a workflow's job, as the runner starts it: in the repository."""
    command = ["env", "-C", str(ROOT), *last_step(workflow, job_name)]
    told = {
        "STACK": stack,
        "PORTAL_PROJECT": str(project.folder),
        "GITHUB_OUTPUT": str(project.folder / "step-outputs"),
    }
    done = project.run(*command, env={**env, **told})
    return done.returncode, done.stdout + done.stderr


def last_digests(project: Project, stack: str) -> str:
    """Those of the steps that the stack's last preview showed, as its job hands them on."""
    return (project.folder / "step-outputs").read_text().splitlines()[-1].removeprefix(f"{stack}=")


@pytest.mark.parametrize("stack", STACKS)
def test_a_preview_reads_the_state_and_finds_nothing(standing: Project, cloud: Cloud, stack: str) -> None:
    env = job(cloud, STACKS[stack], names.GITHUB_PREVIEW, PREVIEW)
    folder = {"PORTAL_PROJECT": str(standing.folder)}
    done = standing.run("portal", "preview", stack, "--expect-no-changes", env={**env, **folder})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("stack", STACKS)
def test_the_nightly_run_finds_no_drift(standing: Project, cloud: Cloud, stack: str) -> None:
    env = job(cloud, STACKS[stack], names.GITHUB_DRIFT, DRIFT)
    code, printed = run_step(standing, "drift", "drift", stack, env)
    assert code == 0, printed
    if stack == "dev":
        assert unused(cloud, names.GITHUB_DRIFT) == UNSEEN


def test_the_nightly_run_finds_what_was_changed_by_hand(standing: Project, cloud: Cloud) -> None:
    env, iam = job(cloud, STACKS["public"], names.GITHUB_DRIFT, DRIFT), cloud.client("iam", STACKS["public"])
    before = iam.get_role(RoleName=names.OPERATOR)["Role"]["Description"]
    iam.update_role(RoleName=names.OPERATOR, Description="changed by hand")
    try:
        code, printed = run_step(standing, "drift", "drift", "public", env)
    finally:
        iam.update_role(RoleName=names.OPERATOR, Description=before)
    assert code != 0
    assert "changed by hand" in printed
    told = (standing.folder / "step-outputs").read_text()
    assert re.fullmatch(r"(.*\n)*public<<END\nerror: public is not as its last update left it.*\nEND\n", told)
    assert "changed by hand" not in told


@pytest.mark.parametrize(
    ("context", "claims"),
    [
        (PREVIEW, {"repository": "somebody/else"}),
        (PREVIEW, {"repository": "chanzuckerberg@1/cryoet-data-portal-infrastructure@2"}),
        (PREVIEW, {"repository_id": 2}),
        (PREVIEW, {"ref": "refs/heads/other"}),
        ("ref:refs/heads/other", {"ref": "refs/heads/other"}),
        ("pull_request", {}),
        ("environment:public", {}),
    ],
)
def test_no_other_job_enters(standing: Project, cloud: Cloud, context: str, claims: dict[str, Any]) -> None:
    for role in ROLES:
        with pytest.raises(ClientError, match="AccessDenied"):
            job(cloud, DEV, role, context, **claims)


def test_each_role_has_a_way_in_of_its_own(standing: Project, cloud: Cloud) -> None:
    ways = dict(zip(ROLES, (PREVIEW, DRIFT, "environment:dev"), strict=True))
    for role, way in ways.items():
        assert job(cloud, DEV, role, way)
        for other in {*ways.values()} - {way}:
            with pytest.raises(ClientError, match="AccessDenied"):
                job(cloud, DEV, role, other)


@pytest.mark.parametrize(("role", "way"), [(names.GITHUB_PREVIEW, PREVIEW), (names.GITHUB_DRIFT, DRIFT)])
def test_who_looks_changes_nothing_and_reads_no_data(standing: Project, cloud: Cloud, role: str, way: str) -> None:
    env = job(cloud, DEV, role, way)
    s3, iam, sts = (client(cloud, service, env) for service in ("s3", "iam", "sts"))
    secrets = client(cloud, "secretsmanager", env)
    bucket = "cryoet-data-portal-staging"
    for call in (
        lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}),
        lambda: s3.put_object(Bucket="cryoet-swipe-wdl-dev", Key="x", Body=b""),
        lambda: s3.get_object(Bucket="cryoet-data-portal-embargo", Key="x"),
        s3.list_buckets,
        lambda: iam.create_role(RoleName="cryoet-x", AssumeRolePolicyDocument="{}"),
        lambda: iam.delete_role(RoleName=names.OPERATOR),
        lambda: secrets.get_secret_value(SecretId="staging/v2_db_uri"),
        lambda: sts.assume_role(RoleArn=names.role_arn(DEV, role), RoleSessionName="again"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()


def test_a_preview_lists_no_bucket_of_the_stack(standing: Project, cloud: Cloud) -> None:
    s3 = client(cloud, "s3", job(cloud, DEV, names.GITHUB_PREVIEW, PREVIEW))
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_objects_v2(Bucket="cryoet-data-portal-embargo")
