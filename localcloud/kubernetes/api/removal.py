"""Deleting: grace of pods, finalizers, what belongs to an object that goes, and namespaces with all that is in them.

Kubernetes does the last three by controllers that follow a moment later; here they follow at once, in the call that
made them due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from localcloud.kubernetes.api.selectors import EVERYTHING
from localcloud.kubernetes.api.store import Store, Stored
from localcloud.kubernetes.objects.errors import Json, bad_request, conflict, forbidden
from localcloud.kubernetes.objects.kinds import KINDS, kind

FOREGROUND: Final = "foregroundDeletion"
_POLICIES: Final = ("Background", "Foreground", "Orphan")
_GRACE_SECONDS: Final = 30
_KEPT_NAMESPACES: Final = ("default", "kube-system", "kube-public", "kube-node-lease")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Of a deletion. ``grace``: None is the pod's own."""

    grace: int | None = None
    propagation: str = "Background"
    uid: str = ""
    resource_version: str = ""

    @classmethod
    def of(cls, query: dict[str, str], body: Json) -> Options:
        propagation = str(body.get("propagationPolicy") or query.get("propagationPolicy") or "Background")
        if propagation not in _POLICIES:
            raise bad_request(f"propagationPolicy: Unsupported value: {propagation!r}: one of {', '.join(_POLICIES)}")
        grace: Any = body.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
        wanted = body.get("preconditions") or {}
        return cls(
            grace=None if grace is None else int(grace),
            propagation=propagation,
            uid=wanted.get("uid", ""),
            resource_version=wanted.get("resourceVersion", ""),
        )


class Removal:
    """Deletes objects of a store. Every method is called with the store's lock held."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def delete(self, stored: Stored, options: Options) -> Stored:
        """Deletes the object, or marks it as being deleted. Answers with what it then is, or last was."""
        _check_preconditions(stored, options)
        if stored.kind.name == "Namespace":
            return self._delete_namespace(stored)
        if options.propagation == "Orphan":
            for dependent in self._dependents(stored):
                self._disown(dependent, stored.uid)
        finalizers: list[str] = list(stored.value["metadata"].get("finalizers") or [])
        if options.propagation == "Foreground" and FOREGROUND not in finalizers:
            finalizers.append(FOREGROUND)
        grace = _grace(stored, options.grace)
        if not finalizers and grace == 0:
            self._remove(stored)
            return stored
        marked = self._mark(stored, finalizers, grace)
        if FOREGROUND in finalizers:
            for dependent in self._dependents(marked):
                if not dependent.deleting:
                    self.delete(dependent, Options(propagation="Foreground"))
            self._finish_foreground(marked.uid)
        return marked

    def complete(self, stored: Stored) -> None:
        """Removes an object that is being deleted once nothing keeps it any more."""
        metadata = stored.value["metadata"]
        if stored.deleting and not metadata.get("finalizers") and not metadata.get("deletionGracePeriodSeconds"):
            if stored.kind.name == "Namespace":
                self._finish_namespace(stored.name)
            else:
                self._remove(stored)

    def collect(self, stored: Stored) -> None:
        """Deletes a new object whose owners are all gone already, or wait for what belongs to them to go: a controller
        may make a pod for a ReplicaSet that it read before that was deleted."""
        owners = {owner["uid"] for owner in stored.value["metadata"].get("ownerReferences") or ()}
        lasting = (other for other in self._store.all() if other.uid in owners and not _waits_for_dependents(other))
        if owners and not any(lasting):
            self.delete(stored, Options())

    def _mark(self, stored: Stored, finalizers: list[str], grace: int) -> Stored:
        metadata: Json = dict(stored.value["metadata"])
        if stored.deleting and grace >= int(metadata.get("deletionGracePeriodSeconds", 0)):
            grace = int(metadata.get("deletionGracePeriodSeconds", 0))  # may only be shortened
            if finalizers == (metadata.get("finalizers") or []):
                return stored
        else:
            at = datetime.now(UTC) + timedelta(seconds=grace)
            metadata["deletionTimestamp"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata["deletionGracePeriodSeconds"] = grace
        if finalizers:
            metadata["finalizers"] = finalizers
        if "generation" in metadata and not stored.deleting:
            metadata["generation"] += 1
        return self._store.put(stored.kind, {**stored.value, "metadata": metadata}, stored.owners)

    def _remove(self, stored: Stored) -> None:
        self._store.remove(stored)
        for dependent in self._dependents(stored):
            self._orphaned(dependent, stored.uid)
        for owner in stored.value["metadata"].get("ownerReferences") or ():
            self._finish_foreground(owner["uid"])
        if stored.namespace:
            self._finish_namespace(stored.namespace)

    def _orphaned(self, dependent: Stored, uid: str) -> None:
        """Deletes what lost its last owner."""
        present = {other.uid for other in self._store.all()}
        others = [o for o in dependent.value["metadata"]["ownerReferences"] if o["uid"] != uid and o["uid"] in present]
        if others:
            self._disown(dependent, uid)
        elif not dependent.deleting:
            self.delete(dependent, Options())

    def _disown(self, dependent: Stored, uid: str) -> None:
        metadata: Json = dict(dependent.value["metadata"])
        metadata["ownerReferences"] = [owner for owner in metadata["ownerReferences"] if owner["uid"] != uid]
        if not metadata["ownerReferences"]:
            del metadata["ownerReferences"]
        self._store.put(dependent.kind, {**dependent.value, "metadata": metadata}, dependent.owners)

    def _dependents(self, owner: Stored) -> list[Stored]:
        return [
            stored
            for stored in self._store.all()
            if any(each["uid"] == owner.uid for each in stored.value["metadata"].get("ownerReferences") or ())
        ]

    def _finish_foreground(self, uid: str) -> None:
        """Lets an owner go that waited for what belongs to it."""
        owner = next((stored for stored in self._store.all() if stored.uid == uid), None)
        if owner is None or not _waits_for_dependents(owner) or self._dependents(owner):
            return
        metadata: Json = dict(owner.value["metadata"])
        metadata["finalizers"] = [each for each in metadata["finalizers"] if each != FOREGROUND]
        if not metadata["finalizers"]:
            del metadata["finalizers"]
        self.complete(self._store.put(owner.kind, {**owner.value, "metadata": metadata}, owner.owners))

    def _delete_namespace(self, stored: Stored) -> Stored:
        if stored.name in _KEPT_NAMESPACES:
            raise forbidden("namespaces", stored.name, "this namespace may not be deleted")
        if not stored.deleting:
            value = {**stored.value, "status": {**(stored.value.get("status") or {}), "phase": "Terminating"}}
            stored = self._mark(Stored(stored.kind, value, stored.owners), [], 0)
        for other in self._contents(stored.name):
            if not other.deleting and self._store.get(other.kind, other.namespace, other.name) is not None:
                self.delete(other, Options())
        self._finish_namespace(stored.name)
        return stored

    def _finish_namespace(self, name: str) -> None:
        namespace = self._store.get(kind("Namespace"), "", name)
        if namespace is None or not namespace.deleting or self._contents(name):
            return
        if not namespace.value["metadata"].get("finalizers"):
            self._store.remove(namespace)

    def _contents(self, namespace: str) -> list[Stored]:
        return [
            stored for each in KINDS if each.namespaced for stored in self._store.select(each, namespace, EVERYTHING)
        ]


def _waits_for_dependents(owner: Stored) -> bool:
    return owner.deleting and FOREGROUND in (owner.value["metadata"].get("finalizers") or ())


def _grace(stored: Stored, given: int | None) -> int:
    """Seconds that the deletion waits for the node. Only a pod that a node runs is waited for."""
    spec = stored.value.get("spec") or {}
    phase = (stored.value.get("status") or {}).get("phase")
    if stored.kind.name != "Pod" or not spec.get("nodeName") or phase in ("Succeeded", "Failed"):
        return 0
    return int(spec.get("terminationGracePeriodSeconds", _GRACE_SECONDS)) if given is None else max(given, 0)


def _check_preconditions(stored: Stored, options: Options) -> None:
    version = stored.value["metadata"]["resourceVersion"]
    if options.uid and options.uid != stored.uid:
        why = f"Precondition failed: UID in precondition: {options.uid}, UID in object meta: {stored.uid}"
        raise conflict(stored.kind.resource, stored.name, why)
    if options.resource_version and options.resource_version != version:
        why = (
            f"Precondition failed: ResourceVersion in precondition: {options.resource_version}, "
            f"ResourceVersion in object meta: {version}"
        )
        raise conflict(stored.kind.resource, stored.name, why)
