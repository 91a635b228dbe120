"""Pod security admission: what a namespace's ``pod-security.kubernetes.io/enforce`` label lets a pod be.

``restricted`` is carried out whole for Linux pods; ``baseline`` as far as a pod that runs as a process can break it:
the host's namespaces, paths and ports, privileged containers and added capabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from localcloud.kubernetes.objects.errors import Json

ENFORCE: Final = "pod-security.kubernetes.io/enforce"
LEVELS: Final = ("privileged", "baseline", "restricted")
_VOLUMES: Final = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
_SECCOMP: Final = ("RuntimeDefault", "Localhost")


def violation(level: str, spec: Json) -> str | None:
    """Why a namespace of this level forbids the pod."""
    violations: list[str] = []
    if level in ("baseline", "restricted"):
        violations += _baseline(spec)
    if level == "restricted":
        violations += _restricted(spec)
    return f'violates PodSecurity "{level}:latest": {", ".join(violations)}' if violations else None


def _containers(spec: Json) -> list[Json]:
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]


def _offenders(spec: Json, offends: Callable[[Json], bool]) -> str:
    """``container "a"`` or ``containers "a", "b"``; empty: none offends."""
    names = [f'"{container.get("name")}"' for container in _containers(spec) if offends(container)]
    return f"container{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""


def _security(container: Json) -> Json:
    return container.get("securityContext") or {}


def _baseline(spec: Json) -> Iterator[str]:
    hosts = [field for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    if hosts:
        yield f"host namespaces ({', '.join(f'{field}=true' for field in hosts)})"
    if named := _offenders(spec, lambda each: bool(_security(each).get("privileged"))):
        yield f"privileged ({named} must not set securityContext.privileged=true)"
    if named := _offenders(spec, lambda each: any(port.get("hostPort") for port in each.get("ports") or ())):
        yield f"hostPort ({named} uses hostPort)"
    paths = [f'"{volume["name"]}"' for volume in spec.get("volumes") or () if "hostPath" in volume]
    if paths:
        yield f"hostPath volumes (volume{'s' if len(paths) > 1 else ''} {', '.join(paths)})"


def _restricted(spec: Json) -> Iterator[str]:
    if named := _offenders(spec, lambda each: _security(each).get("allowPrivilegeEscalation") is not False):
        yield f"allowPrivilegeEscalation != false ({named} must set securityContext.allowPrivilegeEscalation=false)"
    if named := _offenders(spec, _capable):
        yield f'unrestricted capabilities ({named} must set securityContext.capabilities.drop=["ALL"])'
    kinds = {
        volume["name"]: source
        for volume in spec.get("volumes") or ()
        for source in volume
        if source not in ("name", "hostPath") and source not in _VOLUMES
    }
    if kinds:
        listed = ", ".join(f'volume "{name}" uses restricted volume type "{kind}"' for name, kind in kinds.items())
        yield f"restricted volume types ({listed})"
    pod = spec.get("securityContext") or {}
    yield from _unless(
        spec,
        pod.get("runAsNonRoot"),
        "runAsNonRoot",
        lambda value: value is True,
        "runAsNonRoot != true",
        "securityContext.runAsNonRoot=true",
    )
    if pod.get("runAsUser") == 0:
        yield "runAsUser=0 (pod must not set runAsUser=0)"
    if named := _offenders(spec, lambda each: _security(each).get("runAsUser") == 0):
        yield f"runAsUser=0 ({named} must not set runAsUser=0)"
    yield from _unless(
        spec,
        pod.get("seccompProfile"),
        "seccompProfile",
        lambda value: (value or {}).get("type") in _SECCOMP,
        "seccompProfile",
        'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
    )


def _capable(container: Json) -> bool:
    capabilities = _security(container).get("capabilities") or {}
    added = [name for name in capabilities.get("add") or () if name != "NET_BIND_SERVICE"]
    return "ALL" not in (capabilities.get("drop") or ()) or bool(added)


def _unless(
    spec: Json, of_pod: Any, field: str, passes: Callable[[Any], bool], title: str, demand: str
) -> Iterator[str]:
    """A field that the container states, or else the pod."""

    def offends(container: Json) -> bool:
        own = _security(container).get(field)
        return not passes(own) if own is not None else not passes(of_pod)

    if named := _offenders(spec, offends):
        yield f"{title} (pod or {named} must set {demand})"
