"""Who may assume a role with a token of an identity provider: the role's trust policy decides on the token's claims."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from components import names
from components.access import statements, trust
from composition.roles import jobs_of_github
from localcloud.server.access.decide import Decision, decide
from localcloud.server.call import ANONYMOUS, Call
from localcloud.server.oidc import Job
from localcloud.server.permissions import permissions
from settings.schema import GitHub

from .conftest import DEV, Cloud
from .policies import document, trusts

ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{DEV}:oidc-provider/{ISSUER}"
CLAIMS = {"iss": f"https://{ISSUER}", "aud": "sts.amazonaws.com", "sub": "repo:org/infrastructure:ref:refs/heads/main"}


@pytest.fixture(scope="module")
def role(cloud: Cloud) -> str:
    name = cloud.name("deploy")
    condition = {
        "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{ISSUER}:sub": "repo:org/infrastructure:ref:refs/heads/*"},
    }
    trust = document(trusts({"Federated": PROVIDER}, "sts:AssumeRoleWithWebIdentity", Condition=condition))
    return cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]


def token(**claims: Any) -> str:
    """A token that says so; whether it is genuine is not for the policies to know."""
    parts = ({"alg": "none"}, {**CLAIMS, **claims}, {})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


def decision(role: str, web_identity: str) -> Decision:
    params = {"RoleArn": role, "RoleSessionName": "ci", "WebIdentityToken": web_identity}
    call = Call(
        id="1",
        service="sts",
        operation="AssumeRoleWithWebIdentity",
        params=params,
        caller=ANONYMOUS,
        region="us-west-2",
        secure=True,
    )
    (permission,) = permissions(call)
    return decide(call, permission)


def test_the_token_that_is_trusted(role: str) -> None:
    assert decision(role, token()).allowed


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "repo:other/infrastructure:ref:refs/heads/main"},
        {"sub": "repo:org/infrastructure:pull_request"},
        {"aud": "https://github.com/org"},
        {"iss": "https://issuer.example.com"},
    ],
)
def test_tokens_that_are_not(role: str, claims: dict[str, str]) -> None:
    denied = decision(role, token(**claims))
    assert not denied.allowed
    assert denied.reason == "because no role trust policy allows the sts:AssumeRoleWithWebIdentity action"


JOBS = jobs_of_github(GitHub(repository="org/infrastructure", repository_id=7, environment="dev"))
ROLES = {
    names.GITHUB_PREVIEW: Job(
        repository="org/infrastructure",
        repository_id=7,
        context="environment:preview",
        workflow="preview.yml",
        ref="refs/pull/12/merge",
    ),
    names.GITHUB_DRIFT: Job(
        repository="org/infrastructure", repository_id=7, context="ref:refs/heads/main", workflow="drift.yml"
    ),
    names.GITHUB_DEPLOY: Job(repository="org/infrastructure", repository_id=7, context="environment:dev"),
}


@pytest.fixture(scope="module")
def role_of_github(cloud: Cloud) -> dict[str, str]:
    """The ARN of a role with the trust of each of CI's."""
    iam = cloud.client("iam")
    return {
        name: iam.create_role(
            RoleName=cloud.name("ci"), AssumeRolePolicyDocument=statements.document("trust", (trust.github(DEV, jobs),))
        )["Role"]["Arn"]
        for name, jobs in JOBS.items()
    }


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize(
    ("changed", "enters"),
    [
        ({}, True),
        ({"repository_id": 8}, False),  # made anew under the same name
        ({"repository": "org/other"}, False),
        ({"ref": "refs/heads/other"}, False),
        ({"ref": "refs/tags/main"}, False),
        ({"workflow": "other.yml"}, False),
        ({"workflow": "ci.yml"}, False),
        ({"context": "environment:other"}, False),
    ],
)
def test_jobs_of_github_enter_from_their_workflow_alone(
    role_of_github: dict[str, str], name: str, changed: dict[str, Any], enters: bool
) -> None:
    claims = replace(ROLES[name], **changed).claims()
    assert decision(role_of_github[name], token(**claims)).allowed is enters


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        (names.GITHUB_PREVIEW, {"workflow": "deploy.yml", "ref": "refs/heads/main"}),
        (names.GITHUB_DEPLOY, {"workflow": "recover.yml"}),
    ],
)
def test_two_workflows_enter_a_role(role_of_github: dict[str, str], name: str, changed: dict[str, Any]) -> None:
    assert decision(role_of_github[name], token(**replace(ROLES[name], **changed).claims())).allowed


def test_an_unprotected_environment_of_another_branch_lets_nobody_deploy(role_of_github: dict[str, str]) -> None:
    """Two claims of a reviewed file, the third of a branch: such a token is of a workflow that another one calls."""
    claims = replace(ROLES[names.GITHUB_DEPLOY]).claims() | {"ref": "refs/heads/other"}
    assert not decision(role_of_github[names.GITHUB_DEPLOY], token(**claims)).allowed


@pytest.mark.parametrize("claim", ["repository_owner", "event_name", "runner_environment"])
def test_a_claim_that_sts_does_not_compare_lets_nobody_in(cloud: Cloud, claim: str) -> None:
    wanted = {"StringEquals": {f"{ISSUER}:sub": CLAIMS["sub"], f"{ISSUER}:{claim}": "x"}}
    trusted = document(trusts({"Federated": PROVIDER}, "sts:AssumeRoleWithWebIdentity", Condition=wanted))
    arn = cloud.client("iam").create_role(RoleName=cloud.name("ci"), AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    assert not decision(arn, token(**{claim: "x"})).allowed


@pytest.mark.parametrize("text", ["", "text", "a.b.c", "a.e30.c"])
def test_what_is_no_token(role: str, text: str) -> None:
    assert not decision(role, text).allowed
