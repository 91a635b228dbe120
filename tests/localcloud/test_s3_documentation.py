"""The S3 section of docs/refusals.md names tests that are there, and every test that is named after a row."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parent.parent / "docs" / "refusals.md"


def section() -> str:
    text = DOCUMENT.read_text()
    return text.partition("\n## S3\n")[2].partition("\n## ")[0]


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"\| (test_\w+\.py)::(test_\w+) \|", section())
    assert len(named) > 40
    missing = [f"{file}::{test}" for file, test in named if f"def {test}(" not in (HERE / file).read_text()]
    assert missing == []


def test_every_row_that_has_a_test_is_listed() -> None:
    tested = {
        f"S3-{number}"
        for file in HERE.glob("test_s3_*.py")
        for name in re.findall(r"def test_(s3_\d\d\w*)\(", file.read_text())
        for number in re.findall(r"s3_(\d\d)", name)
    }
    assert tested
    assert tested - set(re.findall(r"^\| (S3-\d\d) \|", section(), re.MULTILINE)) == set()
