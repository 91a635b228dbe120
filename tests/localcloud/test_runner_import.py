"""The database import's workflow as a job, with the stand-in of the importer: it reads a bucket and a secret."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
import trustme

from examples.ingest import __main__ as ingest
from examples.ingest.phantom import SHAPE
from examples.ingest.phantom import main as make_phantom
from tests.localcloud.authorities import published_authorities
from tests.localcloud.conftest import REGION, Cloud
from tests.localcloud.rds_steps import Databases
from tests.localcloud.runner_jobs import Jobs

KEYS = ("db_import-v0.0.3.wdl", "db_import-v0.0.4.wdl")
OTHER = trustme.CA()
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


@pytest.fixture(scope="module")
def databases(cloud: Cloud) -> Databases:
    return Databases(cloud)


@pytest.fixture(scope="module", autouse=True)
def cluster(cloud: Cloud, databases: Databases) -> Iterator[str]:
    """A database with its URI in the secret of the environment prod alone."""
    identifier, secrets = databases.served(), cloud.client("secretsmanager")
    secret = json.dumps({"db_uri": databases.uri(identifier)})
    secrets.create_secret(Name="prod/v2_db_uri", SecretString=secret)
    yield identifier
    secrets.delete_secret(SecretId="prod/v2_db_uri", ForceDeleteWithoutRecovery=True)
    databases.remove(identifier)


@pytest.mark.parametrize("key", KEYS)
def test_import_writes_what_an_ingest_left(jobs: Jobs, databases: Databases, cluster: str, key: str) -> None:
    """Dataset, run and tomogram are found, with the sizes of what is in the bucket."""
    with patch.dict(os.environ, jobs.environment("", "run")):
        make_phantom([f"s3://{jobs.bucket}/phantom/TS_001.mrc"])
        assert ingest.main(["convert", "../dataset_configs/10000.yaml", jobs.bucket, jobs.bucket]) == 0
    wdl = jobs.put(key, Path(f"workflows/{key}").read_bytes())
    assert jobs.run(wdl, inputs(jobs, "prod")) == 0, jobs.output()
    ignored, changes = jobs.text("output.txt").splitlines()
    assert ignored == "--debug is ignored: there are no queries to print"
    assert json.loads(changes)["dataset"] == 10000
    with databases.connect(cluster) as connection:
        assert connection.execute("SELECT id, s3_prefix FROM datasets").fetchall() == [
            (10000, f"s3://{jobs.bucket}/10000")
        ]
        tomograms = connection.execute(
            "SELECT run, voxel_spacing, file_size_mrc, file_size_omezarr, https_mrc_file FROM tomograms"
        )
        [(run, spacing, mrc, zarr, url)] = tomograms.fetchall()
    assert (run, spacing) == ("TS_001", 10)
    assert mrc == 1024 + 4 * SHAPE[0] * SHAPE[1] * SHAPE[2]
    assert zarr > 100_000
    assert url.startswith("https://files.example.com/10000/TS_001/Reconstructions/")


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


@pytest.mark.parametrize("key", KEYS)
def test_databases_are_known_by_the_authorities_that_aws_publishes(jobs: Jobs, tmp_path: Path, key: str) -> None:
    """An image that names none gets them over HTTPS before it connects; without them nothing is connected to."""
    jobs.put("10000/dataset_metadata.json", json.dumps({"dataset_title": "A dataset"}))
    wdl = jobs.put(key, Path(f"workflows/{key}").read_bytes())
    with published_authorities(tmp_path, Path(jobs.cloud.ca_bundle).read_bytes()) as site:
        assert jobs.run(wdl, inputs(jobs, "prod"), PGSSLROOTCERT="", **site.environment) == 0, jobs.output()
        assert site.requested == ["truststore.pki.rds.amazonaws.com:443", f"/{REGION}/{REGION}-bundle.pem"]
    with published_authorities(tmp_path, OTHER.cert_pem.bytes()) as site:
        assert jobs.run(wdl, inputs(jobs, "prod"), PGSSLROOTCERT="", **site.environment) == 1
    assert "certificate verify failed" in jobs.output()["cause"]
