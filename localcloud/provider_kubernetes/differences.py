"""What a program would change in an object, and which changes mean another object.

pulumi-kubernetes facts: the new inputs are compared with what stands in the cluster, of that only the fields that the
program stated before; name and namespace replace, and so do the fields below, which Kubernetes lets nobody change or
whose change would reach no pod. With a fixed name the old object goes before the new one comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from localcloud.provider.compare import Change
from localcloud.provider.property_values import UNKNOWN

_REPLACING: Final[Mapping[str, tuple[str, ...]]] = {
    "ConfigMap": ("data", "binaryData"),
    "Secret": ("data", "stringData", "type"),
    "Service": ("spec.clusterIP",),
    "Deployment": ("spec.selector",),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "Pod": ("spec",),
    "Job": ("spec.selector", "spec.template"),
}
_IDENTITY: Final = ("metadata.name", "metadata.namespace")
_IN_PLACE: Final = frozenset({"spec.tolerations", "spec.activeDeadlineSeconds"})
"""Of a pod."""
_IMMUTABLE: Final = ("ConfigMap", "Secret")
Json = dict[str, Any]


def pruned(live: Any, stated: Any) -> Any:
    """Of what stands in the cluster, what the program stated."""
    if isinstance(live, Mapping) and isinstance(stated, Mapping):
        return {name: pruned(live[name], item) for name, item in stated.items() if name in live}
    if isinstance(live, list) and isinstance(stated, list):
        return [pruned(item, stated[index]) for index, item in enumerate(live[: len(stated)])]
    return live


def changes(
    kind: str, before: Json, after: Json, *, patch: bool, mutable: frozenset[str], ignored: Sequence[str]
) -> list[Change]:
    """Each difference by its path. ``mutable``: kinds whose data change in place."""
    replacing = _IDENTITY if patch else (*_IDENTITY, *_replacing(kind, before, mutable))
    return [
        Change(path, change, _within(path, replacing) and not (kind == "Pod" and _within(path, tuple(_IN_PLACE))))
        for path, change in _differences(before, after, "")
        if not _within(path, tuple(ignored))
    ]


def _replacing(kind: str, before: Json, mutable: frozenset[str]) -> tuple[str, ...]:
    if kind in mutable and not before.get("immutable"):
        return ("type",) if kind == "Secret" else ()
    return (*_REPLACING.get(kind, ()), *(("immutable",) if kind in _IMMUTABLE and before.get("immutable") else ()))


def _within(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or re.match(re.escape(place) + r"[.\[]", path) for place in places)


def _differences(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any]]:
    if after is UNKNOWN:
        yield path, "update" if before is not None else "add"
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            below = _joined(path, str(name))
            if name not in after:
                yield below, "delete"
            elif name not in before:
                yield below, "add"
            else:
                yield from _differences(before[name], after[name], below)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(before, after, path)
    elif before != after:
        yield path, "update"


def _items(before: list[Any], after: list[Any], path: str) -> Iterator[tuple[str, Any]]:
    for index, (old, new) in enumerate(zip(before, after, strict=False)):
        yield from _differences(old, new, f"{path}[{index}]")
    for index in range(len(before), len(after)):
        yield f"{path}[{index}]", "add"
    for index in range(len(after), len(before)):
        yield f"{path}[{index}]", "delete"


def _joined(path: str, name: str) -> str:
    if re.search(r'[."\[\]]', name):
        return path + '["' + name.replace('"', '\\"') + '"]'
    return f"{path}.{name}" if path else name
