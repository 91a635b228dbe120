"""Ingests through the deployed orchestrator: on a spot machine, on one that is taken half way, and under embargo;
and a client's other workflows: a file from the web, two stages, a zip, one that fails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from examples.ingest import compare as comparison
from examples.ingest.phantom import main as make_phantom
from localcloud.server.services.batch import faults
from tests.journey import workflows
from tests.journey.conftest import INGEST, Cloud, Project, jobs_alone
from tests.journey.running import RECLAIMED, WELL, Runs, administrator, environment_of, runners
from tests.localcloud.batch_steps import refused
from tests.localcloud.test_runner_contract import web

__all__ = ["web"]

SOURCE, STAGING, EMBARGO = "cryoetportal-rawdatasets-dev", "cryoet-data-portal-staging", "cryoet-data-portal-embargo"
TOMOGRAM = "10000/TS_001/Reconstructions/VoxelSpacing10.000/Tomograms/100"
FOLDER = "standardize_dirs.wdl-0"


@dataclass
class Ingests:
    """Ingests of the phantom in staging's environment: ``spot`` and ``taken`` have ended."""

    cloud: Cloud
    runs: Runs

    def __post_init__(self) -> None:
        self.s3 = self.cloud.client("s3")

    def start(self, word: str, output_path: str) -> None:
        flags = "--import-everything --filter-dataset-name '^10000$' --filter-run-name '^TS_001$'"
        where = {"input_bucket": SOURCE, "output_path": output_path}
        self.runs.start(word, INGEST, {"config_file": "../dataset_configs/10000.yaml", "flags": flags, **where})

    def succeeded(self, word: str) -> dict[str, Any]:
        ended = self.runs.ended(word)
        assert ended["status"] == "SUCCEEDED", (ended["error"], ended["cause"], self.runs.log(word))
        return ended

    def versions(self, bucket: str, prefix: str = "") -> list[dict[str, Any]]:
        """Every version and every delete marker, as S3 lists them."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        return [
            {"Kind": kind, **one}
            for page in pages
            for kind in ("Versions", "DeleteMarkers")
            for one in page.get(kind, [])
        ]

    def contents(self, prefix: str) -> set[tuple[str, bytes]]:
        """Key without the prefix and content of every version in staging that ever was under it."""
        found: set[tuple[str, bytes]] = set()
        for one in self.versions(STAGING, prefix):
            assert one["Kind"] == "Versions", one
            body = self.s3.get_object(Bucket=STAGING, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
            if one["Key"].endswith("_metadata.json"):  # it names keys
                body = body.replace(prefix.encode(), b"")
            found.add((one["Key"].removeprefix(prefix), body))
        return found


@pytest.fixture(scope="module")
def ingests(module_project: Project, cloud: Cloud) -> Iterator[Ingests]:
    """The dev account up, staging's environment with one stage and dev's with two; two ingests have ended."""

    def two_stages(settings: dict[str, Any]) -> None:
        jobs_alone(settings)
        settings["environments"]["dev"]["orchestrator"] |= {
            "stages": [{"name": "One"}, {"name": "Two"}],
            "call_cache": True,
            "status_files": True,
            "variables": {"GREETING": "hello"},
        }

    module_project.keep_workflows(INGEST)
    module_project.change("dev", two_stages)
    module_project.up("dev")
    with runners(), administrator(cloud):
        make_phantom([f"s3://{SOURCE}/phantom/TS_001.mrc"])
        made = Ingests(cloud, Runs(cloud, "staging"))
        faults.add(kind="reclaimed", job_name="taken$", after_object=f"{STAGING}/taken/*.zarr/0/0/0/0")
        made.start("spot", f"{STAGING}/spot")
        made.start("taken", f"{STAGING}/taken")
        made.runs.all_ended()
        yield made


def test_an_ingest_on_spot_is_right_voxel_by_voxel(ingests: Ingests) -> None:
    """In four transitions, on the spot queue, in the portal's layout."""
    ended = ingests.succeeded("spot")
    assert ingests.runs.way("spot") == WELL
    (job,) = ingests.runs.jobs("spot", "spot")
    assert environment_of(job)["SFN_CURRENT_STATE"] == "RunSPOT"
    assert ingests.runs.jobs("spot", "on_demand") == []
    assert comparison.main([f"{STAGING}/spot"]) == 0
    keys = {key for key, _ in ingests.contents("spot/")}
    assert {key for key in keys if ".zarr/" not in key} == {
        "10000/dataset_metadata.json",
        "10000/TS_001/run_metadata.json",
        f"{TOMOGRAM}/TS_001.mrc",
        f"{TOMOGRAM}/tomogram_metadata.json",
    }
    assert json.loads(ended["output"])["Result"] == {
        "cryoet_data_ingestion.log": f"s3://{ingests.runs.comms}/{ingests.runs.folder('spot', FOLDER)}/output.txt"
    }


def test_one_taken_half_way_ends_on_demand_without_a_partial_object(ingests: Ingests) -> None:
    """Killed when the first chunk of its zarr was in the bucket: the rest is done on demand, in six transitions."""
    runs = ingests.runs
    ingests.succeeded("taken")
    assert runs.way("taken") == RECLAIMED
    (lost,), (second,) = runs.jobs("taken", "spot"), runs.jobs("taken", "on_demand")
    assert re.fullmatch(r"Host EC2 \(instance i-[0-9a-f]+\) terminated\.", lost["statusReason"])
    assert (lost["status"], second["status"]) == ("FAILED", "SUCCEEDED")
    assert environment_of(second)["SFN_CURRENT_STATE"] == "RunEC2"
    found = re.search(r"(\d+) objects uploaded, (\d+) the same, 0 deleted", runs.text("taken", FOLDER, "output.txt"))
    assert found
    assert int(found[1]) > 0, "something was left to do"
    assert int(found[2]) >= 2, "the MRC file and a chunk were there"
    assert comparison.main([f"{STAGING}/taken"]) == 0
    assert ingests.contents("taken/") == ingests.contents("spot/")
    assert "Uploads" not in ingests.s3.list_multipart_uploads(Bucket=STAGING)


def test_an_embargoed_ingest_leaves_staging_as_it_was(ingests: Ingests, cloud: Cloud) -> None:
    """To the last version and delete marker; and anyone else sees nothing of the embargo bucket, before and after."""
    anyone = cloud.anonymous()
    key = f"{TOMOGRAM}/TS_001.mrc"
    before = ingests.versions(STAGING)
    assert before
    with refused("AccessDenied", ""):
        anyone.get_object(Bucket=EMBARGO, Key=key)
    ingests.start("embargoed", EMBARGO)
    ingests.succeeded("embargoed")
    assert comparison.main([EMBARGO]) == 0
    assert ingests.versions(STAGING) == before
    for ask in (
        lambda: anyone.get_object(Bucket=EMBARGO, Key=key),
        lambda: anyone.head_object(Bucket=EMBARGO, Key=key),
        lambda: anyone.list_objects_v2(Bucket=EMBARGO),
        lambda: anyone.list_object_versions(Bucket=EMBARGO),
    ):
        with pytest.raises(anyone.exceptions.ClientError) as caught:
            ask()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_workflows_of_one_stage(ingests: Ingests, web: str, tmp_path: Path) -> None:
    """Simple, with a file from the web, zipped with an imported workflow: each puts out the places of its files."""
    runs = ingests.runs
    runs.put("test-v1.0.0.wdl", workflows.THREE_TASKS)
    runs.put("test-v1.0.0.wdl.zip", workflows.zipped(tmp_path))
    runs.put("hello.txt", "hello\n")
    hello = f"s3://{runs.wdl}/hello.txt"
    runs.start("simple", "test-v1.0.0.wdl", {"hello": hello})
    runs.start("web", "test-v1.0.0.wdl", {"hello": f"{web}/README.md"})
    runs.start("zipped", "test-v1.0.0.wdl.zip", {"hello": hello})
    for word, outputs, text in (
        ("simple", workflows.WORDS, "hello\nworld\n"),
        ("web", workflows.WORDS, "from the web\nworld\n"),
        ("zipped", ("world",), "hello\nworld\n"),
    ):
        result = json.loads(ingests.succeeded(word)["output"])["Result"]
        folder = f"s3://{runs.comms}/{runs.folder(word, 'test-1')}"
        assert result == {f"swipe_test.out_{one}": f"{folder}/out_{one}.txt" for one in outputs}
        assert runs.text(word, "test-1", "out_world.txt") == text


def test_two_stages_are_linked(ingests: Ingests, cloud: Cloud) -> None:
    """In dev's environment: the second gets a file that the first made; both outputs lie in one folder."""
    runs = Runs(cloud, "dev", ("One", "Two"))
    runs.put("one-v1.0.0.wdl", workflows.THREE_TASKS)
    runs.put("two-v1.0.0.wdl", workflows.HAPPY)
    runs.put("hello.txt", "hello\n")
    runs.put("map.json", json.dumps({"Two": {"hello": "out_world"}}))
    more = {
        "TWO_WDL_URI": f"s3://{runs.wdl}/two-v1.0.0.wdl",
        "STAGES_IO_MAP_JSON": f"s3://{runs.wdl}/map.json",
    }
    runs.start("staged", "one-v1.0.0.wdl", {"hello": f"s3://{runs.wdl}/hello.txt"}, **more)
    ended = runs.ended("staged")
    assert ended["status"] == "SUCCEEDED", (ended["error"], ended["cause"])
    result = json.loads(ended["output"])["Result"]
    assert result["journey.happy"] == f"s3://{runs.comms}/{runs.folder('staged', 'one-1')}/happy.txt"
    assert runs.text("staged", "one-1", "happy.txt") == "hello\nworld\n:)\n"
    jobs = runs.jobs("staged", "spot")
    assert sorted(environment_of(job)["SFN_CURRENT_STATE"] for job in jobs) == ["OneSPOT", "TwoSPOT"]


def test_what_the_stack_file_asks_of_jobs_is_done(ingests: Ingests, cloud: Cloud) -> None:
    """In dev's environment: a status file, a cache that a second run is answered from, a variable for the tasks."""
    runs = Runs(cloud, "dev", ("One", "Two"))
    runs.put("greet-v1.0.0.wdl", workflows.GREETING)
    more = {"TWO_WDL_URI": f"s3://{runs.wdl}/greet-v1.0.0.wdl", "OutputPrefix": f"s3://{runs.comms}/swipe/greeted"}
    said: list[dict[str, Any]] = []
    for word in ("greeted", "greeted-again"):
        runs.start(word, "greet-v1.0.0.wdl", {}, **more)
        ended = runs.ended(word)
        assert ended["status"] == "SUCCEEDED", (ended["error"], ended["cause"])
        said.append(json.loads(ended["output"])["Result"])
    assert said[0]["journey.text"].startswith("hello ")
    assert said[1] == said[0], "the task gives another text each time that it runs"
    body = ingests.s3.get_object(Bucket=runs.comms, Key="swipe/greeted/greet-1/journey_status2.json")["Body"].read()
    assert json.loads(body)["work"]["status"] == "uploaded"


def test_the_operator_reads_the_log(ingests: Ingests) -> None:
    """By the stream that the job names, with the operator's role."""
    assert "cryoet_data_ingestion_workflow" in ingests.runs.log("spot")
