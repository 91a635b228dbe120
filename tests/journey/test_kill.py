"""An `up` killed at any moment, engine or provider, is completed by the next one; nothing is left behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.journey.conftest import DEV, Cloud, Project

KILLS = 20
NOBODY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sts:AssumeRole",'
    f'"Principal":{{"AWS":"arn:aws:iam::{DEV}:root"}}}}]}}'
)
LONGEST_SECONDS = 6.0


def members(pid: int) -> list[tuple[int, str]]:
    """The processes under ``pid``, with their command lines."""
    found: list[tuple[int, str]] = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            line = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            found += [(int(child), line), *members(int(child))]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def provider_of(pid: int) -> int | None:
    return next((child for child, line in members(pid) if "localcloud.provider" in line), None)


def killed_up(project: Project, victim: str, after: float) -> None:
    """Starts `pulumi up` and kills the engine, or its provider, after some seconds (or not, if it was done by then)."""
    process = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--stack", "dev", "--non-interactive"],
        cwd=project.folder,
        env=project.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    target = process.pid if victim == "engine" else provider_of(process.pid)
    below = [pid for pid, _ in members(process.pid)] if process.poll() is None else []
    if target is not None:
        try:
            os.kill(target, signal.SIGKILL)
        except ProcessLookupError:
            target = None
    process.wait(timeout=60)
    deadline = time.monotonic() + 20
    while victim == "engine" and time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in below):
        time.sleep(0.05)  # what the engine started ends by itself


def in_account(cloud: Cloud) -> set[str]:
    """Ids of the buckets, roles, policies and issuers that the account has of ours."""
    s3, iam = cloud.client("s3", DEV), cloud.client("iam", DEV)
    return {
        *(row["Name"] for row in s3.list_buckets()["Buckets"]),
        *(
            role["RoleName"]
            for role in iam.list_roles()["Roles"]
            if role["RoleName"] != "OrganizationAccountAccessRole"
        ),
        *(policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]),
        *(issuer["Arn"] for issuer in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]),
    }


def in_state(project: Project) -> set[str]:
    kinds = ("aws:s3/bucket:Bucket", "aws:iam/role:Role", "aws:iam/policy:Policy")
    kinds += ("aws:iam/openIdConnectProvider:OpenIdConnectProvider",)
    return {one["id"] for one in project.state("dev") if one["type"] in kinds}


@pytest.mark.parametrize("seed", range(KILLS))
def test_the_next_up_completes_a_killed_one(project: Project, cloud: Cloud, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    victim = "engine" if seed % 2 else "provider"
    killed_up(project, victim, chance.uniform(0.8, LONGEST_SECONDS))
    done = project.run("portal", "up", "--skip-preview", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    assert in_state(project) == in_account(cloud)
    project.pulumi("dev", "preview", "--refresh", "--expect-no-changes")


def test_what_a_dead_provider_made_is_taken_in(project: Project, cloud: Cloud) -> None:
    """AWS made the bucket and the role, the provider died before it could say so, and the engine forgot them."""
    killed_up(project, "provider", 2.5)
    made = in_account(cloud)
    s3, iam = cloud.client("s3", DEV), cloud.client("iam", DEV)
    if "cryoet-swipe-wdl-staging" not in made:
        where = {"LocationConstraint": "us-west-2"}
        s3.create_bucket(Bucket="cryoet-swipe-wdl-staging", CreateBucketConfiguration=where)
    if "cryoet-sync-public" not in made:
        iam.create_role(RoleName="cryoet-sync-public", AssumeRolePolicyDocument=NOBODY)
    done = project.run("portal", "up", "--skip-preview", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    assert in_state(project) == in_account(cloud)
    project.pulumi("dev", "preview", "--refresh", "--expect-no-changes")
