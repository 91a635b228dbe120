"""Many runs at once by the light runner: started by the portal's client, looked at by ListJobs, DescribeJobs and S3."""

from __future__ import annotations

import itertools
from collections.abc import Container, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from components import names
from localcloud.server import images
from localcloud.server.services.batch import faults
from portal.pulumi_cli import ROOT
from tests.journey import portal_client
from tests.journey.conftest import DEV, INGEST, Cloud
from tests.journey.running import MACHINE_MIB
from tests.localcloud.batch_steps import stand_ins, until

FOLDER = "standardize_dirs.wdl-0"
PATIENCE_SECONDS = 400
STATUSES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
_UNIX = itertools.count(1_700_000_000)


@contextmanager
def light_runner() -> Generator[None]:
    """It stands in for the jobs' image; afterwards there are the usual stand-ins and no faults."""
    program = str(Path(__file__).with_name("light_runner.py"))
    runner = {"image": "ghcr.io/*/swipe:*", "entrypoint": ["{python}", "-I", "-S", program]}
    images.configure(images.stand_ins([runner], ROOT))
    try:
        yield
    finally:
        faults.clear()
        stand_ins()


class Fleet:
    """Runs of one environment, by names of their own."""

    def __init__(self, cloud: Cloud, environment: str, account: str = DEV) -> None:
        self.cloud, self.environment, self.account = cloud, environment, account
        self.batch, self.s3 = cloud.client("batch", account), cloud.client("s3", account)
        self.spot = f"cryoet-ingestion-{environment}-main-spot"
        self.on_demand = f"cryoet-ingestion-{environment}-main-on_demand"

    def operator(self, service: str) -> Any:
        """Nobody else starts anything here."""
        return self.cloud.client(service, self.account, names.OPERATOR, max_pool_connections=portal_client.PARALLELISM)

    def found(self) -> portal_client.AwsEnv:
        return portal_client.get_aws_env(self.environment, self.operator)

    def name(self, run: str) -> str:
        return portal_client.queue_name(next(_UNIX), "10000", "10000", run)

    def start(self, inputs: Mapping[str, Mapping[str, Any]], **more: Any) -> dict[str, str]:
        """Starts a run for each name, with its workflow's inputs. ``more``: further keys of the executions' input.
        ARNs of the executions, by name."""
        job = partial(portal_client.run_job, self.found(), self.operator, wdl_key=INGEST, memory=MACHINE_MIB, more=more)
        arns = portal_client.run_jobs([partial(job, name=name, inputs=its) for name, its in inputs.items()])
        return dict(zip(inputs, arns, strict=True))

    def ends(self, arns: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """How the executions that :meth:`start` gave ended, by name, once all have."""
        states, left = self.operator("stepfunctions"), list(arns.values())
        ended: dict[str, dict[str, Any]] = {}

        def look() -> dict[str, dict[str, Any]] | None:
            while left:
                found = states.describe_execution(executionArn=left[0])
                if found["status"] == "RUNNING":
                    return None
                ended[found["name"]] = found
                left.pop(0)
            return ended

        return until(look, PATIENCE_SECONDS)

    def stand(self, arns: Mapping[str, str]) -> dict[str, Any]:
        """Status, error, cause and last event of each execution, by name: for the messages of tests that fail."""
        states, found = self.operator("stepfunctions"), dict[str, Any]()
        for name, arn in arns.items():
            one = states.describe_execution(executionArn=arn)
            last = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=1)["events"]
            found[name] = (one["status"], one.get("error"), one.get("cause"), last)
        return found

    def described(self, queue: str, runs: Container[str]) -> list[dict[str, Any]]:
        """All jobs of these runs that a queue ever had, in the order in which they were submitted."""
        pages = self.batch.get_paginator("list_jobs")
        ids = [
            job["jobId"]
            for status in STATUSES
            for page in pages.paginate(jobQueue=queue, jobStatus=status)
            for job in page["jobSummaryList"]
            if job["jobName"] in runs
        ]
        parts = [ids[first : first + 100] for first in range(0, len(ids), 100)]
        found = [job for part in parts for job in self.batch.describe_jobs(jobs=part)["jobs"]]
        return sorted(found, key=lambda job: job["createdAt"])

    def versions(self, file: str) -> dict[str, int]:
        """How many versions (and delete markers) there are of a file in the folder of each run, by run."""
        bucket, counted = self.found().comms_bucket, dict[str, int]()
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in page.get("Versions", []) + page.get("DeleteMarkers", []):
                *_, name, _, folder, written = one["Key"].split("/")
                if (folder, written) == (FOLDER, file):
                    counted[name] = counted.get(name, 0) + 1
        return counted


def machines_of(job: Mapping[str, Any]) -> list[str]:
    """The compute environments that a job's attempts ran in."""
    clusters = (attempt["container"]["containerInstanceArn"].split("/")[1] for attempt in job["attempts"])
    return [cluster.removeprefix("AWSBatch-")[:-37] for cluster in clusters]
