"""The IAM and KMS sections of docs/refusals.md name tests that are there, and every test that is named after a row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[1] / "docs" / "refusals.md").read_text()
SECTIONS = {"iam": ("IAM and STS", 23), "kms": ("KMS", 9)}


def section(prefix: str) -> str:
    return DOCUMENT.partition(f"\n## {SECTIONS[prefix][0]}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("prefix", SECTIONS)
def test_rows_and_tests_name_each_other(prefix: str) -> None:
    rows = re.findall(r"^\| (\w+-\d\d) \|.*\| (test_\w+\.py)::(test_\w+) \|$", section(prefix), re.MULTILINE)
    assert len(rows) == SECTIONS[prefix][1]
    source = (HERE / f"test_{prefix}_refusals.py").read_text()
    assert [
        test for _, file, test in rows if file != f"test_{prefix}_refusals.py" or f"def {test}(" not in source
    ] == []
    tested = {
        number
        for name in re.findall(rf"def test_({prefix}_\w+)\(", source)
        for number in re.findall(r"_(\d\d)(?=_|$)", name)
    }
    assert tested == {row.split("-")[1] for row, _, _ in rows}
