"""docs/refusals.md against the tests that it names."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[1] / "docs" / "refusals.md").read_text()


def check(title: str, prefix: str, *files: str) -> list[str]:
    """The section of that title names tests that are there, and every test of the files that is named after a row.

    Rows are PREFIX-NN, tests test_prefix_NN_..., perhaps with more numbers. Without files, all count. Gives the
    numbers of the rows.
    """
    section = DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    tests = {
        f"{path.name}::{name}": path.name
        for path in HERE.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert set(re.findall(r"test_\w+\.py::test_\w+", section)) <= tests.keys()
    looked = {test: file for test, file in tests.items() if not files or file in files}
    rows = re.findall(rf"^\| {prefix}-(\d\d) \|.*\| (test_\w+\.py::test_\w+) \|$", section, re.MULTILINE)
    rows = [(number, test) for number, test in rows if test in looked]
    named = {test: re.findall(r"_(\d\d)(?=_|$)", test) for test in looked if f"::test_{prefix.lower()}_" in test}
    assert rows
    assert {number for number, _ in rows} == {number for numbers in named.values() for number in numbers}
    assert all(number in named.get(test, ()) for number, test in rows)
    return [number for number, _ in rows]
