"""What may happen to a job, and what a run must come to for it: a table of its own, not read off the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HALF = {"after_marker": "half"}
TERM = {"kind": "reclaimed", "signal": "SIGTERM", "grace_seconds": 100_000, **HALF}


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a job ends for a fault. ``fault``: as the control endpoint takes it; empty: none."""

    fault: Mapping[str, Any] = field(default_factory=dict[str, Any])
    error: str = ""
    """The execution's error name if nothing follows; empty: the job succeeds."""
    lost: bool = False
    """The machine is to blame, not the job: on spot the run goes on, on demand."""
    attempts: int | None = 1
    """Of the job; None: it never became a job."""
    anywhere: bool = True
    """It may meet a job on demand too."""

    @property
    def holds(self) -> bool:
        """The fault strikes in the middle of the program."""
        return self.fault.get("after_marker") is not None


def _exit(code: int, error: str, *, lost: bool = False) -> Ending:
    return Ending(fault={"kind": "exit", "exit_code": code}, error=error, lost=lost)


ENDINGS: Mapping[str, Ending] = {
    "well": Ending(),
    "slow": Ending(fault={"kind": "slow", "seconds": 5}),
    "reclaimed": Ending(fault={"kind": "reclaimed", **HALF}, error="HostReclaimed", lost=True),
    "reclaimed-told": Ending(fault={**TERM, "report": "host"}, error="HostReclaimed", lost=True),
    "reclaimed-hidden": Ending(fault={**TERM, "report": "program"}, error="Interrupted", lost=True),
    "host-lost": Ending(fault={"kind": "host_lost", **HALF}, error="HostReclaimed", lost=True),
    "no-capacity": Ending(fault={"kind": "no_capacity"}, error="NoCapacity", lost=True, attempts=0, anywhere=False),
    "memory": Ending(fault={"kind": "out_of_memory"}, error="OutOfMemory"),
    "memory-halfway": Ending(fault={"kind": "out_of_memory", **HALF}, error="OutOfMemory"),
    "exit-1": _exit(1, "UncaughtError"),
    "exit-2": _exit(2, "UncaughtError"),
    "exit-127": _exit(127, "UncaughtError"),
    "exit-255": _exit(255, "UncaughtError"),
    "exit-137": _exit(137, "OutOfMemory"),
    "exit-143": _exit(143, "Interrupted", lost=True),
    "image": Ending(fault={"kind": "image_pull"}, attempts=2),
    "image-on": Ending(fault={"kind": "image_pull", "times": -1}, error="ImagePullFailed", attempts=3),
    "docker": Ending(fault={"kind": "image_pull", "message": "DockerTimeoutError: Could not start"}, attempts=2),
    "throttled": Ending(fault={"kind": "throttled", "times": 3}),
    "throttled-on": Ending(fault={"kind": "throttled", "times": -1}, error="Throttled", attempts=None),
    "service": Ending(fault={"kind": "service_error", "times": 2}),
    "service-on": Ending(fault={"kind": "service_error", "times": -1}, error="ServiceError", attempts=None),
}


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a run comes to. Attempts of its job in each queue; None: it has no job there."""

    error: str
    spot: int | None
    on_demand: int | None

    @property
    def markers(self) -> int:
        return 0 if self.error else 1


def expected(first: str, second: str) -> Expected:
    """Of the endings that await a run's job on spot and, if it comes to that, on demand."""
    spot, on_demand = ENDINGS[first], ENDINGS[second]
    if not spot.lost:
        return Expected(error=spot.error, spot=spot.attempts, on_demand=None)
    return Expected(error=on_demand.error, spot=spot.attempts, on_demand=on_demand.attempts)
