"""Buckets with data leave in two steps, and nothing of ours deletes data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journey.conftest import DEV, Cloud, Project

EMBARGO, STAGING = "cryoet-data-portal-embargo", "cryoet-data-portal-staging"


@pytest.fixture
def embargoed(project: Project, cloud: Cloud) -> Project:
    """The dev stack up, with an object under embargo."""
    project.up("dev")
    cloud.client("s3").put_object(Bucket=EMBARGO, Key="10000/secret.mrc", Body=b"voxels")
    return project


def objects(cloud: Cloud, bucket: str) -> list[str]:
    return [row["Key"] for row in cloud.client("s3", DEV).list_objects_v2(Bucket=bucket).get("Contents", [])]


def without_embargo(settings: dict[str, Any]) -> None:
    del settings["buckets"]["embargo"]
    for environment in settings["environments"].values():
        environment["ingest"]["writes"].remove({"bucket": "embargo"})


def test_destroy_refuses_protected_buckets(embargoed: Project, cloud: Cloud) -> None:
    done = embargoed.refused("dev", "destroy", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert "protect" in done.stdout + done.stderr
    assert objects(cloud, EMBARGO) == ["10000/secret.mrc"]


@pytest.mark.parametrize("command", [("preview",), ("up", "--yes"), ("up", "--yes", "--skip-preview")])
def test_a_bucket_dropped_without_retire_is_refused_by_name(
    embargoed: Project, cloud: Cloud, command: tuple[str, ...]
) -> None:
    embargoed.change("dev", without_embargo)
    before = embargoed.state("dev")
    done = embargoed.refused("dev", *command)
    printed = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Pulumi.dev.yaml: portal:settings.buckets.embargo" in printed
    assert EMBARGO in printed
    assert "retire" in printed
    assert "Traceback" not in printed
    assert embargoed.state("dev") == before
    assert objects(cloud, EMBARGO) == ["10000/secret.mrc"]


def test_a_retired_bucket_leaves_the_stack_and_stays_in_aws(embargoed: Project, cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    policy = s3.get_bucket_policy(Bucket=EMBARGO)["Policy"]

    def retire(settings: dict[str, Any]) -> None:
        settings["buckets"]["embargo"]["retire"] = True
        for environment in settings["environments"].values():
            environment["ingest"]["writes"].remove({"bucket": "embargo"})

    embargoed.change("dev", retire)
    embargoed.up("dev")
    embargoed.change("dev", lambda settings: settings["buckets"].pop("embargo"))
    embargoed.up("dev")
    assert EMBARGO not in {one["id"] for one in embargoed.state("dev")}
    assert objects(cloud, EMBARGO) == ["10000/secret.mrc"]
    assert s3.get_bucket_policy(Bucket=EMBARGO)["Policy"] == policy
    assert all(s3.get_public_access_block(Bucket=EMBARGO)["PublicAccessBlockConfiguration"].values())


def test_a_retired_bucket_is_taken_in_again(embargoed: Project, cloud: Cloud) -> None:
    test_a_retired_bucket_leaves_the_stack_and_stays_in_aws(embargoed, cloud)

    def adopt(settings: dict[str, Any]) -> None:
        settings["buckets"]["embargo"] = {"kind": "embargo", "name": EMBARGO, "import_id": EMBARGO}

    embargoed.change("dev", adopt)
    embargoed.up("dev")
    embargoed.change("dev", lambda settings: settings["buckets"]["embargo"].pop("import_id"))
    embargoed.up("dev")
    embargoed.pulumi("dev", "preview", "--refresh", "--expect-no-changes")
    assert EMBARGO in {one["id"] for one in embargoed.state("dev")}
    assert objects(cloud, EMBARGO) == ["10000/secret.mrc"]


def test_destroy_passes_once_everything_is_retired(embargoed: Project, cloud: Cloud) -> None:
    def retire(settings: dict[str, Any]) -> None:
        for kept in (*settings["buckets"].values(), *settings["images"].values()):
            kept["retire"] = True
        for environment in settings["environments"].values():
            del environment["ingest"]
            del environment["import"]
            del environment["orchestrator"]
        del settings["network"]["zones"]

    embargoed.change("dev", retire)
    embargoed.change("public", lambda settings: settings["buckets"]["public"].pop("receives_from"))
    embargoed.up("dev")
    embargoed.pulumi("dev", "destroy", "--yes", "--skip-preview")
    assert embargoed.state("dev") == []
    left = {row["Name"] for row in cloud.client("s3").list_buckets()["Buckets"]}
    assert left == {EMBARGO, STAGING, "cryoetportal-rawdatasets-dev", "cryoet-data-portal-logs-dev"}
    assert objects(cloud, EMBARGO) == ["10000/secret.mrc"]
    roles = {role["RoleName"] for role in cloud.client("iam").list_roles()["Roles"]}
    assert not {name for name in roles if name.startswith("cryoet-")}
