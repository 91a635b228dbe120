"""Waiting for AWS, and for what must be done however a drill ends."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from portal.errors import PortalError

FIRST_SECONDS, LONGEST_SECONDS = 0.25, 15.0
PATIENCE_SECONDS = 3600.0
"""For one step: a restored cluster takes some minutes, a large one with much to recover more."""
T = TypeVar("T")
_ENDING = (signal.SIGTERM, signal.SIGHUP)


def wait_for(what: str, look: Callable[[], T | None], wait: Callable[[float], object] = time.sleep) -> T:
    """The first answer that is not None; looks follow each other quickly at first. Raises PortalError."""
    seconds, deadline = FIRST_SECONDS, time.monotonic() + PATIENCE_SECONDS
    while (answer := look()) is None:
        if time.monotonic() > deadline:
            raise PortalError(f"{what}: not within {PATIENCE_SECONDS / 60:.0f} minutes")
        wait(seconds)
        seconds = min(seconds * 2, LONGEST_SECONDS)
    return answer


@contextmanager
def interruptible() -> Generator[None]:
    """A request to end is a KeyboardInterrupt, as Ctrl-C is: what has to be removed is removed before the end."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {one: signal.signal(one, interrupt) for one in _ENDING}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def uninterruptible() -> Generator[None]:
    """Goes on whoever asks it to end, but for SIGKILL."""
    signals = (signal.SIGINT, *_ENDING)
    before = {one: signal.signal(one, signal.SIG_IGN) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
