"""Numbers that AWS or this program allow an orchestrator: settings and components both check with them."""

from __future__ import annotations

import re
from typing import Final

GENERATION: Final = re.compile(r"(spot|overflow|on-demand)-[0-9a-f]{8}")
"""Names of generations: the market, and a digest of all that is said of the machines."""
LEAST_SCRATCH_GIB, MOST_SCRATCH_GIB = 30, 16_384
SHORTEST_WAIT, LONGEST_WAIT = 600, 86_400
"""Seconds of a queue's time limits; AWS takes no less."""
SHORTEST_JOB = 60
EXECUTION_SECONDS: Final = 259_200
"""A run ends after this time, its waits included."""
MOST_QUEUES: Final = 5
"""Targets of an EventBridge rule."""
LONGEST_VISIBILITY, MOST_RECEIVES = 43_200, 1_000
LONGEST_QUEUE_NAME: Final = 80
