"""Requests to targets, by connections that are kept open for the next one."""

from __future__ import annotations

import select
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from http.client import HTTPResponse as TargetResponse
from typing import Final

from localcloud.kubernetes.addresses import loopback
from localcloud.server.wire import HttpRequest, HttpResponse

from . import store
from .pages import page
from .store import Target

CONNECT_SECONDS: Final = 10.0
_MOST_IDLE: Final = 32


def ask(target: Target, request: HttpRequest, headers: Mapping[str, str], timeout: float) -> HttpResponse:
    """The target's answer; 502 or 504 if there is none."""
    connection = _taken(target)
    try:
        if connection.sock is None:
            connection.connect()
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        _send(connection, request, headers)
        response = connection.getresponse()
        body = response.read()
    except TimeoutError:
        connection.close()
        return page(504)
    except (OSError, HTTPException):
        connection.close()
        return page(502)
    if response.will_close:
        connection.close()
    else:
        _put_back(target, connection)
    return HttpResponse(status=response.status, headers=_headers(response), body=body)


def _send(connection: HTTPConnection, request: HttpRequest, headers: Mapping[str, str]) -> None:
    """The path as it came; the body with its length."""
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        if name != "content-length":
            connection.putheader(name, value)
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        connection.putheader("content-length", str(len(request.body)))
    connection.endheaders(request.body or None)


def _headers(response: TargetResponse) -> dict[str, str]:
    """One that comes several times (Set-Cookie) has several lines."""
    members: dict[str, str] = {}
    for name, value in response.getheaders():
        existing = next((key for key in members if key.lower() == name.lower()), None)
        if existing is None:
            members[name] = value
        else:
            members[existing] += f"\n{value}" if name.lower() == "set-cookie" else f", {value}"
    return members


def _taken(target: Target) -> HTTPConnection:
    with store.LOCK:
        while target.idle:
            connection = target.idle.pop()
            if connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()  # its other end closed it
    return HTTPConnection(loopback(target.address), target.port, timeout=CONNECT_SECONDS)


def _put_back(target: Target, connection: HTTPConnection) -> None:
    with store.LOCK:
        if len(target.idle) < _MOST_IDLE:
            target.idle.append(connection)
            return
    connection.close()


def close(target: Target) -> None:
    """Of a target that is no longer there. Requests under way are finished."""
    with store.LOCK:
        for connection in target.idle:
            connection.close()
        target.idle.clear()
