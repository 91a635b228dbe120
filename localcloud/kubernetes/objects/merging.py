"""Patches: JSON merge patch (RFC 7396) and Kubernetes' strategic merge patch, which knows keys of list elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.kubernetes.objects.errors import bad_request
from localcloud.kubernetes.objects.schemas import NO_SCHEMA, Schema, Schemas


def merge_patch(value: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(value) if isinstance(value, Mapping) else {}
    for name, item in patch.items():
        if item is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), item)
    return result


def strategic_merge_patch(schemas: Schemas, schema: Schema, value: Any, patch: Any) -> Any:
    """As merge patch, but lists whose schema has a patch-merge-key are merged by it. Raises ApiError for a directive
    that isn't known here."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(value) if isinstance(value, Mapping) else {}
    for name, item in patch.items():
        if name.startswith("$setElementOrder/") or name == "$retainKeys":
            continue
        if name.startswith("$"):
            raise bad_request(f"strategic merge patch: the directive {name} is not supported by this API server")
        below = schemas.member(schema, name) or NO_SCHEMA
        if item is None:
            result.pop(name, None)
        elif isinstance(item, list) and below.get("x-kubernetes-patch-strategy", "").startswith("merge"):
            result[name] = _list(schemas, below, result.get(name) or [], item)
        else:
            result[name] = strategic_merge_patch(schemas, below, result.get(name), item)
    return result


def _list(schemas: Schemas, schema: Schema, value: list[Any], patch: list[Any]) -> list[Any]:
    key = schema.get("x-kubernetes-patch-merge-key")
    if key is None:
        return [*value, *(item for item in patch if item not in value)]
    result = list(value)
    for item in patch:
        at = next((index for index, other in enumerate(result) if other.get(key) == item.get(key)), None)
        if item.get("$patch") == "delete":
            if at is not None:
                del result[at]
        elif "$patch" in item:
            raise bad_request(f"strategic merge patch: $patch: {item['$patch']} is not supported by this API server")
        elif at is None:
            result.append(item)
        else:
            result[at] = strategic_merge_patch(schemas, schemas.item(schema), result[at], item)
    return result
