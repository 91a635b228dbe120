"""The stacks in any order, from empty."""

from __future__ import annotations

import itertools

import pytest

from tests.journey.conftest import STACKS, Project


@pytest.mark.parametrize("order", list(itertools.permutations(STACKS)), ids="-".join)
def test_the_stacks_come_up_in_any_order(project: Project, order: tuple[str, ...]) -> None:
    for stack in order:
        project.up(stack)
    for stack in STACKS:
        project.up(stack, "--refresh", "--expect-no-changes")
