"""Workflows run by the orchestrators that the stack files describe: as the operator starts them, with the roles of the
program alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from components import names
from localcloud.server.batch import images
from tests.journey.conftest import DEV, PUBLIC, Cloud, Project, outputs
from tests.localcloud import batch_steps

IMAGE = "908710317728.dkr.ecr.us-west-2.amazonaws.com/cryoet-staging:main"
STAGING, DESTINATION = "cryoet-data-portal-staging", "cryoet-data-portal-public"


@pytest.fixture
def running(project: Project, cloud: Cloud) -> Iterator[Project]:
    """Dev and public up with orchestrators; the stand-in for the jobs' image is the runner."""
    images.configure([images.RUNNER])
    project.up("public")
    project.up("dev")
    yield project
    batch_steps.stand_ins()


def run(cloud: Cloud, environment: str, workflow: str, inputs: dict[str, str]) -> dict[str, Any]:
    """An execution as the portal's client starts it, and how it ended."""
    states = cloud.client("stepfunctions", DEV, names.OPERATOR)
    sizes = {"RunSPOTMemory": 4000, "RunEC2Memory": 4000, "RunSPOTVcpu": 1, "RunEC2Vcpu": 1}
    entered = {
        "Input": {"Run": {"aws_region": "us-west-2", "docker_image_id": IMAGE, **inputs}},
        "OutputPrefix": f"s3://cryoet-swipe-comms-{environment}/swipe/swipe-job-output/{workflow}/results",
        "RUN_WDL_URI": f"s3://cryoet-swipe-wdl-{environment}/{workflow}",
        **sizes,
    }
    arn = names.state_machine_arn(DEV, "us-west-2", environment)
    started = states.start_execution(stateMachineArn=arn, name=workflow.replace(".", "-"), input=json.dumps(entered))
    found: dict[str, Any] = {}
    for _ in range(600):
        found = states.describe_execution(executionArn=started["executionArn"])
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.1)
    raise AssertionError(found)


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
