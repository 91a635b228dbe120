"""A request to the API server, and what its path means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from localcloud.kubernetes.api.users import Action
from localcloud.kubernetes.client import JSON
from localcloud.kubernetes.objects.errors import ApiError, Json, no_such_path
from localcloud.kubernetes.objects.kinds import BY_PATH, KINDS, Kind

STRATEGIC_MERGE_PATCH: Final = "application/strategic-merge-patch+json"
_VERBS: Final = {"PUT": "update", "PATCH": "patch", "POST": "create", "DELETE": "delete", "GET": "get", "HEAD": "get"}
_SUBRESOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "Pod": ("binding", "eviction", "log"),
    "ServiceAccount": ("token",),
}


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """``query``: of each parameter the last value; ``body`` is decoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Json = field(default_factory=dict[str, object])
    content_type: str = JSON
    agent: str = ""
    """Who asks by its program, for field ownership."""

    @property
    def manager(self) -> str:
        return self.query.get("fieldManager") or self.agent.partition("/")[0] or "unknown"

    @property
    def watching(self) -> bool:
        return self.query.get("watch", "").lower() in ("1", "true")


def action(request: ApiRequest) -> Action:
    """What the request asks for. Raises ApiError for a path that means nothing here."""
    parts = [part for part in request.path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) >= 3:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) >= 4:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise no_such_path()
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and (group, version, rest[2]) in BY_PATH:
        namespace, rest = rest[1], rest[2:]
    kind = BY_PATH.get((group, version, rest[0]))
    if kind is None or (namespace and not kind.namespaced) or len(rest) > 3:
        raise _unknown(group, version, rest[2] if rest[0] == "namespaces" and len(rest) > 2 else rest[0])
    name, subresource = ([*rest[1:], "", ""])[:2]
    if subresource and not _has(kind, subresource):
        raise _unknown(group, version, subresource) if kind.name == "Namespace" else no_such_path()
    return Action(_verb(request, name), kind, subresource, namespace, name)


def _verb(request: ApiRequest, name: str) -> str:
    if request.method not in _VERBS:
        raise ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    verb = _VERBS[request.method]
    if verb == "get" and not name:
        return "watch" if request.watching else "list"
    return "deletecollection" if verb == "delete" and not name else verb


def _has(kind: Kind, subresource: str) -> bool:
    offered = {"status": kind.status, "scale": kind.scale}
    return offered.get(subresource, subresource in _SUBRESOURCES.get(kind.name, ()))


def _unknown(group: str, version: str, plural: str) -> ApiError:
    where = f"{group}/{version}" if group else version
    known = ", ".join(sorted(kind.plural for kind in KINDS))
    message = (
        f"the server could not find the requested resource: {plural} in {where} is none of the kinds that this API "
        f"server stores: {known}"
    )
    return ApiError(404, "NotFound", message)
