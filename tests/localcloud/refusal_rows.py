"""docs/refusals.md against the tests that it names."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[1] / "docs" / "refusals.md").read_text()


def check(title: str, prefix: str, file: str) -> None:
    """The section of that title names tests that are in the file, and every test that is named after a row. Rows are
    PREFIX-NN, tests test_prefix_NN_..."""
    section = DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    source = (HERE / file).read_text()
    rows = re.findall(rf"^\| {prefix}-(\d\d) \|.*\| {re.escape(file)}::(test_\w+) \|$", section, re.MULTILINE)
    named = re.findall(r"\| (test_\w+\.py)::(test_\w+) \|$", section, re.MULTILINE)
    tested = re.findall(rf"^def test_{prefix.lower()}_(\d\d)_\w+\(", source, re.MULTILINE)
    assert rows
    assert {number for number, _ in rows} == set(tested)
    assert [f"{other}::{test}" for other, test in named if f"def {test}(" not in (HERE / other).read_text()] == []
