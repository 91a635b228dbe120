"""The status of a pod, as the kubelet writes it from what its containers do.

One thing differs: the messages of conditions end with why a container is unready or an init container incomplete: what
the probe says against it, its last words, why a volume can't be mounted. A kubelet says that in events and logs alone,
and Pulumi's plugin, which waits for a Deployment, shows neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..client import Json
from ..resources import set_condition
from ..timing import now
from .container import Container

WHOLE_PHASES = ("Succeeded", "Failed")


@dataclass(kw_only=True)
class Situation:
    """What is known of a pod beside its containers."""

    address: str
    host: str
    phase: str = "Pending"
    initialized: bool = False
    message: str = ""
    """Why the pod as a whole waits: a volume that can't be mounted."""
    started_at: str = field(default_factory=now)


def write_status(
    status: Json, pod: Json, situation: Situation, initial: Sequence[Container], containers: Sequence[Container]
) -> None:
    """Brings a pod's status up to date; conditions that others write stay."""
    status |= {
        "phase": situation.phase,
        "startTime": situation.started_at,
        "hostIP": situation.host,
        "hostIPs": [{"ip": situation.host}],
        "podIP": situation.address,
        "podIPs": [{"ip": situation.address}],
        "containerStatuses": [_container_status(each, situation) for each in containers],
    }
    if initial:
        status["initContainerStatuses"] = [_container_status(each, situation) for each in initial]
    set_condition(status, _condition("PodReadyToStartContainers", "" if not situation.message else "MountFailed"))
    # One that runs on beside the others is complete once it has started.
    incomplete = [each for each in initial if not each.ready and (each.completes or not each.started)]
    set_condition(status, _initialized(situation, initial, incomplete))
    reason, message = _unready(situation, [each for each in containers if not each.ready])
    set_condition(status, _condition("ContainersReady", reason, message))
    if not reason:
        reason, message = _closed_gates(status, pod)
    set_condition(status, _condition("Ready", reason, message))


def _container_status(container: Container, situation: Situation) -> Json:
    status = container.status()
    if situation.message and container.child is None:
        status["state"] = {"waiting": {"reason": "ContainerCreating", "message": situation.message}}
    return status


def _condition(name: str, reason: str, message: str = "") -> Json:
    """True without a reason against it."""
    if not reason:
        return {"type": name, "status": "True"}
    return {"type": name, "status": "False", "reason": reason} | ({"message": message} if message else {})


def _initialized(situation: Situation, initial: Sequence[Container], incomplete: Sequence[Container]) -> Json:
    if situation.initialized or not initial:
        return _condition("Initialized", "")
    words = {each.name: situation.message or _last_words(each) for each in incomplete}
    message = f"containers with incomplete status: [{' '.join(words)}]{_in_brackets(words)}"
    return _condition("Initialized", "ContainersNotInitialized", message)


def _last_words(container: Container) -> str:
    """While it runs again, those of the run before."""
    states = (container.state.get("waiting"), container.state.get("terminated"), container.last_state.get("terminated"))
    return next((str(state.get("message", "")) for state in states if state), "")


def _in_brackets(words: Mapping[str, str]) -> str:
    """What there is to say of each container."""
    said = [f"{name}: {text}" for name, text in words.items() if text]
    return f" ({'; '.join(said)})" if said else ""


def _unready(situation: Situation, unready: Sequence[Container]) -> tuple[str, str]:
    """Reason and message against the readiness of the containers; empty if all are ready."""
    if situation.phase in WHOLE_PHASES:
        return ("PodCompleted" if situation.phase == "Succeeded" else "PodFailed"), ""
    if not unready:
        return "", ""
    words = {each.name: situation.message or each.complaint for each in unready}
    return "ContainersNotReady", f"containers with unready status: [{' '.join(words)}]{_in_brackets(words)}"


def _closed_gates(status: Json, pod: Json) -> tuple[str, str]:
    conditions = {one["type"]: one["status"] for one in status.get("conditions") or []}
    messages: list[str] = []
    for gate in pod["spec"].get("readinessGates") or []:
        name = gate["conditionType"]
        if name not in conditions:
            messages.append(f'corresponding condition of pod readiness gate "{name}" does not exist.')
        elif conditions[name] != "True":
            messages.append(f'the status of pod readiness gate "{name}" is not "True", but {conditions[name]}')
    return ("ReadinessGatesNotReady", ", ".join(messages)) if messages else ("", "")
