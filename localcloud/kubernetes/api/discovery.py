"""What clients ask first: which versions, groups and kinds there are, and whether the server is well."""

from __future__ import annotations

from localcloud.kubernetes.objects.errors import Json
from localcloud.kubernetes.objects.kinds import KINDS, Kind

_ALL: list[str] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


def answer(path: str, version: str) -> Json | None:
    """The answer to a path of discovery; None: it is none."""
    path = path.rstrip("/")
    if path == "/version":
        return _version(version)
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in _groups()]}
    if path.startswith("/apis/") and path.count("/") == 2 and (name := path[6:]) in _groups():
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(name)}
    kinds = [kind for kind in KINDS if kind.root == path]
    return _resources(kinds) if kinds else None


def _version(version: str) -> Json:
    major, minor = version.split(".")[:2]
    return {"major": major, "minor": minor, "gitVersion": f"v{major}.{minor}.0-eks-local", "platform": "linux/amd64"}


def _groups() -> list[str]:
    return list(dict.fromkeys(kind.group for kind in KINDS if kind.group))


def _group(name: str) -> Json:
    versions = dict.fromkeys(kind.version for kind in KINDS if kind.group == name)
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _resources(kinds: list[Kind]) -> Json:
    resources: list[Json] = []
    for kind in kinds:
        described: Json = {"name": kind.plural, "singularName": kind.name.lower(), "namespaced": kind.namespaced}
        resources.append({**described, "kind": kind.name, "verbs": _ALL})
        if kind.status:
            resources.append(
                {**described, "name": f"{kind.plural}/status", "kind": kind.name, "verbs": ["get", "patch", "update"]}
            )
        if kind.scale:
            resources.append(
                {
                    **described,
                    "name": f"{kind.plural}/scale",
                    "group": "autoscaling",
                    "version": "v1",
                    "kind": "Scale",
                    "verbs": ["get", "patch", "update"],
                }
            )
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": kinds[0].api_version, "resources": resources}
