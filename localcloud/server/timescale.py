"""How long AWS's seconds last here.

Waits, timeouts, retry intervals and queue time limits count in AWS seconds; one of them lasts ``SCALE.factor`` real
seconds (1 unless LOCALCLOUD_TIME_SCALE or the control endpoint says otherwise). Timestamps are never scaled.
"""

from __future__ import annotations

import os
import threading

from .control import Answer, Request, route


class Scale:
    """The one factor between AWS's seconds and real ones."""

    def __init__(self, factor: float) -> None:
        self._factor = self._checked(factor)

    @staticmethod
    def _checked(factor: float) -> float:
        if not 0 <= factor <= 1000:
            raise ValueError(f"time scale {factor}: a factor from 0 to 1000 is meant")
        return factor

    @property
    def factor(self) -> float:
        return self._factor

    @factor.setter
    def factor(self, value: float) -> None:
        self._factor = self._checked(value)

    def real(self, seconds: float) -> float:
        """Real seconds of ``seconds`` in AWS, bounded by what a thread may wait for."""
        return min(seconds * self._factor, threading.TIMEOUT_MAX / 2)


VARIABLE = "LOCALCLOUD_TIME_SCALE"
SCALE = Scale(float(os.environ.get(VARIABLE) or "1"))


@route("time")
def control(request: Request) -> Answer:
    """GET the factor; PUT or POST ``{"scale": 0.01}`` to change it."""
    if request.method in ("PUT", "POST"):
        SCALE.factor = float(request.body["scale"])
    elif request.method != "GET":
        return 405, {"message": "GET, PUT or POST"}
    return 200, {"scale": SCALE.factor}
