"""Creating and changing objects: validation, defaults, versions, generations and field ownership."""

from __future__ import annotations

import secrets
import string
import uuid
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.kubernetes.api.admission import Admission
from localcloud.kubernetes.api.removal import Removal
from localcloud.kubernetes.api.store import Store, Stored
from localcloud.kubernetes.objects import defaults, immutable, ownership, rules, structure
from localcloud.kubernetes.objects.errors import (
    Json,
    already_exists,
    bad_request,
    conflict,
    invalid,
    not_found,
)
from localcloud.kubernetes.objects.kinds import Kind, kind
from localcloud.kubernetes.objects.ownership import Manager, Owners, copied, leaves
from localcloud.kubernetes.objects.schemas import Schemas

_GENERATIONS: Final = frozenset(
    {"Pod", "Deployment", "ReplicaSet", "Job", "PodDisruptionBudget", "NetworkPolicy", "EndpointSlice"}
)
_SERVERS: Final = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
)
_MODIFIED: Final = "the object has been modified; please apply your changes to the latest version and try again"
_SUFFIX: Final = "".join(sorted(set(string.ascii_lowercase + string.digits) - set("aeiou013")))


class Writes:
    """Of one cluster. Every method is called with the store's lock held, and raises ApiError."""

    def __init__(self, store: Store, schemas: Schemas, admission: Admission, removal: Removal) -> None:
        self._store, self.schemas, self._admission, self._removal = store, schemas, admission, removal

    def create(self, of: Kind, namespace: str, body: Json, manager: str, operation: str = "Update") -> Stored:
        value = self._named(of, namespace, body)
        metadata = value["metadata"]
        name = str(metadata["name"])
        if of.namespaced:
            self._admission.namespace(of, namespace, name)
        if self._store.get(of, namespace, name) is not None:
            raise already_exists(of.resource, name)
        if of.status and of.name != "Node":
            value.pop("status", None)
        stated = copied(value)
        self._checked(of, value)
        self._admission.create(of, value)
        metadata["uid"] = str(uuid.uuid4())
        metadata["creationTimestamp"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if _has_generation(of):
            metadata["generation"] = 1
        owners: Owners = {Manager(manager, operation): frozenset(leaves(self.schemas, self.schemas.of(of), stated))}
        stored = self._store.put(of, value, owners)
        if of.name == "Namespace":
            self._default_account(name)
        self._removal.collect(stored)
        return stored

    def replace(self, of: Kind, namespace: str, name: str, body: Json, manager: str) -> Stored:
        before = self.existing(of, namespace, name)
        value = self._named(of, namespace, body)
        if value["metadata"]["name"] != name:
            raise bad_request(
                f"the name of the object ({value['metadata']['name']}) does not match the name on the URL ({name})"
            )
        _check_version(before, body)
        return self._change(before, value, Manager(manager, "Update"))

    def change(self, before: Stored, value: Json, manager: str) -> Stored:
        """Stores what a patch made of the object."""
        _check_version(before, value)
        return self._change(before, self._named(before.kind, before.namespace, value), Manager(manager, "Update"))

    def apply(
        self, of: Kind, namespace: str, name: str, body: Json, manager: str, *, force: bool
    ) -> tuple[Stored, bool]:
        """Server-side apply. Whether the object is new comes with it."""
        stated = self._named(of, namespace, {**body, "metadata": {**(body.get("metadata") or {}), "name": name}})
        before = self._store.get(of, namespace, name)
        if before is None:
            return self.create(of, namespace, stated, manager, "Apply"), True
        _check_version(before, body)
        stated.pop("status", None)
        schema = self.schemas.of(of)
        self._refuse_unknown(of, stated)
        by = Manager(manager, "Apply")
        result = ownership.apply(self.schemas, schema, before.value, before.owners, stated, by, force=force)
        return self._store_change(before, copied(result.value), result.owners), False

    def status(self, before: Stored, body: Json, manager: str) -> Stored:
        """Replaces the status alone."""
        _check_version(before, body)
        value = copied({**before.value, "status": structure.without_nulls(body.get("status") or {})})
        self._refuse_unknown(before.kind, value)
        if value == before.value:
            return before
        owners = self._updated(before, value, Manager(manager, "Update", "status"))
        return self._store.put(before.kind, value, owners)

    def spec_field(self, before: Stored, field: str, wanted: Any, manager: str, subresource: str) -> Stored:
        """What ``/scale`` and ``/binding`` change."""
        value = copied(before.value)
        value["spec"][field] = wanted
        owners = self._updated(before, value, Manager(manager, "Update", subresource))
        return self._finished(before, value, owners)

    def existing(self, of: Kind, namespace: str, name: str) -> Stored:
        stored = self._store.get(of, namespace, name)
        if stored is None:
            raise not_found(of.resource, name)
        return stored

    def _named(self, of: Kind, namespace: str, body: Json) -> Json:
        """A copy of the body as an object of the kind in the namespace, without nulls and what is the server's."""
        if (stated := body.get("kind", of.name)) != of.name:
            raise bad_request(f"{stated} in version {body.get('apiVersion')!r} cannot be handled as a {of.name}")
        if (stated := body.get("apiVersion", of.api_version)) != of.api_version:
            raise bad_request(
                f"the API version in the data ({stated}) does not match the expected API version ({of.api_version})"
            )
        value = structure.without_nulls({key: item for key, item in body.items() if key not in ("kind", "apiVersion")})
        metadata = value.setdefault("metadata", {})
        if not isinstance(metadata, dict):
            raise bad_request(f'{of.name} in version "{of.version}" cannot be handled as a {of.name}: metadata')
        for field in _SERVERS:
            metadata.pop(field, None)
        if not of.namespaced:
            metadata.pop("namespace", None)
        elif metadata.setdefault("namespace", namespace) != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if "name" not in metadata and metadata.get("generateName"):
            suffix = "".join(secrets.choice(_SUFFIX) for _ in range(5))
            metadata["name"] = f"{metadata['generateName'][:58]}{suffix}"
        if not metadata.get("name"):
            raise invalid(of.qualified, "", ["metadata.name: Required value: name or generateName is required"])
        return value

    def _refuse_unknown(self, of: Kind, value: Json) -> None:
        faults = structure.faults(self.schemas, of, value)
        faults.values.clear()
        if refusal := faults.refusal(of, str(value["metadata"].get("name", ""))):
            raise refusal

    def _checked(self, of: Kind, value: Json) -> None:
        """Completes the value with defaults, or refuses it."""
        name = str(value["metadata"]["name"])
        if refusal := structure.faults(self.schemas, of, value).refusal(of, name):
            raise refusal
        defaults.fill_in(of.name, value)
        if causes := rules.faults(of.name, {**value, "kind": of.name}):
            raise invalid(of.qualified, name, causes)

    def _change(self, before: Stored, value: Json, by: Manager) -> Stored:
        value = {**value, "metadata": _kept_metadata(before, value["metadata"])}
        if before.kind.status:
            value.pop("status", None)
            value |= {"status": before.value["status"]} if "status" in before.value else {}
        return self._store_change(before, value, None, by)

    def _store_change(self, before: Stored, value: Json, owners: Owners | None, by: Manager | None = None) -> Stored:
        value["metadata"] = _kept_metadata(before, value["metadata"])
        self._admission.update(before.kind, before, value)
        self._checked(before.kind, value)
        if causes := immutable.change_faults(before.kind.name, before.value, value):
            raise invalid(before.kind.qualified, before.name, causes)
        if owners is None:
            assert by is not None  # noqa: S101 (an update names who makes it)
            owners = self._updated(before, value, by)
        return self._finished(before, value, owners)

    def _finished(self, before: Stored, value: Json, owners: Owners) -> Stored:
        if value == before.value and owners == before.owners:
            return before
        if _has_generation(before.kind) and _specified(value) != _specified(before.value):
            value["metadata"]["generation"] = before.value["metadata"].get("generation", 0) + 1
        stored = self._store.put(before.kind, value, owners)
        self._removal.complete(stored)
        return stored

    def _updated(self, before: Stored, value: Json, by: Manager) -> Owners:
        schema = self.schemas.of(before.kind)
        old, new = leaves(self.schemas, schema, before.value), leaves(self.schemas, schema, value)
        return ownership.updated(before.owners, by, old, new)

    def _default_account(self, namespace: str) -> None:
        self.create(kind("ServiceAccount"), namespace, {"metadata": {"name": "default"}}, "kube-controller-manager")


def _has_generation(of: Kind) -> bool:
    return of.custom or of.name in _GENERATIONS


def _specified(value: Json) -> Json:
    return {key: item for key, item in value.items() if key not in ("metadata", "status")}


def _kept_metadata(before: Stored, metadata: Json) -> Json:
    """The metadata of a change, with what only the server may say as it was."""
    old = before.value["metadata"]
    return metadata | {field: old[field] for field in _SERVERS if field in old}


def _check_version(before: Stored, body: Json) -> None:
    stated = (body.get("metadata") or {}).get("resourceVersion")
    if stated and stated != before.value["metadata"]["resourceVersion"]:
        raise conflict(before.kind.resource, before.name, _MODIFIED)
    uid = (body.get("metadata") or {}).get("uid")
    if uid and uid != before.uid:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {before.uid}"
        raise conflict(before.kind.resource, before.name, why)
