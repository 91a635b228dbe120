"""The environment variables that a container's manifest gives it.

Kubernetes facts: those of ``envFrom`` come first, ``env`` wins over them and may refer to earlier ones by ``$(NAME)``;
``$$`` is a dollar sign; a reference to a name that is not there stays as it is.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Final

from ..client import Client, Json
from ..objects.errors import ApiError
from ..objects.kinds import kind
from .errors import CannotStartError

REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][\w.-]*)\)")
SOURCES: Final = {"secretKeyRef": "Secret", "configMapKeyRef": "ConfigMap"}
ALL_OF: Final = {"secretRef": "Secret", "configMapRef": "ConfigMap"}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """The text with its references filled in."""
    return REFERENCE.sub(lambda found: "$" if found[0] == "$$" else variables.get(found[1], found[0]), text)


def variables_of(client: Client, pod: Json, container: Json, addresses: Mapping[str, str]) -> dict[str, str]:
    """``addresses``: what the downward API answers of the status (``status.podIP``, ``status.hostIP``).

    Raises CannotStartError.
    """
    namespace = pod["metadata"]["namespace"]
    variables: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        for member, known in ALL_OF.items():
            if member in source:
                data = data_of(client, namespace, known, source[member])
                variables |= {f"{source.get('prefix', '')}{key}": value for key, value in data.items()}
    for item in container.get("env") or []:
        value = _value(client, pod, item, variables, addresses)
        if value is not None:
            variables[item["name"]] = value
    return variables


def data_of(client: Client, namespace: str, known: str, reference: Json) -> dict[str, str]:
    """What a Secret or a ConfigMap holds; nothing for an optional one that is not there. Raises CannotStartError."""
    try:
        item = client.get(kind(known).path(namespace, reference["name"]))
    except ApiError as error:
        if error.status == 404 and reference.get("optional"):
            return {}
        raise CannotStartError(error.message) from None
    data: dict[str, str] = item.get("data") or {}
    if known == "ConfigMap":
        return data
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def field(pod: Json, path: str, addresses: Mapping[str, str]) -> str:
    """The downward API's answer. Raises CannotStartError for a path that it does not have."""
    if mapped := re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path):
        return str((pod["metadata"].get(mapped[1]) or {}).get(mapped[2], ""))
    if path in addresses:
        return addresses[path]
    if path in ("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"):
        part, name = path.split(".")
        return str(pod[part].get(name, ""))
    raise CannotStartError(f"field label not supported: {path}")


def _value(
    client: Client, pod: Json, item: Json, variables: Mapping[str, str], addresses: Mapping[str, str]
) -> str | None:
    source: Json | None = item.get("valueFrom")
    if source is None:
        return expand(item.get("value") or "", variables)
    if "fieldRef" in source:
        return field(pod, source["fieldRef"]["fieldPath"], addresses)
    for member, known in SOURCES.items():
        if member in source:
            return _key(client, pod["metadata"]["namespace"], known, source[member])
    raise CannotStartError(f"variable {item['name']}: the local cloud has no {', '.join(source)}")


def _key(client: Client, namespace: str, known: str, reference: Json) -> str | None:
    value = data_of(client, namespace, known, reference).get(reference["key"])
    if value is None and not reference.get("optional"):
        raise CannotStartError(f"couldn't find key {reference['key']} in {known} {namespace}/{reference['name']}")
    return value
