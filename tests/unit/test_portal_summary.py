"""What `portal up` shows of an update: its result, and warnings, without the engine's progress."""

from __future__ import annotations

import pytest

from portal.pulumi_cli import summary, without_progress

RESULT = ["Resources:\n", "    + 2 created\n", "Duration: 3s\n"]


def test_progress_is_left_out() -> None:
    lines = [
        "Updating (dev):\n",
        "@ updating....\n",
        " +  a:b:C one created (0.1s)\n",
        *RESULT,
        "\n",
        "@ updating.....\n",
    ]
    assert summary(lines) == RESULT


def test_dots_before_the_result_hide_nothing() -> None:
    first, *rest = RESULT
    assert summary([" +  a:b:C one created\n", f"@ updating......{first}", *rest]) == RESULT


@pytest.mark.parametrize("dots", ["@ updating...", "@ previewing update....", ".", "...."])
def test_dots_are_taken_away_whenever_a_line_comes_between_them(dots: str) -> None:
    line = " ~  aws:iam:Role reader update\n"
    assert without_progress(dots + line) == line
    assert without_progress(line) == line


def test_each_warning_stays_once() -> None:
    warning = "warning: staging: the earlier machines spot-0a1b2c3d stay\n"
    running = f"    pulumi:pulumi:Stack portal-staging running {warning}"
    other = "    warning: another\n"
    assert summary([running, f"    {warning}", other, running, *RESULT]) == [
        f"  {warning}",
        "  warning: another\n",
        *RESULT,
    ]
