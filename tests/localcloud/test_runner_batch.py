"""The runner inside a Batch job of the local cloud: credentials of the job's role, log, a reclaim, memory."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from components.access import roles
from components.access.statements import document
from examples.ingest import compare as comparison
from examples.ingest.phantom import main as make_phantom
from localcloud.runner import exits
from localcloud.server.batch import faults, images

from . import batch_steps
from .batch_steps import World
from .conftest import DEV, REGION, Cloud
from .runner_jobs import Jobs
from .runner_workflows import one_task

IMAGE = "ghcr.io/chanzuckerberg/swipe:v1.4.9"


@pytest.fixture(scope="module")
def world(cloud: Cloud) -> World:
    return World(cloud)


@pytest.fixture(scope="module")
def queue(world: World) -> str:
    return world.queue()


@pytest.fixture
def jobs(cloud: Cloud, tmp_path: Path) -> Iterator[Jobs]:
    """A bucket for everything, with a phantom as source; the stand-in for the image is the runner."""
    images.configure([images.RUNNER])
    jobs = Jobs(cloud, tmp_path)
    with patch.dict(os.environ, jobs.environment("", "run")):
        make_phantom([f"s3://{jobs.bucket}/phantom/TS_001.mrc"])
        yield jobs
    batch_steps.no_faults()
    batch_steps.stand_ins()


def submit(world: World, queue: str, jobs: Jobs, wdl: str, inputs: dict[str, str], memory: int = 1024) -> str:
    """A job as the state machine submits it; its id."""
    bucket = jobs.bucket
    granted = (
        *roles.job(registry_account=DEV, region=REGION, wdl_bucket=bucket, comms_bucket=bucket),
        *roles.ingest(reads=(bucket,), writes=(bucket,)),
    )
    role = world.role("ecs-tasks.amazonaws.com", document("identity", granted))
    definition = world.definition(
        container={"image": IMAGE, "jobRoleArn": role, "environment": [{"name": "MINIWDL_DIR", "value": "/mnt"}]}
    )
    jobs.put(f"{jobs.prefix}/run_input.json", json.dumps(inputs))
    told = {
        "AWS_DEFAULT_REGION": REGION,
        "WDL_WORKFLOW_URI": wdl,
        "WDL_INPUT_URI": jobs.uri("run_input.json"),
        "WDL_OUTPUT_URI": jobs.uri("run_output.json"),
        "MINIWDL__TASK_RUNTIME__DEFAULTS": json.dumps({"docker": "ubuntu", "memory": f"{memory} MiB"}),
        "MINIWDL__TASK_RUNTIME__MEMORY_LIMIT_MULTIPLIER": "1",
    }
    overrides: dict[str, Any] = {
        "resourceRequirements": [{"type": "MEMORY", "value": str(memory)}],
        "environment": [{"name": name, "value": value} for name, value in told.items()],
    }
    return world.submit(queue, definition=definition, containerOverrides=overrides)


def ingest(world: World, queue: str, jobs: Jobs) -> str:
    inputs = {
        "docker_image_id": "908710317728.dkr.ecr.us-west-2.amazonaws.com/cryoet-staging:main",
        "aws_region": REGION,
        "config_file": "../dataset_configs/10000.yaml",
        "input_bucket": jobs.bucket,
        "output_path": f"{jobs.bucket}/staging",
    }
    key = "standardize_dirs.wdl-v0.0.1.wdl"
    return submit(world, queue, jobs, jobs.put(key, Path(f"workflows/{key}").read_bytes()), inputs)


@pytest.mark.parametrize("report", ["host", "program"])
def test_ingest_taken_away_and_again(world: World, queue: str, jobs: Jobs, report: str) -> None:
    """Reclaimed while its zarr is made, a job shows one of the faces of a reclaim; the same again does it all."""
    faults.add(kind="reclaimed", signal="SIGTERM", report=report, after_marker="tomogram.zarr")
    job = world.ended(ingest(world, queue, jobs))
    assert job["status"] == "FAILED"
    if report == "program":
        assert (job["statusReason"], job["container"]["exitCode"]) == (
            "Essential container in task exited", exits.TERMINATED,
        )  # fmt: skip
    else:
        assert job["statusReason"].startswith("Host EC2 (instance i-")
    assert jobs.objects() == ["run_input.json"]
    job = world.ended(ingest(world, queue, jobs))
    assert job["status"] == "SUCCEEDED", world.lines(job)
    assert comparison.main([f"{jobs.bucket}/staging"]) == 0
    assert "objects uploaded" in jobs.text("output.txt")


def test_task_with_too_little_memory(world: World, queue: str, jobs: Jobs) -> None:
    """The job ends as one that was out of memory, whoever noticed first: the runner or the host."""
    hungry = "python3 -c 'x = bytearray(900 << 20); x[::4096] = b\"1\" * len(x[::4096]); import time; time.sleep(5)'"
    wdl = jobs.put("hungry.wdl", one_task(hungry))
    job = world.ended(submit(world, queue, jobs, wdl, {"hello": jobs.put("in", "")}, memory=512))
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", exits.OUT_OF_MEMORY)
