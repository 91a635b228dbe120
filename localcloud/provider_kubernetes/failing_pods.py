"""What pods that don't become ready say of themselves: the scheduler's words, and those of their containers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.kubernetes.http_client import HttpClient
from localcloud.kubernetes.objects.kinds import kind

_REVISION: Final = "deployment.kubernetes.io/revision"
Json = dict[str, Any]


def of_deployment(client: HttpClient, deployment: Json) -> list[str]:
    """The words of the pods of the Deployment's newest ReplicaSet."""
    namespace = deployment["metadata"]["namespace"]
    sets = [each for each in client.get(kind("ReplicaSet").path(namespace))["items"] if _owned(each, deployment)]
    newest = max(sets, key=_revision, default=None)
    if newest is None:
        return []
    pods = [each for each in client.get(kind("Pod").path(namespace))["items"] if _owned(each, newest)]
    said = [text for pod in pods if "deletionTimestamp" not in pod["metadata"] for text in words(pod)]
    refused = [each for each in (newest.get("status") or {}).get("conditions") or () if each.get("status") == "True"]
    return [*(str(each.get("message", "")) for each in refused if each["type"] == "ReplicaFailure"), *said]


def words(pod: Json) -> Iterator[str]:
    """Why the pod isn't ready."""
    status = pod.get("status") or {}
    metadata = pod["metadata"]
    name = f"{metadata['namespace']}/{metadata['name']}"
    stated = {each["type"]: each for each in status.get("conditions") or ()}
    scheduled = stated.get("PodScheduled", {})
    if scheduled.get("status") == "False" and scheduled.get("message"):
        yield f"[Pod {name}]: {scheduled['message']}"
    for condition, field in (("Initialized", "initContainerStatuses"), ("Ready", "containerStatuses")):
        if stated.get(condition, {}).get("status") == "True":
            continue
        said = [text for each in status.get(field) or () for text in _container(each)]
        message = str(stated.get(condition, {}).get("message", ""))
        if said or message:
            yield f"[Pod {name}]: " + " ".join(part for part in (message, "; ".join(said)) if part)


def _container(status: Json) -> Iterator[str]:
    if status.get("ready"):
        return
    state = status.get("state") or {}
    waiting, terminated = state.get("waiting") or {}, state.get("terminated") or {}
    last = (status.get("lastState") or {}).get("terminated") or {}
    if waiting and waiting.get("reason") not in ("ContainerCreating", "PodInitializing"):
        yield f"[{waiting.get('reason')}] {waiting.get('message', '')}"
    if terminated.get("reason") and terminated.get("exitCode") != 0:
        text = terminated.get("message")
        exit_code = f"container {status['name']!r} completed with exit code {terminated.get('exitCode')}"
        yield f"[{terminated['reason']}] {text}" if text else exit_code
    if last:
        yield (
            f"container {status['name']!r} terminated at {last.get('finishedAt')} ({last.get('reason')}: exit code "
            f"{last.get('exitCode')})" + (f" {last['message']}" if last.get("message") else "")
        )


def _owned(value: Json, owner: Json) -> bool:
    references = value["metadata"].get("ownerReferences") or ()
    return any(each["uid"] == owner["metadata"]["uid"] for each in references)


def _revision(replica_set: Json) -> tuple[int, str]:
    stated = (replica_set["metadata"].get("annotations") or {}).get(_REVISION, "0")
    return (int(stated) if stated.isdecimal() else 0, replica_set["metadata"]["creationTimestamp"])
