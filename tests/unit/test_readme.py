"""The README's example is a program that runs."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from localcloud.example import CONFIGURATION, TOMOGRAM, Import, examples, imports
from settings import load
from tests.unit.recording import record
from tests.unit.stackfiles import ROOT


def test_the_example_of_reuse_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    graph = record(lambda: exec(compile(example, "README.md", "exec"), {}))  # noqa: S102 - our own README
    assert {one.inputs["bucket"] for one in graph.of("s3/bucket:Bucket")} == {"lab-access-logs", "lab-open-data"}
    assert "arn:aws:s3:::lab-open-data" in str(graph.one("logs-policy").json("policy"))
    assert all("lab" in one.provider for one in graph.of("s3/bucket:Bucket"))


def test_the_pages_it_links_to_are_there() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_first_example_of_a_job_names_data_that_make_up_puts_there() -> None:
    page = (ROOT / "docs/how-to/run-jobs.md").read_text()
    (first,) = re.findall(r"\$ portal submit queue (.*?)--watch", page, re.DOTALL)
    config, source, staging, *options = first.replace("\\\n", " ").split()
    (example,) = examples(load("dev", ROOT))
    assert (config, source, staging) == (CONFIGURATION, example.source, example.staging)
    assert options[options.index("--source-prefix") + 1] == str(PurePosixPath(TOMOGRAM).parent)


def test_production_alone_imports_what_make_up_released() -> None:
    portal = load("dev", ROOT)
    (example,) = examples(portal)
    assert imports(portal, example) == [Import(stack="prod", environment="prod")]
