"""The objects of one cluster, in memory, and who watches them.

Every write takes the next resource version under one lock and reaches each watch before the lock is released, so a
watch sees every change once and in order.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from queue import Empty, SimpleQueue
from typing import Final

from localcloud.kubernetes.api.selectors import Selector
from localcloud.kubernetes.objects.errors import ApiError, Json, expired
from localcloud.kubernetes.objects.kinds import Kind
from localcloud.kubernetes.objects.ownership import Owners, copied, managed_fields

_REMEMBERED: Final = 2_000
"""Changes that a watch can start from; an older resource version is answered 410, as etcd's compaction does."""


@dataclass(frozen=True)
class Stored:
    """One object as it stands. ``value`` is never changed in place."""

    kind: Kind
    value: Json
    owners: Owners

    @property
    def namespace(self) -> str:
        return str(self.value["metadata"].get("namespace", ""))

    @property
    def name(self) -> str:
        return str(self.value["metadata"]["name"])

    @property
    def uid(self) -> str:
        return str(self.value["metadata"]["uid"])

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.value["metadata"]

    @cached_property
    def shown(self) -> Json:
        """The object as clients get it. To be copied before it is changed."""
        fields = managed_fields(self.owners, self.kind.api_version)
        metadata = {**self.value["metadata"], **({"managedFields": fields} if fields else {})}
        return {"apiVersion": self.kind.api_version, "kind": self.kind.name, **self.value, "metadata": metadata}


@dataclass(frozen=True)
class Change:
    version: int
    event: str
    """ADDED, MODIFIED or DELETED."""
    stored: Stored
    before: Stored | None


class Watch:
    """The changes of the objects of one kind that a selector means, in order. Iterating waits for the next one, and
    ends when the watch is closed."""

    def __init__(self, store: Store, kind: Kind, namespace: str, selector: Selector, seconds: float | None) -> None:
        self._store, self.kind, self._namespace, self._selector = store, kind, namespace, selector
        self._ends = None if seconds is None else time.monotonic() + seconds
        self._queue: SimpleQueue[Json | None] = SimpleQueue()
        self._closed = False

    def __iter__(self) -> Iterator[Json]:
        while not self.over:
            if (event := self.next()) is not None:
                yield event

    def next(self, timeout: float | None = None) -> Json | None:
        """The next event, or None when there is none in so many seconds or the watch is over."""
        left = None if self._ends is None else max(self._ends - time.monotonic(), 0)
        waits = min((each for each in (timeout, left) if each is not None), default=None)
        try:
            return self._queue.get(timeout=waits)
        except Empty:
            if self._ends is not None and time.monotonic() >= self._ends:
                self.close()
            return None

    @property
    def over(self) -> bool:
        """Whether no event will come any more."""
        return self._closed and self._queue.empty()

    def close(self) -> None:
        """Ends the watch, also for a thread that waits in it."""
        self._store.forget(self)
        self._queue.put(None)
        self._closed = True

    def offer(self, change: Change) -> None:
        """Takes up a change if it concerns this watch. An object that comes to match is ADDED, one that ceases to is
        DELETED."""
        if change.stored.kind is not self.kind or self._namespace not in ("", change.stored.namespace):
            return
        after = change.event != "DELETED" and self._selector.matches(change.stored.value)
        before = change.before is not None and self._selector.matches(change.before.value)
        if after or before:
            event = ("MODIFIED" if before else "ADDED") if after else "DELETED"
            self._queue.put({"type": event, "object": copied(change.stored.shown)})

    def bookmark(self) -> Json:
        """The resource version up to which the watch has seen every change."""
        metadata = {"resourceVersion": str(self._store.version)}
        told = {"apiVersion": self.kind.api_version, "kind": self.kind.name, "metadata": metadata}
        return {"type": "BOOKMARK", "object": told}

    def push(self, event: str, stored: Stored) -> None:
        self._queue.put({"type": event, "object": copied(stored.shown)})


class Store:
    """All objects by kind, namespace and name."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.version = 0
        self._objects: dict[Kind, dict[tuple[str, str], Stored]] = {}
        self._changes: deque[Change] = deque(maxlen=_REMEMBERED)
        self._watches: list[Watch] = []

    def get(self, kind: Kind, namespace: str, name: str) -> Stored | None:
        with self.lock:
            return self._objects.get(kind, {}).get((namespace, name))

    def select(self, kind: Kind, namespace: str, selector: Selector) -> list[Stored]:
        """Those of one namespace, or of all when it is empty; by namespace and name."""
        with self.lock:
            objects = sorted(self._objects.get(kind, {}).items())
        return [
            stored for (within, _), stored in objects if namespace in ("", within) and selector.matches(stored.value)
        ]

    def all(self) -> list[Stored]:
        with self.lock:
            return [stored for objects in self._objects.values() for stored in objects.values()]

    def put(self, kind: Kind, value: Json, owners: Owners) -> Stored:
        """Stores the object under the next resource version."""
        with self.lock:
            version = self._advance()
            value = {**value, "metadata": {**value["metadata"], "resourceVersion": str(version)}}
            stored = Stored(kind, value, owners)
            objects = self._objects.setdefault(kind, {})
            before = objects.get((stored.namespace, stored.name))
            objects[stored.namespace, stored.name] = stored
            self._tell(Change(version, "MODIFIED" if before else "ADDED", stored, before))
            return stored

    def remove(self, stored: Stored) -> None:
        with self.lock:
            if self._objects.get(stored.kind, {}).pop((stored.namespace, stored.name), None) is None:
                return
            version = self._advance()
            value = {**stored.value, "metadata": {**stored.value["metadata"], "resourceVersion": str(version)}}
            self._tell(Change(version, "DELETED", Stored(stored.kind, value, stored.owners), stored))

    def watch(self, kind: Kind, namespace: str, selector: Selector, since: str, seconds: float | None = None) -> Watch:
        """A watch from a resource version on, or from the objects that stand when it is empty or 0; for so many
        seconds, or until it is closed. Raises ApiError Expired."""
        watch = Watch(self, kind, namespace, selector, seconds)
        with self.lock:
            if since in ("", "0"):
                for stored in self.select(kind, namespace, selector):
                    watch.push("ADDED", stored)
            else:
                for change in self._since(since):
                    watch.offer(change)
            self._watches.append(watch)
        return watch

    def forget(self, watch: Watch) -> None:
        with self.lock:
            if watch in self._watches:
                self._watches.remove(watch)

    def close(self) -> None:
        """Ends all watches."""
        with self.lock:
            watches = list(self._watches)
        for watch in watches:
            watch.close()

    def _since(self, text: str) -> list[Change]:
        try:
            since = int(text)
        except ValueError:
            raise ApiError(400, "BadRequest", f"Invalid value: {text!r}: invalid resource version") from None
        oldest = self._changes[0].version if self._changes else self.version + 1
        if since + 1 < oldest:
            raise expired(text, oldest)
        return [change for change in self._changes if change.version > since]

    def _advance(self) -> int:
        self.version += 1
        return self.version

    def _tell(self, change: Change) -> None:
        self._changes.append(change)
        for watch in self._watches:
            watch.offer(change)
