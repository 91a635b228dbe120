"""The package schema of all kinds, for `pulumi import`, which writes a program from it.

It has the members of each kind's objects, whose values may be anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from localcloud.kubernetes.objects.kinds import KINDS, Kind
from localcloud.kubernetes.objects.schemas import minors, schemas
from localcloud.provider_kubernetes import VERSION
from localcloud.provider_kubernetes.tokens import token_of

Schema = dict[str, Any]
_ANY: Final = {"$ref": "pulumi.json#/Any"}


def package_schema() -> str:
    """Pulumi's schema as JSON text."""
    newest = schemas(minors()[-1])
    resources: Schema = {}
    modules: dict[str, str] = {}
    for kind in KINDS:
        if kind.custom:  # a program has one type for all of them, whatever its kind
            continue
        for patch in (False, True):
            resources[token_of(kind, patch=patch)] = _resource(kind, newest.of(kind)["properties"])
        group = kind.group or "core"
        modules[f"{group}/{kind.version}"] = f"{group.split('.')[0]}/{kind.version}"
    return json.dumps(
        {
            "name": "kubernetes",
            "version": VERSION,
            "meta": {"moduleFormat": "(.*)"},
            "resources": resources,
            "language": {"python": {"moduleNameOverrides": modules}},
        }
    )


def _resource(kind: Kind, members: Iterable[str]) -> Schema:
    constants = {"apiVersion": kind.api_version, "kind": kind.name}
    properties = {
        name: {"type": "string", "const": constants[name]} if name in constants else _ANY
        for name in members
        if name != "status"
    }
    return {"properties": properties, "inputProperties": properties}
