"""What controllers ask of pods."""

from __future__ import annotations

from collections.abc import Iterable

from .. import timing
from ..client import Json
from ..resources import condition, controller_of, is_terminating, is_true, uid_of
from ..timing import Stopwatch

ENDED = ("Succeeded", "Failed")


def is_active(pod: Json) -> bool:
    """Neither ended nor about to be gone."""
    return not is_terminating(pod) and pod.get("status", {}).get("phase") not in ENDED


def is_ready(pod: Json) -> bool:
    return is_true(pod, "Ready")


def active_pods_of(owner: Json, pods: Iterable[Json]) -> list[Json]:
    return [pod for pod in pods if controller_of(pod) == uid_of(owner) and is_active(pod)]


class Availability:
    """Which pods have been ready for as long as minReadySeconds says."""

    def __init__(self) -> None:
        self._ready = Stopwatch()

    def remaining(self, pod: Json, min_ready_seconds: float) -> float | None:
        """Real seconds until it is available: 0 if it is, None if it is not even ready."""
        if not is_ready(pod):
            return None
        return max(timing.scaled(min_ready_seconds) - self._ready.seconds(_readiness(pod)), 0.0)

    def forget_all_but(self, pods: Iterable[Json]) -> None:
        self._ready.keep_only({_readiness(pod) for pod in pods if is_ready(pod)})


def _readiness(pod: Json) -> tuple[str, str]:
    """The pod and since when it is ready: it may have been unready meanwhile."""
    return uid_of(pod), str(condition(pod, "Ready").get("lastTransitionTime", ""))
