"""A cluster's objects by kind, over its client: what every controller and the node agent do with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

from .client import Client, Json
from .objects.errors import ApiError
from .objects.kinds import kind as kind_named
from .objects.ownership import copied
from .timing import now

NOT_FOUND, CONFLICT = 404, 409
ATTEMPTS = 10
"""Of a change that others' changes of the same object forestall."""


@contextmanager
def suppress_status(*statuses: int) -> Generator[None]:
    """Suppresses an ApiError of these HTTP statuses."""
    try:
        yield
    except ApiError as error:
        if error.status not in statuses:
            raise


def namespace_of(item: Json) -> str:
    return str(item["metadata"].get("namespace", ""))


def name_of(item: Json) -> str:
    return str(item["metadata"]["name"])


def uid_of(item: Json) -> str:
    return str(item["metadata"]["uid"])


def labels_of(item: Json) -> dict[str, str]:
    return dict(item["metadata"].get("labels") or {})


def annotations_of(item: Json) -> dict[str, str]:
    return dict(item["metadata"].get("annotations") or {})


def is_terminating(item: Json) -> bool:
    return "deletionTimestamp" in item["metadata"]


def owner_reference(owner: Json, kind: str) -> Json:
    """What makes ``owner`` the controller of another object, which is deleted with it."""
    return {
        "apiVersion": kind_named(kind).api_version,
        "kind": kind,
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(item: Json) -> str:
    """The uid of the object's controller; empty if it has none."""
    references = item["metadata"].get("ownerReferences") or []
    return next((str(one["uid"]) for one in references if one.get("controller")), "")


def condition(item: Json, name: str) -> Json:
    """A condition of the object's status; empty if it has none of that type."""
    conditions = item.get("status", {}).get("conditions") or []
    return next((one for one in conditions if one["type"] == name), {})


def is_true(item: Json, name: str) -> bool:
    return condition(item, name).get("status") == "True"


def set_condition(status: Json, new: Json) -> None:
    """Puts a condition into a status; its transition time stays where its status does."""
    conditions: list[Json] = status.setdefault("conditions", [])
    old = next((one for one in conditions if one["type"] == new["type"]), None)
    same = old is not None and old["status"] == new["status"] and "lastTransitionTime" in old
    since = old["lastTransitionTime"] if old is not None and same else now()
    written = {"lastTransitionTime": since, **new}
    if old is None:
        conditions.append(written)
    else:
        conditions[conditions.index(old)] = written


class Resources:
    """Objects by kind. What is not there is None or nothing; every other refusal raises ApiError."""

    def __init__(self, client: Client, component: str) -> None:
        self.client, self._component = client, component

    def list(self, kind: str, namespace: str = "") -> list[Json]:
        return list(self.client.get(kind_named(kind).path(namespace))["items"])

    def find(self, kind: str, namespace: str, name: str) -> Json | None:
        with suppress_status(NOT_FOUND):
            return self.client.get(kind_named(kind).path(namespace, name))
        return None

    def create(self, kind: str, item: Json) -> Json:
        known = kind_named(kind)
        return self.client.create(
            known.path(namespace_of(item)), {"apiVersion": known.api_version, "kind": kind, **item}
        )

    def update(self, kind: str, item: Json, change: Callable[[Json], Any], subresource: str = "") -> Json | None:
        """The object after ``change``, which is done again if somebody else changed it; None if it is gone."""
        path = kind_named(kind).path(namespace_of(item), name_of(item))
        for attempt in range(ATTEMPTS):
            current = self.find(kind, namespace_of(item), name_of(item))
            if current is None or uid_of(current) != uid_of(item):
                return None
            changed = copied(current)
            change(changed)
            if changed == current:
                return current
            try:
                return self.client.replace(f"{path}/{subresource}" if subresource else path, changed)
            except ApiError as error:
                if error.status == NOT_FOUND:
                    return None
                if error.status != CONFLICT or attempt == ATTEMPTS - 1:
                    raise
        return None

    def update_status(self, kind: str, item: Json, change: Callable[[Json], Any]) -> Json | None:
        """The object after a change of its status."""
        return self.update(kind, item, lambda current: change(current.setdefault("status", {})), "status")

    def delete(self, kind: str, item: Json, grace_period_seconds: int | None = None) -> None:
        """The object itself, not one of the same name."""
        path = kind_named(kind).path(namespace_of(item), name_of(item))
        grace = {} if grace_period_seconds is None else {"gracePeriodSeconds": grace_period_seconds}
        with suppress_status(NOT_FOUND, CONFLICT):
            self.client.delete(path, {"preconditions": {"uid": uid_of(item)}, **grace})

    def warn(self, kind: str, item: Json, reason: str, message: str) -> None:
        self.event(kind, item, reason, message, "Warning")

    def event(self, kind: str, item: Json, reason: str, message: str, event_type: str = "Normal") -> None:
        """Writes an Event about the object, or counts the one that says the same. One that fails is left out."""
        said = hashlib.sha256(f"{uid_of(item)} {self._component} {reason} {message}".encode()).hexdigest()[:16]
        namespace, name, time = namespace_of(item) or "default", f"{name_of(item)}.{said}", now()
        known = kind_named(kind)
        involved = {"apiVersion": known.api_version, "kind": kind, "name": name_of(item), "uid": uid_of(item)}
        body = {
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": involved | ({"namespace": namespace} if namespace_of(item) else {}),
            "reason": reason,
            "message": message[:1024],
            "type": event_type,
            "source": {"component": self._component},
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
        }
        with suppress(ApiError):  # e.g. of a namespace that is being deleted, which takes no new objects
            if earlier := self.find("Event", namespace, name):
                change = {"count": earlier.get("count", 1) + 1, "lastTimestamp": time}
                self.client.patch(kind_named("Event").path(namespace, name), change)
            else:
                self.create("Event", body)
