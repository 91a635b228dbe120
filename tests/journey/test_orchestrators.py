"""Stack files with orchestrators, by the real engine: up and unchanged, by whom, changed and taken down again."""

from __future__ import annotations

import copy
import json
from typing import Any

from components import names
from tests.journey.conftest import DEV, PROD, Cloud, Project
from tests.journey.test_github import PROVIDER, changes, job
from tests.unit.stackfiles import ORCHESTRATED, orchestrate


def orchestrated(project: Project) -> None:
    """Adds the orchestrators of the tests' stack files."""
    for stack in ORCHESTRATED:
        project.change(stack, lambda settings, stack=stack: orchestrate({stack: settings}))


def outputs(project: Project, stack: str) -> dict[str, Any]:
    return json.loads(project.run("pulumi", "stack", "output", "--json", "--stack", stack).stdout)["orchestrators"]


def test_up_unchanged_and_as_clients_expect(project: Project, cloud: Cloud) -> None:
    orchestrated(project)
    for stack, account, environments in (("dev", DEV, {"dev", "staging"}), ("prod", PROD, {"prod"})):
        project.up(stack)
        project.pulumi(stack, "preview", "--expect-no-changes")
        project.pulumi(stack, "refresh", "--preview-only", "--expect-no-changes")
        found = outputs(project, stack)
        assert set(found) == environments
        states, batch = cloud.client("stepfunctions", account), cloud.client("batch", account)
        for environment, one in found.items():
            arn = f"arn:aws:states:us-west-2:{account}:stateMachine:cryoet-ingestion-{environment}-default-wdl"
            assert one["state_machine"] == arn
            assert states.describe_state_machine(stateMachineArn=arn)["status"] == "ACTIVE"
            queues = batch.describe_job_queues(jobQueues=[one["spot_queue"], one["on_demand_queue"]])["jobQueues"]
            assert {(queue["state"], queue["status"]) for queue in queues} == {("ENABLED", "VALID")}


def test_the_deploy_role_brings_orchestrators_up_and_takes_one_down(project: Project, cloud: Cloud) -> None:
    """An administrator brought up the account with image repositories: the boundary and GitHub's roles are made."""
    images = copy.deepcopy(ORCHESTRATED["dev"]["images"])
    project.change("dev", lambda settings: settings.update(images=images))
    project.up("dev")
    orchestrated(project)
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
