"""The headers that a load balancer adds, changes and takes away.

AWS facts (user guide, "HTTP headers and Application Load Balancers"): X-Forwarded-For is appended to (or kept, or
removed, by an attribute), -Proto and -Port are the listener's, each request has X-Amzn-Trace-Id.
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Final

from localcloud.server.wire import HttpRequest, HttpResponse

from . import attributes
from .store import Listener, LoadBalancer

_HOP_BY_HOP: Final = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
        "upgrade",
    }
)  # fmt: skip


def to_target(one: LoadBalancer, listener: Listener, request: HttpRequest, source: str) -> dict[str, str]:
    def of(name: str) -> str:
        return attributes.value(one, attributes.LOAD_BALANCER, f"routing.http.{name}")

    sent = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
    if of("drop_invalid_header_fields.enabled") == "true":
        sent = {name: value for name, value in sent.items() if re.fullmatch(r"[-A-Za-z0-9]+", name)}
    mode = of("xff_header_processing.mode")
    if mode == "append":
        sent["x-forwarded-for"] = ", ".join(filter(None, [sent.get("x-forwarded-for"), source]))
    elif mode == "remove":
        sent.pop("x-forwarded-for", None)
    sent |= {"x-forwarded-proto": listener.protocol.lower(), "x-forwarded-port": str(listener.port)}
    trace = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    given = sent.get("x-amzn-trace-id")
    sent["x-amzn-trace-id"] = f"Self={trace.removeprefix('Root=')};{given}" if given else trace
    return sent


def to_client(listener: Listener, answer: HttpResponse) -> HttpResponse:
    """By the listener's attributes."""
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
    if attributes.value(listener, attributes.LISTENER, attributes.SERVER_HEADER) == "false":
        headers = {name: value for name, value in headers.items() if name.lower() != "server"}
    for key, name in attributes.RESPONSE_HEADERS.items():
        if text := attributes.value(listener, attributes.LISTENER, key):
            headers = {old: value for old, value in headers.items() if old.lower() != name.lower()} | {name: text}
    return HttpResponse(status=answer.status, headers=headers, body=answer.body)
