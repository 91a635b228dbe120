"""The API server's verbs for code in its own process."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from localcloud.kubernetes.api.requests import ApiRequest
from localcloud.kubernetes.api.store import Watch
from localcloud.kubernetes.client import NO_QUERY, Request, Verbs
from localcloud.kubernetes.objects.errors import Json
from localcloud.kubernetes.objects.ownership import copied


class LocalClient(Verbs):
    """A `localcloud.kubernetes.client.Client` of one user. What it returns is the caller's own to change."""

    def __init__(self, user: str, perform: Callable[[ApiRequest], tuple[int, Json | Watch | str]]) -> None:
        self._user, self._perform = user, perform

    def watch(self, path: str, query: Mapping[str, str] = NO_QUERY) -> Watch:
        """Without a resource version, the events begin with one ADDED for each object that stands. The watch can be
        closed from any thread."""
        answer = self._perform(ApiRequest(method="GET", path=path, query={**query, "watch": "1"}))[1]
        assert isinstance(answer, Watch)  # noqa: S101 (the server's answer to a watch)
        return answer

    def _send(self, request: Request) -> Json:
        asked = ApiRequest(
            method=request.method,
            path=request.path,
            query=request.query,
            body=request.body or {},
            content_type=request.content_type,
            agent=self._user,
        )
        answer = self._perform(asked)[1]
        assert isinstance(answer, dict)  # noqa: S101 (only a watch is answered otherwise)
        return copied(answer)
