"""A `localcloud.kubernetes.client.Client` by HTTP, with a bearer token: of any API server, local or real."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from localcloud.kubernetes.client import JSON, NO_QUERY, Request, UnreachableError, Verbs
from localcloud.kubernetes.objects.errors import ApiError, Json

_CONNECTIONS: Final = 16
_CONNECT_SECONDS: Final = 10.0
_READ_SECONDS: Final = 60.0
_IDLE_WATCH_SECONDS: Final = 60.0
"""The server sends a bookmark or ends the watch in less; a longer silence is a dead connection."""
_WATCH_SECONDS: Final = 50
"""After which the server ends a watch that doesn't say how long it lasts: Kubernetes' own sends few bookmarks."""


class HttpClient(Verbs):
    """The verbs of one API server as one user. ``token`` gives the bearer token; asked with True, a fresh one."""

    def __init__(self, server: str, authority: str | None, token: Callable[[bool], str], agent: str) -> None:
        """``authority`` is the certificate authority as PEM; None: the system's."""
        certificates: Any = {"ca_cert_data": authority} if authority is not None else {}
        self._pool = PoolManager(maxsize=_CONNECTIONS, block=False, **certificates)
        self._server, self._token, self._agent = server.rstrip("/"), token, agent
        self._lock = threading.Lock()
        self._watches: set[HttpEvents] = set()
        self._closed = False

    def watch(self, path: str, query: Mapping[str, str] = NO_QUERY) -> HttpEvents:
        """The events of a watch until the server or `close` ends it. Bookmarks are left out."""
        asked = {"timeoutSeconds": str(_WATCH_SECONDS), **query, "watch": "1", "allowWatchBookmarks": "true"}
        events = HttpEvents(self._open(Request(method="GET", path=path, query=asked), stream=True), self._forget)
        with self._lock:
            self._watches.add(events)
            if self._closed:
                events.close()
        return events

    def _forget(self, events: HttpEvents) -> None:
        with self._lock:
            self._watches.discard(events)

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Ends every watch, also for a thread that waits in one, and those that begin later."""
        with self._lock:
            self._closed = True
            watches = list(self._watches)
        for events in watches:
            events.close()

    def _send(self, request: Request) -> Json:
        return json.loads(self._open(request).data)

    def _open(self, request: Request, *, stream: bool = False) -> BaseHTTPResponse:
        response = self._exchange(request, stream=stream, fresh=False)
        if response.status == 401:
            response.close()
            response = self._exchange(request, stream=stream, fresh=True)
        if response.status >= 400:
            raise _refusal(response)
        return response

    def _exchange(self, request: Request, *, stream: bool, fresh: bool) -> BaseHTTPResponse:
        url = f"{self._server}{request.path}" + (f"?{urlencode(request.query)}" if request.query else "")
        headers = {"Authorization": f"Bearer {self._token(fresh)}", "Accept": JSON, "User-Agent": self._agent}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        try:
            return self._pool.request(
                request.method,
                url,
                body=None if request.body is None else json.dumps(request.body).encode(),
                headers=headers,
                timeout=Timeout(connect=_CONNECT_SECONDS, read=_IDLE_WATCH_SECONDS if stream else _READ_SECONDS),
                retries=False,
                preload_content=not stream,
            )
        except HTTPError as error:
            raise UnreachableError(f'{request.method.capitalize()} "{url}": {_words(error)}') from error


class HttpEvents:
    """The events of one watch. ``over`` is called once it has ended."""

    def __init__(self, response: BaseHTTPResponse, over: Callable[[HttpEvents], None]) -> None:
        self._response, self._over = response, over
        self._closed = False

    def __iter__(self) -> Iterator[Json]:
        try:
            for line in self._lines():
                event = json.loads(line)
                if event["type"] != "BOOKMARK":
                    yield event
        finally:
            self._over(self)
            self._response.close()

    def close(self) -> None:
        """Ends the watch, also for a thread that waits in it."""
        self._closed = True
        with suppress(RuntimeError, ValueError):  # it has ended by itself
            self._response.shutdown()

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        try:
            for part in self._response.stream(amt=None):
                *lines, rest = (rest + part).split(b"\n")
                yield from (line for line in lines if line.strip())
        except (HTTPError, OSError, ValueError):
            if not self._closed:
                raise UnreachableError("the watch's connection broke") from None


def _refusal(response: BaseHTTPResponse) -> ApiError:
    text = response.data.decode(errors="replace")
    try:
        return ApiError.of(json.loads(text), response.status)
    except (ValueError, AttributeError):
        return ApiError(response.status, "", text)


def _words(error: HTTPError) -> str:
    """What the connection met, in the words of the operating system or of TLS."""
    text = str(error)
    if "Connection refused" in text:
        return "connect: connection refused"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    return text.rpartition(": ")[2] or text
