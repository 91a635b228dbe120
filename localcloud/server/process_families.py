"""Which processes belong to a child, exactly: nobody else's is ever measured or ended.

A member is a process of the child's session, one with the child's mark in its environment, one whose session has such
a process, a descendant of any of these, and one that was any of these before (it may have left the session, cleared
its environment and lost its parent since). Processes are ``psutil.Process`` objects: their identity is the pid with
the time of its creation, so a pid that the system gave to somebody else is no member. A session's number is not given
away while a process of it lives.

What escapes: a program that clears its environment, leaves the session and ends its parent, all between two looks.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil

LOG = logging.getLogger(__name__)
MARK_VARIABLE = "LOCALCLOUD_CHILD"
END_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.01
MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A process that was there when the table was read. ``ended``: it only waits for its parent to ask for its code."""

    process: psutil.Process
    parent: int
    session: int
    ended: bool


Table = dict[int, Entry]


def process_table() -> Table:
    """Every process that can be seen, by pid."""
    return {entry.process.pid: entry for entry in _entries()}


def _entries() -> Iterator[Entry]:
    for known in psutil.process_iter():
        for process in (known, None):  # ``known`` may be an earlier process of that pid: then read again
            with suppress(psutil.Error, OSError):
                yield _entry(process or psutil.Process(known.pid))
                break


def _entry(process: psutil.Process) -> Entry:
    with process.oneshot():
        return Entry(
            process=process,
            parent=process.ppid(),  # raises NoSuchProcess if the pid is another process's by now
            session=os.getsid(process.pid),
            ended=process.status() == psutil.STATUS_ZOMBIE,
        )


class Family:
    """The processes of one child, or of all whose mark begins with ``mark`` if no ``root`` is given.

    Raises ValueError for no mark: every process would have it.
    """

    def __init__(self, mark: str, root: psutil.Process | None = None) -> None:
        if not mark:
            raise ValueError("the mark of a child's processes is empty")
        self._mark, self._root = mark, root
        self._lock = threading.Lock()
        self.known: set[psutil.Process] = {root} if root else set()
        """Members at the last look."""

    def members(self, table: Table, *, by_environment: bool = False) -> set[psutil.Process]:
        """Who of the table belongs to it. To look for the mark in each environment is the slow part."""
        with self._lock:
            sessions = self._sessions(table, by_environment=by_environment)
            members = {one.process for one in table.values() if one.session in sessions or one.process in self.known}
            size = 0
            while size < len(members):
                size = len(members)
                members |= {one.process for one in table.values() if _parent(one, table) in members}
            self.known = members
            return set(members)

    def _sessions(self, table: Table, *, by_environment: bool) -> set[int]:
        sessions: set[int] = set()
        if self._root is not None:
            leader = table.get(self._root.pid)
            if leader is None or leader.process == self._root:
                sessions.add(self._root.pid)
        if by_environment:
            sessions |= {entry.session for entry in table.values() if _mark(entry.process).startswith(self._mark)}
        return sessions

    def memory_mib(self, table: Table) -> float:
        """Resident memory of all of them together."""
        total = 0
        for process in self.members(table):
            with suppress(psutil.Error):
                total += process.memory_info().rss
        return total / MIB

    def kill(self) -> bool:
        """SIGKILL to each, once. Answers whether there was any that had not ended."""
        table = process_table()
        members = self.members(table, by_environment=True)
        for process in sorted(members, key=lambda one: (one != self._root, one.pid)):  # parents tell of killed children
            with suppress(psutil.Error):
                process.kill()
        return any(not table[process.pid].ended for process in members)

    def end(self) -> None:
        """SIGKILL until none is left, also of those that are started meanwhile."""
        deadline = time.monotonic() + END_SECONDS
        while self.kill():
            if time.monotonic() > deadline:
                LOG.error("still there after %.0f s of SIGKILL: %s", END_SECONDS, sorted(p.pid for p in self.known))
                return
            time.sleep(LOOK_AGAIN_SECONDS)


def _parent(entry: Entry, table: Table) -> psutil.Process | None:
    parent = table.get(entry.parent)
    return parent.process if parent else None


def _mark(process: psutil.Process) -> str:
    with suppress(psutil.Error, OSError):
        return process.environ().get(MARK_VARIABLE, "")
    return ""
