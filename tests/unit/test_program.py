"""The whole program with each of the repository's stack files."""

from __future__ import annotations

import json
import runpy
from typing import Any

import pulumi
import pytest

from components import names
from components.access.statements import SIZES
from tests.unit.conftest import BOUNDARY, IDENTITY, STATE, bootstrapped, deployed, first_up, state, whole_account
from tests.unit.recording import Recording, Refused, record, tagged
from tests.unit.stackfiles import ROOT, engine_config, own_project

ACCOUNTS = {"dev": "908710317728", "public": "444455556666", "prod": "111122223333"}


def aws(graph: Recording) -> list[Any]:
    return [one for one in graph.resources if one.type.startswith("aws:")]


def test_every_resource_has_its_accounts_provider(graph: Recording, stack: str) -> None:
    providers = [one for one in graph.resources if one.type.startswith("pulumi:providers:")]
    assert [one.type for one in providers if one.name == "account"] == ["pulumi:providers:aws"]
    inside = [one.type for one in providers if one.name != "account"]
    assert inside == ([] if stack == "public" else ["pulumi:providers:kubernetes"])
    assert json.loads(providers[0].inputs["allowedAccountIds"]) == [ACCOUNTS[stack]]
    assert len(aws(graph)) > 20
    assert {one.provider.rsplit("::", 1)[0] for one in aws(graph)} == {providers[0].urn}


def test_every_taggable_resource_is_tagged(graph: Recording, stack: str) -> None:
    tags = json.loads(graph.one("account", "pulumi:providers:aws").inputs["defaultTags"])["tags"]
    own = {"project": "portal", "stack": stack, "managed-by": "pulumi"}
    assert tags == {"service": "cryoet-data-portal", **own}
    taggable = [one for one in aws(graph) if tagged(one.type)]
    assert taggable
    assert all(len({*tags, *one.inputs.get("tags", {})}) <= 10 for one in taggable)


def test_every_child_hangs_on_a_component(graph: Recording) -> None:
    components = {one.urn for one in graph.resources if one.type.startswith(("portal:", "eks:"))}
    assert {one.parent for one in graph.resources if one.type.startswith(("aws:", "kubernetes:"))} <= components


def test_resource_names_are_unique_by_type(graph: Recording) -> None:
    urns = [one.urn for one in graph.resources]
    assert len(urns) == len(set(urns))


DOCUMENTS = {
    "bucketPolicy:BucketPolicy": ("policy", "bucket"),
    "iam/role:Role": ("assumeRolePolicy", "trust"),
    "iam/rolePolicy:RolePolicy": ("policy", "identity"),
    "iam/policy:Policy": ("policy", "managed"),
}


@pytest.mark.parametrize("type_", DOCUMENTS)
def test_policy_documents_fit(stack: str, type_: str) -> None:
    key, kind = DOCUMENTS[type_]
    found = whole_account(stack).of(type_)
    assert found
    assert all(len(one.inputs[key]) <= SIZES[kind] for one in found)


def named(graph: Recording) -> set[str]:
    """Roles that others refer to by name; those of networks and orchestrators are their own affair."""
    return {one.inputs["name"] for one in graph.of("iam/role:Role") if "Stack$portal:identity:Role" in one.parent}


def test_roles_have_the_names_that_others_refer_to() -> None:
    everywhere = {"cryoet-operator"}
    jobs = {f"cryoet-ingestion-{name}-{job}" for name in ("dev", "staging") for job in ("ingest", "import")}
    assert named(deployed("dev")) == everywhere | jobs | {"cryoet-sync-public"}
    assert named(deployed("public")) == everywhere
    assert named(deployed("prod")) == everywhere | {"cryoet-ingestion-prod-import"}


def test_githubs_roles_are_the_bootstraps(stack: str) -> None:
    assert named(bootstrapped(stack)) == {f"cryoet-github-{word}" for word in ("preview", "drift", "deploy")}


def test_what_an_account_has_once_no_stack_makes(graph: Recording, stack: str) -> None:
    once = bootstrapped(stack)
    assert not {one.type for one in aws(graph)} & {one.type for one in once.resources if "iam/role" not in one.type}
    assert not {one.inputs["name"] for one in graph.of("iam/role:Role")} & named(once)
    boundaries = {names.policy_arn(ACCOUNTS[stack], one.inputs["name"]) for one in once.of("iam/policy:Policy")}
    assert {one.inputs["permissionsBoundary"] for one in graph.of("iam/role:Role")} <= boundaries


@pytest.mark.parametrize("name", ["account", "github"])
def test_what_others_rest_on_stays_when_a_bootstrap_is_destroyed(stack: str, name: str) -> None:
    assert all(one.retain for one in bootstrapped(stack).resources if one.name == name and one.type.startswith("aws:"))


def test_an_account_that_was_not_bootstrapped_stops_the_program_before_any_resource() -> None:
    def refused(_: object) -> None:
        raise Refused("invoking: returned an error: reading IAM policy (arn): couldn't find resource")

    with pytest.raises(
        pulumi.RunError,
        match=r"dev: the account 908710317728 was not bootstrapped \(reading IAM policy \(arn\): couldn't find "
        r"resource\); an administrator runs: portal bootstrap dev",
    ):
        run("dev", more={BOUNDARY: refused})


@pytest.mark.parametrize(("tags", "warned"), [({}, True), ({"bootstrap": "0123456789abcdef"}, True), (None, False)])
def test_one_that_was_with_other_settings_is_said_to_be(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, tags: dict[str, str] | None, warned: bool
) -> None:
    run("dev", more={} if tags is None else {BOUNDARY: {"tags": tags}})
    said = "an administrator runs: portal bootstrap dev" in caplog.text + capfd.readouterr().err
    assert said is warned


def test_buckets_have_the_names_of_the_stack_files() -> None:
    found = {stack: {one.inputs["bucket"] for one in deployed(stack).of("s3/bucket:Bucket")} for stack in ACCOUNTS}
    assert found["public"] == {"cryoet-data-portal-public", "cryoet-data-portal-logs-public"}
    assert found["dev"] >= {"cryoet-swipe-wdl-dev", "cryoet-swipe-comms-dev", "cryoet-swipe-wdl-staging"}
    assert found["prod"] >= {"cryoet-swipe-wdl-prod", "cryoet-swipe-comms-prod"}


def test_only_the_public_account_can_have_a_public_bucket() -> None:
    blocks = {stack: bootstrapped(stack).one("account", "AccountPublicAccessBlock").inputs for stack in ACCOUNTS}
    closed = {stack: (one["blockPublicPolicy"], one["restrictPublicBuckets"]) for stack, one in blocks.items()}
    assert closed == {"dev": (True, True), "public": (False, False), "prod": (True, True)}


def test_an_account_has_the_budget_that_its_stack_file_names() -> None:
    budgets = {stack: bootstrapped(stack).of("budgets/budget:Budget") for stack in ACCOUNTS}
    assert {stack: len(found) for stack, found in budgets.items()} == {"dev": 1, "public": 1, "prod": 0}
    [budget] = budgets["dev"]
    assert (budget.inputs["name"], budget.inputs["limitAmount"]) == ("cryoet-account", "900")


def test_roles_that_read_another_accounts_public_bucket_copy_its_tagged_objects() -> None:
    """A role's own policy is not enough across accounts, and the public does not read tags."""
    read = deployed("dev").one("cryoet-ingestion-staging-ingest-policy").json("policy")["Statement"]
    [source] = [one for one in read if one["Sid"] == "SourceRead"]
    tags, objects = "s3:GetObjectTagging", "arn:aws:s3:::cryoet-data-portal-public/*"
    assert tags in source["Action"]
    assert objects in source["Resource"]
    statements = deployed("public").one("public-policy").json("policy")["Statement"]
    [copied] = [one for one in statements if one["Action"] == tags]
    assert (copied["Resource"], copied["Principal"]) == (
        objects,
        {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::908710317728:root"]},
    )
    assert tags not in deployed("dev").one("staging-policy").inputs["policy"]


def test_the_two_sides_of_a_release_name_each_other() -> None:
    sync = deployed("dev").one("cryoet-sync-public-policy").json("policy")["Statement"]
    statements = deployed("public").one("public-policy").json("policy")["Statement"]
    [received] = [one for one in statements if one["Sid"] == "Release"]
    assert sync[-1]["Action"] == received["Action"]
    assert sync[-1]["Resource"] == received["Resource"] == "arn:aws:s3:::cryoet-data-portal-public/*"
    assert received["Principal"] == {"AWS": "arn:aws:iam::908710317728:root"}
    assert received["Condition"]["ArnEquals"]["aws:PrincipalArn"] == "arn:aws:iam::908710317728:role/cryoet-sync-public"


def test_every_bucket_that_is_logged_is_let_into_the_log_bucket(graph: Recording) -> None:
    logged = {one.inputs["bucket"] for one in graph.of("BucketLogging")}
    statements = graph.one("log-policy").json("policy")["Statement"]
    [delivery] = [one for one in statements if one["Sid"] == "LogDelivery"]
    sources = delivery["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert {f"arn:aws:s3:::{name}" for name in logged} == set([sources] if isinstance(sources, str) else sources)


def test_workflows_are_uploaded_from_the_folder() -> None:
    keys = [one.inputs["key"] for one in deployed("prod").of("BucketObjectv2")]
    assert sorted(keys) == sorted(file.name for file in (ROOT / "workflows").glob("*.wdl"))


def test_outputs_say_what_is_protected(graph: Recording, stack: str) -> None:
    protected = {one.inputs["bucket"] for one in graph.of("s3/bucket:Bucket") if one.protect}
    exported = {*graph.exports["protected"].values()}
    for one in graph.exports["environments"].values():
        exported |= {one["wdl_bucket"], one["comms_bucket"]}
    assert exported == protected
    machines = [one.inputs["name"] for one in graph.of("sfn/stateMachine:StateMachine") if one.protect]
    assert set(machines) == {one["orchestrator"] for one in graph.exports["environments"].values()}
    assert graph.exports["account"] == ACCOUNTS[stack]
    assert set(graph.exports["buckets"].values()) == {one.inputs["bucket"] for one in graph.of("s3/bucket:Bucket")}
    assert set(graph.exports["roles"]) == named(graph)


def test_a_preview_registers_the_same(graph: Recording, stack: str) -> None:
    again = run(stack, preview=True)
    assert {one.urn for one in again.resources} == {one.urn for one in graph.resources}


def run(
    stack: str,
    *,
    preview: bool = False,
    previous: dict[str, Any] | None = None,
    config: dict[str, str] | None = None,
    reached: str = "",
    more: dict[str, Any] | None = None,
) -> Recording:
    def program() -> object:
        return runpy.run_path(str(own_project() / "__main__.py"), run_name="__main__")

    answers = first_up(stack) | state(stack, previous or {})
    if reached:
        answers[IDENTITY] = {"accountId": reached}
    answers |= more or {}
    given = {**engine_config(own_project() / f"Pulumi.{stack}.yaml"), **(config or {})}
    return record(program, stack=stack, config=given, answers=answers, preview=preview)


WHO: list[dict[str, str]] = [
    {"LOGNAME": "ada lovelace"},
    {"LOGNAME": "grace", "PORTAL_AWS_PROFILE": "prod"},
    {"PORTAL_ROLE": "cryoet-github-preview", "GITHUB_RUN_ID": "123"},
]


def providers(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> list[Any]:
    """Inputs of the program's providers, and the variables that the engine hands over to them."""
    for key in {key for one in WHO for key in one}:
        monkeypatch.delenv(key, raising=False)
    for key, value in environ.items():
        monkeypatch.setenv(key, value)
    made = [one for one in run("prod").resources if one.type.startswith("pulumi:providers:")]
    return [(one.type, one.inputs, one.variables) for one in made]


def test_the_providers_are_the_same_for_ci_and_each_engineer(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = [providers(monkeypatch, one) for one in WHO]
    assert [kind for kind, *_ in first] == ["pulumi:providers:aws", "pulumi:providers:kubernetes"]
    assert all(one == first for one in others)
    assert all(variables == names.PROVIDER_VARIABLES for *_, variables in first)
    assert not any(word in str(first) for word in ("assumeRoles", "sessionName", "--role"))


def test_what_was_deployed_and_is_still_there_may_stay() -> None:
    assert run("prod", previous={"protected": {"log": "cryoet-data-portal-logs-prod"}}).resources


def test_a_dropped_bucket_stops_the_program_before_any_resource() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"Pulumi\.prod\.yaml: portal:settings\.buckets\.data: the bucket the-data"
    ):
        run("prod", previous={"protected": {"data": "the-data"}})


@pytest.mark.parametrize("preview", [True, False])
def test_a_bucket_that_would_be_opened_stops_the_program_before_any_resource(*, preview: bool) -> None:
    access = {**deployed("public").exports["access"]}
    access["cryoet-data-portal-public"] = {"kind": "source", "readers": []}
    with pytest.raises(
        pulumi.RunError, match=r"Pulumi\.public\.yaml: portal:settings\.buckets\.public\.kind: .* anyone could read"
    ):
        run("public", previous={"access": access}, preview=preview)


def test_a_fault_stops_the_program_before_any_resource_and_any_call() -> None:
    seen = Recording()
    with pytest.raises(pulumi.RunError, match=r"Pulumi\.prod\.yaml: aws:region: 'us-east-1': unknown key"):
        seen = run("prod", config={"aws:region": "us-east-1"})
    assert not seen.resources


def test_credentials_that_lead_elsewhere_stop_the_program_before_any_resource() -> None:
    message = (
        r"Pulumi\.prod\.yaml: portal:settings\.account\.id: '111122223333': must be .*: they lead into 222233334444"
    )
    with pytest.raises(pulumi.RunError, match=message):
        run("prod", reached="222233334444")


def test_a_foreign_provider_in_the_state_stops_the_program_before_any_resource() -> None:
    command = "pulumi:providers:command"
    seen, foreign = Recording(), {f"urn:pulumi:dev::portal::{command}::x": {"type": command, "outputs": {}}}
    with pytest.raises(pulumi.RunError, match=r"dev: its state has what the program does not make:\n.*command::x"):
        seen = run("dev", more={STATE: {"name": "dev", "outputs": foreign}})
    assert not seen.resources
