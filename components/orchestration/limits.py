"""Numbers that AWS or this program allow an orchestrator: settings and components both check with them."""

from __future__ import annotations

import re
from typing import Final

from ..rules import Bounds

GENERATION: Final = re.compile(r"(spot|overflow|on-demand)-[0-9a-f]{8}")
"""Names of generations: the market, and a digest of all that is said of the machines."""
SCRATCH_GIB: Final = Bounds(30, 16_384)
VCPUS: Final = Bounds(1, 100_000)
OPTIONAL_VCPUS: Final = Bounds(0, 100_000)
"""Of machines that there may be none of."""
WAIT_SECONDS: Final = Bounds(600, 86_400)
"""A queue's time limits; AWS takes no less."""
EXECUTION_SECONDS: Final = 259_200
"""A run ends after this time, its waits included."""
JOB_SECONDS: Final = Bounds(60, EXECUTION_SECONDS)
MOST_QUEUES: Final = 5
"""Targets of an EventBridge rule."""
VISIBILITY_SECONDS: Final = Bounds(0, 43_200)
RECEIVES: Final = Bounds(1, 1_000)
LONGEST_QUEUE_NAME: Final = 80


def generation(value: str) -> str | None:
    """What is wrong with a generation's name; None: nothing."""
    return None if GENERATION.fullmatch(value) else "a name as `portal status` prints it, like spot-0a1b2c3d"
