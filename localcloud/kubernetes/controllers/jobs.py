"""Jobs: pods that run to their end, again where they fail, until enough have succeeded.

Kubernetes facts: a Job that is complete or failed gets no more pods, and its active ones are deleted; failed pods (with
restartPolicy OnFailure: restarts of containers) count against ``backoffLimit``; between two tries ten seconds pass,
then twice as many each time, at most six minutes; ``activeDeadlineSeconds`` counts from the start of the Job. One thing
differs: the message of a Job that took too long ends with what its pods, which go, wait for.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Final

from .. import timing
from ..client import Json
from ..objects.errors import ApiError
from ..resources import (
    Resources,
    controller_of,
    is_terminating,
    is_true,
    name_of,
    namespace_of,
    owner_reference,
    set_condition,
    uid_of,
)
from ..timing import Stopwatch
from .loop import View
from .pods import is_active
from .replica_sets import RETRY_SECONDS, suffix

FIRST_PAUSE: Final = 10.0
LONGEST_PAUSE: Final = 360.0
_COMPLETE: Final = ("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
_FAILED: Final = ("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
_LATE: Final = ("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
End = tuple[str, str, str]
"""Type, reason and message of the condition with which a Job is over."""


def deadline_seconds(job: Json) -> float:
    """Real seconds that all tries may take."""
    return timing.for_a_program(job["spec"]["activeDeadlineSeconds"])


class Jobs:
    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._started, self._tried = Stopwatch(), Stopwatch()

    def reconcile(self, view: View) -> None:
        jobs = view.list("Job")
        self._started.keep_only({uid_of(one) for one in jobs})
        self._tried.keep_only({key for one in jobs for key in _tries(one)})
        for job in jobs:
            if not is_terminating(job) and not any(is_true(job, kind) for kind in ("Complete", "Failed")):
                self._reconcile(view, job)

    def _reconcile(self, view: View, job: Json) -> None:
        spec, pods = job["spec"], [one for one in view.list("Pod") if controller_of(one) == uid_of(job)]
        active = [one for one in pods if is_active(one)]
        succeeded, failed = (
            sum(one.get("status", {}).get("phase") == phase for one in pods) for phase in ("Succeeded", "Failed")
        )
        end = self._end(view, job, succeeded, failed + sum(map(_restarts, active)), active)
        if end:
            for pod in active:
                self._resources.delete("Pod", pod)
        elif len(active) < (wanted := min(spec["parallelism"], spec["completions"] - succeeded)):
            self._try_again(view, job, wanted - len(active), failed)
        self._write_status(job, active, succeeded, failed, end)

    def _end(self, view: View, job: Json, succeeded: int, failed: int, active: Sequence[Json]) -> End | None:
        spec, running = job["spec"], self._started.seconds(uid_of(job))
        if succeeded >= spec["completions"]:
            return _COMPLETE
        if failed > spec["backoffLimit"]:
            return _FAILED
        if "activeDeadlineSeconds" in spec:
            left = deadline_seconds(job) - running
            if left <= 0:
                kind, reason, message = _LATE
                return kind, reason, message + "".join(f" ({said})" for pod in active for said in _waiting(pod))
            view.again(left)
        return None

    def _try_again(self, view: View, job: Json, count: int, failed: int) -> None:
        pause = timing.scaled(min(FIRST_PAUSE * 2 ** (failed - 1), LONGEST_PAUSE)) if failed else 0.0
        left = pause - self._tried.seconds((uid_of(job), failed))
        if left > 0:
            view.again(left)
            return
        try:
            for _ in range(count):
                self._create(job)
        except ApiError as error:
            self._resources.warn("Job", job, "FailedCreate", f"Error creating: {error.message}")
            view.again(RETRY_SECONDS)

    def _create(self, job: Json) -> None:
        template, name = job["spec"]["template"], f"{name_of(job)}-{suffix()}"
        metadata = copy.deepcopy(template.get("metadata") or {})
        own = {"batch.kubernetes.io/controller-uid": uid_of(job), "batch.kubernetes.io/job-name": name_of(job)}
        labels = {**(metadata.get("labels") or {}), **own, "controller-uid": uid_of(job), "job-name": name_of(job)}
        metadata |= {"name": name, "namespace": namespace_of(job), "labels": labels}
        metadata["ownerReferences"] = [owner_reference(job, "Job")]
        self._resources.create("Pod", {"metadata": metadata, "spec": copy.deepcopy(template["spec"])})
        self._resources.event("Job", job, "SuccessfulCreate", f"Created pod: {name}")

    def _write_status(self, job: Json, active: Sequence[Json], succeeded: int, failed: int, end: End | None) -> None:
        def change(status: Json) -> None:
            status.setdefault("startTime", timing.now())
            status |= {"active": 0 if end else len(active), "succeeded": succeeded, "failed": failed}
            if end:
                kind, reason, message = end
                set_condition(status, {"type": kind, "status": "True", "reason": reason, "message": message})
                if kind == "Complete":
                    status["completionTime"] = timing.now()

        self._resources.update_status("Job", job, change)


def _tries(job: Json) -> set[tuple[str, int]]:
    return {(uid_of(job), number) for number in range(job["spec"]["backoffLimit"] + 2)}


def _waiting(pod: Json) -> list[str]:
    """What its containers wait for."""
    states = (one["state"].get("waiting") for one in pod.get("status", {}).get("containerStatuses") or ())
    return [str(state["message"]) for state in states if state and state.get("message")]


def _restarts(pod: Json) -> int:
    return sum(one.get("restartCount", 0) for one in pod.get("status", {}).get("containerStatuses") or ())
