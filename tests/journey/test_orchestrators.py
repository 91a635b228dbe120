"""Orchestrators changed by the role that GitHub deploys with, and taken down."""

from __future__ import annotations

from typing import Any

from components import names
from tests.journey.conftest import DEV, Cloud, Project, jobs_alone, outputs
from tests.journey.test_bootstrap import portal
from tests.journey.test_github import DRIFT, PREVIEW, job, last_digests, run_step


def test_the_deploy_role_changes_orchestrators_and_an_administrator_takes_one_down(
    project: Project, cloud: Cloud
) -> None:
    """What an orchestrator's removal changes is an administrator's to change: the roles of operators and releases."""
    project.change("dev", jobs_alone)
    project.change("dev", lambda settings: settings["environments"]["dev"].update(retire=True))
    project.up("dev")
    deploy = job(cloud, DEV, names.GITHUB_DEPLOY, "environment:dev")

    def change(settings: dict[str, Any]) -> None:
        staging = settings["environments"]["staging"]["orchestrator"]
        staging |= {"spot_max_vcpus": 512, "timeout_seconds": 43_200, "log_days": 30, "notifications": {}}
        settings["network"]["flow_log_days"] = 60

    project.change("dev", change)
    preview = job(cloud, DEV, names.GITHUB_PREVIEW, PREVIEW)
    code, printed = run_step(project, "deploy", "preview", "dev", preview)
    assert code == 0, printed
    code, printed = run_step(project, "deploy", "deploy", "dev", {**deploy, "APPROVED": last_digests(project, "dev")})
    assert code == 0, printed
    portal(project, "preview", "dev", "--expect-no-changes", env=preview)
    code, printed = run_step(project, "drift", "drift", "dev", job(cloud, DEV, names.GITHUB_DRIFT, DRIFT))
    assert code == 0, printed

    project.change("dev", lambda settings: settings["environments"]["dev"].pop("orchestrator"))
    project.up("dev")
    assert set(outputs(project, "dev")) == {"staging"}
