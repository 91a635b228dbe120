"""Questions to the API. Connections stay open, one a thread."""

import json
import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

SECONDS: Final = 10
HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json"}


class ApiError(Exception):
    """The API does not answer, or not as it should."""


class Api:
    """The API at a URL: `https://host/graphql`, or `https://host` for the same.

    Raises:
        ValueError: it is no URL
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"API_URL_V2: {url!r} must be a URL with http or https")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._path = parts.path.rstrip("/") or "/graphql"
        self._threads = threading.local()

    def ask(self, query: str, **variables: Any) -> Any:
        """
        The answer's data.

        Raises:
            ApiError: there is none
        """
        body = json.dumps({"query": query, "variables": variables}).encode()
        try:
            status, answer = self._post(body)
            document = json.loads(answer)
        except (OSError, HTTPException, ValueError) as error:
            raise ApiError(f"{type(error).__name__}: {error}") from error
        if status != 200 or document.get("errors"):
            raise ApiError(f"{status}: {answer[:500].decode(errors='replace')}")
        return document["data"]

    def _post(self, body: bytes) -> tuple[int, bytes]:
        """A connection that was open may have been closed by the other side: then once more, by a new one."""
        connection: HTTPConnection | None = getattr(self._threads, "connection", None)
        if connection is not None:
            try:
                return self._send(connection, body)
            except (OSError, HTTPException):
                connection.close()
        self._threads.connection = self._connect()
        return self._send(self._threads.connection, body)

    def _connect(self) -> HTTPConnection:
        kind = HTTPSConnection if self._secure else HTTPConnection
        return kind(self._host, self._port, timeout=SECONDS)

    def _send(self, connection: HTTPConnection, body: bytes) -> tuple[int, bytes]:
        connection.request("POST", self._path, body, HEADERS)
        answer = connection.getresponse()
        return answer.status, answer.read()
