"""The validation's workflow as a job: what is right, what is not, and where the report goes."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from examples.ingest import __main__ as ingest
from examples.ingest.phantom import main as make_phantom
from examples.validation import __main__ as command
from tests.localcloud.conftest import REGION, Cloud
from tests.localcloud.runner_jobs import Jobs

KEY = "validate_dataset-v0.0.2.wdl"
FOLDER = "10000/TS_001/Reconstructions/VoxelSpacing10.000/Tomograms/100/TS_001"


@pytest.fixture
def jobs(cloud: Cloud, tmp_path: Path) -> Iterator[Jobs]:
    """A bucket with an ingested phantom and its source; this process has a job's credentials."""
    jobs = Jobs(cloud, tmp_path)
    with patch.dict(os.environ, jobs.environment("", "run")):
        make_phantom([f"s3://{jobs.bucket}/phantom/TS_001.mrc"])
        assert ingest.main(["convert", "../dataset_configs/10000.yaml", jobs.bucket, jobs.bucket]) == 0
        yield jobs


def report(jobs: Jobs, key: str) -> list[dict[str, str]]:
    """The findings inside a report's archive."""
    body = jobs.s3.get_object(Bucket=jobs.bucket, Key=f"{key}.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        file = tar.extractfile("checks.json")
        assert file is not None
        return json.load(file)


def validate(jobs: Jobs, **inputs: str) -> int:
    """A job with what the portal's client sends."""
    sent = {"docker_image_id": "x", "aws_region": REGION, "input_bucket": jobs.bucket, "output_bucket": jobs.bucket}
    rest = {"dataset": "", "config_file": "", "extra_args": "", "flags": ""}
    return jobs.run(jobs.put(KEY, Path(f"workflows/{KEY}").read_bytes()), {**sent, **rest, **inputs})


def test_validation_of_a_dataset(jobs: Jobs) -> None:
    """A right dataset has no faults, and the page says so."""
    assert validate(jobs, dataset="10000", output_dir="staging_validation", test_entity="standardized") == 0
    assert [check["fault"] for check in report(jobs, "staging_validation/10000")] == [""] * 5
    page = jobs.s3.get_object(Bucket=jobs.bucket, Key="staging_validation/10000/index.html")
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert "5 checks, 0 faults" in page["Body"].read().decode()


def test_faults_of_a_dataset_are_found(jobs: Jobs) -> None:
    """A missing chunk, a cut-off file and a level without its description are each told."""
    mrc = jobs.s3.get_object(Bucket=jobs.bucket, Key=f"{FOLDER}.mrc")["Body"].read()
    jobs.put(f"{FOLDER}.mrc", mrc[:-4])
    for key in ("0/1/1/2", "2/.zarray"):
        jobs.s3.delete_object(Bucket=jobs.bucket, Key=f"{FOLDER}.zarr/{key}")
    jobs.s3.delete_object(Bucket=jobs.bucket, Key="10000/dataset_metadata.json")
    bucket = ["--input-bucket", jobs.bucket, "--output-bucket", jobs.bucket]
    assert command.main([*bucket, "--output-dir", "prod_validation", "--datasets", "10000"]) == 0
    assert [check["fault"] for check in report(jobs, "prod_validation/10000")] == [
        "missing", "3441660 bytes, not 3441664", "chunks missing: 1/1/2", "", "missing",
    ]  # fmt: skip


def test_validation_of_sources(jobs: Jobs) -> None:
    """Each source is read; one that is no tomogram is told."""
    jobs.put("phantom/TS_002.mrc", b"x" * 2000)
    config = "../dataset_configs/10000.yaml"
    flags = "--no-multiprocessing"
    assert validate(jobs, config_file=config, output_dir="source_validation", test_entity="source", flags=flags) == 0
    good, bad = report(jobs, "source_validation/10000")
    assert good["fault"] == ""
    assert "not an MRC 2014 file" in bad["fault"]


def test_unknown_entity_is_refused(jobs: Jobs) -> None:
    assert validate(jobs, dataset="10000", output_dir="x", test_entity="all") == 1
    assert "must be standardized or source" in jobs.output()["cause"]


def test_reports_are_one_a_dataset_or_one_for_all_or_none(jobs: Jobs) -> None:
    bucket = ["--input-bucket", jobs.bucket, "--output-bucket", jobs.bucket]
    assert command.main([*bucket, "--datasets", "10000,10001"]) == 0
    assert report(jobs, "data_validation/10000")[0]["fault"] == ""
    assert report(jobs, "data_validation/10001")[0]["fault"] == "missing"
    assert command.main([*bucket, "--datasets", "10000,10001", "--no-history", "--output-dir", "all"]) == 0
    assert len(report(jobs, "all/10000,10001")) == 6
    assert command.main([*bucket, "--datasets", "10000", "--no-update-s3", "--output-dir", "none"]) == 0
    assert jobs.s3.list_objects_v2(Bucket=jobs.bucket, Prefix="none")["KeyCount"] == 0
