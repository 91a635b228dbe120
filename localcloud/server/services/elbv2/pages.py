"""The answers that a load balancer makes itself."""

from __future__ import annotations

from http import HTTPStatus

from localcloud.server.wire import HttpResponse

SERVER = "awselb/2.0"
_NAMES = {503: "Service Temporarily Unavailable", 504: "Gateway Time-out", 301: "Moved Permanently", 302: "Found"}


def page(status: int, **headers: str) -> HttpResponse:
    name = f"{status} {_NAMES.get(status) or HTTPStatus(status).phrase}"
    lines = (f"<head><title>{name}</title></head>", "<body>", f"<center><h1>{name}</h1></center>", "</body>", "</html>")
    body = "\r\n".join(("<html>", *lines, "")).encode()
    return HttpResponse(status=status, headers={"Server": SERVER, "Content-Type": "text/html", **headers}, body=body)
