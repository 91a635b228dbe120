"""A deployment by GitHub's role, after an administrator's first `up`."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from components import names
from tests.journey.conftest import DEV, Cloud, Project, outputs
from tests.journey.test_github import PROVIDER, changes, job

READER = "arn:aws:iam::999988887777:user/engineer"


def test_the_deploy_role_brings_a_change_up(project: Project, cloud: Cloud) -> None:
    """After an administrator's first `up`: settings of buckets, a bucket and a role more, a workflow file, a database's
    capacity, password and reader, and other machines for jobs; a second `up` removes the earlier ones."""
    project.up("dev")
    env = job(cloud, DEV, names.GITHUB_DEPLOY, "environment:dev")

    def change(settings: dict[str, Any]) -> None:
        settings["buckets"]["staging"]["lifecycle"]["noncurrent_days"] = 60
        settings["buckets"]["more"] = {"kind": "source", "name": "cryoet-more-raw-data"}
        settings["access"]["readers"] = {"lab": {"principals": [READER]}}
        settings["buckets"]["embargo"] |= {"readers": ["lab"], "open_contents_to": [READER]}
        settings["environments"]["dev"]["orchestrator"]["instance_types"] = ["r6id"]
        settings["environments"]["staging"]["database"] |= {"max_capacity": 8, "password_version": 2, "readers": 1}

    project.change("dev", change)
    (project.folder / "workflows" / "sync-v0.0.2.wdl").write_text("version 1.0\nworkflow sync {}\n")
    project.pulumi("dev", "up", "--yes", "--skip-preview", env=env)
    left = outputs(project, "dev")["dev"]["retiring"]
    assert len(left) == 3
    reviewed = project.pulumi("dev", "preview", env=job(cloud, DEV, names.GITHUB_PREVIEW, "pull_request"))
    assert all(f"{one} have no tasks left: they are removed" in reviewed for one in left), reviewed
    project.pulumi("dev", "up", "--yes", "--skip-preview", env=env)
    assert outputs(project, "dev")["dev"]["retiring"] == []
    project.pulumi("dev", "preview", "--expect-no-changes", env=env)
    assert changes(project.pulumi("dev", "refresh", "--preview-only", "--run-program")) <= {PROVIDER}
    reader = cloud.client("s3", DEV, names.reader_role("lab"))
    assert reader.list_objects_v2(Bucket="cryoet-data-portal-embargo")["KeyCount"] == 0
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.list_objects_v2(Bucket="cryoet-data-portal-staging")
