"""What pulumi-kubernetes says of pods that don't become ready: the messages of their conditions and containers. Why the
scheduler finds no node, and why a ReplicaSet may not make pods, it doesn't say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from localcloud.kubernetes.objects.kinds import kind

if TYPE_CHECKING:
    from localcloud.kubernetes.http_client import HttpClient

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
    return [text for pod in pods for text in words(pod)]


def of_job(client: HttpClient, job: Json) -> list[str]:
    """The words of the Job's pods."""
    pods = client.get(kind("Pod").path(job["metadata"]["namespace"]))["items"]
    return [text for pod in pods if _owned(pod, job) for text in words(pod)]


def words(pod: Json) -> Iterator[str]:
    """Why the pod isn't ready: of its first condition that isn't met."""
    status, metadata = pod.get("status") or {}, pod["metadata"]
    stated = {each["type"]: each for each in status.get("conditions") or ()}
    for name in ("PodScheduled", "Initialized", "Ready"):
        condition = stated.get(name) or {}
        if condition.get("status") == "True" or (name == "Ready" and status.get("phase") == "Succeeded"):
            continue
        said = [text for each in status.get("containerStatuses") or () for text in _container(each)]
        if name != "PodScheduled" and condition and (said or condition.get("message")):
            message = str(condition.get("message", "")) if condition.get("reason") else ""
            yield f"[Pod {metadata['namespace']}/{metadata['name']}]: {message}" + "\n".join(said)
        return


def _container(status: Json) -> Iterator[str]:
    if status.get("ready"):
        return
    state = status.get("state") or {}
    waiting, terminated = state.get("waiting") or {}, state.get("terminated") or {}
    last = (status.get("lastState") or {}).get("terminated") or {}
    if waiting and waiting.get("reason") != "ContainerCreating":
        yield f"[{waiting.get('reason')}] {waiting.get('message', '')}"
    if terminated.get("reason"):
        text = terminated.get("message")
        exit_code = f'Container "{status["name"]}" completed with exit code {terminated.get("exitCode")}'
        yield f"[{terminated['reason']}] {text}" if text else exit_code
    if last:
        yield (
            f'Container "{status["name"]}" terminated at {last.get("finishedAt")} ({last.get("reason")}: exit code '
            f"{last.get('exitCode')})"
        )
        if last.get("message"):
            yield str(last["message"])


def _owned(value: Json, owner: Json) -> bool:
    references = value["metadata"].get("ownerReferences") or ()
    return any(each["uid"] == owner["metadata"]["uid"] for each in references)


def _revision(replica_set: Json) -> tuple[int, str]:
    stated = (replica_set["metadata"].get("annotations") or {}).get(_REVISION, "0")
    return (int(stated) if stated.isdecimal() else 0, replica_set["metadata"]["creationTimestamp"])
