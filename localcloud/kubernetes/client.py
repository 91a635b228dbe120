"""How controllers and the node agent ask the API server: Kubernetes' verbs over its paths, and nothing else of it.

client.get("/api/v1/namespaces/dev/pods/api-1")
client.get("/api/v1/pods", {"fieldSelector": "spec.nodeName=i-1"})["items"]
for event in client.watch("/api/v1/pods", {"resourceVersion": "7"}): event["type"], event["object"]
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from localcloud.kubernetes.objects.errors import ApiError, Json

__all__ = [
    "APPLY_PATCH",
    "JSON",
    "MERGE_PATCH",
    "NO_QUERY",
    "ApiError",
    "Client",
    "Events",
    "Json",
    "Request",
    "UnreachableError",
    "Verbs",
]
JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"
NO_QUERY: Final[Mapping[str, str]] = {}


class UnreachableError(Exception):
    """The API server doesn't answer; the text says what the connection met."""


class Events(Protocol):
    """The events of a watch: ``{"type": "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR", "object": …}``."""

    def __iter__(self) -> Iterator[Json]: ...

    def close(self) -> None:
        """Ends the watch, also for a thread that waits in it."""
        ...


class Client(Protocol):
    """One user's way to one API server. Each method raises ApiError, and UnreachableError where it goes by HTTP."""

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


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request other than a watch. ``body``: what the server gets as JSON, if anything."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Json | None = None
    content_type: str = JSON


class Verbs(ABC):
    """The verbs of a :class:`Client` other than watches, as requests that a subclass sends."""

    def get(self, path: str, query: Mapping[str, str] = NO_QUERY) -> Json:
        return self._send(Request(method="GET", path=path, query=query))

    def create(self, path: str, body: Json) -> Json:
        return self._send(Request(method="POST", path=path, body=body))

    def replace(self, path: str, body: Json) -> Json:
        return self._send(Request(method="PUT", path=path, body=body))

    def patch(self, path: str, body: Json, content_type: str = MERGE_PATCH) -> Json:
        return self._send(Request(method="PATCH", path=path, body=body, content_type=content_type))

    def apply(self, path: str, body: Json, *, manager: str, force: bool = False) -> Json:
        """Server-side apply: creates or changes the object, and takes away what the manager no longer states."""
        query = {"fieldManager": manager, "force": str(force).lower()}
        return self._send(Request(method="PATCH", path=path, query=query, body=body, content_type=APPLY_PATCH))

    def delete(self, path: str, body: Json | None = None) -> Json:
        return self._send(Request(method="DELETE", path=path, body=body))

    @abstractmethod
    def _send(self, request: Request) -> Json:
        """The answer to one request. Raises ApiError."""
