"""The status of a Deployment, in the words of Kubernetes' deployment controller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..client import Json
from ..resources import condition, name_of, set_condition
from ..timing import now
from .rollouts import Limits

COMPLETE = "NewReplicaSetAvailable"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a rollout is. ``name`` is the current ReplicaSet's; ``failure`` why it can't create its pods."""

    name: str
    replicas: int
    updated: int
    ready: int
    available: int
    complete: bool
    failure: str

    @classmethod
    def of(cls, limits: Limits, new: Json | None, old: Sequence[Json]) -> Progress:
        statuses = [one.get("status", {}) for one in ([new] if new else []) + list(old)]
        current = new.get("status", {}) if new else {}
        replicas = sum(one.get("replicas", 0) for one in statuses)
        available = sum(one.get("availableReplicas", 0) for one in statuses)
        return cls(
            name=name_of(new) if new else "",
            replicas=replicas,
            updated=current.get("replicas", 0),
            ready=sum(one.get("readyReplicas", 0) for one in statuses),
            available=available,
            complete=new is not None and current.get("replicas", 0) == replicas == available == limits.desired,
            failure=condition(new, "ReplicaFailure").get("message", "") if new else "",
        )

    def advanced_since(self, status: Json) -> bool:
        """Whether more pods are new, ready or available than the status says, or fewer are old."""
        updated = status.get("updatedReplicas", 0)
        return (
            self.updated > updated
            or self.replicas - self.updated < status.get("replicas", 0) - updated
            or self.ready > status.get("readyReplicas", 0)
            or self.available > status.get("availableReplicas", 0)
        )


def write_status(
    status: Json, progress: Progress, limits: Limits, generation: int, *, created: bool, timed_out: bool
) -> None:
    """Brings a status up to date. ``created``: the current ReplicaSet is new in this pass."""
    progressing = _progressing(status, progress, created=created, timed_out=timed_out)
    status |= {
        "observedGeneration": generation,
        "replicas": progress.replicas,
        "updatedReplicas": progress.updated,
        "readyReplicas": progress.ready,
        "availableReplicas": progress.available,
        "unavailableReplicas": max(max(progress.replicas, limits.desired) - progress.available, 0),
    }
    _set(status, _available(progress, limits))
    if progressing:
        _set(status, progressing)
    status["conditions"] = [one for one in status["conditions"] if one["type"] != "ReplicaFailure"]
    if progress.failure:
        _set(status, _condition("ReplicaFailure", "True", "FailedCreate", progress.failure))


def _available(progress: Progress, limits: Limits) -> Json:
    if progress.available >= limits.least_available:
        text = "Deployment has minimum availability."
        return _condition("Available", "True", "MinimumReplicasAvailable", text)
    text = "Deployment does not have minimum availability."
    return _condition("Available", "False", "MinimumReplicasUnavailable", text)


def _progressing(status: Json, progress: Progress, *, created: bool, timed_out: bool) -> Json | None:
    """The condition Progressing if it is another now."""
    before = condition({"status": status}, "Progressing")
    finished_before = before.get("reason") == COMPLETE and progress.updated == progress.replicas
    quoted = f'ReplicaSet "{progress.name}"'
    outcome: tuple[str, str, str] | None = None
    if progress.complete:
        outcome = "True", COMPLETE, f"{quoted} has successfully progressed."
    elif created:
        outcome = "True", "NewReplicaSetCreated", f'Created new replica set "{progress.name}"'
    elif progress.name and progress.advanced_since(status):
        outcome = "True", "ReplicaSetUpdated", f"{quoted} is progressing."
    elif progress.name and timed_out and not finished_before:
        outcome = "False", "ProgressDeadlineExceeded", f"{quoted} has timed out progressing."
    elif progress.name and not before:
        outcome = "True", "FoundNewReplicaSet", f'Found new replica set "{progress.name}"'
    return _condition("Progressing", *outcome) if outcome else None


def _condition(name: str, status: str, reason: str, message: str) -> Json:
    return {"type": name, "status": status, "reason": reason, "message": message}


def _set(status: Json, new: Json) -> None:
    """A condition of a Deployment says too when it was last updated."""
    before = condition({"status": status}, new["type"])
    same = all(before.get(key) == value for key, value in new.items())
    set_condition(status, {"lastUpdateTime": before["lastUpdateTime"] if same else now(), **new})
