"""Cancelling and waiting: a tree of tokens, one for an execution and one for each branch under it.

Every wait of an execution is a wait of its token, so that a stop, a timeout or a failure of a sister branch ends it.
"""

from __future__ import annotations

import threading
import time

from localcloud.server.timescale import SCALE

from .failures import Stopped


class ExecutionTimeout(Exception):  # noqa: N818 - the execution's own end, no error of a state
    """The machine's TimeoutSeconds are over."""


class Token:
    """``cancel`` reaches every token made from this one. Safe to use from several threads."""

    def __init__(self, parent: Token | None = None) -> None:
        self._parent = parent
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._cancelled = False
        self._children: list[Token] = []
        self.deadline: float | None = parent.deadline if parent else None

    def child(self) -> Token:
        token = Token(self)
        with self._lock:
            self._children.append(token)
            cancelled = self._cancelled
        if cancelled:
            token.cancel()
        return token

    def release(self) -> None:
        """Ends this branch's place in the tree."""
        if self._parent is not None:
            self._parent.drop(self)

    def drop(self, child: Token) -> None:
        with self._lock:
            self._children = [item for item in self._children if item is not child]

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            children = list(self._children)
        self._changed.set()
        for child in children:
            child.cancel()

    def poke(self) -> None:
        """Something that is waited for may have happened."""
        self._changed.set()

    def expire_in(self, seconds: float) -> None:
        """Sets the execution's deadline, in AWS seconds from now."""
        self.deadline = time.monotonic() + SCALE.real(seconds)

    def check(self) -> None:
        """Raises Stopped or ExecutionTimeout if the branch is to end."""
        if self._cancelled:
            raise Stopped
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise ExecutionTimeout

    def wait(self, until: float | None = None) -> bool:
        """Waits for a poke or until a moment of the monotonic clock; whether there was a poke.

        Raises Stopped or ExecutionTimeout.
        """
        self.check()
        ends = [moment for moment in (until, self.deadline) if moment is not None]
        left = max(min(ends) - time.monotonic(), 0) if ends else None
        poked = self._changed.wait(left)
        self._changed.clear()
        self.check()
        return poked

    def sleep(self, seconds: float) -> None:
        """Sleeps for AWS seconds. Raises Stopped or ExecutionTimeout."""
        until = time.monotonic() + SCALE.real(seconds)
        while time.monotonic() < until:
            self.wait(until)
        self.check()
