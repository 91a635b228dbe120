"""What nobody may change in an object that exists."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from localcloud.kubernetes.objects.errors import Json
from localcloud.kubernetes.objects.ownership import copied


def change_faults(kind: str, before: Json, after: Json) -> list[str]:
    """Each forbidden change as ``path: rule``."""
    rule = _RULES.get(kind)
    return list(rule(before, after)) if rule else []


def _at(value: Json, *path: str) -> Any:
    here: Any = value
    for part in path:
        here = here.get(part) if isinstance(here, Mapping) else None
    return here


def _fixed(*path: str, words: str = "field is immutable") -> Callable[[Json, Json], Iterator[str]]:
    def faults(before: Json, after: Json) -> Iterator[str]:
        if _at(before, *path) != _at(after, *path):
            shown = json.dumps(_at(after, *path), separators=(",", ":"))
            yield f"{'.'.join(path)}: Invalid value: {shown}: {words}"

    return faults


def _service(before: Json, after: Json) -> Iterator[str]:
    if before["spec"].get("type") == after["spec"].get("type") == "ExternalName":
        return
    if (address := _at(before, "spec", "clusterIP")) and _at(after, "spec", "clusterIP") != address:
        shown = json.dumps(_at(after, "spec", "clusterIP") or "")
        yield f"spec.clusterIP: Invalid value: {shown}: field is immutable"


def _data(before: Json, after: Json) -> Iterator[str]:
    if not before.get("immutable"):
        return
    for field in ("immutable", "data", "binaryData"):
        if before.get(field) != after.get(field):
            yield f"{field}: Forbidden: field is immutable when `immutable` is set"


def _secret(before: Json, after: Json) -> Iterator[str]:
    yield from _fixed("type")(before, after)
    yield from _data(before, after)


def _pod(before: Json, after: Json) -> Iterator[str]:
    if _comparable(before) != _comparable(after):
        yield (
            "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
            "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously "
            "negative)"
        )


def _comparable(pod: Json) -> Json:
    """The pod's spec without what may change."""
    spec = copied(pod.get("spec") or {})
    for field in ("activeDeadlineSeconds", "tolerations"):
        spec.pop(field, None)
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        container.pop("image", None)
        container.pop("imagePullPolicy", None)
    return spec


def _job(before: Json, after: Json) -> Iterator[str]:
    for field in ("completions", "selector", "template"):
        yield from _fixed("spec", field)(before, after)


def _binding(before: Json, after: Json) -> Iterator[str]:
    changed = [
        field for field in ("targetGroupARN", "targetType") if before["spec"].get(field) != after["spec"].get(field)
    ]
    if changed:
        named = ", ".join(f"spec.{field}" for field in changed)
        yield f"spec: Forbidden: TargetGroupBinding update may not change these immutable fields: {named}"


_RULES: Final[Mapping[str, Callable[[Json, Json], Iterator[str]]]] = {
    "Deployment": _fixed("spec", "selector"),
    "ReplicaSet": _fixed("spec", "selector"),
    "Job": _job,
    "Service": _service,
    "ConfigMap": _data,
    "Secret": _secret,
    "Pod": _pod,
    "RoleBinding": _fixed("roleRef", words="cannot change roleRef"),
    "ClusterRoleBinding": _fixed("roleRef", words="cannot change roleRef"),
    "TargetGroupBinding": _binding,
}
