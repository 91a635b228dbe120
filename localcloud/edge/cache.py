"""What the edge keeps: answers by their key, for as long as policies and the origin say.

AWS facts: developer guide, "Manage how long content stays in the cache". Parts that were asked for by Range are kept as
such; a whole object answers ranges and HEAD. Kept until an invalidation names the path, or room is needed.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from localcloud.server.services.cloudfront.store import Distribution
from localcloud.server.wire import HttpResponse

Key = tuple[str, ...]
_MOST_BYTES: Final = 256 << 20
_ERRORS: Final = (404, 414, 500, 501, 502, 503, 504)
"""Kept for the error caching minimum, whatever their headers say."""
_ERRORS_WITH_AGE: Final = (400, 403, 405, 412, 415)
"""Kept only if the origin says for how long."""
_ERROR_SECONDS: Final = 10
_KEPT: Final = (200, 203, 204, 206, 300, 301, 302)


@dataclass(kw_only=True)
class Entry:
    response: HttpResponse
    path: str
    seconds: float
    stored: float = field(default_factory=time.monotonic)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def age(self) -> int:
        return int(time.monotonic() - self.stored)

    @property
    def fresh(self) -> bool:
        return time.monotonic() - self.stored < self.seconds

    def header(self, name: str) -> str:
        return next((value for key, value in self.response.headers.items() if key.lower() == name), "")


class Cache:
    """Bounded; what was used least recently goes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._bytes = 0

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def find(self, key: Key, distribution: Distribution) -> Entry | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if _invalidated(entry, distribution):
                self._drop(key)
                return None
            self._entries.move_to_end(key)
            return entry

    def keep(self, key: Key, entry: Entry) -> None:
        with self._lock:
            self._drop(key)
            self._entries[key] = entry
            self._bytes += len(entry.response.body)
            while self._bytes > _MOST_BYTES:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= len(entry.response.body)


CACHE: Final = Cache()


def _invalidated(entry: Entry, distribution: Distribution) -> bool:
    later = [one["InvalidationBatch"]["Paths"] for one in distribution.invalidations if one["CreateTime"] >= entry.at]
    return any(_names(pattern, entry.path) for paths in later for pattern in paths.get("Items") or [])


def _names(pattern: str, path: str) -> bool:
    """A ``*`` at the end is a wildcard, anywhere else itself."""
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def seconds(response: HttpResponse, policy: Mapping[str, Any], errors: Mapping[int, int]) -> float:
    """For how long an answer is kept; 0: not at all. ``errors``: the distribution's minimums by status."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    directives = _directives(headers.get("cache-control", ""))
    told = _told(directives, headers)
    if response.status >= 400 and policy["MaxTTL"]:
        return _of_error(response.status, told, errors)
    if response.status not in _KEPT or not policy["MaxTTL"]:
        return 0
    if directives.keys() & {"no-cache", "no-store", "private"}:
        return float(policy["MinTTL"])
    if told is None:
        return float(max(policy["MinTTL"], policy["DefaultTTL"]))
    return float(min(max(told, policy["MinTTL"]), policy["MaxTTL"]))


def storable(response: HttpResponse) -> bool:
    """Whether an answer may be kept at all, if only to be asked for again by its ETag."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return response.status == 200 and not _directives(headers.get("cache-control", "")).keys() & {"no-store", "private"}


def _of_error(status: int, told: float | None, errors: Mapping[int, int]) -> float:
    if status in _ERRORS or (status in _ERRORS_WITH_AGE and told is not None):
        return max(errors.get(status, _ERROR_SECONDS), told or 0)
    return 0


def _told(directives: Mapping[str, str], headers: Mapping[str, str]) -> float | None:
    """The seconds that the origin gives."""
    for name in ("s-maxage", "max-age"):
        if directives.get(name, "").isdigit():
            return float(directives[name])
    if "expires" not in headers:
        return None
    try:
        left = parsedate_to_datetime(headers["expires"]) - datetime.now(UTC)
    except ValueError:
        return 0
    return max(0.0, left.total_seconds())


def _directives(text: str) -> dict[str, str]:
    parts = (part.strip().lower().partition("=") for part in text.split(",") if part.strip())
    return {name.strip(): value.strip('" ') for name, _, value in parts}
