"""Events on their way to a bus: those of the AWS services here, and those that callers put.

Services change under locks of their own, while delivery makes calls, so events wait here in the order in which they
were published and one thread delivers them.
"""

from __future__ import annotations

import logging
import queue
from typing import Any

from localcloud.server.control import on_reset
from localcloud.server.workers import Worker

LOG = logging.getLogger(__name__)


class _Outbox:
    def __init__(self) -> None:
        self.waiting: queue.Queue[tuple[str, str, str, dict[str, Any]]] = queue.Queue()
        self.worker = Worker("events-outbox", self._deliver)

    def add(self, account: str, region: str, bus: str, event: dict[str, Any]) -> None:
        self.waiting.put((account, region, bus, event))
        self.worker.start()

    def _deliver(self) -> None:
        from .bus import put

        account, region, bus, event = self.waiting.get()
        try:
            put(account, region, bus, event)
        except Exception:
            LOG.exception("%s of %s in %s was not delivered", event["detail-type"], event["source"], account)
        finally:
            self.waiting.task_done()


_OUTBOX = _Outbox()


def publish(
    account: str, region: str, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
) -> None:
    """Puts an AWS service's event on the default bus. ``detail`` must not be changed afterwards."""
    from .message import envelope

    send(account, region, "default", envelope(account, region, source, detail_type, detail, resources))


def send(account: str, region: str, bus: str, event: dict[str, Any]) -> None:
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
