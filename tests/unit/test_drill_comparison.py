"""What a restore drill makes of measures: which differences are faults."""

from __future__ import annotations

from typing import Any

import pytest

from portal.drills.comparison import Table, compare

WAS = {"10": [2, "5"], "12": [1, "-7"]}
"""Rows of the copy: two of the transaction 10, one of 12."""


def table(
    running: dict[str, Any] | None,
    copy: dict[str, Any] | None = WAS,
    *,
    outcomes: dict[str, str] | None = None,
    columns: str = "id integer",
    same_major: bool = True,
) -> Table:
    """How one table compares, by the rows of each transaction."""
    measures = [
        {} if rows is None else {"public.a": {"xmin": "9", "columns": one, "rows": rows}}
        for rows, one in ((running, columns), (copy, "id integer"))
    ]
    report = {"running": {"tables": measures[0]}, "copy": {"tables": measures[1], "outcomes": outcomes or {}}}
    (found,) = compare(report, same_major=same_major)
    return found


def test_the_same_rows_are_equal() -> None:
    found = table(WAS)
    assert (found.says, found.fault, found.compared) == ("equal", False, 3)
    assert found.copy == found.running == (3, f"{2**64 - 2:016x}")


CASES: dict[str, tuple[dict[str, Any], str, bool, int]] = {
    "another checksum of a transaction": (
        {"running": {**WAS, "10": [2, "6"]}},
        "in the copy 2 rows are not the same that nobody wrote since", True, 1,
    ),
    "fewer rows of a transaction in the copy": (
        {"running": {**WAS, "10": [4, "6"]}},
        "in the copy 2 rows are missing that nobody wrote since", True, 1,
    ),
    "none of a transaction that had ended": (
        {"running": {**WAS, "11": [3, "1"]}, "outcomes": {"11": "committed"}},
        "in the copy 3 rows are missing that nobody wrote since", True, 3,
    ),
    "none of a transaction so old that its outcome is not kept": (
        {"running": {**WAS, "4": [1, "1"]}, "outcomes": {"4": "old"}},
        "in the copy 1 rows are missing that nobody wrote since", True, 3,
    ),
    "none of a transaction that wrote other tables of the copy": (
        {"running": {**WAS, "11": [3, "1"]}},
        "in the copy 3 rows are missing that nobody wrote since", True, 3,
    ),
    "both": (
        {"running": {"10": [2, "6"], "11": [1, "1"]}, "outcomes": {"11": "committed"}},
        "in the copy 1 rows are missing and 2 rows are not the same that nobody wrote since", True, 0,
    ),
    "a later transaction": (
        {"running": {**WAS, "13": [1, "1"]}, "outcomes": {"13": "later"}},
        "written since: 1 rows not compared here, 0 in the copy", False, 3,
    ),
    "a transaction that was under way": (
        {"running": {**WAS, "11": [1, "1"]}, "outcomes": {"11": "aborted"}},
        "written since: 1 rows not compared here, 0 in the copy", False, 3,
    ),
    "rows deleted since": (
        {"running": {"10": [1, "1"]}},
        "written since: 1 rows not compared here, 3 in the copy", False, 0,
    ),
    "no table in the copy": ({"running": WAS, "copy": None}, "is missing in the copy", True, 0),
    "no table in the copy, made since": (
        {"running": {"13": [1, "1"]}, "copy": None, "outcomes": {"9": "later", "13": "later"}},
        "was made since", False, 0,
    ),
    "a table with older rows, altered since": (
        {"running": {"11": [1, "1"]}, "copy": None, "outcomes": {"9": "later", "11": "committed"}},
        "is missing in the copy", True, 0,
    ),
    "a table dropped since": ({"running": None}, "was dropped since", False, 0),
    "other columns": ({"running": WAS, "columns": "id bigint"}, "has other columns since; not compared", False, 0),
    "another major version": (
        {"running": {"900": [2, "6"]}, "same_major": False},
        "differs; not compared, since the major version was changed", False, 0,
    ),
    "no table in the copy of another major version": (
        {"running": WAS, "copy": None, "same_major": False}, "is missing in the copy", False, 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_difference_is_a_fault_only_if_nobody_wrote_since(case: str) -> None:
    given, says, fault, compared = CASES[case]
    found = table(**given)
    assert (found.says, found.fault, found.compared) == (says, fault, compared)
