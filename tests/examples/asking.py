"""Requests to an ASGI application, without a network."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from examples.asgi import Application, Message


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def data(self) -> Any:
        """Of an answer without errors."""
        assert self.status == 200, self.body
        assert "errors" not in self.json
        return self.json["data"]

    @property
    def error(self) -> str:
        """The message of the one error."""
        [error] = self.json["errors"]
        return error["message"]


def ask(application: Application, method: str, url: str, body: bytes = b"", **headers: str) -> Answer:
    """The answer to one request; the body comes in two parts."""
    parts = urlsplit(url)
    named = {"content-length": str(len(body)), **headers} if body else headers
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(parts.path),
        "query_string": parts.query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()],
    }
    half = len(body) // 2
    received = iter([{"body": body[:half], "more_body": True}, {"body": body[half:]}])
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", **next(received)}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(application(scope, receive, send))
    start, answer = sent
    return Answer(start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, answer["body"])


def query(application: Application, text: str, **variables: Any) -> Answer:
    document = {"query": text, "variables": variables}
    return ask(application, "POST", "/graphql", json.dumps(document).encode(), content_type="application/json")
