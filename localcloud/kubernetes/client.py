"""How controllers and the node agent ask the API server: Kubernetes' verbs over its paths, and nothing else of it.

client.get("/api/v1/namespaces/dev/pods/api-1")
client.get("/api/v1/pods", {"fieldSelector": "spec.nodeName=i-1"})["items"]
for event in client.watch("/api/v1/pods", {"resourceVersion": "7"}): event["type"], event["object"]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

Json = dict[str, Any]
"""An object, a list of objects, or a Status, as the API writes it."""
MERGE_PATCH = "application/merge-patch+json"
NO_QUERY: Mapping[str, str] = {}


class ApiError(Exception):
    """The API server's refusal: the HTTP status, and ``reason`` and ``message`` of its Status object."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


class Client(Protocol):
    """One user's way to one API server. Each method raises ApiError."""

    def get(self, path: str, query: Mapping[str, str] = NO_QUERY) -> Json:
        """An object, or the list that a collection's path names (``labelSelector``, ``fieldSelector``)."""
        ...

    def watch(self, path: str, query: Mapping[str, str] = NO_QUERY) -> Iterator[Json]:
        """The changes after ``resourceVersion``, until the server ends the watch (``timeoutSeconds``)."""
        ...

    def create(self, path: str, body: Json) -> Json: ...

    def replace(self, path: str, body: Json) -> Json: ...

    def patch(self, path: str, body: Json, content_type: str = MERGE_PATCH) -> Json: ...

    def delete(self, path: str, body: Json | None = None) -> Json:
        """``body`` is a DeleteOptions object: gracePeriodSeconds, propagationPolicy, preconditions."""
        ...
