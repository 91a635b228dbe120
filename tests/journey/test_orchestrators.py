"""Orchestrators brought up, changed and taken down by the role that GitHub deploys with."""

from __future__ import annotations

from typing import Any

from components import names
from tests.journey.conftest import DEV, Cloud, Project, jobs_alone, outputs
from tests.journey.test_github import PROVIDER, changes, job


def without(settings: dict[str, Any]) -> None:
    """No orchestrators."""
    jobs_alone(settings)
    for environment in settings["environments"].values():
        del environment["orchestrator"]
    del settings["network"]["zones"]


def test_the_deploy_role_brings_orchestrators_up_and_takes_one_down(project: Project, cloud: Cloud) -> None:
    """An administrator brought up the account with image repositories: the boundary and GitHub's roles are made. It has
    no database: the first of an account changes the boundary, which is an administrator's to do."""
    file = project.folder / "Pulumi.dev.yaml"
    whole = file.read_text()
    project.change("dev", without)
    project.up("dev")
    file.write_text(whole)
    project.change("dev", jobs_alone)
    project.change("dev", lambda settings: settings["environments"]["dev"].update(retire=True))
    deploy = job(cloud, DEV, names.GITHUB_DEPLOY, "environment:dev")
    project.pulumi("dev", "up", "--yes", "--skip-preview", env=deploy)
    project.pulumi("dev", "preview", "--expect-no-changes", env=deploy)
    preview = job(cloud, DEV, names.GITHUB_PREVIEW, "pull_request")
    assert changes(project.pulumi("dev", "preview", env=preview)) == {PROVIDER}
    printed = project.pulumi("dev", "refresh", "--preview-only", "--run-program", env=preview)
    assert changes(printed) <= {PROVIDER}

    def change(settings: dict[str, Any]) -> None:
        del settings["environments"]["dev"]["orchestrator"]
        staging = settings["environments"]["staging"]["orchestrator"]
        staging |= {"spot_max_vcpus": 512, "timeout_seconds": 43_200, "log_days": 30, "notifications": {}}
        settings["network"]["flow_log_days"] = 60

    project.change("dev", change)
    project.pulumi("dev", "up", "--yes", "--skip-preview", env=deploy)
    project.pulumi("dev", "preview", "--expect-no-changes", env=deploy)
    assert set(outputs(project, "dev")) == {"staging"}
