"""Resources that the state lacks but the account may have: what was being made, and what the program asks for.

The engine writes a creation down before it asks the provider for it: killed in between, the state says "creating".
When the provider dies instead, the engine takes the creation for failed and forgets it; but the program still asks for
the resource, with the same inputs, and a preview tells them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Resource = Mapping[str, Any]

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's mark of a value that is not known before the update."""
UNREAD: Final = "taken in by `portal recover`, and not read yet"
"""The mark of a resource that was entered into the state: gone once a refresh has read it."""
CREATIONS: Final = frozenset({"create", "create-replacement"})
KUBERNETES: Final = "kubernetes:"
_LOOKED_UP: Final = ("aws:", KUBERNETES)
"""Types of resources that stand outside of Pulumi and can be looked for."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A resource that may have been made."""

    resource: Resource
    """As the engine would record it, without id and outputs."""
    pending: bool
    """Whether the state says that it was being made."""

    @property
    def urn(self) -> str:
        return self.resource["urn"]

    @property
    def type(self) -> str:
        return self.resource["type"]

    @property
    def inputs(self) -> Mapping[str, Any]:
        return self.resource.get("inputs") or {}


def pending(deployment: Mapping[str, Any]) -> Iterator[Wanted]:
    """Creations of which the state says no outcome."""
    for operation in deployment.get("pending_operations") or []:
        resource = operation["resource"]
        if operation["type"] == "creating" and resource.get("custom") and resource["type"].startswith(_LOOKED_UP):
            yield Wanted(resource=resource, pending=True)


def planned(preview: str) -> Iterator[Wanted]:
    """Creations that a preview's JSON lists, in its order, which is that of their dependencies.

    Without those that take a value which is not known yet: what they hang on has not been made, so they weren't.
    """
    for step in json.loads(preview)["steps"]:
        resource = step.get("newState") or {}
        ours = step["op"] in CREATIONS and resource.get("custom") and resource["type"].startswith(_LOOKED_UP)
        if ours and UNKNOWN not in json.dumps(resource.get("inputs") or {}):
            yield Wanted(resource=resource, pending=False)


def unread(deployment: Mapping[str, Any]) -> list[str]:
    """URNs of the resources that were entered by a recovery which was killed before it had read them."""
    return [one["urn"] for one in deployment.get("resources") or [] if UNREAD in (one.get("initErrors") or [])]


def needs(resource: Resource) -> set[str]:
    """URNs that the state must hold before the resource."""
    depended = {urn for urns in (resource.get("propertyDependencies") or {}).values() for urn in urns or []}
    provider = str(resource.get("provider") or "").rpartition("::")[0]
    required = {resource.get("parent") or "", provider, *(resource.get("dependencies") or []), *depended}
    return required - {""}
