"""What is refused before anything is touched, by the real engine, with file, key, value and rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.journey.conftest import DEV, PUBLIC, Cloud, Project
from tests.localcloud.clouds import ORGANIZATION_ROLE

Edit = Callable[[dict[str, Any]], None]


def setting(path: str, value: Any) -> Edit:
    def edit(settings: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for part in parents:
            settings = settings[part]
        settings[last] = value

    return edit


CASES: dict[str, tuple[str, Edit, str]] = {
    "unknown key": ("dev", setting("buckets.source.colour", "red"), "portal:settings.buckets.source.colour"),
    "wrong type": ("dev", setting("account.id", 908710317728), "portal:settings.account.id: 908710317728"),
    "bucket name": ("dev", setting("buckets.source.name", "Raw"), "portal:settings.buckets.source.name: 'Raw'"),
    "account id": ("dev", setting("account.id", "90871031772"), "portal:settings.account.id: '90871031772'"),
    "another stack's account": ("public", setting("account.id", DEV), f"portal:settings.account.id: '{DEV}'"),
    "role of another account": (
        "dev",
        setting("account.role", f"arn:aws:iam::{PUBLIC}:role/OrganizationAccountAccessRole"),
        "portal:settings.account.role",
    ),
    "overlapping addresses": (
        "public",
        setting("network.cidr", "10.32.16.0/20"),
        "portal:settings.network.cidr: '10.32.16.0/20'",
    ),
    "colliding environments": (
        "dev",
        lambda settings: settings["environments"].update({
            "staging2": {
                **settings["environments"]["staging"],
                "wdl_bucket": "cryoet-swipe-wdl-staging2",
                "comms_bucket": "cryoet-swipe-comms-staging2",
            }
        }),
        "portal:settings.environments.staging2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_fault_in_a_stack_file_touches_nothing(project: Project, cloud: Cloud, case: str) -> None:
    stack, edit, named = CASES[case]
    project.change(stack, edit)
    done = project.refused(stack, "up", "--yes", "--skip-preview")
    printed = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"Pulumi.{stack}.yaml: {named}" in printed
    assert "Traceback" not in printed
    assert project.state(stack) == []
    assert not any(cloud.client("s3", account).list_buckets()["Buckets"] for account in (DEV, PUBLIC))


def test_credentials_of_another_account_are_refused(project: Project, cloud: Cloud) -> None:
    """The public account's administrator runs the dev stack; the role of dev doesn't trust that account either."""
    keys = cloud.session(PUBLIC).get_credentials()
    assert keys is not None
    env = {
        "AWS_ACCESS_KEY_ID": str(keys.access_key),
        "AWS_SECRET_ACCESS_KEY": str(keys.secret_key),
        "AWS_SESSION_TOKEN": str(keys.token),
    }
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        done = project.refused("dev", *command, env=env)
        printed = done.stdout + done.stderr
        assert done.returncode != 0
        assert f"portal:settings.account.id: '{DEV}': must be the account that" in printed, printed
        assert f"AWS account ID not allowed: {PUBLIC}. portal up dev enters it" in printed, printed
        assert "Traceback" not in printed
    done = project.run("portal", "up", "dev", "--yes", env={**env, "PORTAL_PROJECT": str(project.folder)})
    printed = done.stdout + done.stderr
    assert done.returncode != 0
    assert "sts:AssumeRole" in printed, printed
    assert "Traceback" not in printed
    assert project.state("dev") == []
    assert cloud.client("s3", DEV).list_buckets()["Buckets"] == []


def test_an_account_that_is_not_the_organizations_is_refused(project: Project) -> None:
    project.change("prod", setting("account.id", "123456789012"))
    done = project.run("portal", "up", "prod", "--yes", env={"PORTAL_PROJECT": str(project.folder)})
    assert done.returncode != 0
    printed = done.stdout + done.stderr
    assert f"arn:aws:iam::123456789012:role/{ORGANIZATION_ROLE}" in printed, printed
    assert "Traceback" not in printed
