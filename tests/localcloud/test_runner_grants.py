"""Jobs whose role lacks one of its grants: each that the program gives to the roles of ingests, of imports and of
releases is taken away in turn, and the job fails and names it. What no job of these misses is listed, with why it is
granted. What a release itself needs, a journey looks at, grant by grant (journey/test_sync.py).
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import boto3
import pytest

from components import names
from components.access import buckets, roles
from components.access.statements import Statement, document
from examples.ingest import __main__ as ingest
from examples.ingest.phantom import main as make_phantom
from localcloud.runner import exits
from localcloud.runner.store import StoppedError, Store
from tests.localcloud.conftest import DEV, REGION, Cloud
from tests.localcloud.rds_steps import Databases
from tests.localcloud.runner_jobs import Jobs

IMAGE = f"{DEV}.dkr.ecr.{REGION}.amazonaws.com"
INGEST, IMPORT, SYNC = "standardize_dirs.wdl-v0.0.1.wdl", "db_import-v0.0.4.wdl", "sync-v0.0.1.wdl"
ENVIRONMENT = "grants"
STRAY = "10000/TS_001/Reconstructions/VoxelSpacing10.000/Tomograms/100/TS_001.zarr/9/9/9"

Grant = tuple[str, str]
"""The statement's Sid and the action."""
NAMED = "is not authorized to perform: {}"
FAILS: dict[tuple[str, Grant], str] = {
    (INGEST, ("SourceList", "s3:ListBucket")): NAMED.format("s3:ListBucket"),
    (INGEST, ("SourceRead", "s3:GetObject")): "/phantom/TS_001.mrc can't be read: An error occurred (403)",
    (INGEST, ("OutputList", "s3:ListBucket")): NAMED.format("s3:ListBucket"),
    (INGEST, ("OutputRead", "s3:GetObject")): NAMED.format("s3:GetObject"),
    (INGEST, ("OutputWrite", "s3:PutObject")): NAMED.format("s3:PutObject"),
    (INGEST, ("OutputWrite", "s3:DeleteObject")): NAMED.format("s3:DeleteObject"),
    **{
        (workflow, grant): says
        for workflow in (IMPORT, SYNC)
        for grant, says in {
            ("WdlRead", "s3:GetObject"): "(403) when calling the HeadObject operation",
            ("CommsRead", "s3:GetObject"): "(403) when calling the HeadObject operation",
            ("CommsWrite", "s3:DeleteObject"): NAMED.format("s3:DeleteObject"),
        }.items()
    },
    (IMPORT, ("MetadataList", "s3:ListBucket")): NAMED.format("s3:ListBucket"),
    (IMPORT, ("MetadataRead", "s3:GetObject")): NAMED.format("s3:GetObject"),
    (IMPORT, ("DatabaseSecret", "secretsmanager:GetSecretValue")): NAMED.format("secretsmanager:GetSecretValue"),
}
"""What the output document of a failed job says. S3 has no text for a HEAD, with which a download begins."""
OTHERWISE: list[Grant] = [
    ("WdlList", "s3:ListBucket"),
    ("CommsList", "s3:ListBucket"),
    *(("CommsWrite", f"s3:{action}") for action in ("PutObject", "PutObjectTagging", "AbortMultipartUpload")),
]
"""What has tests of its own below."""
UNMISSED: list[Grant] = [
    # Tags go with objects that are copied within S3; neither job copies data.
    *((sid, "s3:GetObjectTagging") for sid in ("SourceRead", "OutputRead", "MetadataRead")),
    *(("OutputWrite", f"s3:{action}ObjectTagging") for action in ("Put", "Delete")),
    # Of an upload in parts that failed.
    ("OutputWrite", "s3:AbortMultipartUpload"),
    # The images of tasks are asked for where a job runs under Batch: that has tests of its own (test_runner_batch).
    ("RegistryLogin", "ecr:GetAuthorizationToken"),
    *(("Images", f"ecr:{action}") for action in ("BatchGetImage", "GetDownloadUrlForLayer")),
    # Only pushing an image asks for it, though AWS's own policy for pulling has it.
    ("Images", "ecr:BatchCheckLayerAvailability"),
    # swipe's image sends metrics of its machine; its stand-in does not.
    ("Metrics", "cloudwatch:PutMetricData"),
]


@dataclass
class Granted:
    """Jobs with roles of the program: each bucket is another, so that each statement is about one."""

    cloud: Cloud
    folder: Path
    database_uri: str
    wdl: str = ""
    source: str = ""
    output: str = ""
    public: str = ""
    role: str = ""
    jobs: Jobs = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.cloud, self.folder)
        self.wdl, self.source = self._bucket("wdl"), self._bucket("source")
        self.output, self.public = self._bucket("output"), self._bucket("public")
        self.jobs.s3.put_object(Bucket=self.output, Key="release/dataset_metadata.json", Body=b"{}")
        for key in (INGEST, IMPORT, SYNC):
            self.jobs.s3.put_object(Bucket=self.wdl, Key=key, Body=Path(f"workflows/{key}").read_bytes())
        with patch.dict(os.environ, self.jobs.environment("", "run")):
            make_phantom([f"s3://{self.source}/phantom/TS_001.mrc"])
            assert ingest.main(["convert", "../dataset_configs/10000.yaml", self.source, self.output]) == 0
        secret = json.dumps({"db_uri": self.database_uri})
        self.cloud.client("secretsmanager").create_secret(Name=names.database_secret(ENVIRONMENT), SecretString=secret)
        self._assume()

    def _bucket(self, word: str) -> str:
        name = self.cloud.name(word)
        self.jobs.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name

    def _assume(self) -> None:
        self.role = self.cloud.name("job")
        trust = {"Effect": "Allow", "Principal": {"AWS": DEV}, "Action": "sts:AssumeRole"}
        arn = self.cloud.client("iam").create_role(
            RoleName=self.role,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]["Arn"]
        keys = self.cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="job")["Credentials"]
        self.jobs.session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def grants(self, workflow: str) -> tuple[Statement, ...]:
        """What the program grants to the role of the workflow's jobs."""
        every = roles.job(registry_account=DEV, region=REGION, wdl_bucket=self.wdl, comms_bucket=self.jobs.bucket)
        if workflow == INGEST:
            return (*every, *roles.ingest(reads=(self.source,), writes=(self.output,)))
        if workflow == SYNC:
            return (*every, *buckets.release(self.output, self.public))
        more = roles.database_import(bucket=self.output, account=DEV, region=REGION, environment=ENVIRONMENT)
        return (*every, *more)

    def inputs(self, workflow: str) -> dict[str, str]:
        """What the portal's client sends."""
        every = {"docker_image_id": f"{IMAGE}/cryoet-staging:main", "aws_region": REGION}
        if workflow == INGEST:
            where = {"input_bucket": self.source, "output_path": self.output}
            return {**every, **where, "config_file": "../dataset_configs/10000.yaml", "flags": "--force-overwrite"}
        if workflow == SYNC:
            where = {"input_bucket": self.output, "output_bucket": self.public}
            return {**every, **where, "input_path": "release", "output_path": "release"}
        return {
            **every,
            "v2_docker_image_id": f"{IMAGE}/apiv2-x86:main",
            "s3_bucket": self.output,
            "https_prefix": "https://files.example.com",
            "environment": ENVIRONMENT,
            "flags": "--import-everything --s3-prefix 10000",
        }

    def hold(self, workflow: str, *without: Grant) -> None:
        """The role is that of the workflow's jobs, but for some of its grants."""
        held = [
            Statement(
                sid=one.sid,
                actions=tuple(action for action in one.actions if (one.sid, action) not in without),
                resources=one.resources,
            )
            for one in self.grants(workflow)
        ]
        text = document("identity", tuple(one for one in held if one.actions))
        self.cloud.client("iam").put_role_policy(RoleName=self.role, PolicyName="job", PolicyDocument=text)

    def run(self, workflow: str, *without: Grant, earlier: bool = True, key: str = "") -> int:
        """The exit status of a job; ``earlier``: there is output of an attempt before; ``key``: of another file."""
        self.hold(workflow, *without)
        if earlier:
            self.jobs.put(f"{self.jobs.prefix}/run_output.json", "{}")
            self.jobs.s3.put_object(Bucket=self.output, Key=STRAY, Body=b"of an attempt before")
        return self.jobs.run(f"s3://{self.wdl}/{key or workflow}", self.inputs(workflow))


@pytest.fixture(scope="module")
def database_uri(cloud: Cloud) -> Iterator[str]:
    databases = Databases(cloud)
    cluster = databases.served()
    yield databases.uri(cluster)
    databases.remove(cluster)


@pytest.fixture(scope="module")
def granted(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory, database_uri: str) -> Granted:
    return Granted(cloud, tmp_path_factory.mktemp("jobs"), database_uri)


def _words(value: str | Grant) -> str:
    return value.partition("-")[0] if isinstance(value, str) else " ".join(value)


@pytest.mark.parametrize(("workflow", "grant"), FAILS, ids=_words)
def test_without_it_the_job_fails_and_says_which(granted: Granted, workflow: str, grant: Grant) -> None:
    by_runner = grant[0].startswith(("Wdl", "Comms"))
    assert granted.run(workflow, grant) == (exits.RUN_FAILED if by_runner else 1), "a task ends with 1"
    assert FAILS[workflow, grant] in json.dumps(granted.jobs.output())


@pytest.mark.parametrize("workflow", [IMPORT, SYNC])
def test_without_the_grant_to_write_the_output_the_log_says_so(
    granted: Granted, caplog: pytest.LogCaptureFixture, workflow: str
) -> None:
    assert granted.run(workflow, ("CommsWrite", "s3:PutObject")) == exits.REFUSED
    assert f"was not delivered to {granted.jobs.uri('run_output.json')}" in caplog.text
    assert "is not authorized to perform: s3:PutObject" in caplog.text


@pytest.mark.parametrize("workflow", [IMPORT, SYNC])
def test_without_the_grant_to_list_there_is_no_knowing_that_nothing_is_there(granted: Granted, workflow: str) -> None:
    granted.jobs.s3.delete_object(Bucket=granted.jobs.bucket, Key=f"{granted.jobs.prefix}/run_output.json")
    assert granted.run(workflow, ("CommsList", "s3:ListBucket"), earlier=False) == exits.RUN_FAILED
    assert "(403) when calling the HeadObject operation" in granted.jobs.output()["message"]
    granted.jobs.s3.delete_object(Bucket=granted.jobs.bucket, Key=f"{granted.jobs.prefix}/run_output.json")
    assert granted.run(workflow, earlier=False) == exits.SUCCESS


@pytest.mark.parametrize("workflow", [IMPORT, SYNC])
def test_without_the_grant_to_list_workflows_nobody_knows_that_one_is_missing(granted: Granted, workflow: str) -> None:
    assert granted.run(workflow, key="missing-v0.0.1.wdl") == exits.RUN_FAILED
    assert f"there is no object s3://{granted.wdl}/missing-v0.0.1.wdl" in granted.jobs.output()["message"]
    assert granted.run(workflow, ("WdlList", "s3:ListBucket"), key="missing-v0.0.1.wdl") == exits.RUN_FAILED
    assert "(403) when calling the HeadObject operation" in granted.jobs.output()["message"]


def test_without_the_grant_to_tag_what_is_intermediate_stays_and_the_log_says_so(
    granted: Granted, caplog: pytest.LogCaptureFixture
) -> None:
    assert granted.run(SYNC) == exits.SUCCESS
    assert granted.jobs.tags("output.txt") == {"intermediate_output": "true"}
    assert granted.run(SYNC, ("CommsWrite", "s3:PutObjectTagging")) == exits.SUCCESS
    assert f"{granted.jobs.uri('output.txt')} is not tagged as intermediate" in caplog.text
    assert NAMED.format("s3:PutObjectTagging") in caplog.text


@pytest.mark.parametrize(("without", "left"), [((), 0), ((("CommsWrite", "s3:AbortMultipartUpload"),), 1)])
def test_without_the_grant_to_abort_the_parts_of_an_upload_that_was_given_up_stay(
    granted: Granted, tmp_path: Path, without: tuple[Grant, ...], left: int
) -> None:
    granted.hold(SYNC, *without)
    file, stopping = tmp_path / "large", threading.Event()
    file.write_bytes(bytes(20 * 2**20))
    stopping.set()
    assert granted.jobs.session is not None
    with patch.dict(os.environ, granted.jobs.environment("", "run")), pytest.raises(StoppedError):
        Store(granted.jobs.session, stopping).upload(file, granted.jobs.uri("large"))
    assert len(granted.jobs.s3.list_multipart_uploads(Bucket=granted.jobs.bucket).get("Uploads", [])) == left


@pytest.mark.parametrize("workflow", [INGEST, IMPORT, SYNC])
def test_without_what_it_does_not_miss_the_job_is_done(granted: Granted, workflow: str) -> None:
    assert granted.run(workflow, *UNMISSED) == exits.SUCCESS


def test_every_grant_is_looked_at(granted: Granted) -> None:
    given = {(one.sid, action) for key in (INGEST, IMPORT) for one in granted.grants(key) for action in one.actions}
    assert given == {grant for _, grant in FAILS} | set(OTHERWISE) | set(UNMISSED)
    release = buckets.release(granted.output, granted.public)
    around = [one for one in granted.grants(SYNC) if one not in release]
    assert {(one.sid, action) for one in around for action in one.actions} < given
