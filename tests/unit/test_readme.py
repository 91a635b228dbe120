"""The README's example is a program that runs."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

from examples.walkthrough.dataset import CONFIGURATION, TOMOGRAM, Import, examples, imports
from settings import load
from tests.documented import block
from tests.unit.recording import record
from tests.unit.stackfiles import ROOT, own_project


def test_the_example_of_reuse_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "portal_components").symlink_to(ROOT / "components")
    monkeypatch.syspath_prepend(tmp_path)
    example = block("README.md", "Reuse a component", "python")
    graph = record(lambda: exec(compile(example, "README.md", "exec"), {}))  # noqa: S102 - our own README
    assert {one.inputs["bucket"] for one in graph.of("s3/bucket:Bucket")} == {"lab-access-logs", "lab-open-data"}
    assert "arn:aws:s3:::lab-open-data" in str(graph.one("logs-policy").json("policy"))
    assert all("lab" in one.provider for one in graph.of("s3/bucket:Bucket"))


def test_every_journey_has_a_question() -> None:
    folder = ROOT / "tests" / "journey"
    named = set(re.findall(r"`(test_\w+)`", (folder / "README.md").read_text()))
    assert named == {file.stem for file in folder.glob("test_*.py")}


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    headings = [
        re.sub(r"\[(.*?)\]\(.*?\)", r"\1", one) for one in re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    ]
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def test_what_pages_link_to_is_there() -> None:
    pages = [*ROOT.glob("*.md"), ROOT / "examples" / "README.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
            linked = page.parent / target if target else page
            assert linked.exists(), f"{page.name}: {target}"
            assert not anchor or anchor in anchors(linked), f"{page.name}: {target}#{anchor}"


def test_the_index_has_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target in re.findall(r"\]\(([^)#]+)\)", index.read_text())}
    pages = {*(ROOT / "docs").rglob("*.md"), ROOT / "examples" / "README.md", ROOT / "CHANGELOG.md"} - {index}
    assert {one for one in pages if not {one, one.parent} & linked} == set()


def test_the_first_example_of_a_job_names_data_that_make_up_puts_there() -> None:
    page = (ROOT / "docs/how-to/run-jobs.md").read_text()
    (first,) = re.findall(r"\$ portal submit queue (.*?)--watch", page, re.DOTALL)
    config, source, staging, *options = first.replace("\\\n", " ").split()
    (example,) = examples(load("dev", own_project()))
    assert (config, source, staging) == (CONFIGURATION, example.source, example.staging)
    assert options[options.index("--source-prefix") + 1] == str(PurePosixPath(TOMOGRAM).parent)


def test_production_alone_imports_what_make_up_released() -> None:
    portal = load("dev", own_project())
    (example,) = examples(portal)
    assert imports(portal, example) == [Import(stack="prod", environment="prod")]
