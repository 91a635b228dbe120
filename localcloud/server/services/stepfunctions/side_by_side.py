"""Branches that run side by side, as many at a time as allowed, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from .failures import Stopped
from .tokens import Token

Work = Callable[[Token], Any]
MOST_THREADS = 400


class Failed(Exception):  # noqa: N818 - carries what a branch failed with
    def __init__(self, index: int, error: Exception) -> None:
        super().__init__(str(error))
        self.index, self.error = index, error


class _Branches:
    def __init__(self, parent: Token, works: Sequence[Work]) -> None:
        self.token = parent.child()
        self.works, self.results = works, [None] * len(works)
        self.lock = threading.Lock()
        self.following = 0
        self.failed: Failed | None = None

    def run(self) -> None:
        while True:
            with self.lock:
                index = self.following
                if self.failed is not None or index >= len(self.works):
                    return
                self.following += 1
            token = self.token.child()
            try:
                self.results[index] = self.works[index](token)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the branch's end
                self.fail(index, error)
            finally:
                token.release()

    def fail(self, index: int, error: Exception) -> None:
        with self.lock:
            if self.failed is None:
                self.failed = Failed(index, error)
        self.token.cancel()


def run_side_by_side(parent: Token, works: Sequence[Work], limit: int = 0) -> list[Any]:
    """The results in order. The first failure stops the others and is raised once they have ended.

    ``limit`` 0 is none. Raises what a work raised: StateFailure, Stopped or ExecutionTimeout.
    """
    branches = _Branches(parent, works)
    count = min(len(works), limit or MOST_THREADS, MOST_THREADS)
    threads = [threading.Thread(target=branches.run, daemon=True, name="states-branch") for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    branches.token.release()
    if branches.failed is not None:
        if isinstance(branches.failed.error, Stopped):
            parent.check()
        raise branches.failed.error
    return branches.results
