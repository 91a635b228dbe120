"""The example ingest as a job: a phantom from the source bucket into the portal's layout, whatever happens to it."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import boto3
import numpy as np
import pytest

from components.access import roles
from components.access.statements import document
from examples.ingest import __main__ as command
from examples.ingest import compare as comparison
from examples.ingest.bucket import Bucket
from examples.ingest.layout import Layout
from examples.ingest.phantom import main as make_phantom
from examples.ingest.phantom import phantom
from examples.ingest.volumes import write_mrc
from localcloud.server.call import HOOKS, Call, Outcome
from tests.localcloud.conftest import DEV, REGION, Cloud
from tests.localcloud.runner_jobs import Jobs

WDL = Path("workflows/standardize_dirs.wdl-v0.0.1.wdl").read_text()
RUN = "TS_001"
CHUNKS = 2 * 2 * 3 + 1 * 1 * 2 + 1  # 80 x 96 x 112 voxels and its halves, in cubes of 48 voxels


class Ingests:
    """Jobs of the queue command, with a source bucket and a versioned output bucket."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.jobs = Jobs(cloud, folder)
        self.s3 = self.jobs.s3
        self.source, self.output = self._bucket("source"), self._bucket("staging")
        self.wdl = self.jobs.put("standardize_dirs.wdl-v0.0.1.wdl", WDL)
        make_phantom([f"s3://{self.source}/phantom/{RUN}.mrc"])

    def _bucket(self, word: str) -> str:
        name = self.jobs.cloud.name(word)
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def inputs(self, output_path: str = "", flags: str = "") -> dict[str, str]:
        """What the portal's client sends for a run."""
        return {
            "docker_image_id": f"908710317728.dkr.ecr.{REGION}.amazonaws.com/cryoet-staging:main",
            "aws_region": REGION,
            "config_file": "../dataset_configs/10000.yaml",
            "input_bucket": self.source,
            "output_path": output_path or self.output,
            "flags": flags or f"--import-everything --filter-dataset-name '^10000$' --filter-run-name '^{RUN}$'",
        }

    def convert(self, output_path: str = "", flags: Sequence[str] = ()) -> int:
        """What the job's task does, in this process."""
        inputs = self.inputs(output_path)
        places = (inputs["config_file"], inputs["input_bucket"], inputs["output_path"])
        return command.main(["convert", *flags, *places])

    def differences(self, prefix: str = "", tomogram: int = 100) -> list[str]:
        return comparison.compare(Bucket(self.output), Layout(prefix=prefix, dataset=10000, run=RUN), tomogram)

    def versions(self) -> list[tuple[str, str]]:
        """Every version and delete marker of the output bucket."""
        listing = self.s3.list_object_versions(Bucket=self.output)
        return sorted(
            (item["Key"], item["VersionId"]) for kind in ("Versions", "DeleteMarkers") for item in listing.get(kind, [])
        )

    def settled_versions(self) -> list[tuple[str, str]]:
        """The versions once the calls of a killed job, which the server still had at hand, are done."""
        before, now = None, self.versions()
        while now != before:
            time.sleep(0.5)
            before, now = now, self.versions()
        return now

    def objects(self) -> set[str]:
        return {item["Key"] for item in self.s3.list_objects_v2(Bucket=self.output).get("Contents", [])}


@pytest.fixture
def ingests(cloud: Cloud, tmp_path: Path) -> Iterator[Ingests]:
    """Also gives this process the credentials that a job has, for the comparison."""
    jobs = Jobs(cloud, tmp_path)
    with patch.dict(os.environ, jobs.environment("", "run")):
        yield Ingests(cloud, tmp_path)


def folder(prefix: str = "") -> str:
    return f"{prefix}10000/{RUN}/Reconstructions/VoxelSpacing10.000/Tomograms/100/"


def test_ingest_is_right_voxel_by_voxel(ingests: Ingests) -> None:
    """A job brings MRC, zarr and metadata; the same again uploads none of the volume; forced it does."""
    assert ingests.jobs.run(ingests.wdl, ingests.inputs()) == 0
    assert ingests.differences() == []
    keys = ingests.objects()
    zarr = {key for key in keys if ".zarr/" in key}
    assert len([key for key in zarr if key.rpartition("/")[2].isdigit()]) == CHUNKS
    assert keys - zarr == {
        "10000/dataset_metadata.json",
        f"10000/{RUN}/run_metadata.json",
        f"{folder()}{RUN}.mrc",
        f"{folder()}tomogram_metadata.json",
    }
    first = set(ingests.versions())
    assert ingests.convert() == 0
    assert {key for key, _ in set(ingests.versions()) - first} == {
        key for key in keys if key.endswith("_metadata.json")
    }
    assert ingests.convert(flags=["--force-overwrite"]) == 0
    assert len(ingests.versions()) == len(first) + 3 + len(keys)
    assert ingests.objects() == keys


def test_rights_of_the_ingest_role_are_enough(ingests: Ingests) -> None:
    """A job with the role's own policy, and a rerun that replaces what an earlier attempt left, need no other right."""
    jobs = ingests.jobs
    granted = (
        *roles.job(registry_account=DEV, region=REGION, wdl_bucket=jobs.bucket, comms_bucket=jobs.bucket),
        *roles.ingest(reads=(ingests.source,), writes=(ingests.output,)),
    )
    trust = {"Effect": "Allow", "Principal": {"AWS": DEV}, "Action": "sts:AssumeRole"}
    iam, name = jobs.cloud.client("iam"), jobs.cloud.name("ingest")
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="job", PolicyDocument=document("identity", granted))
    keys = jobs.cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="job")["Credentials"]
    jobs.session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    jobs.put(f"{jobs.prefix}/run_output.json", "{}")
    ingests.s3.put_object(Bucket=ingests.output, Key=f"{folder()}{RUN}.zarr/9/9/9", Body=b"stray")
    environment = {"OUTPUT_STATUS_JSON_FILES": "true", "MINIWDL__CALL_CACHE__PUT": "true"}
    assert jobs.run(ingests.wdl, ingests.inputs(), **environment) == 0
    assert ingests.differences() == []


def test_comparison_finds_any_difference(ingests: Ingests, capsys: pytest.CaptureFixture[str]) -> None:
    """One voxel, one missing chunk or a wrong header is told; else the comparison says how much was compared."""
    assert ingests.convert() == 0
    assert comparison.main([ingests.output]) == 0
    assert "are the phantom's" in capsys.readouterr().out
    wrong = phantom()
    wrong[1, 2, 3] += 1
    file = ingests.jobs.folder / "wrong.mrc"
    write_mrc(file, wrong, 11.0)
    ingests.s3.upload_file(str(file), ingests.output, f"{folder()}{RUN}.mrc")
    ingests.s3.delete_object(Bucket=ingests.output, Key=f"{folder()}{RUN}.zarr/1/0/0/1")
    assert comparison.main([ingests.output]) == 1
    said = capsys.readouterr().err
    assert "MRC header cella.x: 1232.0, not 1120.0" in said
    assert "MRC: 1 of 860160 voxels differ, first (1, 2, 3)" in said
    assert "zarr level 1: chunk 0/0/1 is missing" in said
    assert comparison.main([ingests.output, "--run", "TS_002"]) == 1
    assert "TS_002/Reconstructions/VoxelSpacing10.000/Tomograms/100/tomogram_metadata.json is missing" in (
        capsys.readouterr().err
    )


@contextlib.contextmanager
def killed_after(count: int, bucket: str, process: subprocess.Popen[str]) -> Generator[None]:
    """Kill a job once `count` objects of a zarr are written into a bucket; those on their way may still get in."""
    written = itertools.count(1)

    def look(call: Call, outcome: Outcome) -> None:
        if call.operation != "PutObject" or outcome.status != 200 or call.params["Bucket"] != bucket:
            return
        if ".zarr/" in call.params["Key"] and next(written) >= count:
            process.kill()

    HOOKS.finish("s3")(look)
    try:
        yield
    finally:
        HOOKS.finish_calls["s3"].remove(look)


def test_ingest_taken_away_half_way(ingests: Ingests) -> None:
    """Killed when part of its output is written, a job leaves whole objects and no metadata; the next one completes."""
    process = ingests.jobs.start(ingests.wdl, ingests.inputs())
    with killed_after(6, ingests.output, process):
        log, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, log
    begun = ingests.settled_versions()
    assert len(begun) >= 6 + 1  # some of the zarr, and the MRC file
    assert ingests.differences() == [f"{folder()}tomogram_metadata.json is missing"]
    assert ingests.jobs.run(ingests.wdl, ingests.inputs()) == 0
    assert ingests.differences() == []
    assert set(begun) < set(ingests.versions())  # what was there was whole
    assert len(ingests.versions()) == len(ingests.objects())  # and nothing was uploaded twice


def test_half_written_output_is_put_right(ingests: Ingests, caplog: pytest.LogCaptureFixture) -> None:
    """Objects of another shape or with other bytes in a folder without metadata don't survive."""
    for key, body in {"9/9/9": b"stray", "0/0/0/0": b"wrong bytes", "3/.zarray": b"{}"}.items():
        ingests.s3.put_object(Bucket=ingests.output, Key=f"{folder()}{RUN}.zarr/{key}", Body=body)
    caplog.set_level("INFO")
    assert ingests.convert() == 0
    assert ingests.differences() == []
    assert "2 deleted" in caplog.text


def test_second_tomogram_of_a_run_has_its_own_number(ingests: Ingests) -> None:
    """A number that belongs to another source is not taken."""
    metadata = {"source": "s3://elsewhere/other.mrc"}
    ingests.s3.put_object(
        Bucket=ingests.output, Key=f"{folder()}tomogram_metadata.json", Body=json.dumps(metadata).encode()
    )
    assert ingests.convert() == 0
    assert ingests.differences(tomogram=101) == []
    assert json.loads(Bucket(ingests.output).read(f"{folder()}tomogram_metadata.json") or b"") == metadata


def test_embargo_is_a_prefix_or_a_bucket_of_its_own(ingests: Ingests) -> None:
    """All output goes where the output path says."""
    assert ingests.convert(f"{ingests.output}/embargo") == 0
    assert ingests.differences(prefix="embargo/") == []
    assert all(key.startswith("embargo/") for key in ingests.objects())


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--filter-run-name", "^absent$"], "no run in s3://"),
        (["--filter-dataset-name", "^10001$"], 'dataset 10000 does not match ["^10001$"]'),
    ],
    ids=["run", "dataset"],
)
def test_nothing_to_ingest_is_a_failure(
    ingests: Ingests, flags: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A filter that lets nothing through is said, and nothing is written."""
    assert ingests.convert(flags=flags) == 1
    assert says in json.loads(capsys.readouterr().err.splitlines()[-1])["cause"]
    assert ingests.objects() == set()


FLAGS_OF_THE_CLIENT = [
    "--https-prefix",
    "https://files.example.com",
    "--import-everything",
    "--write-mrc",
    "--write-zarr",
]


def test_what_the_portals_client_always_sends_ingests_all(ingests: Ingests) -> None:
    assert ingests.convert(flags=FLAGS_OF_THE_CLIENT) == 0
    assert ingests.differences() == []


@pytest.mark.parametrize(
    ("flags", "written"),
    [
        (["--import-tomograms"], {"mrc", "zarr"}),
        (["--import-tomograms", "--no-write-mrc"], {"zarr"}),
        (["--import-tomogram-metadata"], {"tomogram"}),
        (["--import-all-metadata"], {"tomogram", "run", "dataset"}),
        (["--import-run-metadata", "--import-dataset-metadata"], {"run", "dataset"}),
        (["--import-frames", "--import-annotation-metadata"], set()),
        (["--no-write-zarr"], {"mrc", "tomogram", "run", "dataset"}),
        (["--exclude-voxel-spacing-name", "10.000"], {"run", "dataset"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_chosen_is_written_and_nothing_else(ingests: Ingests, flags: list[str], written: set[str]) -> None:
    assert ingests.convert(flags=flags) == 0
    kinds = {"tomogram_metadata.json": "tomogram", "run_metadata.json": "run", "dataset_metadata.json": "dataset"}
    found = {kinds.get(key.rpartition("/")[2], "mrc" if key.endswith(".mrc") else "zarr") for key in ingests.objects()}
    assert found == written


def test_a_document_names_what_is_there(ingests: Ingests) -> None:
    """Volumes first and their metadata by another call: what it leaves is the same as of one."""
    assert ingests.convert(flags=["--import-tomograms", "--no-write-zarr"]) == 0
    assert ingests.convert(flags=["--import-all-metadata", "--https-prefix", "https://files.example.com"]) == 0
    described = json.loads(Bucket(ingests.output).read(f"{folder()}tomogram_metadata.json") or b"")
    assert described["mrc_file"] == f"{folder()}{RUN}.mrc"
    assert described["https_mrc_file"] == f"https://files.example.com/{folder()}{RUN}.mrc"
    assert (described["omezarr_dir"], "https_omezarr_dir" in described) == (None, False)
    assert ingests.convert(flags=["--import-everything"]) == 0
    assert ingests.differences() == []


def test_source_that_is_no_tomogram(ingests: Ingests) -> None:
    """A wrong source is the depositor's fault, and nothing is written."""
    ingests.s3.put_object(Bucket=ingests.source, Key=f"phantom/{RUN}.mrc", Body=np.zeros(500).tobytes())
    assert ingests.jobs.run(ingests.wdl, ingests.inputs(), OUTPUT_STATUS_JSON_FILES="true") == 1
    assert "not an MRC 2014 file" in ingests.jobs.output()["cause"]
    assert json.loads(ingests.jobs.text("data_ingestion_status2.json"))["cryoet_data_ingestion_workflow"]["status"] == (
        "user_errored"
    )
    assert ingests.objects() == set()
