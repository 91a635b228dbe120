"""Processes that stand for containers: started in a session of their own, measured together, ended together.

A container's memory is that of all its processes, and its end is the end of them all: descendants are found by parent,
by session, and by the job's id in their environment, so that none outlives its job by leaving the session.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import psutil

from localcloud.server.leftovers import METADATA_VARIABLE

from .environment import Prepared
from .output import Output

LOG = logging.getLogger(__name__)
TICK_SECONDS = 0.02
MEASURE_SECONDS = 0.2
MIB = 1 << 20
SHELL_SIGNAL_BASE = 128


@dataclass(frozen=True, kw_only=True)
class Marker:
    """``seen`` is set once the pattern is found in the output, or a file of that name (a glob) in the directory."""

    pattern: str
    seen: threading.Event

    def look_for_file(self, directory: Path) -> None:
        if not self.seen.is_set():
            with suppress(OSError, ValueError, NotImplementedError):
                if next(directory.rglob(self.pattern), None) is not None:
                    self.seen.set()

    def look_in(self, line: str) -> None:
        with suppress(re.error):  # a glob need not be an expression
            if re.search(self.pattern, line):
                self.seen.set()


class Process:
    """A started process and whatever it starts."""

    def __init__(
        self, popen: subprocess.Popen[bytes], prepared: Prepared, output: Output, marker: Marker | None
    ) -> None:
        self._popen, self._output, self._token = popen, output, prepared.token
        self.directory, self.marker = prepared.directory, marker
        self.family: set[int] = {popen.pid}

    @property
    def pid(self) -> int:
        return self._popen.pid

    def wait(self) -> int:
        """The exit code as a container has it (128 + n for signal n), once nothing of it runs any more."""
        code = self._popen.wait()
        unwatch(self)
        self.kill()
        self._output.close()
        return code if code >= 0 else SHELL_SIGNAL_BASE - code

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self._popen.pid, number)

    def kill(self) -> None:
        """SIGKILL to every process of the job."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        for pid in self.family - {self._popen.pid}:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for process in psutil.process_iter(["pid"]):
            with suppress(psutil.Error):
                if process.environ().get(METADATA_VARIABLE, "").endswith(self._token):
                    process.kill()


def start(prepared: Prepared, marker: Marker | None) -> Process:
    """Raises OSError if the program is not there."""
    output = Output(prepared.logs, marker.look_in if marker else None)
    popen = subprocess.Popen(
        list(prepared.argv),
        cwd=prepared.directory,
        env=dict(prepared.variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    output.read(cast("IO[bytes]", popen.stdout))
    return Process(popen, prepared, output, marker)


Check = Callable[[Any, float], None]


class _Watcher:
    """One thread for all processes: a check of each many times a second, a measurement of memory less often."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.watched: dict[int, tuple[Process, Any, Check]] = {}
        self.some = threading.Event()
        self.thread: threading.Thread | None = None

    def add(self, process: Process, owner: Any, check: Check) -> None:
        with self.lock:
            self.watched[process.pid] = (process, owner, check)
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, daemon=True, name="batch-watcher")
                self.thread.start()
        self.some.set()

    def remove(self, process: Process) -> None:
        with self.lock:
            self.watched.pop(process.pid, None)
            if not self.watched:
                self.some.clear()

    def _run(self) -> None:
        measured = 0.0
        used: dict[int, float] = {}
        while True:
            self.some.wait()
            with self.lock:
                watched = list(self.watched.values())
            if time.monotonic() - measured >= MEASURE_SECONDS:
                used = _memory([item[0] for item in watched])
                measured = time.monotonic()
            for process, owner, check in watched:
                if process.marker is not None:
                    process.marker.look_for_file(process.directory)
                try:
                    check(owner, used.get(process.pid, 0.0))
                except Exception:
                    LOG.exception("watching process %s", process.pid)
            time.sleep(TICK_SECONDS)


_WATCHER = _Watcher()


def watch(running: Any, check: Check) -> None:
    """Has ``check`` called with the attempt and its memory in MiB until its process has ended."""
    _WATCHER.add(running.process, running, check)


def unwatch(process: Process) -> None:
    _WATCHER.remove(process)


def _memory(processes: Sequence[Process]) -> dict[int, float]:
    """MiB in use by each process with all its descendants. Adds what it sees to each one's family."""
    parents: dict[int, int] = {}
    sizes: dict[int, float] = {}
    for process in psutil.process_iter(["ppid", "memory_info"]):
        info: dict[str, Any] = process.info  # pyright: ignore[reportAttributeAccessIssue]  # set by process_iter
        parents[process.pid] = info["ppid"] or 0
        sizes[process.pid] = info["memory_info"].rss / MIB if info["memory_info"] else 0.0
    roots = {pid: process for process in processes for pid in process.family}
    used = dict.fromkeys((process.pid for process in processes), 0.0)
    for pid, size in sizes.items():
        ancestor = pid
        while ancestor not in roots and parents.get(ancestor, 0) > 1:
            ancestor = parents[ancestor]
        if ancestor in roots:
            roots[ancestor].family.add(pid)
            used[roots[ancestor].pid] += size
    return used
