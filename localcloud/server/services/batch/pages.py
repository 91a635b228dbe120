"""Answers in pages, as Batch gives them: ``maxResults`` at a time, the rest behind ``nextToken``."""

from __future__ import annotations

from typing import Any

from localcloud.server.call import Call, Params

from .model import client_error


def page(call: Call, items: list[Any], largest: int) -> tuple[list[Any], Params]:
    """The page that the call asks for, and ``{"nextToken": ...}`` if there is more."""
    size = min(call.params.get("maxResults") or largest, largest)
    token = call.params.get("nextToken") or "0"
    if not token.isdigit():
        raise client_error(call, f"Invalid token: {token}")
    start = int(token)
    rest = {"nextToken": str(start + size)} if start + size < len(items) else {}
    return items[start : start + size], rest
