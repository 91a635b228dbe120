"""The schemas of the kinds: Kubernetes' own of one minor version (from kubernetes-validate), and those of the custom
resources that EKS Auto Mode and the secrets store add-on define."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from localcloud.kubernetes.objects.custom import CUSTOM
from localcloud.kubernetes.objects.kinds import Kind

Schema = Mapping[str, Any]
NO_SCHEMA: Final[Schema] = {}
_PREFIX: Final = "#/$defs/"
_FOLDER: Final = "kubernetes-json-schema"


@dataclass(frozen=True)
class Schemas:
    """The schemas of one minor version of Kubernetes, ``1.34``."""

    minor: str
    _definitions: Mapping[str, Schema]
    _by_kind: Mapping[tuple[str, str, str], Schema] = field(repr=False)

    def of(self, kind: Kind) -> Schema:
        """The schema of whole objects of the kind. Raises LookupError where this minor version doesn't have it."""
        if kind.custom:
            return CUSTOM[kind.name]
        return self._by_kind[kind.group, kind.version, kind.name]

    def resolved(self, schema: Schema) -> Schema:
        """The schema that a reference means, with what stands beside the reference."""
        reference = schema.get("$ref")
        if reference is None:
            return schema
        return {**self._definitions[str(reference).removeprefix(_PREFIX)], **schema}

    def member(self, schema: Schema, name: str) -> Schema | None:
        """The schema of one property or map value; None: there is no such property. Resolved."""
        properties: Mapping[str, Schema] = schema.get("properties") or {}
        if name in properties:
            return self.resolved(properties[name])
        others = schema.get("additionalProperties")
        if isinstance(others, Mapping):
            return self.resolved(others)
        return None if properties or others is False else NO_SCHEMA

    def item(self, schema: Schema) -> Schema:
        """The schema of a list's elements, resolved."""
        return self.resolved(schema.get("items") or NO_SCHEMA)


def minors() -> list[str]:
    """The minor versions there are schemas for, oldest first."""
    names = [folder.name for folder in _folder().iterdir() if folder.name.endswith("-local-strict")]
    return sorted((name.removeprefix("v").rsplit(".", 1)[0] for name in names), key=_number)


@lru_cache(maxsize=4)
def schemas(minor: str) -> Schemas:
    """The schemas of a minor version. Raises ValueError for one that there are none for."""
    folder = _folder() / f"v{minor}.0-local-strict"
    if not folder.is_dir():
        raise ValueError(f"Kubernetes version {minor!r}: there are schemas for {', '.join(minors())}")
    definitions: dict[str, Schema] = json.loads((folder / "_definitions.json").read_text())["$defs"]
    by_kind: dict[tuple[str, str, str], Schema] = {}
    for schema in definitions.values():
        versions: list[dict[str, str]] = schema.get("x-kubernetes-group-version-kind", [])
        if len(versions) == 1:
            by_kind[versions[0]["group"], versions[0]["version"], versions[0]["kind"]] = schema
    return Schemas(minor, definitions, by_kind)


@cache
def _folder() -> Path:
    """Of kubernetes-validate, which is not imported: its validator takes a tenth of a second to load."""
    spec = find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        raise ImportError("the package kubernetes-validate is not installed")
    return Path(spec.origin).parent / _FOLDER


def _number(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor.split("."))
