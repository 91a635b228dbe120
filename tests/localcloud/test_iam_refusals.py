"""What AWS refuses in IAM and STS, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import DEV, PUBLIC, Cloud
from .policies import allow, document, refusal, root, trusts

MALFORMED = ("MalformedPolicyDocument", 400)
LIMIT = ("LimitExceeded", 409)
CONFLICT = ("DeleteConflict", 409)
TRUST = document(trusts(root(DEV)))
GITHUB = f"arn:aws:iam::{DEV}:oidc-provider/token.actions.githubusercontent.com"


@pytest.fixture(scope="module")
def iam(cloud: Cloud) -> Any:
    return cloud.client("iam", parameter_validation=False)


@pytest.fixture
def role(cloud: Cloud, iam: Any) -> str:
    name = cloud.name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    return name


@pytest.fixture
def policy(cloud: Cloud, iam: Any) -> str:
    return iam.create_policy(PolicyName=cloud.name("policy"), PolicyDocument=document(allow()))["Policy"]["Arn"]


def trust_refusal(iam: Any, cloud: Cloud, trust: str) -> tuple[str, int]:
    return refusal(iam.create_role, RoleName=cloud.name("role"), AssumeRolePolicyDocument=trust)


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": f"arn:aws:iam::{PUBLIC}:role/nobody"},
        {"AWS": f"arn:aws:iam::{PUBLIC}:user/nobody"},
        {"AWS": "arn:aws:iam::123456789012:root"},
        {"AWS": "123456789012"},
        {"AWS": f"arn:aws:iam::{PUBLIC}:role/Organization*"},
        {"AWS": f"arn:aws:iam::{PUBLIC}:group/admins"},
        {"AWS": "not an arn"},
        {"Service": "nothing.amazonaws.com"},
    ],
)
def test_iam_01_trust_of_a_principal_that_does_not_exist(iam: Any, cloud: Cloud, principal: Any) -> None:
    assert trust_refusal(iam, cloud, document(trusts(principal))) == MALFORMED


def test_iam_01_trust_of_a_role_that_exists(iam: Any, cloud: Cloud) -> None:
    trusted = {"AWS": f"arn:aws:iam::{PUBLIC}:role/OrganizationAccountAccessRole"}
    name = cloud.name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trusts(trusted)))
    assert iam.get_role(RoleName=name)["Role"]["RoleName"] == name


@pytest.mark.parametrize(
    "statement",
    [
        trusts(root(DEV), Resource="*"),
        trusts(root(DEV), "s3:GetObject"),
        trusts(root(DEV), ["sts:AssumeRole", "iam:PassRole"]),
        trusts("*"),
        trusts({"Service": "*.amazonaws.com"}),
        {"Effect": "Allow", "Action": "sts:AssumeRole"},
    ],
)
def test_iam_02_trust_policy_grammar(iam: Any, cloud: Cloud, role: str, statement: Any) -> None:
    assert trust_refusal(iam, cloud, document(statement)) == MALFORMED
    changed = refusal(iam.update_assume_role_policy, RoleName=role, PolicyDocument=document(statement))
    assert changed == MALFORMED


@pytest.mark.parametrize(
    "condition",
    [
        None,
        {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}},
        {"StringLike": {"token.actions.githubusercontent.com:sub": "*"}},
        {"StringEqualsIfExists": {"token.actions.githubusercontent.com:sub": "repo:org/repo:ref:refs/heads/main"}},
    ],
)
def test_iam_03_trust_of_github_without_sub(iam: Any, cloud: Cloud, condition: Any) -> None:
    more = {"Condition": condition} if condition else {}
    statement = trusts({"Federated": GITHUB}, "sts:AssumeRoleWithWebIdentity", **more)
    assert trust_refusal(iam, cloud, document(statement)) == MALFORMED


def test_iam_03_trust_of_github_with_sub(iam: Any, cloud: Cloud) -> None:
    condition = {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:org/repo:*"}}
    trust = document(trusts({"Federated": GITHUB}, "sts:AssumeRoleWithWebIdentity", Condition=condition))
    assert iam.create_role(RoleName=cloud.name("role"), AssumeRolePolicyDocument=trust)["Role"]["Arn"]


@pytest.mark.parametrize(
    "statement",
    [
        allow(Principal="*"),
        {"Effect": "Allow", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:GetObject"},
        allow(Sid="not allowed"),
        allow() | {"Effect": "allow"},
        allow(Resources="*"),
        allow(Condition={"StringMatches": {"aws:username": "x"}}),
        allow(Condition={"StringEquals": {"username": "x"}}),
        allow("GetObject"),
        allow("*:GetObject"),
    ],
)
def test_iam_04_identity_policy_grammar(iam: Any, cloud: Cloud, role: str, statement: Any) -> None:
    text = document(statement)
    assert refusal(iam.put_role_policy, RoleName=role, PolicyName="p", PolicyDocument=text) == MALFORMED
    assert refusal(iam.create_policy, PolicyName=cloud.name(), PolicyDocument=text) == MALFORMED


@pytest.mark.parametrize(
    "text", ["{}", "[]", "text", document(allow(Sid="A"), allow(Sid="A")), document(allow(), version="2020")]
)
def test_iam_04_documents_that_are_no_policies(iam: Any, role: str, text: str) -> None:
    assert refusal(iam.put_role_policy, RoleName=role, PolicyName="p", PolicyDocument=text) == MALFORMED


def long_policy(characters: int) -> str:
    """A policy of that many characters, white space not counted."""
    empty = document(allow(resource="arn:aws:s3:::"))
    return document(allow(resource="arn:aws:s3:::" + "b" * (characters - len("".join(empty.split())))))


def test_iam_05_inline_policies_of_a_role_together(iam: Any, role: str) -> None:
    iam.put_role_policy(RoleName=role, PolicyName="a", PolicyDocument=long_policy(10_000))
    iam.put_role_policy(RoleName=role, PolicyName="b", PolicyDocument=long_policy(240))
    assert refusal(iam.put_role_policy, RoleName=role, PolicyName="b", PolicyDocument=long_policy(241)) == LIMIT
    assert refusal(iam.put_role_policy, RoleName=role, PolicyName="c", PolicyDocument=document(allow())) == LIMIT


def test_iam_06_managed_policy_of_6144_characters(iam: Any, cloud: Cloud, policy: str) -> None:
    iam.create_policy(PolicyName=cloud.name(), PolicyDocument=long_policy(6_144))
    assert refusal(iam.create_policy, PolicyName=cloud.name(), PolicyDocument=long_policy(6_145)) == LIMIT
    assert refusal(iam.create_policy_version, PolicyArn=policy, PolicyDocument=long_policy(6_145)) == LIMIT


def test_iam_07_trust_policy_of_2048_characters(iam: Any, cloud: Cloud, role: str) -> None:
    statements = [trusts(root(DEV), Sid=f"Statement{place}") for place in range(20)]
    assert trust_refusal(iam, cloud, document(*statements)) == LIMIT
    update = refusal(iam.update_assume_role_policy, RoleName=role, PolicyDocument=document(*statements))
    assert update == LIMIT


def test_iam_08_twenty_managed_policies_on_a_role(iam: Any, cloud: Cloud, role: str) -> None:
    made = [iam.create_policy(PolicyName=cloud.name("p"), PolicyDocument=document(allow())) for _ in range(20)]
    arns = [answer["Policy"]["Arn"] for answer in made]
    for arn in [*arns, arns[0]]:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arns[0])["Policy"]["AttachmentCount"] == 1
    more = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert refusal(iam.attach_role_policy, RoleName=role, PolicyArn=more) == LIMIT


def test_iam_09_delete_a_role_that_is_in_use(iam: Any, cloud: Cloud, role: str, policy: str) -> None:
    profile = cloud.name("profile")
    iam.create_instance_profile(InstanceProfileName=profile)
    iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=document(allow()))
    iam.add_role_to_instance_profile(RoleName=role, InstanceProfileName=profile)
    assert refusal(iam.delete_role, RoleName=role) == CONFLICT
    iam.remove_role_from_instance_profile(RoleName=role, InstanceProfileName=profile)
    assert refusal(iam.delete_role, RoleName=role) == CONFLICT
    iam.detach_role_policy(RoleName=role, PolicyArn=policy)
    assert refusal(iam.delete_role, RoleName=role) == CONFLICT
    iam.delete_role_policy(RoleName=role, PolicyName="p")
    iam.delete_role(RoleName=role)
    assert refusal(iam.get_role, RoleName=role) == ("NoSuchEntity", 404)


def test_iam_10_delete_a_policy_that_is_in_use(iam: Any, role: str, policy: str) -> None:
    iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    assert refusal(iam.delete_policy, PolicyArn=policy) == CONFLICT
    iam.detach_role_policy(RoleName=role, PolicyArn=policy)
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=policy)
    assert refusal(iam.delete_policy, PolicyArn=policy) == CONFLICT
    assert iam.get_policy(PolicyArn=policy)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    iam.delete_role_permissions_boundary(RoleName=role)
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=document(allow()), SetAsDefault=True)
    assert refusal(iam.delete_policy, PolicyArn=policy) == CONFLICT
    assert refusal(iam.delete_policy_version, PolicyArn=policy, VersionId="v2") == CONFLICT
    iam.delete_policy_version(PolicyArn=policy, VersionId="v1")
    iam.delete_policy(PolicyArn=policy)
    assert refusal(iam.get_policy, PolicyArn=policy) == ("NoSuchEntity", 404)


def test_iam_11_service_linked_role_that_exists(cloud: Cloud) -> None:
    iam = cloud.client("iam", PUBLIC)
    made = iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com")["Role"]
    assert made["RoleName"] == "AWSServiceRoleForEC2Spot"
    again = refusal(iam.create_service_linked_role, AWSServiceName="spot.amazonaws.com")
    assert again == ("InvalidInput", 400)


def test_iam_12_oidc_providers(iam: Any, cloud: Cloud) -> None:
    url = f"https://{cloud.name('issuer')}.example.com"
    iam.create_open_id_connect_provider(Url=url, ClientIDList=["sts.amazonaws.com"])
    create = iam.create_open_id_connect_provider
    assert refusal(create, Url=url) == ("EntityAlreadyExists", 409)
    assert refusal(create, Url="http://issuer.example.com") == ("InvalidInput", 400)
    clients = [str(number) for number in range(101)]
    assert refusal(create, Url="https://many.example.com", ClientIDList=clients) == LIMIT
    unknown = f"arn:aws:iam::{DEV}:oidc-provider/unknown.example.com"
    assert refusal(iam.delete_open_id_connect_provider, OpenIDConnectProviderArn=unknown) == ("NoSuchEntity", 404)


def test_iam_12_client_ids_of_a_provider(iam: Any, cloud: Cloud) -> None:
    url = f"https://{cloud.name('issuer')}.example.com"
    arn = iam.create_open_id_connect_provider(Url=url, ClientIDList=["a"])["OpenIDConnectProviderArn"]
    for client in ("b", "b"):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=client)
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["a", "b"]
    for client in ("a", "never there"):
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=client)
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["b"]
    for number in range(99):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=str(number))
    add = iam.add_client_id_to_open_id_connect_provider
    assert refusal(add, OpenIDConnectProviderArn=arn, ClientID="one more") == LIMIT
    assert refusal(add, OpenIDConnectProviderArn=f"{arn}x", ClientID="a") == ("NoSuchEntity", 404)


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:s3:us-west-2::bucket",
        f"arn:aws:s3::{DEV}:bucket",
        f"arn:aws:iam:us-west-2:{DEV}:role/x",
        "arn:amazon:s3:::bucket",
        "arn:aws:s3",
        "bucket",
        "arn:aws:*:::bucket",
    ],
)
def test_iam_13_resources_that_no_arn_can_name(iam: Any, role: str, resource: str) -> None:
    text = document(allow(resource=resource))
    assert refusal(iam.put_role_policy, RoleName=role, PolicyName="p", PolicyDocument=text) == MALFORMED


def test_iam_14_and_16_instance_profiles(iam: Any, cloud: Cloud, role: str) -> None:
    name, other = cloud.name("profile"), cloud.name("role")
    iam.create_instance_profile(InstanceProfileName=name)
    iam.create_role(RoleName=other, AssumeRolePolicyDocument=TRUST)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    assert refusal(iam.add_role_to_instance_profile, InstanceProfileName=name, RoleName=other) == LIMIT
    assert refusal(iam.delete_instance_profile, InstanceProfileName=name) == CONFLICT
    gone = refusal(iam.remove_role_from_instance_profile, InstanceProfileName=name, RoleName=other)
    assert gone == ("NoSuchEntity", 404)


def test_iam_15_sixth_version_of_a_policy(iam: Any, policy: str) -> None:
    for _ in range(4):
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=document(allow()))
    assert refusal(iam.create_policy_version, PolicyArn=policy, PolicyDocument=document(allow())) == LIMIT


def test_iam_17_custom_suffix_of_a_service_linked_role(iam: Any) -> None:
    params = {"AWSServiceName": "batch.amazonaws.com", "CustomSuffix": "mine"}
    assert refusal(iam.create_service_linked_role, **params) == ("InvalidInput", 400)


def test_iam_18_change_a_service_linked_role(iam: Any, policy: str) -> None:
    role = iam.create_service_linked_role(AWSServiceName="backup.amazonaws.com")["Role"]["RoleName"]
    protected = ("UnmodifiableEntity", 400)
    assert refusal(iam.attach_role_policy, RoleName=role, PolicyArn=policy) == protected
    assert refusal(iam.put_role_policy, RoleName=role, PolicyName="p", PolicyDocument=document(allow())) == protected
    assert refusal(iam.delete_role, RoleName=role) == protected


@pytest.mark.parametrize("name", ["with space", "a" * 65, "a/b"])
def test_iam_19_names(iam: Any, name: str) -> None:
    assert refusal(iam.create_role, RoleName=name, AssumeRolePolicyDocument=TRUST) == ("ValidationError", 400)


def test_iam_19_reserved_path(iam: Any, cloud: Cloud) -> None:
    params = {"RoleName": cloud.name(), "AssumeRolePolicyDocument": TRUST, "Path": "/aws-service-role/batch/"}
    assert refusal(iam.create_role, **params) == ("ValidationError", 400)


def test_iam_20_names_that_differ_in_case(iam: Any, role: str, policy: str) -> None:
    exists = ("EntityAlreadyExists", 409)
    assert refusal(iam.create_role, RoleName=role.upper(), AssumeRolePolicyDocument=TRUST) == exists
    name = policy.rsplit("/", maxsplit=1)[-1].upper()
    assert refusal(iam.create_policy, PolicyName=name, PolicyDocument=document(allow())) == exists


def test_iam_21_boundary_and_attached_policy_must_exist(iam: Any, cloud: Cloud, role: str) -> None:
    unknown = f"arn:aws:iam::{DEV}:policy/unknown"
    missing = ("NoSuchEntity", 404)
    assert refusal(iam.attach_role_policy, RoleName=role, PolicyArn=unknown) == missing
    put = iam.put_role_permissions_boundary
    assert refusal(put, RoleName=role, PermissionsBoundary=unknown) == missing
    bucket = "arn:aws:s3:::bucket-of-that-name"
    assert refusal(put, RoleName=role, PermissionsBoundary=bucket) == ("ValidationError", 400)
    params = {"RoleName": cloud.name(), "AssumeRolePolicyDocument": TRUST, "PermissionsBoundary": unknown}
    assert refusal(iam.create_role, **params) == missing


@pytest.mark.parametrize("seconds", [3_599, 43_201])
def test_iam_22_session_duration_of_a_role(iam: Any, cloud: Cloud, seconds: int) -> None:
    params = {"RoleName": cloud.name(), "AssumeRolePolicyDocument": TRUST, "MaxSessionDuration": seconds}
    assert refusal(iam.create_role, **params) == ("ValidationError", 400)


def test_iam_22_sessions_longer_than_the_role_allows_or_chained(iam: Any, cloud: Cloud) -> None:
    arn = f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"
    params = {"RoleArn": arn, "RoleSessionName": "test", "DurationSeconds": 3_601}
    assert refusal(cloud.engineer("sts").assume_role, **params) == ("ValidationError", 400)
    name = cloud.name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, MaxSessionDuration=43_200)
    chained = {**params, "RoleArn": f"arn:aws:iam::{DEV}:role/{name}"}
    assert refusal(cloud.client("sts").assume_role, **chained) == ("ValidationError", 400)


@pytest.mark.parametrize("name", ["with space", "a" * 65, "slash/slash"])
def test_iam_23_session_names(cloud: Cloud, name: str) -> None:
    params = {"RoleArn": f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole", "RoleSessionName": name}
    assert refusal(cloud.engineer("sts").assume_role, **params) == ("ValidationError", 400)


def test_sts_a_role_that_does_not_trust_the_caller_or_is_not_there(cloud: Cloud, iam: Any) -> None:
    denied = ("AccessDenied", 403)
    name = cloud.name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trusts(root(PUBLIC))))
    for role in (name, "unknown"):
        params = {"RoleArn": f"arn:aws:iam::{DEV}:role/{role}", "RoleSessionName": "test"}
        assert refusal(cloud.client("sts").assume_role, **params) == denied


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("create_policy_version", {"PolicyDocument": document(allow()), "SetAsDefault": True}),
        ("delete_policy", {}),
        ("set_default_policy_version", {"VersionId": "v1"}),
        ("tag_policy", {"Tags": [{"Key": "team", "Value": "lab"}]}),
    ],
)
def test_a_policy_of_aws_cannot_be_changed(iam: Any, operation: str, arguments: dict[str, Any]) -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    before = iam.get_policy(PolicyArn=arn)["Policy"]
    assert refusal(getattr(iam, operation), PolicyArn=arn, **arguments) == ("AccessDenied", 403)
    assert iam.get_policy(PolicyArn=arn)["Policy"] == before
