"""Events on their way to a bus: those of the AWS services here, and those that callers put.

Services change under locks of their own, while delivery makes calls, so events wait here in the order in which they
were published and one thread delivers them.
"""

from __future__ import annotations

import logging
import queue
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .control import on_reset
from .workers import Worker

LOG = logging.getLogger(__name__)
Event = dict[str, Any]
Deliver = Callable[[str, str, str, Event], None]
"""Delivers an event that came to an account, region and bus."""


class _Outbox:
    def __init__(self) -> None:
        self.waiting: queue.Queue[tuple[str, str, str, Event]] = queue.Queue()
        self.deliver: Deliver | None = None
        self.worker = Worker("events-outbox", self._deliver)

    def add(self, account: str, region: str, bus: str, event: Event) -> None:
        self.waiting.put((account, region, bus, event))
        self.worker.start()

    def _deliver(self) -> None:
        account, region, bus, event = self.waiting.get()
        try:
            if self.deliver is not None:
                self.deliver(account, region, bus, event)
        except Exception:
            LOG.exception("%s of %s in %s was not delivered", event["detail-type"], event["source"], account)
        finally:
            self.waiting.task_done()


_OUTBOX = _Outbox()


def delivers(function: Deliver) -> Deliver:
    """Registers what delivers events."""
    _OUTBOX.deliver = function
    return function


def publish(
    account: str, region: str, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
) -> None:
    """Puts an AWS service's event on the default bus. ``detail`` must not be changed afterwards."""
    send(account, region, "default", envelope(account, region, source, detail_type, detail, resources))


def envelope(
    account: str, region: str, source: str, detail_type: str, detail: Event, resources: list[str], *, time: str = ""
) -> Event:
    """``time`` is ISO 8601 in UTC; now if it is empty."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": time or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": resources,
        "detail": detail,
    }


def send(account: str, region: str, bus: str, event: Event) -> None:
    """Puts an event, envelope and all, on a bus."""
    _OUTBOX.add(account, region, bus, event)


def settle() -> None:
    """Waits until everything that was published has been delivered."""
    _OUTBOX.waiting.join()


@on_reset
def forget() -> None:
    """Drops what has not been delivered: the accounts that it was for are gone."""
    while True:
        try:
            _OUTBOX.waiting.get_nowait()
        except queue.Empty:
            return
        _OUTBOX.waiting.task_done()
