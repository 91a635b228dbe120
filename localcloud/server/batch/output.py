"""What a job prints, on its way to CloudWatch Logs: line by line, in few calls.

AWS facts: the awslogs driver writes stdout and stderr to one stream, a line an event; a call takes at most 10,000
events, a line at most 256 KiB.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Callable
from typing import IO

LOG = logging.getLogger(__name__)
FLUSH_SECONDS = 0.1
LONGEST_LINE = 256 * 1024 - 26
MOST_EVENTS = 1000
LAST_WORDS_SECONDS = 2

Write = Callable[[list[tuple[int, str]]], None]
"""Takes lines with the epoch milliseconds of their arrival. May raise nothing."""


class Output:
    """Reads a pipe in a thread until it ends or :meth:`close` gives up on it."""

    def __init__(self, write: Write, see: Callable[[str], None] | None) -> None:
        self._write, self._see = write, see
        self._lines: list[tuple[int, str]] = []
        self._rest = b""
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def read(self, pipe: IO[bytes]) -> None:
        self._thread = threading.Thread(target=self._run, args=(pipe,), daemon=True, name="job-output")
        self._thread.start()

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
            if self._see is not None:
                self._see(text)
            if text:  # CloudWatch Logs takes no empty message
                self._lines.append((now, text))

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        for start in range(0, len(lines), MOST_EVENTS):
            try:
                self._write(lines[start : start + MOST_EVENTS])
            except Exception:
                LOG.exception("a job's output could not be logged")
