"""Timestamps as Kubernetes writes them, and how long its seconds last here.

Kubernetes' waits follow the local cloud's time scale. What a program does takes its own time at any scale, so whatever
gives a program time to start or to end lasts at least :data:`PROGRAM_SECONDS`, or its own length if that is shorter.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from datetime import UTC, datetime

from localcloud.server.timescale import SCALE

PROGRAM_SECONDS = 30.0
"""As long as a program's start takes on a machine that is busy."""
SHORTEST_RETRY = 0.25


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def scaled(seconds: float, at_least: float = 0.0) -> float:
    """Real seconds of a wait. ``at_least``: for what repeats, so that a small scale does not take the machine."""
    return max(SCALE.real(seconds), at_least)


def for_a_program(seconds: float) -> float:
    """Real seconds that a program has to do something."""
    return max(SCALE.real(seconds), min(seconds, PROGRAM_SECONDS))


class Stopwatch:
    """Since when something has been so, more exactly than timestamps of whole seconds say."""

    def __init__(self) -> None:
        self._since: dict[Hashable, float] = {}

    def seconds(self, key: Hashable) -> float:
        """Real seconds since the first call with that key."""
        began = self._since.setdefault(key, time.monotonic())
        return time.monotonic() - began

    def __contains__(self, key: Hashable) -> bool:
        return key in self._since

    def restart(self, key: Hashable) -> None:
        self._since[key] = time.monotonic()

    def keep_only(self, keys: set[Hashable]) -> None:
        """Forgets every other key."""
        self._since = {key: began for key, began in self._since.items() if key in keys}
