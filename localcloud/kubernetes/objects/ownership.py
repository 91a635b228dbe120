"""Which client owns which field, and server-side apply, which rests on it.

Kubernetes facts: a client that applies owns what it states; what it stated before and no longer does is removed unless
another owns it too; stating another value for another's field is a conflict. A client that updates owns what it
changed. Lists are compared as a whole unless the schema calls them a set or names the keys of their elements.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.kubernetes.objects.errors import ApiError, Json
from localcloud.kubernetes.objects.schemas import NO_SCHEMA, Schema, Schemas

Path = tuple[str, ...]
"""``("f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:name")``, as FieldsV1 spells it."""
ITEM: Final = "."
_KEY_DEFAULTS: Final = {"protocol": "TCP"}
_SERVERS: Final = frozenset(
    {
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
        "generateName",
        "selfLink",
    }
)


@dataclass(frozen=True)
class Manager:
    """One entry of managedFields: who, by which operation, on which subresource."""

    name: str
    operation: str
    subresource: str = ""


Owners = Mapping[Manager, frozenset[Path]]


def copied(value: Any) -> Any:
    """A copy of a JSON value that shares no part with it."""
    if isinstance(value, str):  # what most of a JSON value is
        return value
    if isinstance(value, dict | Mapping):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def leaves(schemas: Schemas, schema: Schema, value: Json) -> dict[Path, Any]:
    """The object's fields that a client can own, with their values."""
    own = {key: item for key, item in value.items() if key not in ("apiVersion", "kind")}
    metadata = {key: item for key, item in (own.pop("metadata", None) or {}).items() if key not in _SERVERS}
    own |= {"metadata": metadata} if metadata else {}
    return dict(_leaves(schemas, schema, own, ()))


def _leaves(schemas: Schemas, schema: Schema, value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Mapping) and value and schema.get("x-kubernetes-map-type") != "atomic":
        for name, item in value.items():
            yield from _leaves(schemas, schemas.member(schema, name) or NO_SCHEMA, item, (*path, f"f:{name}"))
    elif isinstance(value, list) and schema.get("x-kubernetes-list-type") == "set":
        for item in value:
            yield (*path, f"v:{json.dumps(item)}"), item
    elif isinstance(value, list) and (keys := item_keys(schema)):
        for item in value:
            below = (*path, item_key(keys, item))
            yield (*below, ITEM), None
            yield from _leaves(schemas, schemas.item(schema), item, below)
    elif path:
        yield path, value


def item_keys(schema: Schema) -> list[str]:
    """The fields that tell a list's elements apart; none: the list is one value."""
    return list(schema["x-kubernetes-list-map-keys"]) if schema.get("x-kubernetes-list-type") == "map" else []


def item_key(keys: list[str], item: Json) -> str:
    named = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in sorted(keys)}
    return "k:" + json.dumps(named, separators=(",", ":"))


def updated(owners: Owners, manager: Manager, before: Mapping[Path, Any], after: Mapping[Path, Any]) -> Owners:
    """The owners once ``manager`` has changed the fields from ``before`` to ``after``."""
    changed = frozenset(path for path, value in after.items() if path not in before or before[path] != value)
    result = {other: paths - changed for other, paths in owners.items()}
    if changed:
        result[manager] = result.get(manager, frozenset()) | changed
    return _standing(result, after)


def _standing(owners: Owners, after: Mapping[Path, Any]) -> Owners:
    present = after.keys()
    left = {manager: frozenset(path for path in paths if path in present) for manager, paths in owners.items()}
    return {manager: paths for manager, paths in left.items() if paths}


@dataclass(frozen=True)
class Applied:
    value: Json
    owners: Owners


def apply(
    schemas: Schemas, schema: Schema, live: Json, owners: Owners, stated: Json, manager: Manager, *, force: bool
) -> Applied:
    """The object once ``manager`` has applied ``stated``. Raises ApiError Conflict."""
    new = leaves(schemas, schema, stated)
    values = leaves(schemas, schema, live)
    others = {other: paths for other, paths in owners.items() if other != manager}
    disputed = {path for path, value in new.items() if path in values and values[path] != value}
    _refuse_conflicts({} if force else others, disputed)
    others = {other: paths - disputed for other, paths in others.items()}
    of_others = frozenset(path for paths in others.values() for path in paths)
    gone = owners.get(manager, frozenset()) - new.keys() - of_others
    merged = copied(_merged(schemas, schema, live, stated))
    for path in sorted(gone, key=lambda path: (path[-1] != ITEM, -len(path))):  # whole elements before their fields
        _remove(schemas, schema, merged, path, of_others | new.keys())
    return Applied(merged, {**{o: p for o, p in others.items() if p}, manager: frozenset(new)})


def _refuse_conflicts(others: Owners, disputed: set[Path]) -> None:
    conflicts = [(other, sorted(paths & disputed)) for other, paths in others.items() if paths & disputed]
    if not conflicts:
        return
    count = sum(len(paths) for _, paths in conflicts)
    named = "; ".join(
        f'conflict with "{other.name}"'
        + (f' using subresource "{other.subresource}"' if other.subresource else "")
        + ": "
        + ", ".join(dotted(path) for path in paths)
        for other, paths in conflicts
    )
    causes = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{other.name}"', "field": dotted(path)}
        for other, paths in conflicts
        for path in paths
    ]
    text = f"Apply failed with {count} conflict{'s' if count > 1 else ''}: {named}"
    raise ApiError(409, "Conflict", text, {"causes": causes})


def dotted(path: Path) -> str:
    """``.spec.template.spec.containers[name="app"].image``."""
    text = ""
    for part in path:
        mark, _, rest = part.partition(":")
        if mark == "f":
            text += f".{rest}"
        elif mark == "k":
            text += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(rest).items()) + "]"
        elif mark == "v":
            text += f"[={rest}]"
    return text


def _merged(schemas: Schemas, schema: Schema, live: Any, stated: Any) -> Any:
    if isinstance(live, Mapping) and isinstance(stated, Mapping) and schema.get("x-kubernetes-map-type") != "atomic":
        both = dict(live)
        for name, item in stated.items():
            below = schemas.member(schema, name) or NO_SCHEMA
            both[name] = _merged(schemas, below, live.get(name), item)
        return both
    if isinstance(live, list) and isinstance(stated, list):
        if schema.get("x-kubernetes-list-type") == "set":
            return [*live, *(item for item in stated if item not in live)]
        if keys := item_keys(schema):
            return _merged_items(schemas, schemas.item(schema), keys, live, stated)
    return stated


def _merged_items(schemas: Schemas, schema: Schema, keys: list[str], live: list[Any], stated: list[Any]) -> list[Any]:
    """Elements stand in the order that was stated, those of others after them."""
    before = {item_key(keys, item): item for item in live}
    named = [item_key(keys, item) for item in stated]
    first = [_merged(schemas, schema, before.get(key), item) for key, item in zip(named, stated, strict=True)]
    return [*first, *(item for key, item in before.items() if key not in named)]


def _remove(schemas: Schemas, schema: Schema, value: Any, path: Path, owned: frozenset[Path]) -> None:
    """Takes the field out of the object; what it was the last part of goes too."""
    whole = path[:-1] if path[-1] == ITEM else path
    if any(other[: len(whole)] == whole for other in owned):
        return
    steps: list[tuple[Any, Any]] = []
    schema_here, here = schema, value
    for part in path:
        if part == ITEM:
            break
        place = _place(schema_here, here, part)
        if place is None:
            return
        steps.append((here, place))
        here = here[place]
        mark, _, name = part.partition(":")
        below = schemas.member(schema_here, name) if mark == "f" else schemas.item(schema_here)
        schema_here = below or NO_SCHEMA
    holder, place = steps[-1]
    del holder[place]
    for (outer, at), (inner, _) in zip(reversed(steps[:-1]), reversed(steps[1:]), strict=True):
        if inner or isinstance(outer, list):
            return
        del outer[at]


def _place(schema: Schema, value: Any, part: str) -> Any:
    """The key or index of the part in the value; None: it isn't there."""
    mark, _, name = part.partition(":")
    if mark == "f":
        return name if isinstance(value, Mapping) and name in value else None
    if not isinstance(value, list):
        return None
    if mark == "v":
        return next((index for index, item in enumerate(value) if json.dumps(item) == name), None)
    keys = item_keys(schema)
    return next((index for index, item in enumerate(value) if item_key(keys, item) == part), None)


def managed_fields(owners: Owners, api_version: str) -> list[Json]:
    """``metadata.managedFields``."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        {"manager": manager.name, "operation": manager.operation, "apiVersion": api_version, "time": now}
        | {"fieldsType": "FieldsV1", "fieldsV1": _nested(paths)}
        | ({"subresource": manager.subresource} if manager.subresource else {})
        for manager, paths in owners.items()
    ]


def _nested(paths: frozenset[Path]) -> Json:
    root: Json = {}
    for path in sorted(paths):
        node = root
        for part in path:
            node = node.setdefault(part, {})
    return root


def paths_of(fields: Json) -> Iterator[Path]:
    """The opposite: the paths that FieldsV1 states."""
    for part, below in fields.items():
        if below:
            yield from ((part, *rest) for rest in paths_of(below))
        else:
            yield (part,)
