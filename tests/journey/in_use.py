"""The types of the resources that the three stacks register."""

from __future__ import annotations

from tests.journey.conftest import STACKS
from tests.unit.conftest import deployed


def types_in_use() -> set[str]:
    """Type tokens of AWS's resources in the recorded graphs of all stacks."""
    return {one.type for stack in STACKS for one in deployed(stack).resources if one.type.startswith("aws:")}
