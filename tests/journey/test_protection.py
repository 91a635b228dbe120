"""Buckets with data leave in two steps, and nothing of ours deletes data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components import names
from tests.journey.conftest import DEV, INGEST, Cloud, Project, jobs_alone, smaller
from tests.journey.test_bootstrap import portal
from tests.journey.test_github import PREVIEW, job

EMBARGO, STAGING = "cryoet-data-portal-embargo", "cryoet-data-portal-staging"


@pytest.fixture(scope="module")
def untouched(module_project: Project, cloud: Cloud) -> Project:
    """The dev stack up, with an object under embargo, for tests that are refused what they ask."""
    return embargoed(module_project, cloud)


def embargoed(project: Project, cloud: Cloud) -> Project:
    project.keep_workflows(INGEST)
    for edit in (smaller, jobs_alone):
        project.change("dev", edit)
    project.up("dev")
    cloud.client("s3").put_object(Bucket=EMBARGO, Key="10000/secret.mrc", Body=b"voxels")
    return project


def objects(cloud: Cloud, bucket: str) -> list[str]:
    return [row["Key"] for row in cloud.client("s3", DEV).list_objects_v2(Bucket=bucket).get("Contents", [])]


def without_embargo(settings: dict[str, Any]) -> None:
    del settings["buckets"]["embargo"]
    for environment in settings["environments"].values():
        environment["ingest"]["writes"].remove({"bucket": "embargo"})


def test_destroy_refuses_protected_buckets(untouched: Project, cloud: Cloud) -> None:
    done = untouched.refused("dev", "destroy", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert "protect" in done.stdout + done.stderr
    assert objects(cloud, EMBARGO) == ["10000/secret.mrc"]


@pytest.mark.parametrize("command", [("preview",), ("up", "--yes"), ("up", "--yes", "--skip-preview")])
def test_a_bucket_dropped_without_retire_is_refused_by_name(
    untouched: Project, cloud: Cloud, command: tuple[str, ...]
) -> None:
    """The state has no secrets, which would be encrypted anew if it is written again."""
    file = untouched.folder / "Pulumi.dev.yaml"
    kept, before = file.read_text(), untouched.state("dev")
    untouched.change("dev", without_embargo)
    done = untouched.refused("dev", *command)
    file.write_text(kept)
    printed = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Pulumi.dev.yaml: portal:settings.buckets.embargo" in printed
    assert EMBARGO in printed
    assert "retire" in printed
    assert "Traceback" not in printed
    assert untouched.state("dev") == before
    assert objects(cloud, EMBARGO) == ["10000/secret.mrc"]


def put_back(project: Project, deployment: dict[str, Any]) -> None:
    """The state as it was exported."""
    file = project.folder / "state.json"
    file.write_text(json.dumps({"version": 3, "deployment": deployment}))
    project.pulumi("dev", "stack", "import", "--file", str(file))


def without_outputs(project: Project) -> None:
    """The state as a first `up` leaves it that was killed after it had made the buckets."""
    deployment = project.deployment("dev")
    [stack] = [one for one in deployment["resources"] if one["type"] == "pulumi:pulumi:Stack"]
    assert stack.pop("outputs")["protected"]
    put_back(project, deployment)


def test_after_a_killed_first_up_a_dropped_bucket_is_refused_too(untouched: Project, cloud: Cloud) -> None:
    """By `portal up` before the engine starts; in the preview of plain `pulumi up` by the engine's own protection."""
    file = untouched.folder / "Pulumi.dev.yaml"
    kept, state = file.read_text(), untouched.deployment("dev")
    without_outputs(untouched)
    before = untouched.state("dev")
    untouched.change("dev", without_embargo)
    folder = {"PORTAL_PROJECT": str(untouched.folder)}
    refused = untouched.run("portal", "up", "--yes", "--skip-preview", "dev", env=folder)
    plain = untouched.refused("dev", "up", "--yes")
    after = untouched.state("dev")
    file.write_text(kept)
    put_back(untouched, state)
    assert refused.returncode == 1
    assert f"Pulumi.dev.yaml: portal:settings.buckets.embargo: the bucket {EMBARGO} is deployed" in refused.stderr
    assert "retire" in refused.stderr
    assert plain.returncode != 0
    assert "protect" in plain.stdout + plain.stderr
    assert after == before
    assert objects(cloud, EMBARGO) == ["10000/secret.mrc"]


OWN = {"Sid": "Own", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject"}
EXPIRY = {"ID": "own", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 9}}


def changed_by_hand(s3: Any) -> None:
    """What someone may do with a bucket that nobody manages."""
    policy = {"Version": "2012-10-17", "Statement": [{**OWN, "Resource": f"arn:aws:s3:::{EMBARGO}/*"}]}
    s3.put_bucket_policy(Bucket=EMBARGO, Policy=json.dumps(policy))
    s3.put_bucket_lifecycle_configuration(Bucket=EMBARGO, LifecycleConfiguration={"Rules": [EXPIRY]})
    s3.put_bucket_ownership_controls(
        Bucket=EMBARGO, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    s3.put_bucket_versioning(Bucket=EMBARGO, VersioningConfiguration={"Status": "Suspended"})
    s3.put_bucket_logging(Bucket=EMBARGO, BucketLoggingStatus={})
    s3.delete_public_access_block(Bucket=EMBARGO)


def settings_of(s3: Any) -> dict[str, Any]:
    """The bucket's settings, each as S3 gives it back."""
    asked = {name: getattr(s3, f"get_{name}") for name in SETTINGS}
    return {name: {**ask(Bucket=EMBARGO), "ResponseMetadata": None} for name, ask in asked.items()}


SETTINGS = (
    "bucket_policy",
    "bucket_lifecycle_configuration",
    "bucket_ownership_controls",
    "bucket_versioning",
    "bucket_logging",
    "bucket_encryption",
    "bucket_tagging",
)
SHOWN = {
    "embargo-policy": "update",
    "embargo-lifecycle": "update",
    "embargo-ownership": "update",
    "embargo-versioning": "update",
    "embargo-public-access": "create",
    "embargo-logging": "create",
}
"""What the engine's own preview says of the bucket, once it has been taken in."""


def previewed(project: Project, service: str) -> list[dict[str, Any]]:
    """The engine's steps for the resources of a service."""
    done = project.run("pulumi", "preview", "--json", "--stack", "dev", "--non-interactive")
    return [one for one in json.loads(done.stdout)["steps"] if f"$aws:{service}/" in one["urn"]]


def without_jobs(settings: dict[str, Any]) -> None:
    """Leaves each environment the role that writes into its buckets, and what it has in any case."""
    for environment in settings["environments"].values():
        del environment["orchestrator"], environment["import"]
    del settings["network"]["zones"], settings["data_cdn"]


def test_a_retired_bucket_stays_in_aws_and_is_taken_in_again_as_it_is(project: Project, cloud: Cloud) -> None:
    project.change("dev", without_jobs)
    embargoed(project, cloud)
    s3 = cloud.client("s3")
    policy = s3.get_bucket_policy(Bucket=EMBARGO)["Policy"]

    def retire(settings: dict[str, Any]) -> None:
        settings["buckets"]["embargo"]["retire"] = True
        for environment in settings["environments"].values():
            environment["ingest"]["writes"].remove({"bucket": "embargo"})

    project.change("dev", retire)
    project.up("dev")
    project.change("dev", lambda settings: settings["buckets"].pop("embargo"))
    project.up("dev")
    assert EMBARGO not in {one["id"] for one in project.state("dev")}
    assert objects(cloud, EMBARGO) == ["10000/secret.mrc"]
    assert s3.get_bucket_policy(Bucket=EMBARGO)["Policy"] == policy
    assert all(s3.get_public_access_block(Bucket=EMBARGO)["PublicAccessBlockConfiguration"].values())

    def adopt(settings: dict[str, Any]) -> None:
        settings["buckets"]["embargo"] = {"kind": "embargo", "name": EMBARGO, "import_id": EMBARGO}

    changed_by_hand(s3)
    live = settings_of(s3)
    project.change("dev", adopt)
    project.bootstrap("dev")
    portal(project, "preview", "dev", env=job(cloud, DEV, names.GITHUB_PREVIEW, PREVIEW))
    assert "embargo: the bucket cryoet-data-portal-embargo is taken in as it is" in project.up("dev")
    assert settings_of(s3) == live

    project.change("dev", lambda settings: settings["buckets"]["embargo"].pop("import_id"))
    steps = {one["urn"].rpartition("::")[2]: one for one in previewed(project, "s3")}
    assert {name: one["op"] for name, one in steps.items() if name.startswith("embargo")} == SHOWN
    assert "Own" in steps["embargo-policy"]["oldState"]["inputs"]["policy"]
    assert settings_of(s3) == live
    project.up("dev")
    assert s3.get_bucket_policy(Bucket=EMBARGO)["Policy"] == policy
    project.pulumi("dev", "preview", "--refresh", "--expect-no-changes")
    assert EMBARGO in {one["id"] for one in project.state("dev")}
    assert objects(cloud, EMBARGO) == ["10000/secret.mrc"]


def images_alone(settings: dict[str, Any]) -> None:
    """No environments, and of their images one."""
    settings["environments"] = {}
    del settings["network"]["zones"], settings["data_cdn"], settings["images"]["import"]


def test_an_image_repository_that_exists_is_taken_in(project: Project, cloud: Cloud) -> None:
    """As it is, with who may pull from it; the preview after it shows what the program changes and adds, the next
    `up` brings it."""
    ecr, name = cloud.client("ecr"), "cryoet-staging"
    before = ecr.create_repository(
        repositoryName=name, imageTagMutability="IMMUTABLE", tags=[{"Key": "team", "Value": "imaging"}]
    )["repository"]
    lab = {"Sid": "Lab", "Effect": "Allow", "Principal": {"AWS": DEV}, "Action": "ecr:BatchGetImage"}
    ecr.set_repository_policy(repositoryName=name, policyText=json.dumps({"Version": "2012-10-17", "Statement": [lab]}))
    pulled = ecr.get_repository_policy(repositoryName=name)["policyText"]
    project.change("dev", images_alone)
    project.change("dev", lambda settings: settings["images"]["ingest"].update(import_id=name))
    project.bootstrap("dev")
    portal(project, "preview", "dev", env=job(cloud, DEV, names.GITHUB_PREVIEW, PREVIEW))
    assert f"ingest: the repository {name} is taken in as it is (policy)" in project.up("dev")
    assert ecr.get_repository_policy(repositoryName=name)["policyText"] == pulled
    with pytest.raises(ecr.exceptions.LifecyclePolicyNotFoundException):
        ecr.get_lifecycle_policy(repositoryName=name)

    project.change("dev", lambda settings: settings["images"]["ingest"].pop("import_id"))
    steps = {one["newState"]["type"].rpartition(":")[2]: one for one in previewed(project, "ecr")}
    changes = {"Repository": "update", "LifecyclePolicy": "create", "RepositoryPolicy": "update"}
    assert {name: one["op"] for name, one in steps.items()} == changes
    assert "Lab" in steps["RepositoryPolicy"]["oldState"]["inputs"]["policy"]
    assert ecr.get_repository_policy(repositoryName=name)["policyText"] == pulled
    project.up("dev")
    project.pulumi("dev", "preview", "--refresh", "--expect-no-changes")
    [after] = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    assert after["createdAt"] == before["createdAt"]
    assert (after["imageTagMutability"], after["imageScanningConfiguration"]) == ("MUTABLE", {"scanOnPush": True})
    assert "Lab" not in ecr.get_repository_policy(repositoryName=name)["policyText"]


def test_destroy_passes_once_everything_is_retired(project: Project, cloud: Cloud) -> None:
    def retire_environments(settings: dict[str, Any]) -> None:
        for environment in settings["environments"].values():
            environment["retire"] = True

    project.change("dev", retire_environments)
    embargoed(project, cloud)

    def retire(settings: dict[str, Any]) -> None:
        for kept in (*settings["buckets"].values(), *settings["images"].values()):
            kept["retire"] = True
        for environment in settings["environments"].values():
            del environment["ingest"]
            del environment["import"]
            del environment["orchestrator"]
        del settings["network"]["zones"]
        del settings["data_cdn"]

    project.change("dev", retire)
    project.change("public", lambda settings: settings["buckets"]["public"].pop("receives_from"))
    project.up("dev")
    project.pulumi("dev", "destroy", "--yes", "--skip-preview")
    assert project.state("dev") == []
    left = {row["Name"] for row in cloud.client("s3").list_buckets()["Buckets"]}
    assert left == {EMBARGO, STAGING, "cryoetportal-rawdatasets-dev", "cryoet-data-portal-logs-dev"}
    assert objects(cloud, EMBARGO) == ["10000/secret.mrc"]
    roles = {role["RoleName"] for role in cloud.client("iam").list_roles()["Roles"]}
    of_the_bootstrap = {*names.roles_of_ci()}
    assert {name for name in roles if name.startswith("cryoet-")} == of_the_bootstrap
