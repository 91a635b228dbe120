"""What an account has once, by `portal bootstrap`: made, taken over, and left when the stack goes. The state
is in the bucket that it makes, its secrets encrypted by the account's key: an administrator brings a stack up, then
CI's roles preview it, deploy it and look for drift, by the workflows' own steps."""

from __future__ import annotations

import base64
import json
import re
import shutil
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components import names
from tests.journey.conftest import BOOTSTRAP, PUBLIC, Cloud, Project
from tests.journey.inventory import in_account
from tests.journey.test_github import DRIFT, PREVIEW, client, job, last_digests, run_step
from tests.unit.stackfiles import STACK_FILES

STATES = "cryoet-pulumi-state-of-journeys"
STATE = {"Bucket": STATES, "Key": ".pulumi/stacks/portal/public.json"}
OF_BOOTSTRAP = {"Bucket": STATES, "Key": ".pulumi/stacks/portal-bootstrap/public.json"}
NOTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
)
OTHER_TOOL = "another-tool"
SECRETS = ("secretsprovider:", "encryptedkey:")
"""Of a stack file, what says how the secrets in the state are encrypted."""
ONCE = (
    "aws:budgets/budget:Budget",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws:iam/policy:Policy",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
)


def portal(project: Project, *command: str, env: dict[str, str] | None = None) -> str:
    """Runs one of the portal's commands, which must succeed; returns what it printed."""
    done = project.run("portal", *command, env={**(env or {}), "PORTAL_PROJECT": str(project.folder)})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def state_in_bucket(project: Project, stack: str) -> str:
    """Bootstraps the account with a bucket for states, where commands keep them from then on; what it printed."""
    file = project.folder / f"Pulumi.{stack}.yaml"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith(SECRETS)))
    del project.env["PULUMI_BACKEND_URL"]
    printed = portal(project, "bootstrap", stack, "--yes", "--state-bucket", STATES)
    project.env["PULUMI_BACKEND_URL"] = f"s3://{STATES}?region=us-west-2"
    return printed


def change(settings: dict[str, Any]) -> None:
    settings["buckets"]["public"]["cors"] = {"origins": ["https://portal.example.org"]}


def refused_decryption(project: Project, cloud: Cloud, stack: str, env: dict[str, str]) -> bool:
    """Whether KMS refuses to decrypt the data key of the stack's secrets for the role of ``env``."""
    kept = project.deployment(stack)["secrets_providers"]["state"]
    assert kept["url"].startswith("awskms:///"), kept
    with pytest.raises(ClientError, match="AccessDenied"):
        client(cloud, "kms", env).decrypt(CiphertextBlob=base64.b64decode(kept["encryptedkey"]))
    return True


def once(cloud: Cloud) -> dict[str, set[str]]:
    """What the public account has that its bootstrap made: CI's roles too."""
    there = in_account(cloud, PUBLIC)
    of_ci = {role for role in there["aws:iam/role:Role"] if role in names.roles_of_ci()}
    return {**{kind: there[kind] for kind in ONCE}, "roles": of_ci}


def test_ci_works_with_the_state_in_the_bucket(project: Project, cloud: Cloud) -> None:
    shutil.copy(STACK_FILES / "Pulumi.public.yaml", project.folder)  # which doesn't say how secrets are encrypted
    printed = state_in_bucket(project, "public")
    key = f"awskms:///arn:aws:kms:us-west-2:{PUBLIC}:{names.STATE_KEY}?region=us-west-2"
    assert f"secrets in its state: {key}; commit Pulumi.public.yaml, which says so" in printed
    assert f"state in s3://{STATES}?region=us-west-2" in printed
    portal(project, "up", "public", "--yes", "--skip-preview")
    deploy = job(cloud, PUBLIC, names.GITHUB_DEPLOY, "environment:public")
    preview = job(cloud, PUBLIC, names.GITHUB_PREVIEW, PREVIEW)
    drift = job(cloud, PUBLIC, names.GITHUB_DRIFT, DRIFT)

    code, printed = run_step(project, "drift", "drift", "public", drift)
    assert code == 0, printed
    project.change("public", change)
    code, printed = run_step(project, "preview", "preview", "public", preview)
    assert (code, "https://portal.example.org" in printed) == (0, True), printed
    assert "was bootstrapped with other settings" not in printed
    reviewed = {"APPROVED": last_digests(project, "public")}
    code, printed = run_step(project, "deploy", "deploy", "public", {**deploy, **reviewed})
    assert code == 0, printed
    portal(project, "preview", "public", "--expect-no-changes", env=preview)
    assert refused_decryption(project, cloud, "public", preview)
    assert refused_decryption(project, cloud, "public", drift)
    cors = cloud.client("s3", PUBLIC).get_bucket_cors(Bucket="cryoet-data-portal-public")["CORSRules"]
    assert cors[0]["AllowedOrigins"] == ["https://portal.example.org"]

    assert client(cloud, "s3", preview).get_object(**STATE)["ResponseMetadata"]["HTTPStatusCode"] == 200
    for refused in (
        lambda: client(cloud, "s3", preview).put_object(**STATE),
        lambda: client(cloud, "s3", deploy).get_object(**OF_BOOTSTRAP),
        lambda: client(cloud, "s3", deploy).put_object(**OF_BOOTSTRAP),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()

    assert STATES not in {one["id"] for one in project.state("public")}, "no stack takes it away"
    before = once(cloud)
    assert all(before.values()), before
    again = portal(project, "bootstrap", "public", "--yes", "--state-bucket", STATES)
    assert "unchanged" in again
    assert not re.search(r"created|updated|deleted|replaced|bucket |key ", again), again
    project.pulumi("public", "destroy", "--yes", "--skip-preview", "--exclude-protected", "--run-program")
    assert not [one for one in project.state("public") if one["type"] == "aws:iam/role:Role"]
    assert once(cloud) == before


def test_what_another_tool_made_is_taken_over_once_its_changes_were_shown(project: Project, cloud: Cloud) -> None:
    iam, control = cloud.client("iam", PUBLIC), cloud.client("s3control", PUBLIC)
    issuer = iam.create_open_id_connect_provider(Url=f"https://{names.GITHUB_ISSUER}", ClientIDList=[OTHER_TOOL])
    closed = {
        f"{word}Public{what}": True
        for word, what in (("Block", "Acls"), ("Ignore", "Acls"), ("Block", "Policy"), ("Restrict", "Buckets"))
    }
    control.put_public_access_block(AccountId=PUBLIC, PublicAccessBlockConfiguration=closed)
    description = "The most that roles of the portal can do: data"  # which IAM can't change
    made = iam.create_policy(PolicyName=names.DATA_BOUNDARY, Description=description, PolicyDocument=NOTHING)
    boundary = made["Policy"]["Arn"]
    trust = {"Effect": "Allow", "Principal": {"AWS": names.account_arn(PUBLIC)}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName=names.GITHUB_DEPLOY,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    budgets, budget = cloud.client("budgets", PUBLIC), {"AccountId": PUBLIC, "BudgetName": names.BUDGET}
    yearly = {"BudgetType": "COST", "TimeUnit": "ANNUALLY", "BudgetLimit": {"Amount": "50", "Unit": "USD"}}
    budgets.create_budget(AccountId=PUBLIC, Budget={"BudgetName": names.BUDGET, **yearly})

    def settings() -> tuple[Any, ...]:
        audiences = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=issuer["OpenIDConnectProviderArn"])
        version = iam.get_policy(PolicyArn=boundary)["Policy"]["DefaultVersionId"]
        return (
            audiences["ClientIDList"],
            control.get_public_access_block(AccountId=PUBLIC)["PublicAccessBlockConfiguration"],
            iam.get_policy_version(PolicyArn=boundary, VersionId=version)["PolicyVersion"]["Document"],
            iam.get_role(RoleName=names.GITHUB_DEPLOY)["Role"]["AssumeRolePolicyDocument"]["Statement"],
            budgets.describe_budget(**budget)["Budget"]["BudgetLimit"]["Amount"],
            len(budgets.describe_notifications_for_budget(**budget)["Notifications"]),
        )

    before = settings()
    project.pulumi("public", "-C", BOOTSTRAP, "up", "--yes", "--skip-preview")
    assert settings() == before, "the first update takes in what is there"
    shown = project.pulumi("public", "-C", BOOTSTRAP, "preview", "--diff")
    differing = ("clientIdLists", "blockPublicPolicy", "s3:ListBucket", names.account_arn(PUBLIC), "limitAmount")
    assert not [one for one in differing if one not in shown], shown

    printed = portal(project, "bootstrap", "public", "--yes")
    audiences, block, document, trusted, limit, alerts = settings()
    assert audiences == ["sts.amazonaws.com"]
    assert block == {**closed, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
    assert document != before[2]
    assert trusted[0]["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert (limit, alerts) == ("200.0", 3)
    assert "~ " in printed
    project.pulumi("public", "-C", BOOTSTRAP, "preview", "--refresh", "--expect-no-changes")


def test_a_stack_says_what_its_account_lacks_before_anything_is_made(project: Project, cloud: Cloud) -> None:
    told = f"public: the account {PUBLIC} was not bootstrapped "
    printed = project.pulumi("public", "preview")
    assert f"warning: {told}" in printed
    done = project.refused("public", "up", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert told in done.stdout + done.stderr
    assert "an administrator runs: portal bootstrap public" in done.stdout + done.stderr
    assert not cloud.client("s3", PUBLIC).list_buckets()["Buckets"]

    project.bootstrap("public")
    project.change("public", lambda settings: settings["access"]["github"].update(environment="other"))
    printed = project.pulumi("public", "preview")
    assert (
        "warning: public: the account was bootstrapped with other settings than Pulumi.public.yaml has now" in printed
    )


def test_what_an_earlier_version_made_with_the_stack_is_moved(project: Project, cloud: Cloud) -> None:
    """Its state is made up: what the bootstrap made is moved into the stack's, which an update would then delete."""

    def reduced(settings: dict[str, Any]) -> None:
        settings.pop("data_cdn")
        settings["account"].pop("budget")  # no stack ever had one

    project.change("public", reduced)
    project.up("public")
    portal(project, "bootstrap", "public", "--yes")  # makes the account's key, which the test's project does without
    before = in_account(cloud, PUBLIC)
    components = [one["urn"] for one in project.resources("public", BOOTSTRAP) if one["type"].startswith("portal:")]
    states = [f"organization/{name}/public" for name in ("portal-bootstrap", "portal")]
    moved = ("state", "move", "--yes", "--source", states[0], "--dest", states[1], *components)
    done = project.run("pulumi", *moved, "--non-interactive")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not project.state("public", BOOTSTRAP)
    assert "iam:OpenIdConnectProvider" in project.pulumi("public", "preview")

    folder = {"PORTAL_PROJECT": str(project.folder)}
    refused = project.run("portal", "up", "public", "--yes", env=folder)
    assert refused.returncode == 1
    assert "public: its state has 6 components that the account's bootstrap has now" in refused.stderr
    assert "portal bootstrap public moves them" in refused.stderr
    assert "6 components moved from the state of public" in portal(project, "bootstrap", "public", "--yes")
    portal(project, "up", "public", "--yes")
    assert in_account(cloud, PUBLIC) == before
    for program in (".", BOOTSTRAP):
        project.pulumi("public", "-C", program, "preview", "--refresh", "--expect-no-changes")
