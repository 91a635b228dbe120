"""CustomResourceDefinitions of the kinds that EKS adds to Kubernetes, from the schemas that light mode checks by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from localcloud.kubernetes.client import Json
from localcloud.kubernetes.objects.custom import CUSTOM
from localcloud.kubernetes.objects.kinds import KINDS, Kind

PATH: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_STANDARD: Final = ("apiVersion", "kind", "metadata")
_LABEL_SELECTOR: Final[Json] = {
    "type": "object",
    "properties": {
        "matchLabels": {"type": "object", "additionalProperties": {"type": "string"}},
        "matchExpressions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "operator"],
                "properties": {
                    "key": {"type": "string"},
                    "operator": {"type": "string"},
                    "values": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}


def definitions() -> Iterator[Json]:
    """One for each custom kind."""
    return (_definition(kind) for kind in KINDS if kind.custom)


def _definition(kind: Kind) -> Json:
    schema = _structural(CUSTOM[kind.name])
    for name in _STANDARD:  # the API server checks these itself
        schema["properties"].pop(name)
    version = {"name": kind.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.resource},
        "spec": {
            "group": kind.group,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": {"kind": kind.name, "plural": kind.plural, "singular": kind.name.lower()},
            "versions": [version | ({"subresources": {"status": {}}} if kind.status else {})],
        },
    }


def _structural(schema: Mapping[str, Any]) -> Json:
    """The schema in the form that a definition may have: no references, no alternatives of types, and fields that are
    not named are unknown without being said to be."""
    if "$ref" in schema:
        return _LABEL_SELECTOR if schema["$ref"].endswith("LabelSelector") else {"type": "object"}
    if "oneOf" in schema:
        return {"x-kubernetes-int-or-string": True}
    if schema == {"type": "object"}:
        return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    parts = {name: value for name, value in schema.items() if name not in ("properties", "items")}
    if parts.get("additionalProperties") is False:
        del parts["additionalProperties"]
    elif "additionalProperties" in parts:
        parts["additionalProperties"] = _structural(parts["additionalProperties"])
    if "properties" in schema:
        parts["properties"] = {name: _structural(value) for name, value in schema["properties"].items()}
    if "items" in schema:
        parts["items"] = _structural(schema["items"])
    return parts
