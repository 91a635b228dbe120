"""Health checks: each target of a group that a load balancer uses is asked over HTTP, again and again.

AWS facts (user guide, "Health checks for your target groups"): a new target is healthy after one success, one that was
unhealthy after as many as the threshold; it is unhealthy after as many failures as the other threshold. A target times
out if security groups or network policies keep the load balancer away from it. Intervals are on the local time scale,
but no shorter than :data:`LEAST_INTERVAL`; what a target may take is no shorter than :data:`LEAST_TIMEOUT`, since
programs are not faster here.
"""

from __future__ import annotations

import http.client
import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Final

from localcloud.kubernetes.addresses import loopback
from localcloud.server.timescale import SCALE
from localcloud.server.workers import Worker

from . import groups, store
from .store import Target, TargetGroup
from .target_groups import matches

LOG = logging.getLogger(__name__)
LEAST_INTERVAL: Final = 0.25
LEAST_TIMEOUT: Final = 2.0
_AT_ONCE: Final = 8
_changed = threading.Event()


def port(group: TargetGroup, target: Target) -> int:
    """Where a target is checked."""
    given = str(group.health_check["HealthCheckPort"])
    return target.port if given == "traffic-port" else int(given)


def wake() -> None:
    """There may be something new to check."""
    if any(group.targets for group in list(store.TARGET_GROUPS.values())):
        _worker.start()
    _changed.set()


def _step() -> None:
    """Begins the checks that are due, and waits for the next one or for a change."""
    _changed.clear()
    due, left = _due(time.monotonic())
    for group, target in due:
        _pool.submit(_check, group, target).add_done_callback(_tell)
    _changed.wait(left)


def _tell(check: Future[None]) -> None:
    """Of a check that did not come to its end."""
    if not check.cancelled() and (error := check.exception()) is not None:
        LOG.error("a health check", exc_info=error)


def _due(now: float) -> tuple[list[tuple[TargetGroup, Target]], float | None]:
    """The targets to check now, and the seconds until the next; None: nothing is checked."""
    due: list[tuple[TargetGroup, Target]] = []
    next_in: list[float] = []
    with store.LOCK:
        for group in store.TARGET_GROUPS.values():
            if not group.targets or not store.load_balancers_of(group):
                continue
            interval = max(SCALE.real(group.health_check["HealthCheckIntervalSeconds"]), LEAST_INTERVAL)
            for target in group.targets.values():
                left = 0.0 if target.checked is None else target.checked + interval - now
                if left <= 0:
                    target.checked = now
                    due.append((group, target))
                next_in.append(left if left > 0 else interval)
    return due, min(next_in, default=None)


def _check(group: TargetGroup, target: Target) -> None:
    """Asks one target, and notes what became of it."""
    fault = None
    try:
        status = _asked(group, target)
    except TimeoutError:
        fault = ("Target.Timeout", "Request timed out")
    except (OSError, http.client.HTTPException):
        fault = ("Target.FailedHealthChecks", "Health checks failed")
    else:
        if not matches(group.health_check["Matcher"]["HttpCode"], status):
            fault = ("Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]")
    with store.LOCK:
        _note(group, target, fault)


def _asked(group: TargetGroup, target: Target) -> int:
    """The status that a target answers with. Raises OSError or HTTPException."""
    number = port(group, target)
    if not _reached(group, target, number):
        raise TimeoutError
    timeout = max(SCALE.real(group.health_check["HealthCheckTimeoutSeconds"]), LEAST_TIMEOUT)
    connection = http.client.HTTPConnection(loopback(target.address), number, timeout=timeout)
    with closing(connection):
        headers = {"Host": f"{target.address}:{number}", "User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}
        connection.request("GET", group.health_check["HealthCheckPath"], headers=headers)
        return connection.getresponse().status


def _reached(group: TargetGroup, target: Target, number: int) -> bool:
    """Whether the load balancer gets through, from each of its addresses."""
    users = [store.LOAD_BALANCERS[arn] for arn in store.load_balancers_of(group) if arn in store.LOAD_BALANCERS]
    return all(
        groups.may_reach(one, source, target.address, number) for one in users for source in groups.addresses(one)
    )


def _note(group: TargetGroup, target: Target, fault: tuple[str, str] | None) -> None:
    check = group.health_check
    if fault is None:
        target.successes, target.failures = target.successes + 1, 0
        enough = target.state == "initial" or target.successes >= check["HealthyThresholdCount"]
        if enough:
            target.state, target.reason, target.description = "healthy", "", ""
        return
    target.successes, target.failures = 0, target.failures + 1
    if target.failures >= check["UnhealthyThresholdCount"]:
        target.state, (target.reason, target.description) = "unhealthy", fault
    elif target.state == "initial":
        target.reason = "Elb.InitialHealthChecking"
        target.description = "Initial health checks in progress"


_worker = Worker("elbv2-health", _step)
_pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="elbv2-check")
