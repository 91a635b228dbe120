"""How controllers and the node agent ask the API server: Kubernetes' verbs over its paths, and nothing else of it.

client.get("/api/v1/namespaces/dev/pods/api-1")
client.get("/api/v1/pods", {"fieldSelector": "spec.nodeName=i-1"})["items"]
for event in client.watch("/api/v1/pods", {"resourceVersion": "7"}): event["type"], event["object"]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from localcloud.kubernetes.objects.errors import ApiError, Json

__all__ = ["MERGE_PATCH", "NO_QUERY", "ApiError", "Client", "Events", "Json"]
MERGE_PATCH = "application/merge-patch+json"
NO_QUERY: Mapping[str, str] = {}


class Events(Protocol):
    """The events of a watch: ``{"type": "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR", "object": …}``."""

    def __iter__(self) -> Iterator[Json]: ...

    def close(self) -> None:
        """Ends the watch, also for a thread that waits in it."""
        ...


class Client(Protocol):
    """One user's way to one API server. Each method raises ApiError."""

    def get(self, path: str, query: Mapping[str, str] = NO_QUERY) -> Json:
        """An object, or the list that a collection's path names (``labelSelector``, ``fieldSelector``)."""
        ...

    def watch(self, path: str, query: Mapping[str, str] = NO_QUERY) -> Events:
        """The changes after ``resourceVersion``, until the server ends the watch (``timeoutSeconds``)."""
        ...

    def create(self, path: str, body: Json) -> Json: ...

    def replace(self, path: str, body: Json) -> Json: ...

    def patch(self, path: str, body: Json, content_type: str = MERGE_PATCH) -> Json: ...

    def delete(self, path: str, body: Json | None = None) -> Json:
        """``body`` is a DeleteOptions object: gracePeriodSeconds, propagationPolicy, preconditions."""
        ...
