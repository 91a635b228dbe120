"""What Pulumi's state keeps of an object: what the cluster shows, the program's inputs, and who owns the fields."""

from __future__ import annotations

from base64 import b64decode
from typing import Any, Final

from localcloud.kubernetes.objects.kinds import Kind
from localcloud.provider_kubernetes.tokens import Token

INPUTS: Final = "__inputs"
MANAGER: Final = "__fieldManager"
MANAGER_PREFIX: Final = "pulumi-kubernetes"
_API_VERSION: Final = "__initialApiVersion"
OWN: Final = frozenset({INPUTS, MANAGER, _API_VERSION})
"""The properties that are the provider's own, and no part of the object."""
_SERVERS: Final = (
    "creationTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)
_CONTROLLERS: Final = ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration")
"""Annotations."""
Json = dict[str, Any]


def identity(live: Json) -> str:
    """The resource's id: namespace and name."""
    metadata = live["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def secret_names(token: Token, hidden: frozenset[str]) -> frozenset[str]:
    """The properties of the state that are secret: what a secret input feeds, and a Secret's data always."""
    always = frozenset({"data", "stringData", INPUTS}) if token.kind.name == "Secret" else frozenset[str]()
    return always | (hidden | {INPUTS} if hidden else frozenset())


def recorded(live: Json, stated: Json, manager: str) -> Json:
    return {**live, INPUTS: stated, _API_VERSION: live["apiVersion"], MANAGER: manager}


def shown(live: Json) -> Json:
    """What the state keeps of an object: all but who owns which field."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    return {**live, "metadata": metadata}


def as_inputs(kind: Kind, live: Json) -> Json:
    """An object that the program reads or imports, as it might have stated it. Of kinds that pulumi-kubernetes has no
    schema for it knows no inputs but the object's name."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in _SERVERS}
    if kind.custom:
        named = {key: value for key, value in metadata.items() if key in ("name", "namespace")}
        return {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": named}
    if "annotations" in metadata:
        stated = {key: value for key, value in metadata["annotations"].items() if key not in _CONTROLLERS}
        metadata["annotations"] = stated
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


def texts_of(old_inputs: Json, live: Json) -> Json:
    """The `stringData` that a Secret's data mean now."""
    data = live.get("data") or {}
    return {key: b64decode(data[key]).decode(errors="replace") for key in old_inputs["stringData"] if key in data}
