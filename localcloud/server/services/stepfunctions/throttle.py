"""How fast executions may be started: the token bucket of StartExecution, one an account and region.

Rests on Step Functions' quotas: 1,300 starts at once and 300 more a second in three regions, 800 and 150 elsewhere.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from localcloud.server.call import Call, Refusal
from localcloud.server.control import on_reset
from localcloud.server.timescale import SCALE

from .model import LOCK

LARGE = ("us-east-1", "us-west-2", "eu-west-1")


@dataclass(kw_only=True)
class Bucket:
    """``rate`` is in tokens an AWS second, ``filled`` a moment of the monotonic clock."""

    size: float
    rate: float
    tokens: float
    filled: float

    def take(self) -> bool:
        """Whether there was a token to take."""
        moment = time.monotonic()
        passed, second = moment - self.filled, SCALE.real(1)
        self.tokens = min(self.tokens + passed * self.rate / second, self.size) if second else self.size
        self.filled = moment
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


_BUCKETS: dict[tuple[str, str], Bucket] = {}


def check(call: Call) -> None:
    """Raises Refusal ThrottlingException for a start too many."""
    size, rate = (1300, 300) if call.region in LARGE else (800, 150)
    with LOCK:
        full = Bucket(size=size, rate=rate, tokens=size, filled=time.monotonic())
        if not _BUCKETS.setdefault((call.caller.account_id, call.region), full).take():
            raise Refusal("ThrottlingException", "Rate exceeded")


@on_reset
def forget() -> None:
    with LOCK:
        _BUCKETS.clear()
