"""`portal bootstrap`: the bucket of states and an account's key, made, taken over and left as they are; then its
program is brought up. Its engine is a script that only records what it is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components import names
from tests.localcloud.clouds import MANAGEMENT_ACCOUNT
from tests.localcloud.conftest import DEV, PROD, PUBLIC, Cloud
from tests.localcloud.policies import document, refusal
from tests.localcloud.test_portal_state_key import keys
from tests.localcloud.test_portal_up import Up

BUCKET = "cryoet-pulumi-state-of-tests"
OWN, OTHER = (f".pulumi/stacks/portal/{stack}.json" for stack in ("prod", "dev"))
DENIED = ("AccessDenied", 403)


@pytest.fixture
def up(cloud: Cloud, tmp_path: Path) -> Iterator[Up]:
    """Neither bucket nor key to begin with, nor afterwards."""
    assert keys(cloud) == []
    yield Up(cloud, tmp_path)
    if keys(cloud):
        cloud.client("kms").delete_alias(AliasName=names.STATE_KEY)
    s3 = cloud.client("s3")
    if BUCKET in {row["Name"] for row in s3.list_buckets()["Buckets"]}:
        for kind in ("Versions", "DeleteMarkers"):
            for row in s3.list_object_versions(Bucket=BUCKET).get(kind, []):
                s3.delete_object(Bucket=BUCKET, Key=row["Key"], VersionId=row["VersionId"])
        s3.delete_bucket(Bucket=BUCKET)


def bootstrap(
    up: Up, *options: str, stack: str = "dev", yes: str = "--yes", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "portal", "bootstrap", stack, *([yes] if yes else []), *options]
    return subprocess.run(
        command, env=env or up.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def session(cloud: Cloud, account: str, role: str, policy: dict[str, Any]) -> Any:
    """S3 for a role of the account with a policy of its own; the role is gone with the test's account."""
    iam, trust = cloud.client("iam", account), {"AWS": MANAGEMENT_ACCOUNT}
    iam.create_role(
        RoleName=role,
        AssumeRolePolicyDocument=document({"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole"}),
    )
    iam.put_role_policy(RoleName=role, PolicyName="x", PolicyDocument=document(policy))
    return cloud.client_of(cloud.session(account, role), "s3")


def without(cloud: Cloud, account: str, role: str) -> None:
    iam = cloud.client("iam", account)
    iam.delete_role_policy(RoleName=role, PolicyName="x")
    iam.delete_role(RoleName=role)


def test_what_an_account_has_once_is_made_and_a_second_run_changes_nothing(up: Up, cloud: Cloud) -> None:
    done = bootstrap(up, "--state-bucket", BUCKET)
    assert done.returncode == 0, done.stderr
    assert f"  bucket {BUCKET}: made\n" in done.stdout
    assert done.stdout.endswith(f"  key {names.STATE_KEY}: made\n")
    s3 = cloud.client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    assert len(keys(cloud)) == 1
    again = bootstrap(up, "--state-bucket", BUCKET)
    assert again.returncode == 0, again.stderr
    assert not [line for line in again.stdout.splitlines() if line.startswith(("  bucket", "  key"))], again.stdout


def test_a_bucket_that_is_there_is_taken_over(up: Up, cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=BUCKET, Key=OTHER, Body=b"state")
    done = bootstrap(up, "--state-bucket", BUCKET)
    assert done.returncode == 0, done.stderr
    assert f"bucket {BUCKET}: made" not in done.stdout
    assert f"bucket {BUCKET}: versioning set" in done.stdout
    assert s3.get_object(Bucket=BUCKET, Key=OTHER)["Body"].read() == b"state"


def test_another_accounts_ci_reaches_its_own_stack(up: Up, cloud: Cloud) -> None:
    assert bootstrap(up, "--state-bucket", BUCKET).returncode == 0
    cloud.client("s3").put_object(Bucket=BUCKET, Key=OTHER, Body=b"dev's")
    anything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    deploy = session(cloud, PROD, names.GITHUB_DEPLOY, anything)
    drift = session(cloud, PROD, names.GITHUB_DRIFT, anything)
    stranger = session(cloud, PUBLIC, "cryoet-somebody", anything)
    try:
        deploy.put_object(Bucket=BUCKET, Key=OWN, Body=b"prod's")
        assert drift.get_object(Bucket=BUCKET, Key=OWN)["Body"].read() == b"prod's"
        assert drift.list_objects_v2(Bucket=BUCKET, Prefix=OWN)["KeyCount"] == 1
        assert refusal(drift.put_object, Bucket=BUCKET, Key=OWN, Body=b"") == DENIED
        assert refusal(drift.get_object, Bucket=BUCKET, Key=f"{OWN[:-5]}.pulumi-tags") == ("NoSuchKey", 404)
        for one in (deploy, drift, stranger):
            assert refusal(one.get_object, Bucket=BUCKET, Key=OTHER) == DENIED
        assert refusal(stranger.list_objects_v2, Bucket=BUCKET) == DENIED
        assert refusal(stranger.get_object, Bucket=BUCKET, Key=OWN) == DENIED
    finally:
        for account, role in (
            (PROD, names.GITHUB_DEPLOY),
            (PROD, names.GITHUB_DRIFT),
            (PUBLIC, "cryoet-somebody"),
        ):
            without(cloud, account, role)


def test_engineers_work_with_it_over_https_alone(up: Up, cloud: Cloud) -> None:
    assert bootstrap(up, "--state-bucket", BUCKET).returncode == 0
    policy = json.loads(cloud.client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    [engineers] = [one for one in policy if one["Sid"] == "Engineers"]
    assert engineers["Principal"] == {"AWS": f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:root"}
    file = up.folder / "portal.yaml"
    file.write_text(file.read_text().replace(MANAGEMENT_ACCOUNT, f'{MANAGEMENT_ACCOUNT}", "{PUBLIC}'))
    done = bootstrap(up, "--state-bucket", BUCKET)
    assert f"the bucket {BUCKET}: its policy loses EngineersList (of " in done.stdout
    policy = json.loads(cloud.client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    [engineers] = [one for one in policy if one["Sid"] == "Engineers"]
    assert len(engineers["Principal"]["AWS"]) == 2
    plain = cloud.client("s3", secure=False)
    assert refusal(plain.get_object, Bucket=BUCKET, Key=OTHER) == DENIED


def test_another_accounts_bucket_is_not_taken_over(up: Up, cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    done = bootstrap(up, "--state-bucket", BUCKET, stack="public")
    assert done.returncode == 1
    assert f"error: --state-bucket: '{BUCKET}': is there, and not in the account {PUBLIC}" in done.stderr


@pytest.mark.parametrize("name", ["some-bucket", "cryoet-pulumi-state-X"])
def test_a_name_that_cannot_be_is_refused_before_anything_is_made(up: Up, cloud: Cloud, name: str) -> None:
    done = bootstrap(up, "--state-bucket", name)
    assert (done.returncode, keys(cloud)) == (1, [])
    assert f"error: --state-bucket: '{name}': " in done.stderr


def test_a_key_without_a_bucket(up: Up, cloud: Cloud) -> None:
    assert bootstrap(up).returncode == 0
    assert len(keys(cloud)) == 1
    assert cloud.client("kms", DEV).describe_key(KeyId=names.STATE_KEY)["KeyMetadata"]["Enabled"]


def test_then_the_program_is_brought_up(up: Up) -> None:
    """Where the variable says, or else in the bucket."""
    assert bootstrap(up, "--state-bucket", BUCKET).returncode == 0
    assert up.asked() == ["stack export", "stack export", "up", "stack export"]
    without = {name: value for name, value in up.env.items() if name != "PULUMI_BACKEND_URL"}
    printed = bootstrap(up, "--state-bucket", BUCKET, env=without).stdout
    url = f"s3://{BUCKET}?region=us-west-2"
    assert f"state in {url}" in printed
    assert [*dict.fromkeys((up.folder / "backends").read_text().splitlines())] == ["file:///the/state", url]


def test_what_was_there_already_is_brought_to_what_the_program_says_by_a_second_update(up: Up) -> None:
    kind = "aws:iam/role:Role"
    role = {"urn": f"urn:pulumi:dev::portal-bootstrap::{kind}::a", "type": kind}
    up.state([{**role, "importID": "cryoet-github-deploy"}, {**role, "urn": f"{role['urn']}b"}])
    printed = bootstrap(up).stdout
    assert "  1 of these were there already" in printed
    assert up.asked().count("up") == 2


@pytest.mark.parametrize(
    ("variables", "yes", "told"),
    [
        ({}, "", "--yes: must be given where no terminal is there to ask: bootstrap the account?"),
        ({"PORTAL_ROLE": "cryoet-github-deploy"}, "--yes", "PORTAL_ROLE: 'cryoet-github-deploy': must not be set"),
    ],
)
def test_nothing_is_made_that_nobody_asked_for(
    up: Up, cloud: Cloud, variables: dict[str, str], yes: str, told: str
) -> None:
    done = bootstrap(up, "--state-bucket", BUCKET, yes=yes, env={**up.env, **variables})
    assert (done.returncode, keys(cloud), up.asked()) == (1, [], [])
    assert told in done.stderr
    assert BUCKET not in {row["Name"] for row in cloud.client("s3").list_buckets()["Buckets"]}
