"""A `localcloud.kubernetes.client.Client` by HTTP, with a bearer token: of any API server, local or real."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from localcloud.kubernetes.client import MERGE_PATCH, NO_QUERY
from localcloud.kubernetes.objects.errors import ApiError, Json

_CONNECTIONS: Final = 16
_CONNECT_SECONDS: Final = 10.0
_READ_SECONDS: Final = 60.0
_IDLE_WATCH_SECONDS: Final = 60.0
"""The server sends a bookmark or ends the watch in less; a longer silence is a dead connection."""
_JSON: Final = "application/json"
_APPLY_PATCH: Final = "application/apply-patch+yaml"


class UnreachableError(Exception):
    """The API server doesn't answer; the text says what the connection met."""


class HttpClient:
    """The verbs of one API server as one user. ``token`` gives the bearer token; asked with True, a fresh one."""

    def __init__(self, server: str, authority: str | None, token: Callable[[bool], str], agent: str) -> None:
        """``authority`` is the certificate authority as PEM; None: the system's."""
        certificates: Any = {"ca_cert_data": authority} if authority is not None else {}
        self._pool = PoolManager(maxsize=_CONNECTIONS, block=False, **certificates)
        self._server, self._token, self._agent = server.rstrip("/"), token, agent
        self._lock = threading.Lock()
        self._watches: set[BaseHTTPResponse] = set()
        self._closed = False

    def get(self, path: str, query: Mapping[str, str] = NO_QUERY) -> Json:
        return self._send("GET", path, query)

    def create(self, path: str, body: Json) -> Json:
        return self._send("POST", path, body=body)

    def replace(self, path: str, body: Json) -> Json:
        return self._send("PUT", path, body=body)

    def patch(self, path: str, body: Json, content_type: str = MERGE_PATCH) -> Json:
        return self._send("PATCH", path, body=body, content_type=content_type)

    def apply(self, path: str, body: Json, *, manager: str, force: bool = False) -> Json:
        """Server-side apply: creates or changes the object, and takes away what the manager no longer states."""
        query = {"fieldManager": manager, "force": str(force).lower()}
        return self._send("PATCH", path, query, body, _APPLY_PATCH)

    def delete(self, path: str, body: Json | None = None) -> Json:
        return self._send("DELETE", path, body=body)

    def watch(self, path: str, query: Mapping[str, str] = NO_QUERY) -> Iterator[Json]:
        """The events of a watch until the server or `close` ends it. Bookmarks are left out."""
        asked = {**query, "watch": "1", "allowWatchBookmarks": "true"}
        response = self._open("GET", path, asked, None, _JSON, stream=True)
        with self._lock:
            self._watches.add(response)
            if self._closed:
                response.shutdown()
        try:
            for line in self._lines(response):
                event = json.loads(line)
                if event["type"] != "BOOKMARK":
                    yield event
        finally:
            with self._lock:
                self._watches.discard(response)
            response.close()

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Ends every watch, also for a thread that waits in one, and those that begin later."""
        with self._lock:
            self._closed = True
            watches = list(self._watches)
        for response in watches:
            response.shutdown()

    def _lines(self, response: BaseHTTPResponse) -> Iterator[bytes]:
        rest = b""
        try:
            for part in response.stream(amt=None):
                *lines, rest = (rest + part).split(b"\n")
                yield from (line for line in lines if line.strip())
        except (HTTPError, OSError, ValueError):
            if not self._closed:
                raise UnreachableError("the watch's connection broke") from None

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] = NO_QUERY,
        body: Json | None = None,
        content_type: str = _JSON,
    ) -> Json:
        return json.loads(self._open(method, path, query, body, content_type).data)

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Json | None,
        content_type: str,
        *,
        stream: bool = False,
    ) -> BaseHTTPResponse:
        response = self._exchange(method, path, query, body, content_type, stream=stream, fresh=False)
        if response.status == 401:
            response.close()
            response = self._exchange(method, path, query, body, content_type, stream=stream, fresh=True)
        if response.status >= 400:
            raise _refusal(response)
        return response

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Json | None,
        content_type: str,
        *,
        stream: bool,
        fresh: bool,
    ) -> BaseHTTPResponse:
        url = f"{self._server}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self._token(fresh)}", "Accept": _JSON, "User-Agent": self._agent}
        if body is not None:
            headers["Content-Type"] = content_type
        try:
            return self._pool.request(
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                timeout=Timeout(connect=_CONNECT_SECONDS, read=_IDLE_WATCH_SECONDS if stream else _READ_SECONDS),
                retries=False,
                preload_content=not stream,
            )
        except HTTPError as error:
            raise UnreachableError(f'{method.capitalize()} "{url}": {_words(error)}') from error


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
