"""The database import's workflow as a job, with the stand-in of the importer: it reads a bucket and a secret."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from examples.importer import __main__ as command
from examples.ingest import __main__ as ingest
from examples.ingest.phantom import SHAPE
from examples.ingest.phantom import main as make_phantom
from tests.localcloud.conftest import REGION, Cloud
from tests.localcloud.runner_jobs import Jobs

IMAGE = "908710317728.dkr.ecr.us-west-2.amazonaws.com"


@pytest.fixture
def jobs(cloud: Cloud, tmp_path: Path) -> Jobs:
    return Jobs(cloud, tmp_path)


def inputs(jobs: Jobs, environment: str, dataset: str = "10000") -> dict[str, str]:
    """What the portal's client sends for a dataset."""
    return {
        "docker_image_id": f"{IMAGE}/cryoet-staging:main",
        "v2_docker_image_id": f"{IMAGE}/apiv2-x86:main",
        "aws_region": REGION,
        "s3_bucket": jobs.bucket,
        "https_prefix": "https://files.example.com",
        "environment": environment,
        "flags": f"--import-everything --s3-prefix {dataset} --debug",
    }


@pytest.fixture(scope="module", autouse=True)
def _secret(cloud: Cloud) -> Iterator[None]:
    """The database's URI, for the environment prod alone."""
    secrets, text = cloud.client("secretsmanager"), json.dumps({"db_uri": "postgresql+psycopg://user:pass@db/cryoetv2"})
    secrets.create_secret(Name="prod/v2_db_uri", SecretString=text)
    yield
    secrets.delete_secret(SecretId="prod/v2_db_uri", ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize("key", ["db_import-v0.0.3.wdl", "db_import-v0.0.4.wdl"])
def test_import_reads_what_an_ingest_wrote(jobs: Jobs, key: str) -> None:
    """Dataset, run and tomogram are found, with the sizes of what is in the bucket."""
    with patch.dict(os.environ, jobs.environment("", "run")):
        make_phantom([f"s3://{jobs.bucket}/phantom/TS_001.mrc"])
        assert ingest.main(["convert", "../dataset_configs/10000.yaml", jobs.bucket, jobs.bucket]) == 0
    wdl = jobs.put(key, Path(f"workflows/{key}").read_bytes())
    assert jobs.run(wdl, inputs(jobs, "prod")) == 0
    ignored, *rows = jobs.text("output.txt").splitlines()
    assert ignored == "--debug is ignored: there are no queries to print"
    dataset, run, tomogram = [json.loads(line) for line in rows]
    assert (dataset["id"], run["name"], tomogram["voxel_spacing"]) == (10000, "TS_001", 10.0)
    assert tomogram["file_size_mrc"] == 1024 + 4 * SHAPE[0] * SHAPE[1] * SHAPE[2]
    assert tomogram["file_size_omezarr"] > 100_000
    assert tomogram["https_mrc_file"].startswith("https://files.example.com/10000/TS_001/Reconstructions/")


@pytest.mark.parametrize(
    ("environment", "dataset", "says"),
    [("prod", "10001", "10001/dataset_metadata.json is missing"), ("dev", "10000", "ResourceNotFoundException")],
    ids=["no dataset", "no secret"],
)
def test_import_that_cannot_be(jobs: Jobs, environment: str, dataset: str, says: str) -> None:
    """What is missing is told."""
    wdl = jobs.put("db_import-v0.0.4.wdl", Path("workflows/db_import-v0.0.4.wdl").read_bytes())
    assert jobs.run(wdl, inputs(jobs, environment, dataset)) == 1
    assert says in jobs.output()["cause"]


@pytest.mark.parametrize(
    ("flags", "tables"),
    [
        ([], ["dataset"]),
        (["--import-dataset-authors"], ["dataset"]),
        (["--import-runs"], ["dataset", "run"]),
        (["--import-annotations"], ["dataset", "run"]),
        (["--import-tomogram-authors"], ["dataset", "run", "tomogram"]),
        (["--import-depositions", "--deposition-id", "10300"], ["deposition", "dataset"]),
        (["--deposition-id", "10300"], ["dataset"]),
        (["--filter-dataset", "10001"], []),
    ],
)
def test_what_is_chosen_is_imported_with_what_it_belongs_to(
    jobs: Jobs, flags: list[str], tables: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = "10000/TS_001/Reconstructions/VoxelSpacing10.000/Tomograms/100/"
    tomogram = {"run_name": "TS_001", "voxel_spacing": 10.0, "size": {}, "mrc_file": None, "omezarr_dir": None}
    for key, document in {
        "depositions_metadata/10300/deposition_metadata.json": {"deposition_title": "A deposition"},
        "10000/dataset_metadata.json": {"dataset_title": "A dataset"},
        "10000/TS_001/run_metadata.json": {"run_name": "TS_001"},
        f"{folder}tomogram_metadata.json": tomogram,
    }.items():
        jobs.put(key, json.dumps(document))
    with patch.dict(os.environ, jobs.environment("", "run")):
        assert command.main(["load", "--postgres_url", "postgresql://x", jobs.bucket, "https://x", *flags]) == 0
    assert [json.loads(line)["table"] for line in capsys.readouterr().out.splitlines()] == tables
