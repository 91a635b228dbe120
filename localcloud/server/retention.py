"""What has ended is dropped once AWS would have dropped it, so that a server's memory does not grow for ever.

Services register with :func:`drops` what they drop, and ask :func:`over` whether its time has come. Times are AWS's
own: one day lasts ``RETENTION.factor`` real days (1 unless LOCALCLOUD_RETENTION_SCALE says otherwise, or
``PUT /_localcloud/retention`` with ``{"scale": 0.001}``), whatever a second of waiting lasts.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from .control import Answer, Request, route
from .timescale import Scale
from .workers import Worker

LOG = logging.getLogger(__name__)
LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS = 60.0, 0.5
PAUSE = timedelta(hours=1)
"""Between two looks, in AWS's time."""
RETENTION = Scale(float(os.environ.get("LOCALCLOUD_RETENTION_SCALE") or "1"))
_DROPS: list[Callable[[], None]] = []
_LOOK = threading.Event()


def drops(function: Callable[[], None]) -> Callable[[], None]:
    """Registers what drops what is over, of one service. It takes the locks that it needs itself."""
    _DROPS.append(function)
    return function


def over(ended: datetime, kept: timedelta) -> bool:
    """Whether AWS has dropped by now what ended then and is kept so long."""
    return (datetime.now(UTC) - ended).total_seconds() > kept.total_seconds() * RETENTION.factor


def drop() -> None:
    """Drops everything that is over. What fails is logged, and stops no other."""
    for function in _DROPS:
        try:
            function()
        except Exception:
            LOG.exception("%s", function.__module__)


def _step() -> None:
    pause = PAUSE.total_seconds() * RETENTION.factor
    _LOOK.wait(min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, pause)))
    _LOOK.clear()
    drop()


WORKER = Worker("retention", _step)


@route("retention")
def control(request: Request) -> Answer:
    """GET the factor; PUT or POST ``{"scale": 0.01}`` to change it."""
    if request.method in ("PUT", "POST"):
        RETENTION.factor = float(request.body["scale"])
        _LOOK.set()
    elif request.method != "GET":
        return 405, {"message": "GET, PUT or POST"}
    return 200, {"scale": RETENTION.factor}
