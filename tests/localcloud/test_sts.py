"""Sessions of roles: who gets one, for how long, and what it may do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from joserfc.jwk import RSAKey

from localcloud.server import oidc, sessions
from tests.localcloud.clouds import MANAGEMENT_ACCOUNT

from .conftest import DEV, PROD, PUBLIC, Cloud

ROLE = "OrganizationAccountAccessRole"
REPOSITORY = "owner/portal"
GITHUB = "token.actions.githubusercontent.com"


def refused(call: Any, **params: Any) -> tuple[str, int, str]:
    """Code, HTTP status and message of a call that must fail."""
    with pytest.raises(ClientError) as error:
        call(**params)
    response: Any = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]


def arn(account: str, role: str) -> str:
    return f"arn:aws:iam::{account}:role/{role}"


def trust(*principals: str, **condition: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | condition]})


def session_client(cloud: Cloud, credentials: dict[str, Any], service: str = "sts") -> Any:
    keys = [credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
    return cloud.client_of(boto3.Session(*keys, region_name="us-west-2"), service)


@pytest.fixture
def made_role(cloud: Cloud) -> Iterator[str]:
    """A role of the dev account that the dev account's identities and the management account may assume."""
    name, iam = cloud.name("cryoet-role"), cloud.client("iam", DEV)
    principals = [f"arn:aws:iam::{account}:root" for account in (DEV, MANAGEMENT_ACCOUNT)]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(*principals), MaxSessionDuration=7200)
    yield name
    iam.delete_role(RoleName=name)


def test_who_one_is(cloud: Cloud) -> None:
    engineer = cloud.engineer("sts").get_caller_identity()
    assert engineer["Arn"] == f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:user/engineer"
    assert engineer["Account"] == MANAGEMENT_ACCOUNT
    session = cloud.client("sts", PUBLIC).get_caller_identity()
    assert session["Arn"] == f"arn:aws:sts::{PUBLIC}:assumed-role/{ROLE}/test"
    assert session["UserId"].startswith("AROA")
    assert session["UserId"].endswith(":test")


@pytest.mark.parametrize("target", [arn("000011112222", ROLE), arn(DEV, "cryoet-none")])
def test_a_role_that_does_not_exist_is_denied_like_one_that_may_not_be_assumed(cloud: Cloud, target: str) -> None:
    code, status, message = refused(cloud.engineer("sts").assume_role, RoleArn=target, RoleSessionName="tester")
    assert (code, status) == ("AccessDenied", 403)
    who = f"User: arn:aws:iam::{MANAGEMENT_ACCOUNT}:user/engineer"
    assert message.startswith(f"{who} is not authorized to perform: sts:AssumeRole on resource: {target}")


def test_the_trust_policy_decides(cloud: Cloud) -> None:
    other = cloud.client("sts", PROD)
    assert refused(other.assume_role, RoleArn=arn(DEV, ROLE), RoleSessionName="tester")[:2] == ("AccessDenied", 403)


def test_the_identity_policy_decides_too(cloud: Cloud) -> None:
    name, iam = cloud.name("other"), cloud.client("iam", DEV)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:root"))
    engineer = cloud.engineer("sts")
    assert refused(engineer.assume_role, RoleArn=arn(DEV, name), RoleSessionName="tester")[0] == "AccessDenied"
    iam.delete_role(RoleName=name)


@pytest.mark.parametrize(
    ("by_session", "seconds", "part"),
    [
        (False, 7201, "exceeds the MaxSessionDuration set for this role"),
        (True, 3601, "exceeds the 1 hour session limit for roles assumed by role chaining"),
        (False, 43201, "Member must have value less than or equal to 43200"),
    ],
)
def test_a_session_that_is_too_long_is_refused(
    cloud: Cloud, made_role: str, by_session: bool, seconds: int, part: str
) -> None:
    sts = cloud.client("sts", DEV) if by_session else cloud.engineer("sts")
    params = {"RoleArn": arn(DEV, made_role), "RoleSessionName": "tester", "DurationSeconds": seconds}
    code, status, message = refused(sts.assume_role, **params)
    assert (code, status) == ("ValidationError", 400)
    assert part in message


def test_a_session_lasts_as_long_as_asked(cloud: Cloud, made_role: str) -> None:
    params = {"RoleArn": arn(DEV, made_role), "RoleSessionName": "tester", "DurationSeconds": 7200}
    expires = cloud.engineer("sts").assume_role(**params)["Credentials"]["Expiration"].timestamp()
    assert abs(expires - time.time() - 7200) < 60


def test_a_session_policy_narrows_the_session(cloud: Cloud) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}]}
    params = {"RoleArn": arn(DEV, ROLE), "RoleSessionName": "tester"}
    answer = cloud.engineer("sts").assume_role(**params, Policy=json.dumps(policy))
    assert answer["PackedPolicySize"] >= 1
    iam = session_client(cloud, answer["Credentials"], "iam")
    assert iam.list_users()["Users"] == cloud.client("iam", DEV).list_users()["Users"]
    assert "because no session policy allows" in refused(iam.list_roles)[2]


def test_managed_session_policies_are_added(cloud: Cloud) -> None:
    params = {"RoleArn": arn(DEV, ROLE), "RoleSessionName": "tester"}
    managed = [{"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}]
    answer = cloud.engineer("sts").assume_role(**params, PolicyArns=managed)
    iam = session_client(cloud, answer["Credentials"], "iam")
    assert iam.list_roles()["Roles"]
    assert refused(iam.create_user, UserName="x")[0] == "AccessDenied"


def test_a_malformed_session_policy_is_refused(cloud: Cloud) -> None:
    params = {"RoleArn": arn(DEV, ROLE), "RoleSessionName": "tester", "Policy": "{}"}
    assert refused(cloud.engineer("sts").assume_role, **params)[0] == "MalformedPolicyDocument"


@pytest.mark.parametrize("extra", [{"Tags": [{"Key": "a", "Value": "b"}]}, {"SourceIdentity": "somebody"}])
def test_what_is_not_modelled_is_refused_by_name(cloud: Cloud, made_role: str, extra: dict[str, Any]) -> None:
    iam = cloud.client("iam", DEV)
    statement = json.loads(trust(f"arn:aws:iam::{DEV}:root"))
    statement["Statement"][0]["Action"] = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    iam.update_assume_role_policy(RoleName=made_role, PolicyDocument=json.dumps(statement))
    params = {"RoleArn": arn(DEV, made_role), "RoleSessionName": "tester", **extra}
    code, _, message = refused(cloud.client("sts", DEV).assume_role, **params)
    assert code == "NotImplemented"
    assert next(iter(extra)) in message


def test_an_external_id_is_compared(cloud: Cloud) -> None:
    name, iam = cloud.name("cryoet-external"), cloud.client("iam", DEV)
    condition = {"StringEquals": {"sts:ExternalId": "secret"}}
    document = trust(f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:root", Condition=condition)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    sts, params = cloud.engineer("sts"), {"RoleArn": arn(DEV, name), "RoleSessionName": "tester"}
    assert refused(sts.assume_role, **params)[0] == "AccessDenied"
    assert sts.assume_role(**params, ExternalId="secret")["Credentials"]
    iam.delete_role(RoleName=name)


class TestCredentials:
    """Keys, tokens and signatures that are not right."""

    def test_an_unknown_key(self, cloud: Cloud) -> None:
        wrong = {"AccessKeyId": "ASIA" + "X" * 16, "SecretAccessKey": "s", "SessionToken": "t"}
        assert refused(session_client(cloud, wrong).get_caller_identity)[:2] == ("InvalidClientTokenId", 403)
        assert refused(session_client(cloud, wrong, "s3").list_buckets)[:2] == ("InvalidAccessKeyId", 403)
        assert refused(session_client(cloud, wrong, "kms").list_keys)[0] == "UnrecognizedClientException"
        assert refused(session_client(cloud, wrong, "ec2").describe_vpcs)[:2] == ("AuthFailure", 401)

    @pytest.fixture
    def credentials(self, cloud: Cloud) -> dict[str, Any]:
        sts = cloud.engineer("sts")
        return sts.assume_role(RoleArn=arn(DEV, ROLE), RoleSessionName="tester")["Credentials"]

    def test_a_wrong_secret(self, cloud: Cloud, credentials: dict[str, Any]) -> None:
        wrong = credentials | {"SecretAccessKey": "s" * 40}
        assert refused(session_client(cloud, wrong).get_caller_identity)[:2] == ("SignatureDoesNotMatch", 403)
        assert refused(session_client(cloud, wrong, "s3").list_buckets)[:2] == ("SignatureDoesNotMatch", 403)

    def test_a_wrong_token(self, cloud: Cloud, credentials: dict[str, Any]) -> None:
        wrong = credentials | {"SessionToken": "t"}
        assert refused(session_client(cloud, wrong).get_caller_identity)[:2] == ("InvalidClientTokenId", 403)
        assert refused(session_client(cloud, wrong, "s3").list_buckets)[:2] == ("InvalidToken", 400)

    def test_an_expired_session(
        self, cloud: Cloud, credentials: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = credentials["AccessKeyId"]
        ended = sessions.SESSIONS[key]
        monkeypatch.setitem(sessions.SESSIONS, key, replace(ended, expires=ended.expires - timedelta(hours=1)))
        assert refused(session_client(cloud, credentials).get_caller_identity)[:2] == ("ExpiredToken", 403)
        assert refused(session_client(cloud, credentials, "s3").list_buckets)[:2] == ("ExpiredToken", 400)

    def test_a_session_of_a_role_that_was_made_anew(self, cloud: Cloud, made_role: str) -> None:
        made = cloud.engineer("sts").assume_role(RoleArn=arn(DEV, made_role), RoleSessionName="tester")["Credentials"]
        iam = cloud.client("iam", DEV)
        iam.delete_role(RoleName=made_role)
        iam.create_role(RoleName=made_role, AssumeRolePolicyDocument=trust(f"arn:aws:iam::{DEV}:root"))
        assert refused(session_client(cloud, made).get_caller_identity)[:2] == ("InvalidClientTokenId", 403)

    def test_a_key_of_a_user_ends_with_it(self, cloud: Cloud) -> None:
        name, iam = cloud.name("user"), cloud.client("iam", DEV)
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        sts = session_client(cloud, {**key, "SessionToken": None})
        assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{DEV}:user/{name}"
        iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
        assert refused(sts.get_caller_identity)[0] == "InvalidClientTokenId"
        iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Active")
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        assert refused(sts.get_caller_identity)[0] == "InvalidClientTokenId"
        iam.delete_user(UserName=name)

    def test_nobody(self, cloud: Cloud) -> None:
        code, status, _ = refused(cloud.anonymous("sts").get_caller_identity)
        assert (code, status) == ("MissingAuthenticationToken", 403)


class TestWebIdentity:
    """A GitHub job's token for a role of the dev account."""

    @pytest.fixture
    def role(self, cloud: Cloud) -> Iterator[str]:
        name, iam = cloud.name("cryoet-github"), cloud.client("iam", DEV)
        provider = iam.create_open_id_connect_provider(Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"])[
            "OpenIDConnectProviderArn"
        ]
        wanted = {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": f"repo:{REPOSITORY}:environment:prod"}
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": wanted},
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        yield name
        iam.delete_role(RoleName=name)
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)

    def params(self, role: str, **changes: Any) -> dict[str, Any]:
        key = changes.pop("key", oidc.ISSUER_KEY.key)
        context = changes.pop("context", "environment:prod")
        job = oidc.Job(repository=changes.pop("repository", REPOSITORY), context=context)
        token = oidc.mint(key, job, **changes)
        return {"RoleArn": arn(DEV, role), "RoleSessionName": "job", "WebIdentityToken": token}

    def test_the_right_job_gets_a_session(self, cloud: Cloud, role: str) -> None:
        answer = cloud.anonymous("sts").assume_role_with_web_identity(**self.params(role))
        assert answer["SubjectFromWebIdentityToken"] == f"repo:{REPOSITORY}:environment:prod"
        identity = session_client(cloud, answer["Credentials"]).get_caller_identity()
        assert identity["Arn"] == f"arn:aws:sts::{DEV}:assumed-role/{role}/job"

    @pytest.mark.parametrize("changes", [{"repository": "owner/other"}, {"context": "pull_request"}])
    def test_another_job_is_denied(self, cloud: Cloud, role: str, changes: dict[str, str]) -> None:
        call = cloud.anonymous("sts").assume_role_with_web_identity
        code, status, message = refused(call, **self.params(role, **changes))
        assert (code, status) == ("AccessDenied", 403)
        assert message == "Not authorized to perform sts:AssumeRoleWithWebIdentity"

    def test_a_token_of_somebody_else_is_refused(self, cloud: Cloud, role: str) -> None:
        call = cloud.anonymous("sts").assume_role_with_web_identity
        forged = self.params(role, key=RSAKey.generate_key(2048))
        assert refused(call, **forged)[:2] == ("InvalidIdentityToken", 400)

    def test_a_token_that_has_ended_is_refused(self, cloud: Cloud, role: str) -> None:
        call = cloud.anonymous("sts").assume_role_with_web_identity
        assert refused(call, **self.params(role, now=time.time() - 3600))[:2] == ("ExpiredTokenException", 400)
