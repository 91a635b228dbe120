"""Roles, the boundary, GitHub's issuer, the account's provider and block, and an environment's workflows."""

from __future__ import annotations

import base64
from typing import Any

import pulumi
import pytest

from components.access import buckets, trust
from components.access.scope import Scope
from components.access.statements import Statement
from components.accounts import AccountArgs, AccountPublicAccess, AccountPublicAccessArgs, account_provider
from components.identity import Boundaries, BoundariesArgs, GitHubIssuer, GitHubIssuerArgs, Role, RoleArgs
from components.lifecycle import LifecycleArgs
from components.storage import DataBucket, DataBucketArgs
from components.workflows import Workflows, WorkflowsArgs
from tests.unit.recording import Recording, record

A = "908710317728"
DAYS = LifecycleArgs(abort_multipart_days=7, noncurrent_days=30)
ROLE: dict[str, Any] = {
    "role": "cryoet-x",
    "description": "x",
    "trust": (trust.batch_jobs(A),),
    "permissions": buckets.read("X", "b"),
    "boundary": "arn:aws:iam::908710317728:policy/cryoet-boundary",
}
ACCOUNT: dict[str, Any] = {"id": A, "region": "us-west-2", "role": "admin", "tags": {"a": "b"}}


def test_a_role_has_its_boundary_and_one_policy() -> None:
    graph = record(lambda: Role("x", RoleArgs(**ROLE)))
    role, policy = graph.one("x", "iam/role:Role"), graph.one("x-policy")
    assert role.inputs["name"] == "cryoet-x"
    assert role.inputs["permissionsBoundary"] == ROLE["boundary"]
    assert role.inputs["maxSessionDuration"] == 3600
    assert role.json("assumeRolePolicy")["Statement"][0]["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert policy.inputs["role"] == "cryoet-x"
    assert policy.inputs["name"] == "permissions", "one that is put again takes the place of the one before"
    assert [one["Sid"] for one in policy.json("policy")["Statement"]] == ["XList", "XRead"]


def test_a_role_waits_for_what_its_trust_names() -> None:
    def program() -> None:
        issuer = GitHubIssuer("github", GitHubIssuerArgs())
        Role("x", RoleArgs(**ROLE, after=(issuer,)))

    graph = record(program)
    assert "github" in graph.one("x", "iam/role:Role").depends_on
    issuer = graph.one("github", "OpenIdConnectProvider")
    assert issuer.inputs["url"] == "https://token.actions.githubusercontent.com"
    assert issuer.inputs["clientIdLists"] == ["sts.amazonaws.com"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"role": "bad name"}, "Role 'x': role: 'bad name': a role is a name of"),
        ({"max_session_seconds": 60}, "Role 'x': max_session_seconds: 60: 3600 to 43200"),
        ({"permissions": ()}, "identity policy: a policy has at least one statement"),
    ],
)
def test_a_role_that_iam_refuses(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        record(lambda: Role("x", RoleArgs(**{**ROLE, **change})))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scope": {"account": "1"}}, "scope.account: '1': an account id is 12 digits"),
        ({"scope": {"region": "us-west-9"}}, "scope.region: 'us-west-9': not an AWS region"),
        ({"tags": {"aws:x": "1"}}, "tags: 'aws:x': AWS reserves tags that begin with aws:"),
        ({"tags": {"x": "!"}}, "tags.x: '!': a tag's value has at most 256 letters"),
    ],
)
def test_boundaries_that_iam_refuses(change: dict[str, Any], message: str) -> None:
    scope: dict[str, Any] = {"account": A, "region": "us-west-2", "stack": "dev", **change.get("scope", {})}
    args = BoundariesArgs(scope=Scope(**scope), tags=change.get("tags", {}))
    with pytest.raises(ValueError, match=f"Boundaries 'boundary': {message}"):
        record(lambda: Boundaries("boundary", args))


def test_an_issuer_knows_the_audience_that_roles_ask_for() -> None:
    args = GitHubIssuerArgs(audiences=("https://example.org",))
    rule = r"GitHubIssuer 'github': audiences: \('https://example.org',\): must have sts.amazonaws.com"
    with pytest.raises(ValueError, match=rule):
        record(lambda: GitHubIssuer("github", args))


@pytest.mark.parametrize("cluster", [True, False])
def test_boundaries_have_fixed_names(*, cluster: bool) -> None:
    scope = Scope(account=A, region="us-west-2", stack="dev", data_buckets=("log",), cluster=cluster)
    policies = record(lambda: Boundaries("boundary", BoundariesArgs(scope=scope))).of("iam/policy:Policy")
    kinds = ("data", "delegated", "cluster")
    assert {one.inputs["name"] for one in policies} == {f"cryoet-{kind}-boundary" for kind in kinds}


def test_a_role_with_a_path_is_deleted_before_it_is_made_with_another() -> None:
    role = record(lambda: Role("x", RoleArgs(**ROLE, path="/cryoet/delegated/"))).one("x", "iam/role:Role")
    assert role.inputs["path"] == "/cryoet/delegated/"
    assert role.delete_before_replace


def test_a_role_that_an_administrator_alone_makes_has_no_boundary() -> None:
    unbounded: dict[str, Any] = {**ROLE, "boundary": None}
    role = record(lambda: Role("x", RoleArgs(**unbounded))).one("x", "iam/role:Role")
    assert "permissionsBoundary" not in role.inputs


@pytest.mark.parametrize("blocked", [True, False])
def test_acls_never_open_an_account_and_policies_only_where_it_says_so(*, blocked: bool) -> None:
    graph = record(lambda: AccountPublicAccess("account", AccountPublicAccessArgs(blocked=blocked)))
    block = graph.one("account", "AccountPublicAccessBlock")
    assert (block.inputs["blockPublicAcls"], block.inputs["ignorePublicAcls"]) == (True, True)
    assert (block.inputs["blockPublicPolicy"], block.inputs["restrictPublicBuckets"]) == (blocked, blocked)
    assert block.retain


def test_an_account_closed_under_the_former_type_is_not_opened_in_between() -> None:
    args = AccountPublicAccessArgs(blocked=True)
    component = record(lambda: AccountPublicAccess("account", args)).one("account", "AccountPublicAccess")
    assert component.alias_types == {"portal:accounts:ClosedAccount"}


def test_the_provider_uses_a_session_that_is_in_the_account_as_it_is() -> None:
    without_role: dict[str, Any] = {**ACCOUNT, "role": None}
    args = AccountArgs(**without_role)
    inputs = record(lambda: account_provider("account", args)).one("account").inputs
    assert "assumeRoles" not in inputs
    assert inputs["allowedAccountIds"] == '["908710317728"]'


def test_the_provider_works_in_one_account() -> None:
    inputs = record(lambda: account_provider("account", AccountArgs(**ACCOUNT))).one("account").inputs
    # The engine hands a provider's configuration over as JSON texts.
    assert inputs["region"] == "us-west-2"
    assert inputs["allowedAccountIds"] == '["908710317728"]'
    assert inputs["assumeRoles"] == '[{"roleArn": "arn:aws:iam::908710317728:role/admin", "sessionName": "portal"}]'
    assert inputs["defaultTags"] == '{"tags": {"a": "b"}}'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "1"}, "account provider: id: '1': an account id is 12 digits"),
        ({"region": "x"}, "account provider: region: 'x': not an AWS region"),
        ({"role": "a b"}, "account provider: role: 'a b': a role is"),
        ({"role": "arn:aws:iam::111122223333:role/x"}, f"must be a role of the account {A}"),
    ],
)
def test_an_account_that_aws_refuses(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        record(lambda: account_provider("account", AccountArgs(**{**ACCOUNT, **change})))


def workflows(**fields: Any) -> Recording:
    def program() -> None:
        given: dict[str, Any] = {
            "environment": "dev",
            "wdl_bucket": "swipe-wdl-dev",
            "comms_bucket": "swipe-comms-dev",
            "workflows": {"b.wdl": "two", "a.wdl": "one"},
            "results_days": 90,
            "lifecycle": DAYS,
            "logs": DataBucket("log", DataBucketArgs(kind="log", bucket="the-logs", lifecycle=DAYS)),
            **fields,
        }
        Workflows("dev", WorkflowsArgs(**given))

    return record(program)


def test_an_environments_buckets_can_be_deleted_once_it_is_retired() -> None:
    for retire in (False, True):
        graph = workflows(retire=retire)
        buckets = [one for one in graph.of("s3/bucket:Bucket") if one.name != "log"]
        assert [one.inputs["forceDestroy"] for one in buckets] == [retire, retire]
        parts = [one for one in graph.resources if one.type.startswith("aws:s3/bucket") and "log" not in one.name[:3]]
        assert {one.protect for one in parts if "Object" not in one.type} == {not retire}
        assert not any(one.retain or one.protect for one in graph.of("BucketObjectv2"))


def test_workflows_lie_at_the_root_of_their_bucket() -> None:
    graph = workflows()
    objects = {one.inputs["key"]: one for one in graph.of("BucketObjectv2")}
    assert {key: one.inputs["content"] for key, one in objects.items()} == {"a.wdl": "one", "b.wdl": "two"}
    assert all(one.inputs["bucket"] == "swipe-wdl-dev" for one in objects.values())
    assert all({"dev-wdl", "dev-wdl-policy", "dev-wdl-encryption"} <= one.depends_on for one in objects.values())


def test_an_archive_is_uploaded_byte_by_byte() -> None:
    given = {"a.wdl": "one", "b-v1.0.0.wdl.zip": b"PK\x05\x06\xff"}
    text, archive = sorted(workflows(workflows=given).of("BucketObjectv2"), key=lambda one: one.inputs["key"])
    assert base64.b64decode(archive.inputs["contentBase64"]) == given["b-v1.0.0.wdl.zip"]
    assert "content" not in archive.inputs
    assert (archive.inputs["contentType"], text.inputs["contentType"]) == (
        "application/zip",
        "text/plain; charset=utf-8",
    )


def test_results_expire_and_workflows_stay() -> None:
    graph = workflows()
    rules = {name: graph.one(f"dev-{name}-lifecycle").inputs["rules"] for name in ("wdl", "comms")}
    assert [rule["id"] for rule in rules["wdl"]] == ["unfinished-uploads", "old-versions"]
    assert rules["comms"][-1] == {**rules["comms"][-1], "id": "expiry", "expiration": {"days": 90}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"workflows": {}}, r"workflows: \[\]: at least one"),
        ({"workflows": {"a/b.wdl": ""}}, r"workflows: \['a/b.wdl'\]: at least one, each key like name.wdl"),
        ({"workflows": {"readme": ""}}, r"workflows: \['readme'\]"),
        ({"workflows": {"a.wdl": b""}}, r"workflows: \['a.wdl'\]: .* name.wdl.zip for bytes"),
        ({"workflows": {"a.wdl.zip": ""}}, r"workflows: \['a.wdl.zip'\]"),
        ({"results_days": 0}, "results_days: 0: 1 to 3650"),
    ],
)
def test_workflows_that_make_no_sense(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        workflows(**change)


def test_outputs_of_a_role() -> None:
    def program() -> None:
        pulumi.export("arn", Role("x", RoleArgs(**ROLE)).arn)

    assert record(program).exports == {"arn": "arn:aws:mock:::x"}


def test_a_statement_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Statement(sid="x", actions=()).sid = "y"  # pyright: ignore[reportAttributeAccessIssue] - the refusal is the test
