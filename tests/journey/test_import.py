"""The database import of the production environment: its own secret, and the public bucket of another account."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from psycopg import sql

from components import names
from examples.ingest import __main__ as ingest
from examples.ingest.layout import Layout
from examples.ingest.phantom import SPACING, phantom
from examples.ingest.phantom import main as make_phantom
from examples.ingest.volumes import LEVELS
from localcloud.server import service_calls
from localcloud.server.call import Refusal
from tests.journey import databases, portal_client
from tests.journey.conftest import PROD, PUBLIC, STACKS, Cloud, Project
from tests.journey.http_zarr import Reader
from tests.journey.running import administrator, runners
from tests.journey.test_cdn import domain
from tests.localcloud.batch_steps import until
from tests.localcloud.conftest import REGION

BUCKET, HOST = portal_client.PUBLIC, portal_client.PROD_URL
SECRET = "prod/v2_db_uri"
TABLES = ("datasets", "runs", "tomograms")
WORKFLOW_ROLE = "cryoet-ingestion-prod-import"
WRITES = """
version 1.0
workflow writes {
  input { String docker_image_id  String aws_region  String bucket }
  call write { input: bucket = bucket }
}
task write {
  input { String bucket }
  command <<<
    python3 -c 'import boto3; boto3.client("s3").~{"put_object(Bucket=\\"" + bucket + "\\", Key=\\"10000/x\\")"}'
  >>>
  runtime { docker: "ubuntu" }
}
"""


@dataclass
class Imports:
    """Runs of production's orchestrator, started by an operator with the portal's client."""

    cloud: Cloud
    started: int = 1_700_000_000

    def client(self, service: str) -> Any:
        return self.cloud.client(service, PROD, names.OPERATOR)

    def run(self, job: portal_client.Job) -> dict[str, Any]:
        """The ended execution of a job."""
        self.started += 1
        env = portal_client.get_aws_env("prod", self.client)
        arn = portal_client.submit(env, self.client, self.started, job)

        def ended() -> dict[str, Any] | None:
            found = self.client("stepfunctions").describe_execution(executionArn=arn)
            return found if found["status"] != "RUNNING" else None

        return until(ended, 120)

    def log(self, ended: dict[str, Any]) -> list[str]:
        """What the run's job said, in CloudWatch Logs."""
        events = self.client("stepfunctions").get_execution_history(executionArn=ended["executionArn"])["events"]
        told = [one["taskSubmittedEventDetails"] for one in events if one["type"] == "TaskSubmitted"]
        job = next(json.loads(one["output"])["JobId"] for one in told if one["resourceType"] == "batch")
        stream = self.client("batch").describe_jobs(jobs=[job])["jobs"][0]["container"]["logStreamName"]
        pages = self.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName="/aws/batch/cryoet-ingestion-prod", logStreamNames=[stream])
        return [event["message"] for page in found for event in page["events"]]

    def outputs(self, ended: dict[str, Any]) -> dict[str, str]:
        """Everything that the run left in its folder, by name."""
        bucket, _, prefix = json.loads(ended["input"])["OutputPrefix"].removeprefix("s3://").partition("/")
        s3 = self.cloud.client("s3", PROD)
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
        bodies = {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys}
        return {key.removeprefix(f"{prefix}/"): body for key, body in bodies.items()}


@pytest.fixture(scope="module")
def imports(module_project: Project, cloud: Cloud) -> Iterator[Imports]:
    """All accounts up, that of the images without environments; a dataset in the public bucket."""

    def without_environments(settings: dict[str, Any]) -> None:
        settings["environments"] = {}
        del settings["network"]["zones"], settings["data_cdn"]

    module_project.change("dev", without_environments)
    for stack in STACKS:
        module_project.up(stack)
    publish(cloud)
    with runners():
        yield Imports(cloud)


def publish(cloud: Cloud) -> None:
    """A dataset, written by the example ingest as an administrator."""
    with administrator(cloud, PUBLIC):
        make_phantom([f"s3://{BUCKET}/phantom/TS_001.mrc"])
        assert ingest.main(["convert", "../dataset_configs/10000.yaml", BUCKET, BUCKET]) == 0


@pytest.fixture(scope="module")
def secret_arn(imports: Imports, cloud: Cloud) -> str:
    """Of the secret that the stack made."""
    del imports
    return cloud.client("secretsmanager", PROD).describe_secret(SecretId=SECRET)["ARN"]


def rows_of(s3: Any) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the dataset by table, from what anybody reads in the bucket."""
    sizes = {item["Key"]: item["Size"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="10000/")["Contents"]}
    documents = {
        key: json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in sizes if key.endswith("a.json")
    }
    tables: dict[str, list[tuple[Any, ...]]] = {"datasets": [], "runs": [], "tomograms": []}
    for key, document in documents.items():
        folder = key.rpartition("/")[0]
        places = (f"s3://{BUCKET}/{folder}", f"{HOST}/{folder}")
        if key == "10000/dataset_metadata.json":
            tables["datasets"].append((10000, document["dataset_title"], *places))
        elif key.endswith("/run_metadata.json"):
            tables["runs"].append((10000, key.split("/")[1], *places))
        elif key.endswith("/tomogram_metadata.json"):
            spacing, _, number = folder.partition("VoxelSpacing")[2].partition("/Tomograms/")
            zarr = sum(size for name, size in sizes.items() if name.startswith(f"{folder}/TS_001.zarr/"))
            size = [document["size"][axis] for axis in "xyz"]
            files: list[object] = []
            for name, length in {"TS_001.mrc": sizes[f"{folder}/TS_001.mrc"], "TS_001.zarr": zarr}.items():
                files += [f"s3://{BUCKET}/{folder}/{name}", f"{HOST}/{folder}/{name}", length]
            tables["tomograms"].append((10000, "TS_001", Decimal(spacing), int(number), *size, *files))
    return tables


def imported(cloud: Cloud) -> dict[str, list[tuple[Any, ...]]]:
    """The rows by table, as a client of the database reads them."""
    with databases.connect(cloud, "prod") as connection:
        queries = {name: sql.SQL("SELECT * FROM {}").format(sql.Identifier(name)) for name in TABLES}
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


def changes(imports: Imports, *, newer: bool) -> dict[str, Any]:
    """What an import of the dataset says that it changed; nothing of it tells the password."""
    ended = imports.run(portal_client.db_import("prod", "10000", "--import-everything", newer=newer))
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    left, said = imports.outputs(ended), imports.log(ended)
    ignored, counts = left["db_import-0/output.txt"].splitlines()
    assert ignored.startswith("--debug is ignored: "), "the client sends it always"
    assert [line for line in said if "cryoet_data_dbimport_v2_workflow" in line]
    history = imports.client("stepfunctions").get_execution_history(executionArn=ended["executionArn"])
    told = [*left.values(), *said, json.dumps(history, default=str), imports.cloud.folder.calls.read_text()]
    password = databases.secret(imports.cloud, "prod")["password"]
    assert not [text for text in told if password in text], "the URI goes from the secret to the importer alone"
    return json.loads(counts)


def test_an_import_writes_what_the_public_bucket_has_and_again_nothing(imports: Imports, cloud: Cloud) -> None:
    inserted, nothing = ({"inserted": count, "updated": 0, "deleted": 0} for count in (1, 0))
    begun = cloud.folder.calls.stat().st_size
    assert changes(imports, newer=False) == {"dataset": 10000, **dict.fromkeys(TABLES, inserted)}
    rows = imported(cloud)
    assert [len(of_table) for of_table in rows.values()] == [1, 1, 1]
    assert rows == rows_of(cloud.anonymous())
    assert changes(imports, newer=True) == {"dataset": 10000, **dict.fromkeys(TABLES, nothing)}
    assert imported(cloud) == rows
    assert readers(cloud, begun) == {WORKFLOW_ROLE}


def test_the_public_cdn_serves_every_voxel_in_ranges(imports: Imports, module_project: Project, cloud: Cloud) -> None:
    """As `zarr.open_group` reads the URL that the import wrote, but for the host, which is CloudFront's own."""
    del imports
    keys = Layout(prefix="", dataset=10000, run="TS_001").tomogram(SPACING, 100)
    reader = Reader(cloud, domain(module_project, "public", "public"))
    levels = reader.levels(f"/{keys.zarr}")
    assert [level.shape for level in levels] == [phantom(number).shape for number in range(LEVELS)]
    for number, level in enumerate(levels):
        np.testing.assert_array_equal(level, phantom(number), strict=True)
    listed = cloud.anonymous().get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{keys.zarr}/")
    stored = [item["Key"] for page in listed for item in page["Contents"]]
    chunks = {f"/{key}" for key in stored if not key.rpartition("/")[2].startswith(".")}
    assert Counter(reader.answers) == {(chunk, 206): 2 for chunk in chunks}


def test_a_restore_drill_compares_all_tables_and_leaves_nothing(
    imports: Imports, module_project: Project, cloud: Cloud
) -> None:
    """As `portal restore-drill prod`, by the orchestrator's own machines, with its image and role."""
    rds, where = cloud.client("rds", PROD), {"PORTAL_PROJECT": str(module_project.folder)}

    def drill() -> subprocess.CompletedProcess[str]:
        return module_project.run("portal", "restore-drill", "prod", "--yes", env=where)

    without = drill()
    assert without.returncode == 1
    assert "the cluster cryoet-prod has no snapshot that is available; take one: aws rds create-db-cl" in without.stderr
    with databases.connect(cloud, "prod") as connection:
        connection.execute("CREATE TABLE drilled AS SELECT generate_series(1, 1000) AS id")
        rds.create_db_cluster_snapshot(DBClusterIdentifier="cryoet-prod", DBClusterSnapshotIdentifier="drilled")
        snapshots = rds.describe_db_cluster_snapshots
        until(lambda: snapshots()["DBClusterSnapshots"][0]["Status"] == "available", 60)
        done = drill()
        connection.execute("DROP TABLE drilled")
    assert done.returncode == 0, done.stderr
    assert "public.drilled: equal; in the copy 1000 rows, " in done.stdout
    assert [one["DBClusterIdentifier"] for one in rds.describe_db_clusters()["DBClusters"]] == ["cryoet-prod"]
    log = cloud.client("logs", PROD).get_paginator("filter_log_events")
    pages = log.paginate(logGroupName="/aws/batch/cryoet-ingestion-prod")
    printed = [event["message"] for page in pages for event in page["events"]]
    assert [line for line in printed if "cryoet_data_restore_drill" in line]
    password = databases.secret(cloud, "prod")["password"]
    said = (done.stdout, done.stderr, cloud.folder.calls.read_text(), *printed)
    assert not [text for text in said if password in text]


def readers(cloud: Cloud, since: int) -> set[str]:
    """The roles of the production account that asked for the public bucket or the secret, allowed or not, after so
    many bytes of the log of calls."""
    found: set[str] = set()
    with cloud.folder.calls.open("rb") as lines:
        lines.seek(since)
        for line in lines:
            call = json.loads(line)
            arns = [one["resource"] for one in call.get("permissions", [])]
            if any(arn.startswith(f"arn:aws:s3:::{BUCKET}") or f":secret:{SECRET}" in arn for arn in arns):
                caller = call["caller"]
                found |= {caller["principal_arn"].rpartition("/")[2]} if caller["account"] == PROD else set()
    return found - {"OrganizationAccountAccessRole"}


def test_an_import_by_another_environments_secret_fails_and_says_so(imports: Imports) -> None:
    job = portal_client.db_import("prod", "10000", newer=True)
    ended = imports.run(replace(job, inputs={**job.inputs, "environment": "staging"}))
    assert (ended["status"], ended["error"]) == ("FAILED", "UncaughtError")
    denied = f"arn:aws:secretsmanager:{REGION}:{PROD}:secret:staging/v2_db_uri "
    assert f"secretsmanager:GetSecretValue on resource: {denied}" in ended["cause"]
    assert "the program failed" in ended["cause"]


def test_an_import_may_not_write_what_it_reads(imports: Imports, cloud: Cloud) -> None:
    before = cloud.client("s3", PUBLIC).list_object_versions(Bucket=BUCKET)
    key = "db_import-v9.0.0.wdl"
    cloud.client("s3", PROD).put_object(Bucket="cryoet-swipe-wdl-prod", Key=key, Body=WRITES)
    ended = imports.run(portal_client.Job(label="dbimport-10000", wdl_key=key, inputs={"bucket": BUCKET}))
    assert ended["status"] == "FAILED"
    assert f"{WORKFLOW_ROLE}/" in ended["cause"]
    assert "s3:PutObject" in ended["cause"]
    after = cloud.client("s3", PUBLIC).list_object_versions(Bucket=BUCKET)
    assert after["Versions"] == before["Versions"]


OTHERS = [
    pytest.param(f"{SECRET}2", id="longer"),
    pytest.param(f"{SECRET}-abc123", id="with an end like an ARN's"),
    pytest.param(f"x/{SECRET}", id="elsewhere"),
    pytest.param("staging/v2_db_uri", id="of another environment"),
]


def read_as_import(secret_id: str) -> str:
    """What a job of the import gets to see."""
    task = f"arn:aws:ecs:{REGION}:{PROD}:task/test"
    role = names.role_arn(PROD, WORKFLOW_ROLE)
    caller = service_calls.as_role(role, "ecs-tasks.amazonaws.com", "test", source_arn=task, region=REGION)
    return str(
        service_calls.perform(caller, "secretsmanager", "GetSecretValue", {"SecretId": secret_id}, REGION)[
            "SecretString"
        ]
    )


@pytest.mark.parametrize("name", OTHERS)
def test_the_import_role_reads_exactly_its_secret(cloud: Cloud, secret_arn: str, name: str) -> None:
    own = databases.secret(cloud, "prod")
    assert json.loads(read_as_import(SECRET)) == json.loads(read_as_import(secret_arn)) == own
    secrets = cloud.client("secretsmanager", PROD)
    other = secrets.create_secret(Name=name, SecretString="x")["ARN"]
    for wanted in (name, other):
        with pytest.raises(Refusal, match="secretsmanager:GetSecretValue"):
            read_as_import(wanted)
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.mark.usefixtures("imports")
def test_the_grant_is_written_for_that_secret_alone(cloud: Cloud) -> None:
    iam = cloud.client("iam", PROD)
    policies = iam.list_role_policies(RoleName=WORKFLOW_ROLE)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=WORKFLOW_ROLE, PolicyName=name)["PolicyDocument"] for name in policies]
    granted = [
        statement for document in documents for statement in document["Statement"] if "secretsmanager" in str(statement)
    ]
    assert len(granted) == 1
    arn = f"arn:aws:secretsmanager:{REGION}:{PROD}:secret:prod/v2_db_uri-??????"
    action, resource = granted[0]["Action"], granted[0]["Resource"]
    assert (action, resource) in (("secretsmanager:GetSecretValue", arn), (["secretsmanager:GetSecretValue"], [arn]))
    assert iam.list_attached_role_policies(RoleName=WORKFLOW_ROLE)["AttachedPolicies"] == []
