"""The release of data: `portal sync` under the sync role, which may do that, what its job needs, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components import names, orchestrator_names
from settings import load
from tests.journey.conftest import DEV, PUBLIC, Cloud, Project, empty
from tests.journey.granted import Grant, Granted
from tests.localcloud.conftest import REGION
from tests.unit.stackfiles import own_project

STAGING, RELEASED = "cryoet-data-portal-staging", "cryoet-data-portal-public"
ROLE = names.sync_role("public")
MULTIPART_BYTES = 9 * 2**20
"""Above the AWS CLI's own threshold of 8 MiB, from which version 1 copies in parts, without metadata and tags."""
SMALL, TAGGED, LARGE = "10000/dataset_metadata.json", "10000/TS_[1]/a b+c.json", "10000/TS_[1]/TS_1.mrc"
BODIES = {SMALL: b"{}", TAGGED: b'{"tagged": true}', LARGE: bytes(range(256)) * (MULTIPART_BYTES // 256)}
STALE = "10000/stale.json"
TAGS = "method=tomography"
ABOUT: dict[str, Any] = {
    "ContentType": "application/x-mrc",
    "CacheControl": "max-age=60",
    "ContentDisposition": "attachment",
    "Metadata": {"voxel": "1.5"},
}
"""Properties of each object."""
TOMOGRAPHY = [{"Key": "method", "Value": "tomography"}]
DELETE = ("--delete", "--delete-count", "1")
"""Of what the folder in public holds, STALE is all."""


pytestmark = pytest.mark.usefixtures("standing")


@pytest.fixture
def releasing(standing: Project, cloud: Cloud) -> Iterator[Project]:
    """A dataset in staging, a tagged and a large object among it; an object in public that staging no longer has."""
    source, target = cloud.client("s3", DEV), cloud.client("s3", PUBLIC)
    for key, body in BODIES.items():
        source.put_object(Bucket=STAGING, Key=key, Body=body, Tagging=TAGS if key != SMALL else "", **ABOUT)
    target.put_object(Bucket=RELEASED, Key=STALE, Body=b"old")
    yield standing
    empty(source, STAGING)
    empty(target, RELEASED)


def sync(project: Project, *options: str) -> tuple[int, str]:
    done = project.run("portal", "sync", *options, f"s3://{STAGING}/10000", f"s3://{RELEASED}/10000")
    return done.returncode, done.stdout + done.stderr


def test_a_dataset_is_released(releasing: Project, cloud: Cloud) -> None:
    code, printed = sync(releasing, *DELETE)
    assert code == 0, printed
    client = cloud.anonymous()
    listed = client.list_objects_v2(Bucket=RELEASED, FetchOwner=True)["Contents"]
    assert {row["Key"] for row in listed} == set(BODIES)
    assert all(client.get_object(Bucket=RELEASED, Key=key)["Body"].read() == body for key, body in BODIES.items())
    owner = cloud.client("s3", PUBLIC).list_buckets()["Owner"]["ID"]
    assert {row["Owner"]["ID"] for row in listed} == {owner}
    assert properties(cloud) == dict.fromkeys(BODIES, ABOUT)
    assert "-" not in etag(cloud, LARGE), "copied by one CopyObject"
    assert {key: tags(cloud, key) for key in BODIES} == {SMALL: [], TAGGED: TOMOGRAPHY, LARGE: TOMOGRAPHY}


def test_objects_too_large_for_one_copy_keep_their_properties(releasing: Project, cloud: Cloud) -> None:
    """The threshold stands for S3's limit of 5 GiB; what a filter leaves out stays out."""
    threshold = ("--multipart-threshold", str(8 * 2**20))
    assert sync(releasing, *threshold, "--exclude", "*.mrc")[0] == 0
    assert set(properties(cloud)) == {SMALL, TAGGED}
    assert sync(releasing, *threshold, "--dryrun")[1].count("(dryrun) copy:") == 1
    code, printed = sync(releasing, *threshold)
    assert (code, printed) == (0, f"copy: s3://{STAGING}/{LARGE} to s3://{RELEASED}/{LARGE}\n")
    assert properties(cloud) == dict.fromkeys(BODIES, ABOUT)
    assert tags(cloud, LARGE) == TOMOGRAPHY
    assert etag(cloud, LARGE).endswith('-1"'), "one part of 512 MiB at most"
    assert cloud.anonymous().get_object(Bucket=RELEASED, Key=LARGE)["Body"].read() == BODIES[LARGE]
    assert sync(releasing, *threshold) == (0, "")


def properties(cloud: Cloud) -> dict[str, dict[str, Any]]:
    """Of what was released, by key."""
    listed = cloud.anonymous().list_objects_v2(Bucket=RELEASED)["Contents"]
    heads = {row["Key"]: head(cloud, row["Key"]) for row in listed if row["Key"] in BODIES}
    return {key: {name: one.get(name) for name in ABOUT} for key, one in heads.items()}


def head(cloud: Cloud, key: str) -> dict[str, Any]:
    return {**cloud.anonymous().head_object(Bucket=RELEASED, Key=key)}


def etag(cloud: Cloud, key: str) -> str:
    return str(head(cloud, key)["ETag"])


def tags(cloud: Cloud, key: str) -> list[Any]:
    return [*cloud.client("s3", PUBLIC).get_object_tagging(Bucket=RELEASED, Key=key)["TagSet"]]


def test_a_mistyped_source_deletes_nothing(releasing: Project, cloud: Cloud) -> None:
    """Nor does one without a dataset."""
    done = releasing.run("portal", "sync", *DELETE, f"s3://{STAGING}/10O00", f"s3://{RELEASED}/10000")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: SOURCE: 's3://{STAGING}/10O00': has no objects\n"
    words = ("--per-dataset", f"s3://{STAGING}/10000/TS_[1]", f"s3://{RELEASED}/10000/TS_[1]")
    done = releasing.run("portal", "sync", *words)
    assert (done.returncode, "has no folders: no dataset is there" in done.stderr) == (1, True)
    assert [row["Key"] for row in cloud.anonymous().list_objects_v2(Bucket=RELEASED)["Contents"]] == [STALE]


def test_what_was_deleted_is_agreed_to_and_brought_back(releasing: Project, cloud: Cloud) -> None:
    public, anybody = cloud.client("s3", PUBLIC), cloud.anonymous()
    public.put_object(Bucket=RELEASED, Key=STALE, Body=b"older")
    public.put_object(Bucket=RELEASED, Key=STALE, Body=b"old", Tagging=TAGS)
    told = f"deletes 1 of 1 objects under s3://{RELEASED}/10000\n"
    for options in (["--delete"], ["--delete", "--yes"], ["--delete", "--delete-count", "2"]):
        code, printed = sync(releasing, *options)
        assert (code, printed.startswith(f"{told}error: --delete-count: ")) == (1, True), printed
        assert "must be" in printed
        assert f"of s3://{RELEASED}/10000 more than 10 %" in printed
    assert [row["Key"] for row in anybody.list_objects_v2(Bucket=RELEASED)["Contents"]] == [STALE]

    code, printed = sync(releasing, *DELETE)
    assert code == 0, printed
    with pytest.raises(ClientError, match="NoSuchKey"):
        anybody.get_object(Bucket=RELEASED, Key=STALE)
    back = printed.splitlines()[-1].removeprefix("to bring back what is deleted: ").split()
    assert back[:4] == ["portal", "restore", f"s3://{RELEASED}/10000", "--since"]
    shown = releasing.run(*back)
    assert shown.returncode == 1, "nobody was asked"
    assert shown.stdout.startswith(f"{STALE}: 3 bytes, deleted ")
    assert "bring back 1 objects, 3 bytes?" in shown.stderr
    with pytest.raises(ClientError, match="NoSuchKey"):
        anybody.get_object(Bucket=RELEASED, Key=STALE)
    done = releasing.run(*back, "--yes")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 objects are back"), done.stderr
    assert anybody.get_object(Bucket=RELEASED, Key=STALE)["Body"].read() == b"old"
    assert public.get_object_tagging(Bucket=RELEASED, Key=STALE)["TagSet"] == TOMOGRAPHY
    again = releasing.run(*back, "--yes")
    assert (again.returncode, "nothing that is missing there was deleted in that time" in again.stderr) == (1, True)


def test_a_second_sync_copies_nothing(releasing: Project) -> None:
    assert sync(releasing)[0] == 0
    assert sync(releasing) == (0, "")


def test_a_dry_run_copies_nothing(releasing: Project, cloud: Cloud) -> None:
    code, printed = sync(releasing, "--dryrun", "--delete")
    assert code == 0
    assert printed.count("(dryrun) copy:") == len(BODIES)
    assert "(dryrun) delete:" in printed
    assert [row["Key"] for row in cloud.anonymous().list_objects_v2(Bucket=RELEASED)["Contents"]] == [STALE]


def test_filters_choose_and_the_last_match_decides(releasing: Project, cloud: Cloud) -> None:
    code, printed = sync(releasing, "--exclude", "*", "--include", "*.json", "--exclude", "TS_*")
    assert code == 0, printed
    assert {row["Key"] for row in cloud.anonymous().list_objects_v2(Bucket=RELEASED)["Contents"]} == {SMALL, STALE}


def test_one_dataset_of_several(releasing: Project, cloud: Cloud) -> None:
    cloud.client("s3", DEV).put_object(Bucket=STAGING, Key="10001/dataset_metadata.json", Body=b"{}")
    done = releasing.run("portal", "sync", "--dataset", "10001", f"s3://{STAGING}", f"s3://{RELEASED}")
    assert done.returncode == 0, done.stderr
    keys = {row["Key"] for row in cloud.anonymous().list_objects_v2(Bucket=RELEASED)["Contents"]}
    assert keys == {"10001/dataset_metadata.json", STALE}


IN, OUT = names.bucket_arn(STAGING), names.bucket_arn(RELEASED)
WDL, COMMS = (names.bucket_arn(f"cryoet-swipe-{kind}-staging") for kind in ("wdl", "comms"))
IMAGES = names.registry_arn(DEV, REGION)
RELEASE: list[Grant] = [
    ("s3:ListBucket", IN),
    ("s3:ListBucket", OUT),
    ("s3:GetObject", f"{IN}/*"),
    ("s3:GetObjectTagging", f"{IN}/*"),
    *((f"s3:{action}", f"{OUT}/*") for action in ("PutObject", "PutObjectTagging", "DeleteObject")),
]
"""What a release needs, whoever starts it."""
JOB: list[Grant] = [
    ("s3:ListBucket", WDL),
    ("s3:GetObject", f"{WDL}/*"),
    ("s3:ListBucket", COMMS),
    ("s3:GetObject", f"{COMMS}/*"),
    *((f"s3:{action}", f"{COMMS}/*") for action in ("PutObject", "PutObjectTagging", "DeleteObject")),
    ("s3:AbortMultipartUpload", f"{COMMS}/*"),
    ("ecr:GetAuthorizationToken", "*"),
    *((f"ecr:{one}", IMAGES) for one in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")),
    ("cloudwatch:PutMetricData", "*"),
]
"""What a job of the environment that releases needs around the release, as every other job of it does; that a job needs
it, tests of the runner show (test_runner_grants, test_runner_batch)."""


@pytest.fixture
def role(cloud: Cloud) -> Granted:
    return Granted(cloud)


def test_the_role_has_what_a_release_needs_and_what_its_job_needs(role: Granted) -> None:
    assert role.granted(ROLE) == {*RELEASE, *JOB}
    assert set(JOB) < role.granted(names.ingest_role("staging"))


@pytest.mark.parametrize("grant", RELEASE, ids=lambda grant: f"{grant[0]} {grant[1].rpartition(':')[2]}")
def test_without_it_the_sync_fails_for_want_of_it(releasing: Project, role: Granted, grant: Grant) -> None:
    with role.without(ROLE, grant):
        code, printed = sync(releasing, *DELETE)
        refused = role.refusals(ROLE)
    assert (code != 0, "AccessDenied" in printed) == (True, True), printed
    # The AWS CLI would take back the parts of a copy that failed; the bucket's lifecycle does.
    wanted = [(action, resource) for action, resource in refused if action != "s3:AbortMultipartUpload"]
    assert wanted
    assert {(action, resource.startswith(grant[1].rstrip("*"))) for action, resource in wanted} == {(grant[0], True)}


def test_a_release_by_hand_needs_nothing_else(releasing: Project, role: Granted) -> None:
    with role.without(ROLE, *JOB):
        code, printed = sync(releasing, *DELETE)
    assert code == 0, printed


def test_the_bucket_policys_grants_are_needed_too(releasing: Project, cloud: Cloud) -> None:
    """The role's own policy is not enough for another account's bucket."""
    s3 = cloud.client("s3", PUBLIC)
    policy = json.loads(s3.get_bucket_policy(Bucket=RELEASED)["Policy"])
    allowed = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    named = [one for one in allowed if one["Principal"] != "*" and "Service" not in one["Principal"]]
    [ours] = [one for one in named if "s3:PutObject" in one["Action"]]
    others = [one for one in policy["Statement"] if one != ours]
    assert set(ours["Action"]) == {action for action, resource in RELEASE if resource == f"{OUT}/*"}
    for action in ours["Action"]:
        fewer = {**ours, "Action": [one for one in ours["Action"] if one != action]}
        s3.put_bucket_policy(Bucket=RELEASED, Policy=json.dumps({**policy, "Statement": [*others, fewer]}))
        code, printed = sync(releasing, *DELETE)
        s3.put_bucket_policy(Bucket=RELEASED, Policy=json.dumps(policy))
        # What anyone may do (list, read) is granted by the public statement all the same.
        assert code != 0, f"{action}: {printed}"
        for key in BODIES:
            s3.delete_object(Bucket=RELEASED, Key=key)
        s3.put_object(Bucket=RELEASED, Key=STALE, Body=b"old")


DONE: dict[str, dict[str, Any]] = {
    "list_objects_v2": {},
    "get_object": {"Key": "x"},
    "get_object_tagging": {"Key": "x"},
    "put_object": {"Key": "x", "Body": b""},
    "delete_object": {"Key": "x"},
}
MAY: dict[str, set[str]] = {
    STAGING: {"list_objects_v2", "get_object", "get_object_tagging"},
    # Anyone may read it, but not with credentials of another account's role that does not say so.
    RELEASED: {"list_objects_v2", "put_object", "delete_object"},
    "cryoet-swipe-wdl-staging": {"list_objects_v2", "get_object"},
    "cryoet-swipe-comms-staging": {"list_objects_v2", "get_object", "put_object", "delete_object"},
}
"""What the role may do, by bucket: a release, and where its job finds its workflow and leaves its output."""


def every_bucket() -> list[str]:
    """Of all three accounts: data, logs, and those of every environment."""
    stacks = load("dev", own_project()).stacks.values()
    data = [bucket.name for stack in stacks for bucket in stack.buckets.values()]
    pairs = [(one.wdl_bucket, one.comms_bucket) for stack in stacks for one in stack.environments.values()]
    return sorted([*data, *(name for pair in pairs for name in pair)])


@pytest.mark.parametrize("bucket", every_bucket())
def test_the_role_may_do_this_with_objects_and_nothing_else(cloud: Cloud, bucket: str) -> None:
    client = cloud.client("s3", DEV, ROLE)
    done: set[str] = set()
    for operation, arguments in DONE.items():
        try:
            getattr(client, operation)(Bucket=bucket, **arguments)
            done.add(operation)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            assert code in ("AccessDenied", "NoSuchKey"), (operation, code)
            done |= {operation} if code == "NoSuchKey" else set()
    assert done == MAY.get(bucket, set())


def test_every_bucket_that_the_role_may_use_is_there() -> None:
    assert set(MAY) < set(every_bucket())
    assert len(every_bucket()) > 3 * len(MAY)


@pytest.mark.parametrize("bucket", MAY)
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("put_bucket_policy", {"Policy": "{}"}),
        ("get_bucket_policy", {}),
        ("delete_bucket", {}),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
        ("list_object_versions", {}),
        ("delete_object", {"Key": "x", "VersionId": "null"}),
        ("get_object", {"Key": "x", "VersionId": "null"}),
        ("put_object_acl", {"Key": "x", "ACL": "private"}),
        ("delete_object_tagging", {"Key": "x"}),
    ],
)
def test_the_role_may_do_nothing_else_with_its_buckets(
    cloud: Cloud, bucket: str, operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(cloud.client("s3", DEV, ROLE), operation)(Bucket=bucket, **arguments)


MACHINE = names.state_machine_arn(DEV, REGION, "staging")
QUEUE, DEFINITION = orchestrator_names.job_queue("staging", spot=True), orchestrator_names.job_definition("staging")
MESSAGES = orchestrator_names.queue_url(DEV, REGION, orchestrator_names.notification_queue("staging", "portal"))


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("stepfunctions", "start_execution", {"stateMachineArn": MACHINE, "input": "{}"}),
        ("batch", "submit_job", {"jobName": "x", "jobQueue": QUEUE, "jobDefinition": DEFINITION}),
        ("sqs", "receive_message", {"QueueUrl": MESSAGES}),
        ("secretsmanager", "get_secret_value", {"SecretId": names.database_secret("staging")}),
        ("sts", "assume_role", {"RoleArn": names.role_arn(DEV, names.OPERATOR), "RoleSessionName": "release"}),
        ("iam", "get_role", {"RoleName": ROLE}),
        ("ecr", "delete_repository", {"repositoryName": "cryoet-staging", "force": True}),
        ("logs", "describe_log_groups", {}),
    ],
)
def test_the_role_may_do_nothing_in_other_services(
    cloud: Cloud, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="not authorized to perform"):
        getattr(cloud.client(service, DEV, ROLE), operation)(**arguments)
