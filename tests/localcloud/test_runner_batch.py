"""The runner inside a Batch job of the local cloud: credentials of the job's role, log, a reclaim, memory."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from components.access import roles
from components.access.statements import document
from examples.ingest import compare as comparison
from examples.ingest.phantom import main as make_phantom
from localcloud.runner import exits
from localcloud.server import images
from localcloud.server.services.batch import faults
from tests.localcloud.clouds import CONFIGURATION

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
    images.configure(CONFIGURATION.images)
    jobs = Jobs(cloud, tmp_path)
    with patch.dict(os.environ, jobs.environment("", "run")):
        make_phantom([f"s3://{jobs.bucket}/phantom/TS_001.mrc"])
        yield jobs
    batch_steps.no_faults()
    batch_steps.stand_ins()


def granted(bucket: str, without: str) -> str:
    """What the program grants to the role of ingests, but for an action."""
    statements = (
        *roles.job(registry_account=DEV, region=REGION, wdl_bucket=bucket, comms_bucket=bucket),
        *roles.ingest(reads=(bucket,), writes=(bucket,)),
    )
    fewer = [replace(one, actions=tuple(action for action in one.actions if action != without)) for one in statements]
    return document("identity", tuple(one for one in fewer if one.actions))


def submit(
    world: World, queue: str, jobs: Jobs, wdl: str, inputs: dict[str, str], memory: int = 1024, without: str = ""
) -> str:
    """A job as the state machine submits it; its id."""
    role = world.role("ecs-tasks.amazonaws.com", granted(jobs.bucket, without))
    fixed = {name: jobs.environment("", "run")[name] for name in ("APP_NAME", "MINIWDL_DIR", "DOWNLOAD_CACHE_MAX_GB")}
    variables = [{"name": name, "value": value} for name, value in fixed.items()]
    definition = world.definition(container={"image": IMAGE, "jobRoleArn": role, "environment": variables})
    jobs.put(f"{jobs.prefix}/run_input.json", json.dumps(inputs))
    told = {
        "AWS_DEFAULT_REGION": REGION,
        "WDL_WORKFLOW_URI": wdl,
        "WDL_INPUT_URI": jobs.uri("run_input.json"),
        "WDL_OUTPUT_URI": jobs.uri("run_output.json"),
        "SFN_CURRENT_STATE": "RunSPOT",
        "MINIWDL__TASK_RUNTIME__DEFAULTS": json.dumps({"docker": "ubuntu", "memory": f"{memory} MiB"}),
        "MINIWDL__TASK_RUNTIME__MEMORY_LIMIT_MULTIPLIER": "1",
    }
    overrides: dict[str, Any] = {
        "resourceRequirements": [{"type": "MEMORY", "value": str(memory)}],
        "environment": [{"name": name, "value": value} for name, value in told.items()],
    }
    return world.submit(queue, definition=definition, containerOverrides=overrides)


def ingest(world: World, queue: str, jobs: Jobs, image: str, without: str = "") -> str:
    inputs = {
        "docker_image_id": image,
        "aws_region": REGION,
        "config_file": "../dataset_configs/10000.yaml",
        "input_bucket": jobs.bucket,
        "output_path": f"{jobs.bucket}/staging",
    }
    key = "standardize_dirs.wdl-v0.0.1.wdl"
    return submit(world, queue, jobs, jobs.put(key, Path(f"workflows/{key}").read_bytes()), inputs, without=without)


@pytest.fixture(scope="module")
def image(world: World) -> str:
    """Of the tasks, in a repository of the jobs' account."""
    name = world.cloud.name("tools")
    world.cloud.client("ecr").create_repository(repositoryName=name)
    return f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/{name}:main"


@pytest.mark.parametrize("report", ["host", "program"])
def test_ingest_taken_away_and_again(world: World, queue: str, jobs: Jobs, image: str, report: str) -> None:
    """Reclaimed while its zarr is made, a job shows one of the faces of a reclaim; the same again does it all."""
    faults.add(kind="reclaimed", signal="SIGTERM", report=report, after_marker="tomogram.zarr")
    job = world.ended(ingest(world, queue, jobs, image))
    assert job["status"] == "FAILED"
    if report == "program":
        assert (job["statusReason"], job["container"]["exitCode"]) == (
            "Essential container in task exited", exits.TERMINATED,
        )  # fmt: skip
    else:
        assert job["statusReason"].startswith("Host EC2 (instance i-")
    assert jobs.objects() == ["run_input.json"]
    job = world.ended(ingest(world, queue, jobs, image))
    assert job["status"] == "SUCCEEDED", world.lines(job)
    assert comparison.main([f"{jobs.bucket}/staging"]) == 0
    assert "objects uploaded" in jobs.text("output.txt")


@pytest.mark.parametrize("action", ["GetAuthorizationToken", "BatchGetImage", "GetDownloadUrlForLayer"])
def test_an_image_that_the_job_may_not_pull(world: World, queue: str, jobs: Jobs, image: str, action: str) -> None:
    """The job fails and says which of its grants is missing."""
    job = world.ended(ingest(world, queue, jobs, image, without=f"ecr:{action}"))
    assert job["status"] == "FAILED"
    document = jobs.text("run_output.json")
    assert "pull access denied for" in document
    assert f"is not authorized to perform: ecr:{action} " in document


def test_an_image_without_a_repository(world: World, queue: str, jobs: Jobs) -> None:
    job = world.ended(ingest(world, queue, jobs, f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/nothing:main"))
    assert job["status"] == "FAILED"
    assert "the repository with name nothing does not exist" in jobs.text("run_output.json")


def test_task_with_too_little_memory(world: World, queue: str, jobs: Jobs) -> None:
    """The job ends as one that was out of memory, whoever noticed first: the runner or the host."""
    hungry = "python3 -c 'x = bytearray(900 << 20); x[::4096] = b\"1\" * len(x[::4096]); import time; time.sleep(5)'"
    wdl = jobs.put("hungry.wdl", one_task(hungry))
    job = world.ended(submit(world, queue, jobs, wdl, {"hello": jobs.put("in", "")}, memory=512))
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", exits.OUT_OF_MEMORY)
