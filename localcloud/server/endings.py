"""Who waits for the end of a service's work (a job), told without asking again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

_LOCK = threading.Lock()
_WAITING: dict[str, list[tuple[threading.Event, Callable[[], None]]]] = {}
_OVER: list[Callable[[str], bool]] = []


def says_what_is_over(function: Callable[[str], bool]) -> Callable[[str], bool]:
    """Registers how a service is asked whether work with that id has ended; False also for what is none of its own."""
    _OVER.append(function)
    return function


@contextmanager
def waiting(work: str, poke: Callable[[], None]) -> Generator[threading.Event]:
    """An event that is set once the work has ended (or is forgotten); ``poke`` is called then."""
    event = threading.Event()
    entry = (event, poke)
    with _LOCK:
        _WAITING.setdefault(work, []).append(entry)
    if any(over(work) for over in _OVER):
        event.set()
    try:
        yield event
    finally:
        with _LOCK:
            entries = _WAITING.get(work, [])
            if entry in entries:
                entries.remove(entry)
            if not entries:
                _WAITING.pop(work, None)


def ended(work: str) -> None:
    """Tells those who wait."""
    with _LOCK:
        entries = _WAITING.pop(work, [])
    for event, poke in entries:
        event.set()
        poke()


def forget() -> None:
    for work in list(_WAITING):
        ended(work)
