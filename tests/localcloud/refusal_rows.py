"""docs/refusals.md against the tests that it names."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[1] / "docs" / "refusals.md").read_text()


@cache
def _tests() -> frozenset[str]:
    """Every test beside this file, as ``file::test``."""
    return frozenset(
        f"{path.name}::{name}"
        for path in HERE.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    )


def _section(title: str) -> str:
    return DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def tests_of(title: str) -> list[str]:
    """The tests that the section of that title names."""
    return re.findall(r"test_\w+\.py::test_\w+", _section(title))


def check(title: str, prefix: str, *files: str) -> list[str]:
    """The section of that title names tests that are there, and every test of the files that is named after a row.

    Rows are PREFIX-NN, tests test_prefix_NN_..., perhaps with more numbers. Without files, all count. Gives the
    numbers of the rows.
    """
    assert set(tests_of(title)) <= _tests()
    looked = {test for test in _tests() if not files or test.partition("::")[0] in files}
    rows = re.findall(rf"^\| {prefix}-(\d\d) \|.*\| (test_\w+\.py::test_\w+) \|$", _section(title), re.MULTILINE)
    rows = [(number, test) for number, test in rows if test in looked]
    named = {test: re.findall(r"_(\d\d)(?=_|$)", test) for test in looked if f"::test_{prefix.lower()}_" in test}
    assert rows
    assert {number for number, _ in rows} == {number for numbers in named.values() for number in numbers}
    assert all(number in named.get(test, ()) for number, test in rows)
    return [number for number, _ in rows]
