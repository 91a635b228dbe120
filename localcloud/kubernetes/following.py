"""A thread that follows all objects of a kind: lists them, watches from there, and lists again when a watch is over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from localcloud.server import workers

from .client import Client, Events, Json, UnreachableError
from .objects.errors import ApiError
from .objects.kinds import kind
from .resources import uid_of

LOG = logging.getLogger(__name__)
PAUSE_SECONDS = 0.5

Observe = Callable[[str, Json], None]
"""Is given ADDED, MODIFIED or DELETED, and the object. An object that is listed again is MODIFIED."""


class Follower:
    """``observe`` runs in the follower's thread."""

    def __init__(self, client: Client, kind_name: str, observe: Observe) -> None:
        self._client, self._kind, self._observe = client, kind_name, observe
        self._known: dict[str, Json] = {}
        self._stopped = threading.Event()
        self._events: Events | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"follow-{kind_name}-{id(self):x}")

    def start(self) -> None:
        self._thread.start()
        workers.started(self._thread)

    def stop(self) -> None:
        """Nothing is observed any more."""
        self._stopped.set()
        if self._events is not None:
            self._events.close()
        workers.stopped(self._thread)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._follow(self._list())
            except (ApiError, UnreachableError) as error:
                LOG.warning("following %s: %s", self._kind, error)
            self._stopped.wait(PAUSE_SECONDS)

    def _list(self) -> str:
        """The version of the list."""
        listed = self._client.get(kind(self._kind).path())
        current = {uid_of(item): item for item in listed["items"]}
        for uid in set(self._known) - set(current):
            self._tell("DELETED", self._known[uid])
        for item in current.values():
            self._tell("MODIFIED", item)
        self._known = current
        return str(listed["metadata"]["resourceVersion"])

    def _follow(self, version: str) -> None:
        self._events = self._client.watch(kind(self._kind).path(), {"resourceVersion": version})
        for event in self._events:
            if self._stopped.is_set() or event["type"] == "ERROR":
                self._events.close()
                return
            if event["type"] == "DELETED":
                self._known.pop(uid_of(event["object"]), None)
            elif event["type"] in ("ADDED", "MODIFIED"):
                self._known[uid_of(event["object"])] = event["object"]
            else:
                continue
            self._tell(event["type"], event["object"])

    def _tell(self, event: str, item: Json) -> None:
        if not self._stopped.is_set():
            self._observe(event, item)
