"""Workflows run by the orchestrators that the stack files describe: as the operator starts them, with the roles of the
program alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components import names
from tests.journey.conftest import DEV, PUBLIC, Cloud, Project, empty, outputs
from tests.journey.running import Runs, runners

STAGING, DESTINATION = "cryoet-data-portal-staging", "cryoet-data-portal-public"


@pytest.fixture
def running(standing: Project, cloud: Cloud) -> Iterator[Project]:
    """The stand-in for the jobs' image is the runner."""
    with runners():
        yield standing
    empty(cloud.client("s3"), STAGING)
    empty(cloud.client("s3", PUBLIC), DESTINATION)


def run(cloud: Cloud, environment: str, workflow: str, inputs: dict[str, str]) -> dict[str, Any]:
    """A run of an environment, and how it ended."""
    runs = Runs(cloud, environment)
    runs.start("release", workflow, inputs)
    return runs.ended("release")


def test_a_release_runs_with_its_own_role_in_its_own_environment(running: Project, cloud: Cloud) -> None:
    staging, public = cloud.client("s3"), cloud.client("s3", PUBLIC)
    staging.put_object(Bucket=STAGING, Key="10000/dataset_metadata.json", Body=b"{}")
    where = {"input_bucket": STAGING, "input_path": "10000", "output_bucket": DESTINATION, "output_path": "10000"}
    released = run(cloud, "staging", "sync-v0.0.2.wdl", {**where, "flags": ""})
    assert released["status"] == "SUCCEEDED", (released["error"], released["cause"])
    assert public.get_object(Bucket=DESTINATION, Key="10000/dataset_metadata.json")["Body"].read() == b"{}"

    refused = run(cloud, "dev", "sync-v0.0.2.wdl", {**where, "flags": ""})
    assert refused["status"] == "FAILED", "only staging's release role may write into the public bucket"

    queue = outputs(running, "dev")["staging"]["notification_queues"]["portal"].rsplit(":", 1)[1]
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    told = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert sorted(json.loads(one["Body"])["detail"]["status"] for one in told) == ["RUNNING", "RUNNING", "SUCCEEDED"]
    assert all(json.loads(one["Body"])["detail"]["executionArn"] == released["executionArn"] for one in told)

    log = cloud.client("logs", DEV, names.OPERATOR)
    events = log.filter_log_events(logGroupName="/aws/batch/cryoet-ingestion-staging")["events"]
    assert events
