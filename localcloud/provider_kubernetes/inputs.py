"""A program's object on its way to the cluster: its name, its namespace, and whether Kubernetes would accept it."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from localcloud.kubernetes.objects import defaults, rules, structure
from localcloud.kubernetes.objects.ownership import copied
from localcloud.kubernetes.objects.schemas import Schemas
from localcloud.provider.property_values import UNKNOWN
from localcloud.provider.results import Failures
from localcloud.provider_kubernetes import wait_for
from localcloud.provider_kubernetes.tokens import Token

AUTONAMED: Final = "pulumi.com/autonamed"
SKIP_AWAIT: Final = "pulumi.com/skipAwait"
WAIT_FOR: Final = "pulumi.com/waitFor"
TIMEOUT: Final = "pulumi.com/timeoutSeconds"
PATCH_FORCE: Final = "pulumi.com/patchForce"
PATCH_MANAGER: Final = "pulumi.com/patchFieldManager"
DELETION: Final = "pulumi.com/deletionPropagationPolicy"
REPLACE_UNREADY: Final = "pulumi.com/replaceUnready"
"""Of a Job alone: one that isn't complete is replaced by the next update."""
_ANNOTATIONS: Final = frozenset({AUTONAMED, SKIP_AWAIT, WAIT_FOR, TIMEOUT, PATCH_FORCE, PATCH_MANAGER, DELETION})
_SUFFIX: Final = 8
Json = dict[str, Any]


def annotation(value: Mapping[str, Any], name: str) -> str:
    """An annotation's value; empty where there is none, or where it isn't known yet."""
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    stated = annotations.get(name, "") if isinstance(annotations, Mapping) else ""
    return "" if stated is UNKNOWN else str(stated)


def named(token: Token, given: Json, olds: Json, logical: str, seed: bytes, namespace: str) -> tuple[Json, Failures]:
    """The inputs with apiVersion, kind, a name and the provider's namespace where the program gives none."""
    inputs: Json = copied(given)
    failures: Failures = []
    for field, wanted in (("apiVersion", token.kind.api_version), ("kind", token.kind.name)):
        if inputs.setdefault(field, wanted) not in (wanted, UNKNOWN, f"core/{wanted}"):
            failures.append((field, f"{inputs[field]!r}: this type is {wanted}"))
        inputs[field] = wanted
    metadata = inputs.setdefault("metadata", {})
    if metadata is UNKNOWN or not isinstance(metadata, dict):
        return inputs, failures
    if "generateName" in metadata:
        failures.append(
            ("metadata.generateName", "the `.metadata.generateName` field is not supported in Server-Side Apply mode")
        )
    if "name" not in metadata and token.patch:
        failures.append(("metadata.name", "patch resources require the `.metadata.name` field to be set"))
    elif "name" not in metadata:
        metadata["name"] = _name(olds, logical, seed)
        if metadata.get("annotations") is not UNKNOWN:
            metadata.setdefault("annotations", {})[AUTONAMED] = "true"
    if token.kind.namespaced and namespace:
        metadata.setdefault("namespace", namespace)
    return inputs, failures


def _name(olds: Json, logical: str, seed: bytes) -> str:
    """The name that an earlier update made up, or a new one."""
    if annotation(olds, AUTONAMED) == "true":
        return str(olds["metadata"]["name"])
    return f"{logical}-{hashlib.sha256(seed or secrets.token_bytes(16)).hexdigest()[:_SUFFIX]}"


def is_known(value: Any) -> bool:
    """Whether every part of the value is known."""
    if isinstance(value, Mapping):
        return all(is_known(item) for item in value.values())
    return all(is_known(item) for item in value) if isinstance(value, list) else value is not UNKNOWN


def faults(schemas: Schemas, token: Token, inputs: Json) -> Failures:
    """What Kubernetes would refuse in the object, as far as its values are known."""
    structural = structure.faults(schemas, token.kind, inputs, passes=lambda value: value is UNKNOWN)
    failures = [(path, "unknown field") for path in structural.unknown]
    failures += [(text.partition(" field ")[2].partition(" of type")[0], text) for text in structural.types]
    if token.patch:
        return failures + _annotation_faults(inputs)
    causes = list(structural.values)
    if not failures and not causes and is_known(inputs):
        complete = copied(inputs)
        defaults.fill_in(token.kind.name, complete)
        causes = rules.faults(token.kind.name, complete)
    failures += [(cause.partition(": ")[0], cause.partition(": ")[2]) for cause in causes]
    return failures + _annotation_faults(inputs)


def _annotation_faults(inputs: Json) -> Failures:
    """Pulumi's own annotations that aren't carried out here, or whose value can't be."""
    metadata = inputs.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    failures: Failures = []
    for name in annotations if isinstance(annotations, Mapping) else ():
        known = name in _ANNOTATIONS or (name == REPLACE_UNREADY and inputs.get("kind") == "Job")
        if str(name).startswith("pulumi.com/") and not known:
            reason = "the local cloud's kubernetes provider does not carry out this annotation"
            failures.append((f"metadata.annotations[{name}]", reason))
    timeout = annotation(inputs, TIMEOUT)
    if timeout and not timeout.isdecimal():
        failures.append((f"metadata.annotations[{TIMEOUT}]", f"{timeout!r}: whole seconds are meant"))
    if stated := annotation(inputs, WAIT_FOR):
        try:
            wait_for.conditions(stated)
        except ValueError as error:
            failures.append((f"metadata.annotations[{WAIT_FOR}]", str(error)))
    policy = annotation(inputs, DELETION).lower()
    if policy not in ("", "foreground", "background", "orphan"):
        reason = f"{policy!r}: foreground, background or orphan is meant"
        failures.append((f"metadata.annotations[{DELETION}]", reason))
    return failures


def normalized(kind: str, value: Json) -> Json:
    """The object as the cluster shows it: a Secret's text is base64."""
    if kind != "Secret" or not isinstance(value.get("stringData"), Mapping):
        return value
    texts = value["stringData"]
    encoded = {
        key: UNKNOWN if text is UNKNOWN else b64encode(str(text).encode()).decode() for key, text in texts.items()
    }
    data = value.get("data")
    rest = {key: item for key, item in value.items() if key not in ("data", "stringData")}
    return {**rest, "data": {**(data if isinstance(data, Mapping) else {}), **encoded}}
