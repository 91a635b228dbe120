"""What API and page have in common: a request whose body has a limit, an answer, and how a server ends."""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import uvicorn

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
KEEP_ALIVE_SECONDS: Final = 75
"""Longer than the 60 seconds for which a load balancer keeps a connection: the one to close it must not be the server,
or a request that is on its way is lost."""
SECONDS_TO_END: Final = 25
"""For requests that are being answered when SIGTERM comes; a pod has 30 seconds."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request, with its body unless it is too large."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer that no cache keeps unless its headers say otherwise."""

    status: int = 200
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Handler = Callable[[Request], Awaitable[Response]]


class BodyTooLargeError(Exception):
    """A body has more bytes than are read."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """
    An ASGI application of one handler.

    Attributes:
        methods: by path; what no pattern names is asked of the handler with GET and HEAD
        body_bytes: the largest body
        refuse: the answer to what is refused before the handler sees it, from a status and a reason
    """

    handler: Handler
    refuse: Callable[[int, str], Response]
    methods: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    body_bytes: int = 0

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        if scope["type"] == "http":
            response = await self._respond(scope, receive)
            await _answer(response, send, head=scope["method"] == "HEAD")
        return None

    async def _respond(self, scope: Mapping[str, Any], receive: Receive) -> Response:
        allowed = self.methods.get(scope["path"], ("GET", "HEAD"))
        if scope["method"] not in allowed:
            refusal = self.refuse(405, f"{scope['method']} is not allowed here")
            headers = {**refusal.headers, "allow": ", ".join(allowed)}
            return Response(status=405, body=refusal.body, content_type=refusal.content_type, headers=headers)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            body = await _body(headers, receive, self.body_bytes)
        except BodyTooLargeError:
            return self.refuse(413, f"the body may have {self.body_bytes} bytes")
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        return await self.handler(Request(method=method, path=scope["path"], query=query, headers=headers, body=body))


async def _body(headers: Mapping[str, str], receive: Receive, most: int) -> bytes:
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > most:
        raise BodyTooLargeError
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            raise BodyTooLargeError
    return body


async def _answer(response: Response, send: Send, *, head: bool) -> None:
    headers = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        **response.headers,
    }
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if head else response.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


def serve(application: Application, variables: Mapping[str, str], port: int) -> None:
    """
    Serves until SIGTERM: then connections that wait are closed, and requests are answered.

    Raises:
        ValueError: PORT is no number
    """
    logging.basicConfig(level=variables.get("LOG_LEVEL", "INFO").upper(), format="%(levelname)s %(name)s: %(message)s")
    number = variables.get("PORT", str(port))
    if not number.isdecimal():
        raise ValueError(f"PORT: {number!r} must be a number")
    uvicorn.run(
        application,
        host=variables.get("HOST", "0.0.0.0"),  # noqa: S104  # in a pod, whose network policies say who connects
        port=int(number),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SECONDS_TO_END,
        access_log=False,  # the CDN's access logs have each request
        server_header=False,
        log_config=None,
    )


def setting(variables: Mapping[str, str], name: str, default: int, most: int) -> int:
    """
    A whole number.

    Raises:
        ValueError: it is none, or out of range
    """
    text = variables.get(name, str(default))
    if not text.isdecimal() or int(text) > most:
        raise ValueError(f"{name}: {text!r} must be a whole number from 0 to {most}")
    return int(text)


def required(variables: Mapping[str, str], name: str) -> str:
    """
    A text.

    Raises:
        ValueError: it is not set
    """
    if not variables.get(name):
        raise ValueError(f"{name}: the variable is not set")
    return variables[name]
