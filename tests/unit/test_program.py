"""The whole program with each of the repository's stack files."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.access.statements import SIZES
from tests.unit.conftest import IDENTITY, OUTPUTS, deployed, first_up
from tests.unit.recording import Recording, record, tagged
from tests.unit.stackfiles import ROOT, engine_config

ACCOUNTS = {"dev": "908710317728", "public": "444455556666", "prod": "111122223333"}


def aws(graph: Recording) -> list[Any]:
    return [one for one in graph.resources if one.type.startswith("aws:")]


def test_every_resource_has_its_accounts_provider(graph: Recording, stack: str) -> None:
    providers = [one for one in graph.resources if one.type.startswith("pulumi:providers:")]
    assert [one.type for one in providers if one.name == "account"] == ["pulumi:providers:aws"]
    inside = [one.type for one in providers if one.name != "account"]
    assert inside == ([] if stack == "public" else ["pulumi:providers:kubernetes"])
    assert json.loads(providers[0].inputs["allowedAccountIds"]) == [ACCOUNTS[stack]]
    role = json.loads(providers[0].inputs["assumeRoles"])[0]["roleArn"]
    assert role == f"arn:aws:iam::{ACCOUNTS[stack]}:role/OrganizationAccountAccessRole"
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
def test_policy_documents_fit(graph: Recording, type_: str) -> None:
    key, kind = DOCUMENTS[type_]
    found = graph.of(type_)
    assert found
    assert all(len(one.inputs[key]) <= SIZES[kind] for one in found)


def test_every_role_has_the_boundary(graph: Recording) -> None:
    boundary = f"arn:aws:mock:::{graph.one('boundary', 'iam/policy:Policy').name}"
    assert {one.inputs["permissionsBoundary"] for one in graph.of("iam/role:Role")} == {boundary}


def named(graph: Recording) -> set[str]:
    """Roles that others refer to by name; those of networks and orchestrators are their own affair."""
    return {one.inputs["name"] for one in graph.of("iam/role:Role") if "Stack$portal:identity:Role" in one.parent}


def test_roles_have_the_names_that_others_refer_to() -> None:
    everywhere = {"cryoet-operator", "cryoet-github-preview", "cryoet-github-deploy"}
    jobs = {f"cryoet-ingestion-{name}-{job}" for name in ("dev", "staging") for job in ("ingest", "import")}
    assert named(deployed("dev")) == everywhere | jobs | {"cryoet-sync-public"}
    assert named(deployed("public")) == everywhere
    assert named(deployed("prod")) == everywhere | {"cryoet-ingestion-prod-import"}


def test_buckets_have_the_names_of_the_stack_files() -> None:
    names = {stack: {one.inputs["bucket"] for one in deployed(stack).of("s3/bucket:Bucket")} for stack in ACCOUNTS}
    assert names["public"] == {"cryoet-data-portal-public", "cryoet-data-portal-logs-public"}
    assert names["dev"] >= {"cryoet-swipe-wdl-dev", "cryoet-swipe-comms-dev", "cryoet-swipe-wdl-staging"}
    assert names["prod"] >= {"cryoet-swipe-wdl-prod", "cryoet-swipe-comms-prod"}


def test_only_the_public_account_can_have_a_public_bucket() -> None:
    blocks = {stack: deployed(stack).one("account", "AccountPublicAccessBlock").inputs for stack in ACCOUNTS}
    closed = {stack: (one["blockPublicPolicy"], one["restrictPublicBuckets"]) for stack, one in blocks.items()}
    assert closed == {"dev": (True, True), "public": (False, False), "prod": (True, True)}


def test_the_accounts_block_changes_before_its_buckets_do(graph: Recording) -> None:
    """A policy that opens a bucket is refused while the account's block stands."""
    own = [one for one in graph.of("s3/bucket:Bucket") if one.name in graph.exports["protected"]]
    assert own
    assert all("account" in one.depends_on for one in own)


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
    for names in graph.exports["environments"].values():
        exported |= {names["wdl_bucket"], names["comms_bucket"]}
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
) -> Recording:
    def program() -> object:
        return runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    answers = first_up(stack)
    answers[OUTPUTS] |= {"outputs": previous or {}}
    if reached:
        answers[IDENTITY] = {"accountId": reached}
    given = {**engine_config(Path(ROOT, f"Pulumi.{stack}.yaml")), **(config or {})}
    return record(program, stack=stack, config=given, answers=answers, preview=preview)


def test_a_role_from_the_environment_takes_the_place_of_the_stack_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_ROLE", "cryoet-github-preview")
    provider = run("prod").one("account", "pulumi:providers:aws")
    assert "arn:aws:iam::111122223333:role/cryoet-github-preview" in provider.inputs["assumeRoles"]


def test_a_role_in_the_environment_that_is_no_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_ROLE", "arn:aws:iam::111122223333:role/x")
    with pytest.raises(
        pulumi.RunError, match="PORTAL_ROLE: 'arn:aws:iam::111122223333:role/x': must be cryoet-github-preview or"
    ):
        run("dev")


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
