"""Waiting until an object works, as pulumi-kubernetes does: a Deployment until its rollout is complete, a Service until
every pod that it selects is ready (also where there are none), a Pod until it is ready, a Job until it is complete (one
that has failed fails at once), any object for what its `waitFor` annotation names.

One thing differs: a Deployment that its controller declares failed (ProgressDeadlineExceeded) fails at once, where the
official provider waits on until its own timeout. That deadline follows the local cloud's time scale, the timeout can't.
What was declared before this update says nothing about it, and stands until all pods are there: for that there is time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from localcloud.kubernetes.objects.kinds import Kind, kind
from localcloud.provider_kubernetes import failing_pods, wait_for
from localcloud.provider_kubernetes.inputs import SKIP_AWAIT, TIMEOUT, WAIT_FOR, annotation

if TYPE_CHECKING:
    from localcloud.kubernetes.http_client import HttpClient

_SECONDS: Final = 600.0
_RECOVERY_SECONDS: Final = 60.0
"""For a Deployment that had failed before this update: as long as programs take to start on a busy machine, twice."""
_FAILED: Final = "ProgressDeadlineExceeded"
KINDS: Final = frozenset({"Deployment", "Job", "Pod", "Service"})
"""Of whose objects a refresh says whether they work, as an update does."""
Json = dict[str, Any]


class NotReadyError(Exception):
    """The object is in the cluster and doesn't work. ``causes``: what the cluster says of it."""

    def __init__(self, message: str, causes: list[str]) -> None:
        super().__init__("\n".join([message, *(f"* {cause}" for cause in causes)]))


@dataclass(frozen=True)
class Progress:
    """Where an object stands: it works, or what keeps it from that. ``over``: it won't any more by itself."""

    ready: bool
    causes: tuple[str, ...] = ()
    over: bool = False


def seconds(timeout: float, inputs: Json) -> float:
    """How long to wait: the resource's custom timeout, else its annotation, else ten minutes."""
    stated = annotation(inputs, TIMEOUT)
    return timeout or (float(stated) if stated else _SECONDS)


def progress_of(
    client: HttpClient, of: Kind, inputs: Json, *, settled: bool = False
) -> Callable[[Json], Progress] | None:
    """How to tell whether objects of this kind work; None: they do as soon as they are there. ``settled``: controllers
    have had time to look at them, so that a Service may be without endpoints."""
    if annotation(inputs, SKIP_AWAIT) == "true":
        return None
    if stated := annotation(inputs, WAIT_FOR):
        tests = wait_for.conditions(stated)
        return lambda live: Progress(all(test(live) for test in tests), (f"waiting for {stated}",))
    if of.name == "Service":
        return lambda live: _service(client, live, settled=settled)
    return {"Deployment": _deployment, "Job": job, "Pod": _pod}.get(of.name)


def wait(client: HttpClient, of: Kind, live: Json, inputs: Json, timeout: float) -> Json:
    """The object once it works. Raises NotReadyError."""
    progress = progress_of(client, of, inputs)
    if progress is None:
        return live
    name = live["metadata"]["name"]
    ends = time.monotonic() + seconds(timeout, inputs)
    if _has_failed(live):
        live = _recovered(client, of, live, ends)
    last = Progress(ready=False)
    for live in _versions(client, of, live, ends):  # noqa: B020 (each is the object as it has become)
        last = progress(live)
        if last.ready:
            return live
        if last.over:
            break
    ended = f"Resource '{name}' was created but failed to initialize"
    why = ended if of.name == "Job" and last.over else f"'{name}' timed out waiting to be Ready"
    raise NotReadyError(why, causes(client, of, live, last))


def _versions(client: HttpClient, of: Kind, live: Json, ends: float) -> Iterator[Json]:
    """The object each time that it or what belongs to it changes, until the time is over or it is gone."""
    metadata = live["metadata"]
    path = of.path(metadata.get("namespace", ""))
    watched, query = path, {"fieldSelector": f"metadata.name={metadata['name']}"}
    if of.name == "Service":
        watched = kind("EndpointSlice").path(metadata["namespace"])
        query = {"labelSelector": f"kubernetes.io/service-name={metadata['name']}"}
    yield live
    while (left := ends - time.monotonic()) > 0 and not client.closed:
        for event in client.watch(watched, {**query, "timeoutSeconds": str(max(round(left), 1))}):
            if watched == path and (event["type"] == "DELETED" or "metadata" not in event["object"]):
                return
            yield event["object"] if watched == path else client.get(of.path(metadata["namespace"], metadata["name"]))
            if time.monotonic() >= ends:
                return


def _has_failed(live: Json) -> bool:
    stated = (live.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Progressing" and each.get("reason") == _FAILED for each in stated)


def _recovered(client: HttpClient, of: Kind, live: Json, ends: float) -> Json:
    """The object once it has no longer failed, or when the time for that is over."""
    for version in _versions(client, of, live, min(ends, time.monotonic() + _RECOVERY_SECONDS)):
        live = version
        if not _has_failed(live):
            break
    return live


def _deployment(live: Json) -> Progress:
    status, spec = live.get("status") or {}, live["spec"]
    if status.get("observedGeneration", 0) < live["metadata"]["generation"]:
        return Progress(ready=False)
    wanted = spec.get("replicas", 1)
    stated = {each["type"]: each for each in status.get("conditions") or ()}
    progressing, available = stated.get("Progressing", {}), stated.get("Available", {})
    complete = progressing.get("reason", "NewReplicaSetAvailable") == "NewReplicaSetAvailable"
    if (
        available.get("status") == "True"
        and complete
        and status.get("updatedReplicas", 0) >= wanted
        and status.get("availableReplicas", 0) >= wanted
    ):
        return Progress(ready=True)
    causes = tuple(
        f"[{each['reason']}] {each['message']}"
        for each in (progressing, available)
        if each.get("status") == "False" and each.get("reason") and each.get("message")
    )
    return Progress(ready=False, causes=causes, over=_has_failed(live))


def causes(client: HttpClient, of: Kind, live: Json, last: Progress) -> list[str]:
    """What the cluster says of an object that doesn't work."""
    if of.name == "Deployment":
        return [*last.causes, *_attained(live), *failing_pods.of_deployment(client, live)]
    if of.name == "Job":
        return [*last.causes, *failing_pods.of_job(client, live)]
    return list(last.causes)


def _attained(live: Json) -> list[str]:
    stated = {each["type"]: each for each in (live.get("status") or {}).get("conditions") or ()}
    if stated.get("Available", {}).get("status") != "True":
        return ["Minimum number of live Pods was not attained"]
    if stated.get("Progressing", {}).get("reason") != "NewReplicaSetAvailable":
        return ["Minimum number of Pods to consider the application live was not attained"]
    return ["Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live"]


def job(live: Json) -> Progress:
    """Whether a Job is complete, or has failed."""
    status = live.get("status") or {}
    stated = {each["type"]: each for each in status.get("conditions") or () if each.get("status") == "True"}
    failed = stated.get("Failed")
    causes = (f"[{failed.get('reason')}] {failed.get('message')}",) if failed else ()
    return Progress("Complete" in stated and "startTime" in status, causes, over=failed is not None)


def _pod(live: Json) -> Progress:
    status = live.get("status") or {}
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ())
    causes = tuple(failing_pods.words(live))
    return Progress(ready or status.get("phase") == "Succeeded", causes, over=status.get("phase") == "Failed")


def _service(client: HttpClient, live: Json, *, settled: bool) -> Progress:
    spec, metadata = live["spec"], live["metadata"]
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return Progress(ready=True)
    query = {"labelSelector": f"kubernetes.io/service-name={metadata['name']}"}
    slices = client.get(kind("EndpointSlice").path(metadata["namespace"]), query)["items"]
    stated = [each.get("conditions") or {} for part in slices for each in part.get("endpoints") or ()]
    pods = [bool(each.get("ready", True)) for each in stated if not each.get("terminating")]
    cause = (
        "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match "
        "labels on any Pods"
    )
    return Progress((settled or bool(slices)) and all(pods), () if any(pods) else (cause,))
