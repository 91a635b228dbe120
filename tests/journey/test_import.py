"""The database import of the production environment: its own secret, and the public bucket of another account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from components import names
from examples.ingest import __main__ as ingest
from examples.ingest.phantom import main as make_phantom
from localcloud.server import inside
from localcloud.server.call import Refusal
from tests.journey import portal_client
from tests.journey.conftest import PROD, PUBLIC, STACKS, Cloud, Project
from tests.journey.running import administrator, runners
from tests.localcloud.batch_steps import until
from tests.localcloud.conftest import REGION

BUCKET, HOST = portal_client.PUBLIC, portal_client.PROD_URL
PASSWORD = "known-to-nobody"
DATABASE = f"postgresql+psycopg://importer:{PASSWORD}@database:5432/cryoetv2"
SECRET = "prod/v2_db_uri"
GENERATIONS = pytest.mark.parametrize("newer", [False, True], ids=["older", "newer"])
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
    """All accounts up, that of the images without orchestrators; a dataset in the public bucket."""

    def without_orchestrators(settings: dict[str, Any]) -> None:
        for environment in settings["environments"].values():
            del environment["orchestrator"], environment["database"]
        del settings["network"]["zones"]

    module_project.change("dev", without_orchestrators)
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


@pytest.fixture
def secret(cloud: Cloud) -> Iterator[str]:
    """The database's URI where the import looks for it."""
    secrets = cloud.client("secretsmanager", PROD)
    made = secrets.create_secret(Name=SECRET, SecretString=json.dumps({"db_uri": DATABASE}))["ARN"]
    yield made
    secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def rows_of(s3: Any) -> list[dict[str, Any]]:
    """The rows of the dataset, from what anybody reads in the bucket."""
    sizes = {item["Key"]: item["Size"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="10000/")["Contents"]}
    documents = {
        key: json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in sizes if key.endswith("a.json")
    }
    found: list[dict[str, Any]] = []
    for key, document in documents.items():
        if key == "10000/dataset_metadata.json":
            title, place = document["dataset_title"], f"s3://{BUCKET}/10000"
            found.append({"table": "dataset", "id": 10000, "title": title, "s3_prefix": place})
        elif key.endswith("/run_metadata.json"):
            found.append({"table": "run", "dataset_id": 10000, "name": key.split("/")[1]})
        elif key.endswith("/tomogram_metadata.json"):
            folder = key.rpartition("/")[0]
            mrc, zarr = f"{folder}/TS_001.mrc", f"{folder}/TS_001.zarr"
            found.append({
                "table": "tomogram",
                "run": "TS_001",
                "voxel_spacing": float(folder.split("VoxelSpacing")[1].split("/")[0]),
                "size": document["size"],
                "https_mrc_file": f"{HOST}/{mrc}",
                "s3_omezarr_dir": f"s3://{BUCKET}/{zarr}",
                "file_size_mrc": sizes[mrc],
                "file_size_omezarr": sum(size for name, size in sizes.items() if name.startswith(f"{zarr}/")),
            })  # fmt: skip
    return found


def by_table(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row["table"]))


@GENERATIONS
def test_an_import_reads_its_secret_and_the_public_bucket(
    imports: Imports, cloud: Cloud, secret: str, newer: bool
) -> None:
    ended = imports.run(portal_client.db_import("prod", "10000", "--import-everything", newer=newer))
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    left = imports.outputs(ended)
    ignored, *printed = left["db_import-0/output.txt"].splitlines()
    assert ignored.startswith("--debug is ignored: "), "the client sends it always"
    rows = [json.loads(line) for line in printed]
    assert len(rows) == 3
    assert by_table(rows) == by_table(rows_of(cloud.anonymous()))
    said = imports.log(ended)
    assert [line for line in said if "cryoet_data_dbimport_v2_workflow" in line]
    assert f"secret:{SECRET}-" in secret
    history = imports.client("stepfunctions").get_execution_history(executionArn=ended["executionArn"])
    told = [*left.values(), *said, json.dumps(history, default=str), cloud.folder.calls.read_text()]
    assert not [text for text in told if PASSWORD in text], "the URI goes from the secret to the importer alone"
    assert readers(cloud) == {WORKFLOW_ROLE}


def readers(cloud: Cloud) -> set[str]:
    """The roles of the production account that asked for the public bucket or the secret, allowed or not."""
    found: set[str] = set()
    with cloud.folder.calls.open() as lines:
        for line in lines:
            call = json.loads(line)
            arns = [one["resource"] for one in call.get("permissions", [])]
            if any(arn.startswith(f"arn:aws:s3:::{BUCKET}") or f":secret:{SECRET}" in arn for arn in arns):
                caller = call["caller"]
                found |= {caller["principal_arn"].rpartition("/")[2]} if caller["account"] == PROD else set()
    return found - {"OrganizationAccountAccessRole"}


def test_without_its_secret_an_import_fails_and_says_so(imports: Imports) -> None:
    ended = imports.run(portal_client.db_import("prod", "10000", newer=True))
    assert (ended["status"], ended["error"]) == ("FAILED", "UncaughtError")
    assert (
        f"secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:{REGION}:{PROD}:secret:{SECRET} "
        in (ended["cause"])
    )
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
    caller = inside.as_role(role, "ecs-tasks.amazonaws.com", "test", source_arn=task, region=REGION)
    return str(
        inside.perform(caller, "secretsmanager", "GetSecretValue", {"SecretId": secret_id}, REGION)["SecretString"]
    )


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.usefixtures("imports")
def test_the_import_role_reads_exactly_its_secret(cloud: Cloud, secret: str, name: str) -> None:
    assert json.loads(read_as_import(SECRET)) == json.loads(read_as_import(secret)) == {"db_uri": DATABASE}
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
