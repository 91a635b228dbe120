"""The workflows of GitHub: who they enter the accounts as, for how long, and which of them wait for each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from composition.roles import DEPLOY_SECONDS, jobs_of_github
from portal.commands.bootstrap import environments_of_github
from portal.pulumi_cli import ROOT
from settings import load

FILES = sorted(Path(ROOT, ".github", "workflows").glob("*.yml"))
STACKS = ["dev", "public", "prod"]
ROLE = re.compile(r":role/(\S+)$")


def jobs_with_a_role() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """File, job, and the options of its step that takes a role."""
    for file in FILES:
        for job in yaml.safe_load(file.read_text())["jobs"].values():
            for step in job["steps"]:
                if "configure-aws-credentials" in step.get("uses", ""):
                    yield file.name, job, step["with"]


ENTERING = [*jobs_with_a_role()]
IDS = [f"{file} {job['name']}" for file, job, _ in ENTERING]


def test_each_role_is_entered_by_the_workflows_that_its_trust_names() -> None:
    github = load("dev", ROOT).current.access.github
    assert github
    entered: dict[str, set[str]] = {}
    for file, _, options in ENTERING:
        role = ROLE.search(options["role-to-assume"])
        assert role
        entered.setdefault(role[1], set()).add(file)
    trusted = {
        role: {workflow.partition("@")[0].rpartition("/")[2] for workflow in jobs.workflows}
        for role, jobs in jobs_of_github(github).items()
    }
    assert trusted == entered


@pytest.mark.parametrize(("file", "job", "options"), ENTERING, ids=IDS)
def test_credentials_last_as_long_as_the_job(file: str, job: dict[str, Any], options: dict[str, Any]) -> None:
    seconds = int(options.get("role-duration-seconds", 3_600))
    assert job["timeout-minutes"] * 60 <= seconds
    if options["role-to-assume"].endswith("-deploy"):
        assert seconds == DEPLOY_SECONDS


@pytest.mark.parametrize(("file", "job", "options"), ENTERING, ids=IDS)
def test_who_enters_an_account_runs_where_the_repositorys_variable_says(
    file: str, job: dict[str, Any], options: dict[str, Any]
) -> None:
    assert job["runs-on"].endswith(" || vars.PORTAL_RUNNER || 'ubuntu-24.04' }}")


@pytest.mark.parametrize("stack", STACKS)
def test_bootstrap_says_which_environments_github_has_to_have(stack: str) -> None:
    (line,) = environments_of_github(load(stack, ROOT).current)
    assert f"the environment {stack} with reviewers and main as its only branch, and preview with reviewers" in line


@pytest.mark.parametrize(("file", "job", "options"), ENTERING, ids=IDS)
def test_who_works_with_a_stacks_state_waits_for_that_stack_alone(
    file: str, job: dict[str, Any], options: dict[str, Any]
) -> None:
    """All that waits, waits in line: a night's look for drift takes no deployment's place."""
    if options["role-to-assume"].endswith("-preview"):
        assert "concurrency" not in job
        return
    stack = "inputs.stack" if file == "recover.yml" else "matrix.stack"
    group = {"group": f"stack-${{{{ {stack} }}}}", "cancel-in-progress": False, "queue": "max"}
    assert job["concurrency"] == group


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_stack_waits_for_another_or_ends_with_it(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text())
    for job in workflow["jobs"].values():
        if strategy := job.get("strategy"):
            assert strategy == {"fail-fast": False, "matrix": {"stack": STACKS}}
    if file.name in ("deploy.yml", "drift.yml", "recover.yml"):
        assert "concurrency" not in workflow
