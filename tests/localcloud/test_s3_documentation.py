"""The S3 section of docs/refusals.md names tests that are there, and every test that is named after a row."""

from __future__ import annotations

from . import refusal_rows


def test_rows_and_tests_name_each_other() -> None:
    assert len(refusal_rows.check("S3", "S3")) == 36
    assert len(refusal_rows.tests_of("S3")) > 40  # those of rows without a number among them
