"""Who waits for a job's end, told without asking again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from .model import LOCK, stores

_WAITING: dict[str, list[tuple[threading.Event, Callable[[], None]]]] = {}


@contextmanager
def waiting(job_id: str, poke: Callable[[], None]) -> Generator[threading.Event]:
    """An event that is set once the job has ended (or is forgotten); ``poke`` is called then."""
    event = threading.Event()
    entry = (event, poke)
    with LOCK:
        job = next((held.jobs[job_id] for held in stores() if job_id in held.jobs), None)
        if job is None or job.finished:
            event.set()
        else:
            _WAITING.setdefault(job_id, []).append(entry)
    try:
        yield event
    finally:
        with LOCK:
            entries = _WAITING.get(job_id, [])
            if entry in entries:
                entries.remove(entry)
            if not entries:
                _WAITING.pop(job_id, None)


def ended(job_id: str) -> None:
    """Tells those who wait. Called under the lock."""
    for event, poke in _WAITING.pop(job_id, []):
        event.set()
        poke()


def forget() -> None:
    for job_id in list(_WAITING):
        ended(job_id)
