"""Who may assume a role with a token of an identity provider: the role's trust policy decides on the token's claims."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from localcloud.server.access.decide import Decision, decide
from localcloud.server.call import ANONYMOUS, Call
from localcloud.server.permissions import permissions

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


@pytest.mark.parametrize("text", ["", "text", "a.b.c", "a.e30.c"])
def test_what_is_no_token(role: str, text: str) -> None:
    assert not decision(role, text).allowed
