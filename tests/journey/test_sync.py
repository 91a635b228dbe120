"""The release of data: `portal sync` under the sync role, which may do that and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components import names
from tests.journey.conftest import DEV, PUBLIC, Cloud, Project, empty

STAGING, RELEASED = "cryoet-data-portal-staging", "cryoet-data-portal-public"
ROLE = names.sync_role("public")
MULTIPART_BYTES = 9 * 2**20
"""Above the AWS CLI's threshold of 8 MiB: such an object is copied part by part."""
SMALL, TAGGED, LARGE = "10000/dataset_metadata.json", "10000/TS_[1]/a b+c.json", "10000/TS_[1]/TS_1.mrc"
BODIES = {SMALL: b"{}", TAGGED: b'{"tagged": true}', LARGE: bytes(range(256)) * (MULTIPART_BYTES // 256)}
STALE = "10000/stale.json"
TAGS = "method=tomography"


@pytest.fixture(autouse=True)
def dataset(standing: Project, cloud: Cloud) -> Iterator[None]:
    """A dataset in staging, a tagged and a large object among it; an object in public that staging no longer has."""
    source, target = cloud.client("s3", DEV), cloud.client("s3", PUBLIC)
    for key, body in BODIES.items():
        source.put_object(Bucket=STAGING, Key=key, Body=body, Tagging=TAGS if key != SMALL else "")
    target.put_object(Bucket=RELEASED, Key=STALE, Body=b"old")
    yield
    empty(source, STAGING)
    empty(target, RELEASED)


def sync(project: Project, *options: str) -> tuple[int, str]:
    done = project.run("portal", "sync", *options, f"s3://{STAGING}/10000", f"s3://{RELEASED}/10000")
    return done.returncode, done.stdout + done.stderr


def test_a_dataset_is_released(standing: Project, cloud: Cloud) -> None:
    code, printed = sync(standing, "--delete")
    assert code == 0, printed
    client = cloud.anonymous()
    listed = client.list_objects_v2(Bucket=RELEASED, FetchOwner=True)["Contents"]
    assert {row["Key"] for row in listed} == set(BODIES)
    assert all(client.get_object(Bucket=RELEASED, Key=key)["Body"].read() == body for key, body in BODIES.items())
    assert client.head_object(Bucket=RELEASED, Key=LARGE)["ETag"].endswith('-2"')
    owner = cloud.client("s3", PUBLIC).list_buckets()["Owner"]["ID"]
    assert {row["Owner"]["ID"] for row in listed} == {owner}
    tags = cloud.client("s3", PUBLIC).get_object_tagging(Bucket=RELEASED, Key=TAGGED)["TagSet"]
    assert tags == [{"Key": "method", "Value": "tomography"}]


def test_a_second_sync_copies_nothing(standing: Project) -> None:
    assert sync(standing)[0] == 0
    assert sync(standing) == (0, "")


def test_a_dry_run_copies_nothing(standing: Project, cloud: Cloud) -> None:
    code, printed = sync(standing, "--dryrun", "--delete")
    assert code == 0
    assert printed.count("(dryrun) copy:") == len(BODIES)
    assert "(dryrun) delete:" in printed
    assert [row["Key"] for row in cloud.anonymous().list_objects_v2(Bucket=RELEASED)["Contents"]] == [STALE]


def test_filters_choose_and_the_last_match_decides(standing: Project, cloud: Cloud) -> None:
    code, printed = sync(standing, "--exclude", "*", "--include", "*.json", "--exclude", "TS_*")
    assert code == 0, printed
    assert {row["Key"] for row in cloud.anonymous().list_objects_v2(Bucket=RELEASED)["Contents"]} == {SMALL, STALE}


def test_one_dataset_of_several(standing: Project, cloud: Cloud) -> None:
    cloud.client("s3", DEV).put_object(Bucket=STAGING, Key="10001/dataset_metadata.json", Body=b"{}")
    done = standing.run("portal", "sync", "--dataset", "10001", f"s3://{STAGING}", f"s3://{RELEASED}")
    assert done.returncode == 0, done.stderr
    keys = {row["Key"] for row in cloud.anonymous().list_objects_v2(Bucket=RELEASED)["Contents"]}
    assert keys == {"10001/dataset_metadata.json", STALE}


def grants(policy: dict[str, Any]) -> list[tuple[int, str]]:
    """Each single action of a policy: statement, action."""
    return [
        (index, action)
        for index, statement in enumerate(policy["Statement"])
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]


def without(policy: dict[str, Any], index: int, action: str) -> str:
    changed = json.loads(json.dumps(policy))
    actions = changed["Statement"][index]["Action"]
    left = [one for one in ([actions] if isinstance(actions, str) else actions) if one != action]
    if left:
        changed["Statement"][index]["Action"] = left
    else:
        del changed["Statement"][index]
    return json.dumps(changed)


def test_every_grant_is_needed(standing: Project, cloud: Cloud) -> None:
    """With any one of the role's grants removed the sync fails, and with all of them it passes.

    What it has beside them is what every job of the environment that releases needs.
    """
    iam = cloud.client("iam", DEV)

    def attached(role: str) -> tuple[str, dict[str, Any]]:
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        return name, iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]

    name, policy = attached(ROLE)
    release = [index for index, one in enumerate(policy["Statement"]) if STAGING in str(one) or RELEASED in str(one)]
    _, job = attached(names.ingest_role("staging"))
    assert [
        one for at, one in enumerate(policy["Statement"]) if at not in release and one not in job["Statement"]
    ] == []
    needed = [(index, action) for index, action in grants(policy) if index in release]
    superfluous: list[str] = []
    for index, action in needed:
        iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=without(policy, index, action))
        code, printed = sync(standing, "--delete")
        if code == 0 or "AccessDenied" not in printed:
            superfluous.append(f"{index}: {action}: {code} {printed}")
        cloud.client("s3", PUBLIC).put_object(Bucket=RELEASED, Key=STALE, Body=b"old")
        for key in BODIES:
            cloud.client("s3", PUBLIC).delete_object(Bucket=RELEASED, Key=key)
    iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=json.dumps(policy))
    assert len(needed) >= 6
    assert not superfluous
    assert sync(standing, "--delete")[0] == 0


def test_the_bucket_policys_grants_are_needed_too(standing: Project, cloud: Cloud) -> None:
    """The role's own policy is not enough for another account's bucket."""
    s3 = cloud.client("s3", PUBLIC)
    policy = json.loads(s3.get_bucket_policy(Bucket=RELEASED)["Policy"])
    ours = [
        (index, action) for index, action in grants(policy)
        if policy["Statement"][index]["Effect"] == "Allow" and policy["Statement"][index]["Principal"] != "*"
    ]  # fmt: skip
    assert ours
    for index, action in ours:
        s3.put_bucket_policy(Bucket=RELEASED, Policy=without(policy, index, action))
        code, printed = sync(standing, "--delete")
        s3.put_bucket_policy(Bucket=RELEASED, Policy=json.dumps(policy))
        # What anyone may do (list, read) is granted by the public statement all the same.
        assert code != 0, f"{action}: {printed}"
        for key in BODIES:
            s3.delete_object(Bucket=RELEASED, Key=key)
        s3.put_object(Bucket=RELEASED, Key=STALE, Body=b"old")


FORBIDDEN = [
    ("put_object", {"Bucket": STAGING, "Key": "x", "Body": b""}),
    ("delete_object", {"Bucket": STAGING, "Key": SMALL}),
    ("get_object", {"Bucket": "cryoetportal-rawdatasets-dev", "Key": "x"}),
    ("list_objects_v2", {"Bucket": "cryoet-data-portal-embargo"}),
    ("get_object", {"Bucket": "cryoet-data-portal-embargo", "Key": "x"}),
    ("put_bucket_policy", {"Bucket": RELEASED, "Policy": "{}"}),
    ("get_bucket_policy", {"Bucket": RELEASED}),
    ("delete_bucket", {"Bucket": RELEASED}),
    ("put_bucket_versioning", {"Bucket": RELEASED, "VersioningConfiguration": {"Status": "Suspended"}}),
    ("delete_object", {"Bucket": RELEASED, "Key": STALE, "VersionId": "null"}),
    ("put_object_acl", {"Bucket": RELEASED, "Key": STALE, "ACL": "private"}),
    ("list_objects_v2", {"Bucket": "cryoet-swipe-comms-dev"}),
    ("put_object", {"Bucket": "cryoet-swipe-wdl-staging", "Key": "sync-v0.0.2.wdl", "Body": b""}),
    ("list_objects_v2", {"Bucket": "cryoetportal-rawdatasets-dev"}),
]


@pytest.mark.parametrize(("operation", "arguments"), FORBIDDEN)
def test_the_role_may_do_nothing_else(cloud: Cloud, operation: str, arguments: dict[str, Any]) -> None:
    client = cloud.client("s3", DEV, ROLE)
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(client, operation)(**arguments)
