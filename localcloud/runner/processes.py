"""
A command in a process group of its own that ends whole: with its command, on demand, or with the runner.

A container takes everything inside with it when it ends; a process leaves its children behind. So each command runs
in a group led by a guard, a shell that waits on a pipe of the runner: when the runner is killed, however hard, the
pipe closes and the guard kills the group. A program that leaves its process group (a daemon) escapes.

Memory is what the kernel's out-of-memory killer would count: the resident memory of the command and all its
descendants. It is looked at a few times a second; a peak between two looks is found afterwards in the kernel's own
record (`ru_maxrss`), which is of the largest single process. An address-space limit (RLIMIT_AS) would not do: numpy
and its like reserve far more than they use.
"""

import contextlib
import os
import re
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from localcloud.runner import exits

GUARD = "trap '' TERM INT HUP; read -r line; kill -KILL 0"
GRACE_SECONDS = 5.0
LOOK_SECONDS = (0.02, 0.25)  # at the start and later: short commands end soon, long ones need no haste
KIB = 1024 if os.uname().sysname == "Linux" else 1  # the unit of ru_maxrss


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run. `memory_limit` in bytes, None for no limit; output is appended to the two files."""

    arguments: list[str]
    directory: Path
    environment: Mapping[str, str]
    stdout: Path
    stderr: Path
    memory_limit: int | None = None


@dataclass(frozen=True)
class Ended:
    """How a command ended. `status` is 128 + n if signal n ended it, 137 if it used more memory than it may."""

    status: int
    over_memory: bool = False


def run(command: Command, stopping: Callable[[], bool], look: Callable[[], None]) -> Ended:
    """Run a command to its end, calling `look` a few times a second; it is told to end once `stopping` says so."""
    own_peak = _own_peak()
    with contextlib.ExitStack() as cleanup:
        stdout = cleanup.enter_context(command.stdout.open("ab"))
        stderr = cleanup.enter_context(command.stderr.open("ab"))
        guard = subprocess.Popen(["/bin/sh", "-c", GUARD], stdin=subprocess.PIPE, process_group=0)
        cleanup.callback(_end_group, guard)
        process = subprocess.Popen(
            command.arguments,
            cwd=command.directory,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            process_group=guard.pid,
        )
        peak = _wait(process, guard.pid, command.memory_limit, stopping, look)
    limit = command.memory_limit
    if limit is not None and (peak.seen > limit or peak.recorded > max(limit, own_peak)):
        return Ended(exits.OUT_OF_MEMORY, over_memory=True)
    return Ended(process.returncode if process.returncode >= 0 else 128 - process.returncode)


@dataclass
class _Peak:
    """The most memory in bytes: of all processes as seen, of the largest one as the kernel recorded."""

    seen: int = 0
    recorded: int = 0


def _wait(
    process: subprocess.Popen[bytes],
    group: int,
    limit: int | None,
    stopping: Callable[[], bool],
    look: Callable[[], None],
) -> _Peak:
    peak = _Peak()
    asked: float | None = None
    pause = LOOK_SECONDS[0]
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        look()
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            peak.recorded = usage.ru_maxrss * KIB
            return peak
        if limit is not None:
            peak.seen = max(peak.seen, resident_memory(process.pid))
        if stopping() and asked is None:
            asked = time.monotonic()
            os.killpg(group, signal.SIGTERM)
        if peak.seen > (limit or peak.seen) or (asked is not None and time.monotonic() > asked + GRACE_SECONDS):
            os.killpg(group, signal.SIGKILL)
        time.sleep(pause)
        pause = min(pause * 1.5, LOOK_SECONDS[1])


def _own_peak() -> int:
    """Bytes with which a child's record begins: the most that this program had. `ru_maxrss` would in turn begin with
    that of whoever started this process, which may be large."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)
    assert found is not None, "every process of Linux has one"  # noqa: S101
    return int(found[1]) * 1024


def resident_memory(pid: int) -> int:
    """Bytes of resident memory of a process and its descendants; 0 if it has ended."""
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += member.memory_info().rss
    return total


def _end_group(guard: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):  # the group ended before us
        os.killpg(guard.pid, signal.SIGKILL)
    guard.communicate()
