"""The instances of a compute environment end, or are replaced by an update, with the jobs on them."""

from __future__ import annotations

import threading

from localcloud.server.timescale import SCALE

from . import attempts, fleet
from .model import LOCK, ComputeEnvironment, now_ms
from .placement import tasks
from .texts import host_terminated


def end_hosts(environment: ComputeEnvironment, before: int | None = None) -> None:
    """The compute environment's instances end, with the jobs on them (those that started before a time)."""
    for job in tasks(environment):
        attempt = job.current
        if attempt is not None and (before is None or (attempt.started_at or 0) <= before):
            attempts.lose_host(job, host_terminated(attempt.instance_id))


def replace_hosts(environment: ComputeEnvironment) -> None:
    """An update of the infrastructure: jobs that run have the time of the update policy, others go to new instances."""
    fleet.drain_all(environment)
    if environment.update_policy["terminateJobsOnUpdate"]:
        end_hosts(environment)
        return
    seconds = SCALE.real(60 * environment.update_policy["jobExecutionTimeoutMinutes"])
    begun = now_ms()

    def over() -> None:
        with LOCK:
            end_hosts(environment, before=begun)

    timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), over)
    timer.daemon = True
    timer.start()
