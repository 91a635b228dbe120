"""The five commands of the portal's client, with exactly what it sends, in the environments of the dev account.

Production's import, the one command that runs elsewhere, is in ``test_import``.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from components import names
from examples.ingest import compare
from examples.ingest.phantom import main as make_phantom
from tests.journey import databases, portal_client
from tests.journey.conftest import DEV, PUBLIC, Cloud, Project, empty
from tests.journey.portal_client import Job
from tests.journey.running import PATIENCE_SECONDS, administrator, runners
from tests.localcloud.batch_steps import until

SOURCE, CONFIG = "cryoetportal-rawdatasets-dev", "../dataset_configs/10000.yaml"
EVERYTHING = "--import-everything"


@dataclass
class Client:
    """Runs commands as an operator of the dev account."""

    cloud: Cloud
    _unix: Iterator[int] = field(default_factory=lambda: itertools.count(1_700_000_000))

    def service(self, name: str) -> Any:
        return self.cloud.client(name, DEV, names.OPERATOR)

    def ended(self, environment: str, *jobs: Job) -> list[dict[str, Any]]:
        """The executions of jobs that were sent together, when all have ended."""
        env = portal_client.get_aws_env(environment, self.service)
        arns = [portal_client.submit(env, self.service, next(self._unix), job) for job in jobs]
        return [until(lambda arn=arn: self._end(arn), PATIENCE_SECONDS) for arn in arns]

    def _end(self, arn: str) -> dict[str, Any] | None:
        found: dict[str, Any] = self.service("stepfunctions").describe_execution(executionArn=arn)
        return found if found["status"] != "RUNNING" else None

    def succeed(self, environment: str, *jobs: Job) -> list[str]:
        """What each printed into its log."""
        return [self._log(one) for one in self._succeeded(environment, *jobs)]

    def _succeeded(self, environment: str, *jobs: Job) -> list[dict[str, Any]]:
        ended = self.ended(environment, *jobs)
        failed = [(one["name"], one.get("error"), one.get("cause")) for one in ended if one["status"] != "SUCCEEDED"]
        assert not failed
        return ended

    def _log(self, ended: dict[str, Any]) -> str:
        bucket, _, prefix = json.loads(ended["input"])["OutputPrefix"].removeprefix("s3://").partition("/")
        s3 = self.cloud.client("s3")
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
        [key] = [item["Key"] for item in listed if item["Key"].endswith("/output.txt")]
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


@pytest.fixture
def client(standing: Project, cloud: Cloud) -> Iterator[Client]:
    """A phantom among the sources, and a deposition's metadata in staging."""
    del standing
    s3 = cloud.client("s3")
    with administrator(cloud, DEV):
        make_phantom([f"s3://{SOURCE}/phantom/TS_001.mrc"])
    deposition = json.dumps({"deposition_title": "Shells"})
    s3.put_object(
        Bucket=portal_client.STAGING, Key="depositions_metadata/10300/deposition_metadata.json", Body=deposition
    )
    with runners():
        yield Client(cloud)
    for bucket in (SOURCE, portal_client.STAGING):
        empty(s3, bucket)
    empty(cloud.client("s3", PUBLIC), portal_client.PUBLIC)


def test_every_command_of_the_client_ends_as_for_the_portal(client: Client, cloud: Cloud) -> None:
    anonymous = ["--anonymous"]
    outputs = {"dev": f"{portal_client.STAGING}/dev", "staging": portal_client.STAGING}
    for environment, output in outputs.items():
        client.succeed(environment, portal_client.queue(CONFIG, SOURCE, output, "10300", "TS_001", EVERYTHING))
        with administrator(cloud, DEV):
            assert compare.main([output]) == 0

    client.succeed(
        "staging",
        portal_client.sync("10000", "--exclude '*.png'", newer=False),
        portal_client.sync("depositions_metadata/10300", "--delete", "--exact-timestamps", newer=True),
    )
    with administrator(cloud, PUBLIC):
        assert compare.main([portal_client.PUBLIC, *anonymous]) == 0
    deposition = "depositions_metadata/10300/deposition_metadata.json"
    assert cloud.anonymous().get_object(Bucket=portal_client.PUBLIC, Key=deposition)["Body"].read()

    reports = client.succeed(
        "staging",
        portal_client.validate("staging", "10000"),
        portal_client.validate("prod", "10000"),
        portal_client.source_validate(CONFIG, SOURCE),
    )
    assert [report.count("ok: ") for report in reports] == [5, 5, 1], reports
    staging = cloud.client("s3")
    for folder in ("staging_validation", "prod_validation", "source_validation"):
        page = staging.get_object(Bucket=portal_client.STAGING, Key=f"{folder}/10000/index.html")["Body"].read()
        assert b" 0 faults" in page

    depositions = ("--import-depositions", "--deposition-id", "10300")
    [older] = client.succeed("dev", portal_client.db_import("dev", "10000", newer=False))
    [newer] = client.succeed(
        "staging", portal_client.db_import("staging", "10000", EVERYTHING, *depositions, newer=True)
    )
    assert imported(older) == ["datasets"], "nothing else was asked for"
    assert imported(newer) == ["depositions", "datasets", "runs", "tomograms"]
    counts = "SELECT (SELECT count(*) FROM datasets) || ' ' || (SELECT count(*) FROM tomograms)"
    assert [databases.value(cloud, environment, counts) for environment in ("dev", "staging")] == ["1 0", "1 1"]


def imported(log: str) -> list[str]:
    """The tables whose changes an import counted."""
    changes = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return [table for of_owner in changes for table in of_owner if table not in ("dataset", "deposition")]


def test_what_the_depositor_has_to_mend_is_the_runs_error(client: Client, cloud: Cloud) -> None:
    cloud.client("s3").put_object(Bucket=SOURCE, Key="phantom/TS_002.mrc", Body=b"x" * 2000)
    job = portal_client.queue(CONFIG, SOURCE, portal_client.STAGING, "10300", "TS_002", EVERYTHING)
    [ended] = client.ended("staging", job)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInputFileError")
    assert ended["cause"].startswith("TS_002.mrc: not an MRC 2014 file"), ended["cause"]
