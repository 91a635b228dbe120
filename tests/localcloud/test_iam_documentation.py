"""The IAM and KMS sections of docs/refusals.md name tests that are there, and every test that is named after a row."""

from __future__ import annotations

import pytest

from . import refusal_rows

SECTIONS = {"iam": ("IAM and STS", 23), "kms": ("KMS", 9)}


@pytest.mark.parametrize("prefix", SECTIONS)
def test_rows_and_tests_name_each_other(prefix: str) -> None:
    title, count = SECTIONS[prefix]
    assert len(refusal_rows.check(title, prefix.upper(), f"test_{prefix}_refusals.py")) == count
