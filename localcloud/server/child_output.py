"""What a child prints, line by line: the last lines are kept, all are passed on in few calls.

AWS facts, for a job's way to CloudWatch Logs: the awslogs driver writes stdout and stderr to one stream, a line an
event; a call takes at most 10,000 events, a line at most 256 KiB.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import IO, TypeVar

LOG = logging.getLogger(__name__)
FLUSH_SECONDS = 0.1
LONGEST_LINE = 256 * 1024 - 26
MOST_EVENTS = 1000
LAST_WORDS_SECONDS = 2
TAIL_LINES, TAIL_LINE_LENGTH = 200, 4096
T = TypeVar("T")

Write = Callable[[list[tuple[int, str]]], None]
"""Takes lines with the epoch milliseconds of their arrival."""


def nowhere(lines: list[tuple[int, str]]) -> None:
    """Of a child whose last lines are all that is wanted."""
    del lines


class Output:
    """Reads a pipe in a thread until it ends or :meth:`close` gives up on it. ``name`` is for the server's log."""

    def __init__(self, name: str, write: Write, see: Callable[[str], None] | None) -> None:
        self._name = name
        self._write, self._see = write, see
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._lines: list[tuple[int, str]] = []
        self._rest = b""
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def read(self, pipe: IO[bytes]) -> None:
        self._thread = threading.Thread(target=self._run, args=(pipe,), daemon=True, name="child-output")
        self._thread.start()

    def tail(self) -> list[str]:
        """The last lines."""
        return list(self._tail)

    def close(self) -> None:
        """Waits until everything that was printed is written; a pipe that somebody still holds is left."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(LAST_WORDS_SECONDS)

    def _run(self, pipe: IO[bytes]) -> None:
        flushed = time.monotonic()
        with pipe:
            while True:
                wait = FLUSH_SECONDS if self._lines or self._closing.is_set() else 1.0
                ready, _, _ = select.select([pipe], [], [], wait)
                chunk = os.read(pipe.fileno(), 65536) if ready else b""
                self._take(chunk)
                if len(self._lines) >= MOST_EVENTS or time.monotonic() - flushed >= FLUSH_SECONDS:
                    self._flush()
                    flushed = time.monotonic()
                if (ready and not chunk) or (self._closing.is_set() and not ready):
                    break
        if self._rest:
            self._take(b"\n")
        self._flush()

    def _take(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        while len(self._rest) > LONGEST_LINE:
            lines.append(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]
        now = int(time.time() * 1000)
        for line in lines:
            text = line.decode("utf-8", "replace").removesuffix("\r")
            self._tail.append(text[:TAIL_LINE_LENGTH])
            if self._see is not None:
                self._tell(self._see, text)
            if text:  # CloudWatch Logs takes no empty message
                self._lines.append((now, text))

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        for start in range(0, len(lines), MOST_EVENTS):
            self._tell(self._write, lines[start : start + MOST_EVENTS])

    def _tell(self, listener: Callable[[T], None], lines: T) -> None:
        """A listener that fails does not end the reading, without which the child would stand still."""
        try:
            listener(lines)
        except Exception:
            LOG.exception("the output of %s is lost in part", self._name)
