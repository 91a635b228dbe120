"""The stacks in any order, from empty."""

from __future__ import annotations

import itertools
from typing import Final

import pytest

from tests.journey.conftest import STACKS, Project, jobs_alone

WHOLE: Final = tuple(reversed(STACKS))
"""The order in which they come with all that they have; what serves is no matter of another stack."""


@pytest.mark.parametrize("order", list(itertools.permutations(STACKS)), ids="-".join)
def test_the_stacks_come_up_in_any_order(project: Project, order: tuple[str, ...]) -> None:
    if order != WHOLE:
        for stack in ("dev", "prod"):
            project.change(stack, jobs_alone)
    for stack in order:
        project.up(stack)
    for stack in STACKS:
        project.up(stack, "--refresh", "--expect-no-changes")
