"""Kills an update at chosen points, each in an `up` of its own: the next of them that is reached."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from localcloud.kubernetes.client import ApiError
from localcloud.server.call import Call, Outcome
from tests.journey.conftest import STACKS
from tests.journey.in_cluster import inside
from tests.journey.killing import kill

LOOK_SECONDS: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class Point:
    """``reached``: an operation that AWS has carried out (``eks.CreateCluster``), or the path of an object in the
    cluster."""

    reached: str
    victim: str


@dataclass
class Points:
    """Those that are left. One whose moment passes while another's victim dies is not left either."""

    stack: str
    left: list[Point]
    pid: int = 0
    killed: list[Point] = field(default_factory=list[Point])
    carried_out: Counter[str] = field(default_factory=Counter[str])
    """How often AWS has carried out each operation of a point."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _dead: bool = False

    def __post_init__(self) -> None:
        self._operations = frozenset(one.reached for one in self.left if not one.reached.startswith("/"))
        self.services = tuple({one.partition(".")[0] for one in self._operations})

    def __call__(self, call: Call, outcome: Outcome) -> None:
        operation = f"{call.service}.{call.operation}"
        if outcome.status < 400 and call.caller.account_id == STACKS[self.stack] and operation in self._operations:
            self.carried_out[operation] += 1
            self._reach(operation)

    @contextmanager
    def one_update(self) -> Generator[None]:
        """In which one of them is the end."""
        self._dead, ended = False, threading.Event()
        looking = threading.Thread(target=self._look, args=(ended,), daemon=True)
        looking.start()
        yield
        ended.set()
        looking.join()

    def _look(self, ended: threading.Event) -> None:
        while not ended.wait(LOOK_SECONDS):
            for point in [one for one in self.left if one.reached.startswith("/")]:
                client = inside(STACKS[self.stack])
                try:
                    if client and client.get(point.reached):
                        self._reach(point.reached)
                except ApiError:
                    continue

    def _reach(self, what: str) -> None:
        with self._lock:
            reached = [one for one in self.left if one.reached == what]
            for point in reached:
                self.left.remove(point)
                if not self._dead and kill(self.pid, point.victim):
                    self._dead = True
                    self.killed.append(point)
