"""What stack files may leave out or add, and the repository's own don't: the composed program with changed copies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pulumi
import pytest

from components import rules
from composition import bootstrap
from composition.account import provider_of, verified_provider
from composition.adoption import Existing
from composition.data import workflows
from composition.last_update import State
from composition.stack import compose
from settings import SettingsError, load
from tests.unit.recording import Recording, record
from tests.unit.stackfiles import ROOT, Files, changed, own_files, own_project, without_environments, written
from tests.unit.test_program import ACCOUNTS
from tests.unit.test_settings import Change, faults, put

LAB = "arn:aws:iam::222233334444:role/lab"


def composed(change: Change, directory: Path, stack: str = "dev", **last: Any) -> Recording:
    """The graph of a stack with a change of the repository's stack files. ``last``: what the last update put out."""
    portal = load(stack, written(changed(change), directory))

    def program() -> None:
        compose(portal, provider_of(portal), State(outputs=last), Existing())

    return record(program, stack=stack)


def bootstrapped(change: Change, directory: Path, stack: str = "dev") -> Recording:
    """The graph of a bootstrap with a change of the repository's stack files."""
    portal = load(stack, written(changed(change), directory))

    def program() -> None:
        bootstrap.compose(portal, provider_of(portal))

    return record(program, stack=stack)


def test_a_bootstrap_says_that_it_is_complete_once_it_is(tmp_path: Path) -> None:
    """An account whose bootstrap was stopped half way is bootstrapped again: no boundary has its fingerprint yet."""
    graph = bootstrapped(put("dev", "account.budget", {"monthly_usd": 900, "notify": ["a@example.org"]}), tmp_path)
    boundaries = [one for one in graph.of("iam/policy:Policy") if bootstrap.TAG in (one.inputs.get("tags") or {})]
    before = {"account", "budget", *(one.name for one in graph.of("iam/role:Role"))}
    kinds = ("iam/rolePolicy:RolePolicy", "iam/rolePolicyAttachment:RolePolicyAttachment")
    before |= {one.name for kind in kinds for one in graph.of(kind)}
    assert len(before) > 5
    assert {one.name for one in boundaries} == {"boundary-data", "boundary-delegated", "boundary-cluster"}
    assert [before - one.depends_on for one in boundaries] == [set(), set(), set()]


def roles(graph: Recording) -> set[str]:
    return {one.inputs["name"] for one in graph.of("iam/role:Role")}


def statements(graph: Recording, role: str) -> list[dict[str, Any]]:
    return graph.one(f"{role}-policy", "iam/rolePolicy:RolePolicy").json("policy")["Statement"]


def test_a_reader_by_name_has_a_role_that_reads_what_is_shared_and_nothing_else(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        put("dev", "buckets.embargo.readers", ["lab"])(files)
        put("dev", "access.readers.lab", {"principals": [LAB]})(files)

    graph = composed(change, tmp_path)
    [role] = [one for one in graph.of("iam/role:Role") if one.inputs["name"] == "cryoet-reader-lab"]
    trusted = role.json("assumeRolePolicy")["Statement"]
    assert LAB in json.dumps(trusted)
    granted = statements(graph, "cryoet-reader-lab")
    named = {
        resource
        for one in granted
        for resource in ([one["Resource"]] if isinstance(one["Resource"], str) else one["Resource"])
    }
    assert named == {"arn:aws:s3:::cryoet-data-portal-embargo", "arn:aws:s3:::cryoet-data-portal-embargo/*"}
    asked = {
        action for one in granted for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    assert all(action.startswith(("s3:Get", "s3:List")) for action in asked), asked


def test_an_account_without_operators_or_github_has_no_role_for_them(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        files["dev"]["access"] = {}

    graph = composed(change, tmp_path)
    assert {"cryoet-sync-public", "cryoet-ingestion-dev-ingest"} <= roles(graph)
    assert "cryoet-operator" not in roles(graph)
    once = bootstrapped(change, tmp_path)
    assert once.of("iam/policy:Policy")
    assert not roles(once)
    assert not once.of("OpenIdConnectProvider")
    trusted = graph.one("cryoet-sync-public", "iam/role:Role").json("assumeRolePolicy")["Statement"]
    assert {next(iter(one["Principal"])) for one in trusted} == {"Service"}


def test_a_log_bucket_that_nothing_is_logged_into_lets_nothing_in(tmp_path: Path) -> None:
    """A fourth account that has nothing but where its logs will go."""

    def change(files: Files) -> None:
        log = {"kind": "log", "name": "cryoet-data-portal-logs-new", "lifecycle": {"expire_days": 30}}
        account = {"id": "555566667777", "region": "us-west-2", "block_public_access": True}
        files["public"].clear()
        files["public"] |= {"account": account, "network": {"cidr": "10.40.0.0/16"}, "buckets": {"log": log}}
        for name in ("dev", "prod"):
            without_environments(files[name])

    graph = composed(change, tmp_path, "public")
    allowed = [one for one in graph.one("log-policy").json("policy")["Statement"] if one["Effect"] == "Allow"]
    assert not allowed


def test_an_environment_that_imports_nothing_has_one_definition_for_all_its_ingests(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        del files["dev"]["environments"]["dev"]["import"]

    graph = composed(change, tmp_path)
    made = [one.inputs["name"] for one in graph.of("batch/jobDefinition:JobDefinition")]
    assert [name for name in made if "-dev-" in name] == ["cryoet-ingestion-dev-main"]
    assert len([name for name in made if "-staging-" in name]) > 1
    assert "cryoet-ingestion-dev-import" not in roles(graph)


def test_a_database_without_jobs_lets_its_api_in(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        del files["dev"]["environments"]["dev"]["orchestrator"]

    graph = composed(change, tmp_path)
    sources = {
        one.name: one.inputs["referencedSecurityGroupId"]
        for one in graph.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if one.name.startswith("dev-database-")
    }
    assert sources == {"dev-database-from-pods": "dev-pods-id"}


ELSEWHERE = "AWS account ID not allowed: 222233334444"
NOWHERE = "unable to validate AWS credentials. Details: no route to host"


def entered(monkeypatch: pytest.MonkeyPatch, answer: str) -> Exception:
    """What the program raises where the provider refuses with this answer."""

    def refused(**_: Any) -> None:
        raise ValueError(f"invoke of aws:index/getCallerIdentity returned an error: {answer}")

    monkeypatch.setattr("pulumi_aws.get_caller_identity", refused)
    told: list[Exception] = []

    def program() -> None:
        with pytest.raises((SettingsError, pulumi.RunError)) as caught:
            verified_provider(load("dev", own_project()))
        told.append(caught.value)

    record(program, stack="dev")
    return told[0]


def test_credentials_of_another_account_are_a_fault_of_the_stack_files_account(monkeypatch: pytest.MonkeyPatch) -> None:
    error = entered(monkeypatch, ELSEWHERE)
    assert isinstance(error, SettingsError)
    assert f"portal:settings.account.id: '{ACCOUNTS['dev']}'" in str(error)
    assert f"{ELSEWHERE}. portal up dev enters it" in str(error)


def test_an_account_that_is_not_reached_is_no_fault_of_the_stack_file(monkeypatch: pytest.MonkeyPatch) -> None:
    error = entered(monkeypatch, NOWHERE)
    assert isinstance(error, pulumi.RunError)
    assert str(error) == f"dev: the account {ACCOUNTS['dev']} was not reached: {NOWHERE}"


def test_two_releases_from_one_account_into_buckets_of_one_key_are_refused(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        put("prod", "buckets.public", dict(files["public"]["buckets"]["public"], name="cryoet-data-portal-other"))(
            files
        )

    found = faults(change, tmp_path, "prod")
    assert any("the stack 'prod' releases into a bucket of this key from there too" in one for one in found), found


def test_other_files_beside_the_stack_files_are_none(tmp_path: Path) -> None:
    written(changed(lambda _: None), tmp_path)
    (tmp_path / "Pulumi.old.yxml").write_text("config: {}")
    assert set(load("dev", tmp_path).stacks) == {"dev", "public", "prod"}


def test_a_file_with_too_little_left_reports_its_own_faults_alone(tmp_path: Path) -> None:
    found = faults(lambda files: files["dev"].pop("account"), tmp_path)
    assert found == ["Pulumi.dev.yaml: portal:settings.account: is required"]


@pytest.mark.parametrize("value", ["", "a", "UPPER", "two--dots..x", "ends-", "/starts", "x" * 257])
def test_a_repository_that_ecr_refuses(value: str) -> None:
    assert rules.repository(value)


@pytest.mark.parametrize(
    "value",
    [
        *("", "ghcr.io/owner/name", "Ghcr.io/owner/name:v1", "ghcr.io/owner/name:", "name@sha256:" + "0" * 63),
        *("localhost:5000/name", "a:1:2", "a//b:1", "name:@sha256:" + "0" * 64, "a" * 254 + ":1"),
    ],
)
def test_an_image_without_tag_or_digest_is_refused(value: str) -> None:
    assert rules.image(value)


@pytest.mark.parametrize(
    "value",
    [
        *("busybox:1", "localhost:5000/name:v1.0.0", "name@sha256:" + "0" * 64, "a" * 253 + ":1"),
        *("localhost:5000/a__b/name:v1.0.0@sha256:" + "0" * 64, "a" * 253 + ":1@sha256:" + "0" * 64),
    ],
)
def test_an_image_with_tag_or_digest_is_taken(value: str) -> None:
    assert rules.image(value) is None


@pytest.mark.parametrize("value", ["ab", "cryoet-staging", "team/apiv2-x86", "a_b.c"])
def test_a_repository_that_ecr_takes(value: str) -> None:
    assert rules.repository(value) is None


@pytest.mark.parametrize("value", ["", "no-tag", "x:", "UPPER:tag", "x@sha256:abc"])
def test_an_image_without_a_tag_or_digest(value: str) -> None:
    assert rules.image(value)


def test_tags_that_aws_keeps_for_itself_are_refused() -> None:
    assert rules.tag_key("aws:x") == "AWS reserves tags that begin with aws:"
    assert "1 to 128" in str(rules.tag_key(""))
    assert rules.tag_key("team") is None


def test_a_folders_texts_and_archives_are_workflows(tmp_path: Path) -> None:
    directory = written(own_files(), tmp_path)
    (directory / "workflows" / "README.md").write_text("none")
    with ZipFile(directory / "workflows" / "more-v1.0.0.wdl.zip", "w") as archive:
        archive.writestr("more.wdl", "version 1.0")
    portal = load("dev", directory)
    logs: Any = None
    found = workflows(portal, "dev", portal.current.environments["dev"], logs).workflows
    assert found["more-v1.0.0.wdl.zip"] == (directory / "workflows" / "more-v1.0.0.wdl.zip").read_bytes()
    assert found["sync-v0.0.2.wdl"] == (ROOT / "workflows" / "sync-v0.0.2.wdl").read_text()
    assert "README.md" not in found


@pytest.mark.parametrize("ids", [("", ""), ("@123456", "@456789")])
def test_githubs_jobs_enter_by_the_subjects_that_their_tokens_have(tmp_path: Path, ids: tuple[str, str]) -> None:
    """GitHub adds the ids of owner and repository to the names of some repositories."""
    owner, name = "chanzuckerberg", "cryoet-data-portal-infrastructure"
    prefix = f"repo:{owner}{ids[0]}/{name}{ids[1]}"
    graph = bootstrapped(put("dev", "access.github.subject_prefix", prefix) if ids[0] else lambda _: None, tmp_path)
    subjects = {
        role.inputs["name"]: role.json("assumeRolePolicy")["Statement"][0]["Condition"]["StringEquals"][
            "token.actions.githubusercontent.com:sub"
        ]
        for role in graph.of("iam/role:Role")
        if "github" in role.inputs["name"]
    }
    assert subjects == {
        "cryoet-github-preview": f"{prefix}:environment:preview",
        "cryoet-github-drift": f"{prefix}:ref:refs/heads/main",
        "cryoet-github-deploy": f"{prefix}:environment:dev",
    }
