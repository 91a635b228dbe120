"""Deleting an object and waiting until it is gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from localcloud.kubernetes.objects.errors import ApiError
from localcloud.kubernetes.objects.kinds import Kind
from localcloud.provider.errors import ProviderError
from localcloud.provider_kubernetes import awaiting
from localcloud.provider_kubernetes.inputs import DELETION, SKIP_AWAIT, annotation

if TYPE_CHECKING:
    from localcloud.kubernetes.http_client import HttpClient

_UNAWAITED: Final = frozenset({"Namespace", "Pod", "Deployment"})
"""Of these pulumi-kubernetes honours skipAwait in a deletion too."""
_POLICIES: Final = {"orphan": "Orphan", "background": "Background"}
Json = dict[str, Any]


def delete(client: HttpClient, of: Kind, live: Json, stated: Json, timeout: float) -> None:
    """Raises ApiError, or ProviderError where the object is still there when the time is over."""
    metadata = live["metadata"]
    path = of.path(metadata.get("namespace", ""), metadata["name"])
    policy = _POLICIES.get(annotation(stated, DELETION).lower(), "Foreground")
    client.delete(path, {"propagationPolicy": policy})
    if annotation(stated, SKIP_AWAIT) == "true" and of.name in _UNAWAITED:
        return
    ends = time.monotonic() + awaiting.seconds(timeout, stated)
    left = _remaining(client, path, metadata["uid"])
    while left is not None and time.monotonic() < ends and not client.closed:
        query = {
            "fieldSelector": f"metadata.name={metadata['name']}",
            "resourceVersion": left["metadata"]["resourceVersion"],
            "timeoutSeconds": str(max(round(ends - time.monotonic()), 1)),
        }
        for event in client.watch(of.path(metadata.get("namespace", "")), query):
            if event["type"] in ("DELETED", "ERROR"):
                break
        left = _remaining(client, path, metadata["uid"])
    if left is not None:
        finalizers = ", ".join(left["metadata"].get("finalizers") or ()) or "none"
        name = f"{of.resource} {metadata['name']!r}"
        if client.closed:
            raise ProviderError(f"{name}: Resource operation was cancelled while it was being deleted")
        raise ProviderError(f"{name} timed out waiting to be deleted; finalizers that keep it: {finalizers}")


def _remaining(client: HttpClient, path: str, uid: str) -> Json | None:
    """The object while it is there."""
    try:
        live = client.get(path)
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    return live if live["metadata"]["uid"] == uid else None
