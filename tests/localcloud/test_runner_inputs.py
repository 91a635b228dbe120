"""Texts that clients send as inputs of workflows: no shell runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
import WDL

from portal.pulumi_cli import ROOT
from tests.localcloud.conftest import REGION, Cloud
from tests.localcloud.runner_jobs import Jobs

FILES = sorted((ROOT / "workflows").glob("*.wdl"))


@pytest.mark.parametrize("region", [True, False], ids=["region", "others"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_shell_runs_an_input(cloud: Cloud, tmp_path: Path, file: Path, region: bool) -> None:
    mark = tmp_path / "mark"
    hostile = f"a'$(touch {mark})'b\"$(touch {mark})\";touch {mark};`touch {mark}`"
    workflow = WDL.load(str(file)).workflow
    assert workflow
    inputs = {one.name: hostile for one in workflow.available_inputs if "." not in one.name}
    inputs |= {} if region else {"aws_region": REGION}
    jobs = Jobs(cloud, tmp_path)
    assert jobs.run(jobs.put(file.name, file.read_bytes()), inputs) != 0
    assert not mark.exists()


def test_an_input_of_two_lines_is_refused(cloud: Cloud, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It would be read as the next input too: the destination of a sync that deletes."""
    jobs = Jobs(cloud, tmp_path)
    places = {"input_bucket": jobs.bucket, "input_path": "10000", "output_bucket": jobs.bucket, "output_path": "x\ny"}
    wdl = jobs.put("sync.wdl", Path("workflows/sync-v0.0.2.wdl").read_bytes())
    assert jobs.run(wdl, {"docker_image_id": "x", "aws_region": REGION, **places, "flags": ""}) != 0
    assert "error: an input has more than one line" in caplog.text
