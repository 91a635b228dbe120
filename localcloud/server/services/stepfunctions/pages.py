"""Answers in pages, as Step Functions gives them; a token that is none of its own is InvalidToken."""

from __future__ import annotations

from typing import Any

from localcloud.server.call import Call, Params, Refusal

PREFIX = "page-"


def page(call: Call, items: list[Any], usual: int = 100, largest: int = 1000) -> tuple[list[Any], Params]:
    """The page that the call asks for, and ``{"nextToken": ...}`` if there is more."""
    size = min(call.params.get("maxResults") or usual, largest)
    token = call.params.get("nextToken") or f"{PREFIX}0"
    number = token.removeprefix(PREFIX)
    if not token.startswith(PREFIX) or not number.isdigit():
        raise Refusal("InvalidToken", "Invalid Token: 'Invalid token'")
    start = int(number)
    rest = {"nextToken": f"{PREFIX}{start + size}"} if start + size < len(items) else {}
    return items[start : start + size], rest
