"""The API server over HTTP: bearer tokens, JSON and YAML bodies, Status objects, and watches as lines of JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from typing import Final
from urllib.parse import unquote

import yaml

from localcloud.kubernetes.api.requests import JSON, ApiRequest
from localcloud.kubernetes.api.store import Watch
from localcloud.kubernetes.api.users import User
from localcloud.kubernetes.objects.errors import ApiError, Json, bad_request, unauthorized
from localcloud.server.wire import HttpRequest, HttpResponse

_BOOKMARK_SECONDS: Final = 2.0
"""Also how late it is noticed that a client has gone, whose thread waits so long."""
_WATCH_SECONDS: Final = 300.0
"""The server ends a watch after so long, and its client starts another, as clients of Kubernetes have to."""
_HEALTH: Final = ("/healthz", "/livez", "/readyz")


def answer(
    request: HttpRequest,
    authenticate: Callable[[str], User | None],
    perform: Callable[[User, ApiRequest], tuple[int, Json | Watch | str]],
) -> HttpResponse:
    """The response to one request. Health needs no token."""
    try:
        if request.path in _HEALTH:
            return HttpResponse(status=200, headers={"Content-Type": "text/plain; charset=utf-8"}, body=b"ok")
        user = _user(request, authenticate)
        asked = _request(request)
        status, result = perform(user, asked)
    except ApiError as error:
        return _json(error.status, error.body())
    if isinstance(result, Watch):
        return HttpResponse(status=status, headers={"Content-Type": JSON}, stream=_lines(result, asked))
    if isinstance(result, str):
        return HttpResponse(status=status, headers={"Content-Type": "text/plain"}, body=result.encode())
    return _json(status, result)


def _user(request: HttpRequest, authenticate: Callable[[str], User | None]) -> User:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    user = authenticate(token.strip()) if scheme.lower() == "bearer" else None
    if user is None:
        raise unauthorized()
    return user


def _request(request: HttpRequest) -> ApiRequest:
    content_type = request.headers.get("content-type", JSON)
    return ApiRequest(
        method=request.method,
        path=unquote(request.path),
        query=request.query_values,
        body=_body(request.body, content_type),
        content_type=content_type,
        agent=request.headers.get("user-agent", ""),
    )


def _body(body: bytes, content_type: str) -> Json:
    if not body:
        return {}
    try:
        value = (
            yaml.safe_load(body) if "yaml" in content_type and not body.lstrip().startswith(b"{") else json.loads(body)
        )
    except (ValueError, yaml.YAMLError) as error:
        raise bad_request(f"error decoding request body: {error}") from None
    if not isinstance(value, dict):
        raise bad_request("the request body is no object")
    return value


def _json(status: int, value: Json) -> HttpResponse:
    return HttpResponse(status=status, headers={"Content-Type": JSON}, body=json.dumps(value).encode() + b"\n")


def _lines(watch: Watch, request: ApiRequest) -> Generator[bytes]:
    """The events until the watch is over or the connection breaks."""
    bookmarks = request.query.get("allowWatchBookmarks", "").lower() in ("1", "true")
    ends = time.monotonic() + _WATCH_SECONDS
    try:
        while not watch.over and (left := ends - time.monotonic()) > 0:
            event = watch.next(min(left, _BOOKMARK_SECONDS))
            if event is not None:
                yield json.dumps(event).encode() + b"\n"
            elif bookmarks and not watch.over:
                yield json.dumps(watch.bookmark()).encode() + b"\n"
    finally:
        watch.close()
