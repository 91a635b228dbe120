"""A deployment by GitHub's role, after an administrator's first `up`."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components import names
from tests.journey.conftest import DEV, STACKS, Cloud, Project, outputs, smaller
from tests.journey.test_bootstrap import portal, refused_decryption, state_in_bucket
from tests.journey.test_github import PREVIEW, changes, job, last_digests, run_step, unused


def test_the_deploy_role_brings_a_change_up(project: Project, cloud: Cloud) -> None:
    """After an administrator's first `up`, with the state in a bucket: which web pages read a bucket, a workflow
    file, and other machines for jobs; a second `up` removes the earlier ones, which a preview shows. Previews need all
    that their role is granted."""
    project.change("dev", smaller)
    state_in_bucket(project, "dev")
    portal(project, "up", "dev", "--yes", "--skip-preview")
    env = job(cloud, DEV, names.GITHUB_DEPLOY, "environment:dev")

    def change(settings: dict[str, Any]) -> None:
        settings["buckets"]["staging"]["cors"] = {"origins": ["https://portal.example.org"]}
        settings["environments"]["staging"]["orchestrator"]["instance_types"] = ["r6id"]

    project.change("dev", change)
    (project.folder / "workflows" / "sync-v0.0.2.wdl").write_text("version 1.0\nworkflow sync {}\n")
    project.pulumi("dev", "up", "--yes", "--skip-preview", env=env)
    left = outputs(project, "dev")["staging"]["retiring"]
    assert len(left) == 3
    preview = job(cloud, DEV, names.GITHUB_PREVIEW, PREVIEW)
    # Another size of jobs: the preview has the state machine's definition looked at.
    agreed = {"remove_machines": left, "stages": [{"name": "Run", "spot": {"memory_mib": 64_000}}]}
    project.change("dev", lambda settings: settings["environments"]["staging"]["orchestrator"].update(agreed))
    code, reviewed = run_step(project, "deploy", "preview", "dev", preview)
    assert code == 0, reviewed
    assert {f"staging-{one}" for one in left} <= deleted(reviewed), reviewed
    approved = last_digests(project, "dev")
    code, printed = run_step(project, "deploy", "deploy", "dev", {**env, "APPROVED": approved.partition(" ")[2]})
    assert code != 0
    assert "--approved: dev: this is not what was approved: 1 steps are new or others, and 0 approved ones" in printed
    assert outputs(project, "dev")["staging"]["retiring"] == left
    code, printed = run_step(project, "deploy", "deploy", "dev", {**env, "APPROVED": approved})
    assert code == 0, printed
    assert outputs(project, "dev")["staging"]["retiring"] == []
    code, printed = run_step(project, "preview", "preview", "dev", preview)
    assert code == 0, printed
    assert refused_decryption(project, cloud, "dev", preview)
    portal(project, "preview", "dev", "--expect-no-changes", env=preview)
    assert unused(cloud, names.GITHUB_PREVIEW) == set()
    assert changes(project.pulumi("dev", "refresh", "--preview-only")) == set()


def deleted(preview: str) -> set[str]:
    """Names of the compute environments that are deleted."""
    return set(
        re.findall(
            r"- aws:batch/computeEnvironment:ComputeEnvironment: \(delete\)\s+\[id=[^]]*\]\s+\[urn=[^]]*::(\S+)\]",
            preview,
        )
    )


@pytest.mark.parametrize("stack", STACKS)
def test_a_small_change_goes_up_in_each_account(standing: Project, cloud: Cloud, stack: str) -> None:
    """And back: another origin that reads a bucket, and a workflow's file that comes and goes."""
    env = job(cloud, STACKS[stack], names.GITHUB_DEPLOY, f"environment:{stack}")
    file, workflow = standing.folder / f"Pulumi.{stack}.yaml", standing.folder / "workflows" / "small-v0.0.1.wdl"
    whole = file.read_text()

    def change(settings: dict[str, Any]) -> None:
        for bucket in settings["buckets"].values():
            if "cors" in bucket:
                bucket["cors"] = {"origins": ["https://portal.example.org"]}

    standing.change(stack, change)
    workflow.write_text("version 1.0\nworkflow small {}\n")
    try:
        changed = standing.pulumi(stack, "up", "--yes", "--skip-preview", env=env)
    finally:
        file.write_text(whole)
        workflow.unlink()
        changed_back = standing.pulumi(stack, "up", "--yes", "--skip-preview", env=env)
    assert re.search(r"[1-9]\d* (updated|created)", changed), changed
    assert re.search(r"[1-9]\d* (updated|deleted)", changed_back), changed_back
    standing.pulumi(stack, "preview", "--expect-no-changes")


def test_what_lets_data_expire_is_an_administrators(standing: Project, cloud: Cloud) -> None:
    file = standing.folder / "Pulumi.dev.yaml"
    whole = file.read_text()
    standing.change("dev", lambda settings: settings["buckets"]["embargo"]["lifecycle"].update(noncurrent_days=1))
    try:
        env = job(cloud, DEV, names.GITHUB_DEPLOY, "environment:dev")
        own = {**env, "PORTAL_PROJECT": str(standing.folder)}
        ahead = standing.run("portal", "up", "dev", "--yes", env=own)
        done = standing.refused("dev", "up", "--yes", "--skip-preview", env=env)
    finally:
        file.write_text(whole)
        standing.up("dev")
    assert ahead.returncode != 0
    told = ahead.stdout + ahead.stderr
    assert "dev: an administrator brings this up: portal up dev; cryoet-github-deploy may not" in told
    assert "update of aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration embargo" in told
    assert done.returncode != 0
    assert "is not authorized to perform: s3:PutLifecycleConfiguration" in done.stdout + done.stderr
