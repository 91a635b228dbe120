"""The events of an execution, numbered from 1, each with the one before it in its branch.

AWS fact: the history holds 25,000 events; the last of a longer one is ExecutionFailed with States.Runtime.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .failures import RUNTIME, StateFailure

LOG = logging.getLogger(__name__)
MOST_EVENTS = 25_000
TOO_LONG = f"The execution reached the maximum number of history events ({MOST_EVENTS})."

ENDS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")
Event = dict[str, Any]


def details_key(kind: str) -> str:
    """The member that holds an event's details: ``taskFailedEventDetails`` of TaskFailed."""
    if kind.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if kind.endswith("StateExited"):
        return "stateExitedEventDetails"
    if kind.startswith("MapIteration"):
        return f"mapIteration{kind.removeprefix('MapIteration')}EventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


class History:
    """Safe to use from several threads. ``listener`` is told of each event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.events: list[Event] = []
        self.listener: Callable[[Event], None] | None = None
        self.closed = False
        """Whether the execution has ended: what its branches still report then is not of it any more."""

    def add(self, kind: str, previous: int, details: dict[str, Any] | None = None) -> int:
        """The new event's id. Raises StateFailure States.Runtime if there is room for the end alone."""
        with self._lock:
            last = kind.startswith("Execution")
            if len(self.events) >= MOST_EVENTS - 1 and not last:
                raise StateFailure(RUNTIME, TOO_LONG, placed=True)
            if self.closed and not last:
                return previous
            event: Event = {
                "timestamp": datetime.now(UTC),
                "type": kind,
                "id": len(self.events) + 1,
                "previousEventId": previous,
            }
            if details is not None:
                event[details_key(kind)] = {name: value for name, value in details.items() if value is not None}
            self.events.append(event)
            self.closed = kind in ENDS
        if self.listener is not None:
            try:
                self.listener(event)
            except Exception:
                LOG.exception("event %s of an execution was not logged", event["id"])
        return int(event["id"])
