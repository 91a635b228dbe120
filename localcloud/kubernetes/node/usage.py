"""CPU and memory that a container's processes use, measured when they are asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

SHORTEST_MEASUREMENT = 0.5
"""Real seconds over which CPU time is measured at least."""


class Meter:
    """Of one container through its restarts."""

    def __init__(self) -> None:
        self._pid, self._since, self._cpu_seconds = 0, 0.0, 0.0
        self._last: dict[str, float] | None = None

    def read(self, pid: int) -> dict[str, float] | None:
        """``cpu`` in cores since the reading before, ``memory`` in bytes; None at the first reading of a process."""
        cpu_seconds, memory = 0.0, 0
        for process in family(pid):
            with suppress(psutil.Error):
                times = process.cpu_times()
                cpu_seconds += times.user + times.system
                memory += process.memory_info().rss
        moment = time.monotonic()
        if pid != self._pid:
            self._pid, self._since, self._cpu_seconds, self._last = pid, moment, cpu_seconds, None
        elif moment - self._since >= SHORTEST_MEASUREMENT:
            cores = max(cpu_seconds - self._cpu_seconds, 0.0) / (moment - self._since)
            self._last = {"cpu": cores, "memory": float(memory)}
            self._since, self._cpu_seconds = moment, cpu_seconds
        return self._last


def family(pid: int) -> Iterator[psutil.Process]:
    """A process and what it started, by Linux's own list of children: other processes are not looked at."""
    with suppress(psutil.Error):
        yield psutil.Process(pid)
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def memory_of(pid: int) -> int:
    """Resident bytes of a process and of what it started."""
    total = 0
    for process in family(pid):
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total
