"""What a sync deletes is agreed to: by an answer, by ``--yes``, or where it is much by its number."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
import typer

from portal import deletion
from portal.deletion import Deletion
from portal.errors import PortalError
from portal.s3_uri import Uri

AT = datetime(2026, 1, 31, 18, 0, 5, tzinfo=UTC)
FEW = [Deletion(folder=Uri(bucket="b", prefix="1"), objects=2, of=20, at=AT)]
MANY = [*FEW, Deletion(folder=Uri(bucket="b", prefix="2"), objects=3, of=20, at=AT.replace(second=1))]
ROOT = Uri(bucket="b", prefix="")


def agree(deletions: Sequence[Deletion], percent: int = 10, *, yes: bool = False, number: int | None = None) -> None:
    deletion.agree_to(deletions, percent, yes=yes, number=number)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What somebody at a terminal answers, one after another."""
    given: list[object] = []
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda _: True})())
    for ask in ("confirm", "prompt"):
        monkeypatch.setattr(typer, ask, lambda *_, **__: given.pop(0))
    return given


def test_it_says_how_many_objects_go(capsys: pytest.CaptureFixture[str]) -> None:
    agree(MANY, number=5)
    assert capsys.readouterr().err == "deletes 2 of 20 objects under s3://b/1\ndeletes 3 of 20 objects under s3://b/2\n"


def test_nothing_to_delete_needs_no_agreement() -> None:
    agree([])


def test_a_small_part_is_agreed_to_by_yes_or_by_its_number() -> None:
    agree(FEW, yes=True)
    agree(FEW, number=2)
    with pytest.raises(PortalError, match=r"^--yes: must be given where no terminal .*: delete 2 objects\?$"):
        agree(FEW)


def test_a_large_part_is_agreed_to_by_its_number_alone() -> None:
    agree(MANY, number=5)
    rule = r"it deletes 5 objects; of s3://b/2 more than 10 %"
    with pytest.raises(PortalError, match=rf"^--delete-count: must be given as 5: {rule}$"):
        agree(MANY, yes=True)


@pytest.mark.parametrize(("deletions", "number"), [([], 1), (FEW, 1), (MANY, 6)])
def test_a_wrong_number_is_refused(deletions: list[Deletion], number: int) -> None:
    total = sum(one.objects for one in deletions)
    with pytest.raises(PortalError, match=rf"^--delete-count: {number}: must be {total}: .*; nothing was touched$"):
        agree(deletions, yes=True, number=number)


@pytest.mark.parametrize(("percent", "large"), [(0, True), (9, True), (10, False), (100, False)])
def test_the_share_is_the_stack_files(percent: int, large: bool) -> None:
    if large:
        with pytest.raises(PortalError, match="--delete-count"):
            agree(FEW, percent, yes=True)
    else:
        agree(FEW, percent, yes=True)


def test_somebody_at_a_terminal_answers(answers: list[object]) -> None:
    answers += [True, 5]
    agree(FEW)
    agree(MANY, yes=True)
    assert answers == []


def test_somebody_at_a_terminal_declines(answers: list[object]) -> None:
    answers += [False, 4]
    with pytest.raises(PortalError, match=r"^not agreed: nothing was touched$"):
        agree(FEW)
    with pytest.raises(PortalError, match=r"^the number: 4: must be 5: "):
        agree(MANY)


def test_the_way_back_begins_before_the_first_deletion() -> None:
    command = "portal restore s3://b --since 2026-01-31T18:00:01Z"
    assert deletion.way_back(MANY, ROOT) == f"to bring back what is deleted: {command}"
