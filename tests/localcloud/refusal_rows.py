"""docs/refusals.md against the tests that it names."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[1] / "docs" / "refusals.md").read_text()


def check(title: str, prefix: str, *files: str) -> None:
    """The section of that title names tests that are there, and every test of the files that is named after a row.
    Rows are PREFIX-NN, tests test_prefix_NN_..."""
    section = DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(rf"^\| {prefix}-(\d\d) \|.*\| (test_\w+\.py)::test_\w+ \|$", section, re.MULTILINE)
    named = re.findall(r"\| (test_\w+\.py)::(test_\w+) \|$", section, re.MULTILINE)
    source = "".join((HERE / file).read_text() for file in files)
    tested = re.findall(rf"^def test_{prefix.lower()}_(\d\d)_\w+\(", source, re.MULTILINE)
    assert rows
    assert {number for number, file in rows if file in files} == set(tested)
    assert [f"{other}::{test}" for other, test in named if f"def {test}(" not in (HERE / other).read_text()] == []
