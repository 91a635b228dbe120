"""Processes that the server runs: started, watched, and ended with the server whatever happens to it.

    child = start(Command(name="cluster a", argv=["postgres", "-D", data], environment={}, directory=data))
    watch(child, lambda memory_mib: ...)    # called many times a second until it has ended
    child.alive, child.pid, child.tail()    # the last lines that it printed
    child.signal(signal.SIGHUP)             # to the program itself
    child.kill()                            # to all that it started, at once; returns without waiting
    code = child.wait()                     # its exit code, once nothing of it runs any more
    code = child.stop(signal.SIGINT, 10)    # asks, waits some seconds, kills, waits

A child has a session and an environment of its own, and is ended whole: with its program, on demand, or with the
server. If the server is killed, its guard (:mod:`.guard`) does it. Which processes are a child's, and that no other is
touched: :mod:`.process_families`.
"""

from __future__ import annotations

import atexit
import functools
import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import psutil

from . import scratch
from .child_output import Output, Write, nowhere
from .process_families import MARK_VARIABLE, Family, process_table
from .workers import Worker

LOG = logging.getLogger(__name__)
TICK_SECONDS = 0.02
MEASURE_SECONDS = 0.5
SHELL_SIGNAL_BASE = 128
NOBODY = "65534"
IN_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")
MARK = secrets.token_hex(16)
"""In the environment of every child of this server, and of whatever it starts."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run. ``environment`` is all that it has, beside the mark.

    ``name`` is for the server's log.
    ``unprivileged``: never as root, which some programs refuse. Where the server is root, the program believes to be
    nobody (in a user namespace, so it can still read and write root's files), or is nobody where there are none.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    unprivileged: bool = False


class Child:
    """A started process and whatever it starts. Made by :func:`start`."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], mark: str, output: Output) -> None:
        self.name, self._popen, self._output = name, popen, output
        self._root = psutil.Process(popen.pid)
        self.family = Family(mark, self._root)
        self._ending = threading.Lock()
        self.ended = False
        """Its exit code was asked for, and nothing of it runs any more."""

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether its program runs."""
        with suppress(psutil.Error):
            return self._root.is_running() and self._root.status() != psutil.STATUS_ZOMBIE
        return False

    def tail(self) -> list[str]:
        """The last lines that it printed."""
        return self._output.tail()

    def wait(self) -> int:
        """The exit code as a container has it (128 + n for signal n), once nothing of it runs any more."""
        code = self._popen.wait()
        with self._ending:
            if not self.ended:
                self.family.end()
                self._output.close()
                self.ended = True
                _WATCHER.remove(self)
                _CHILDREN.discard(self)
        return code if code >= 0 else SHELL_SIGNAL_BASE - code

    def signal(self, number: int) -> None:
        with suppress(psutil.Error):
            self._root.send_signal(number)

    def kill(self) -> None:
        """SIGKILL to every process of it."""
        self.family.kill()

    def stop(self, number: int, seconds: float) -> int:
        """The exit code after that signal, or after SIGKILL if it takes longer."""
        self.signal(number)
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(seconds)
        self.kill()
        return self.wait()


_CHILDREN: set[Child] = set()


def start(command: Command, write: Write = nowhere, see: Callable[[str], None] | None = None) -> Child:
    """Starts it. ``write`` is given what it prints, some lines at a time, ``see`` each line at once.

    Raises OSError if the program is not there or can't be run without being root.
    """
    GUARD.watch()
    mark = f"{MARK}.{secrets.token_hex(8)}"
    output = Output(command.name, write, see)
    popen = subprocess.Popen(
        [*(_unprivileged() if command.unprivileged else ()), *command.argv],
        cwd=command.directory,
        env={**command.environment, MARK_VARIABLE: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    output.read(cast("IO[bytes]", popen.stdout))
    child = Child(command.name, popen, mark, output)
    _CHILDREN.add(child)
    return child


@functools.cache
def _unprivileged() -> Sequence[str]:
    """What stands before a command so that it is not root."""
    if os.geteuid() != 0:
        return ()
    for prefix in (IN_NAMESPACE, AS_NOBODY):
        with suppress(OSError):
            if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
                return prefix
    raise PermissionError("the server is root, and neither unshare nor setpriv can run a program as another user")


class Guard:
    """The process that ends the children when the server is gone. One that ended is replaced at the next start."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None

    def watch(self) -> None:
        with self._lock:
            if self.process is None or self.process.poll() is not None:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "localcloud.server.guard", MARK, str(scratch.own())],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                )


GUARD = Guard()

Check = Callable[[float], None]


class _Watcher:
    """One thread for all children: a check of each many times a second, a measurement of memory less often."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.checks: dict[Child, Check] = {}
        self.some = threading.Event()
        self.measured = 0.0
        self.used: dict[Child, float] = {}
        self.worker = Worker("children-watcher", self._check_children)

    def add(self, child: Child, check: Check) -> None:
        with self.lock:
            if child.ended:
                return
            self.checks[child] = check
            self.some.set()
        self.worker.start()

    def remove(self, child: Child) -> None:
        with self.lock:
            self.checks.pop(child, None)
            if not self.checks:
                self.some.clear()

    def _check_children(self) -> None:
        self.some.wait()
        with self.lock:
            checks = list(self.checks.items())
        if time.monotonic() - self.measured >= MEASURE_SECONDS:
            table = process_table()
            self.used = {child: child.family.memory_mib(table) for child, _ in checks}
            self.measured = time.monotonic()
        for child, check in checks:
            try:
                check(self.used.get(child, 0.0))
            except Exception:
                LOG.exception("watching %s", child.name)
        time.sleep(TICK_SECONDS)


_WATCHER = _Watcher()


def watch(child: Child, check: Check) -> None:
    """Has ``check`` called with the memory in MiB of the child and all that it started, until it has ended."""
    _WATCHER.add(child, check)


@atexit.register
def end_all() -> None:
    """Ends every child of this server."""
    if _CHILDREN:
        everything = Family(MARK)
        everything.known = {process for child in _CHILDREN for process in child.family.known}
        everything.end()
