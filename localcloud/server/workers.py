"""The server's own threads: each repeats its step for ever, whatever comes of one time.

A step that fails is logged, counted, and done again. A thread that ended all the same is replaced when there is work
for it. ``/_localcloud/health`` says of each whether it lives and how often its step failed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

LOG = logging.getLogger(__name__)
PAUSE_SECONDS = 0.1
"""After a failure, so that one that repeats does not take the whole machine."""


class Worker:
    """A thread that repeats a step. The step waits for its work by itself, and says in its errors whose work it was."""

    def __init__(self, name: str, step: Callable[[], None]) -> None:
        self.name, self._step = name, step
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.failures = 0
        WORKERS[name] = self

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def started(self) -> bool:
        return self._thread is not None

    def start(self) -> None:
        """Has it run. Called whenever there is work for it."""
        with self._lock:
            if not self.alive:
                self._thread = threading.Thread(target=self._run, daemon=True, name=self.name)
                self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                self._step()
            except Exception:
                self.failures += 1
                LOG.exception("%s", self.name)
                time.sleep(PAUSE_SECONDS)


WORKERS: dict[str, Worker] = {}
_LISTENERS: dict[str, threading.Thread] = {}


def started(listener: threading.Thread) -> None:
    """A thread that repeats its own step, and should live until :func:`stopped`."""
    _LISTENERS[listener.name] = listener


def stopped(listener: threading.Thread) -> None:
    _LISTENERS.pop(listener.name, None)


def state() -> dict[str, dict[str, Any]]:
    """Of each thread that had work so far: whether it lives, and how often a worker's step failed."""
    workers = {name: worker for name, worker in WORKERS.items() if worker.started}
    return {
        **{name: {"alive": worker.alive, "failures": worker.failures} for name, worker in sorted(workers.items())},
        **{name: {"alive": thread.is_alive()} for name, thread in sorted(_LISTENERS.items())},
    }
