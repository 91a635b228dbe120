"""What Kubernetes refuses in a pod, beyond its schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from localcloud.kubernetes.objects.errors import Json
from localcloud.kubernetes.objects.names import label_fault, labels_faults
from localcloud.kubernetes.objects.quantities import amount

_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")


def one_of(value: Any, options: tuple[str, ...], path: str) -> Iterator[str]:
    """The fault of a value that isn't one of the options."""
    if value is not None and value not in options:
        listed = ", ".join(f'"{option}"' for option in sorted(options))
        yield f'{path}: Unsupported value: "{value}": supported values: {listed}'


def port(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, int) and not 1 <= value <= 65535:
        yield f"{path}: Invalid value: {value}: must be between 1 and 65535, inclusive"


def template_faults(template: Json, path: str, *, restart: tuple[str, ...] = ("Always",)) -> Iterator[str]:
    """Faults of a pod template, of which restartPolicy may only be one of ``restart``."""
    labels = (template.get("metadata") or {}).get("labels") or {}
    yield from labels_faults(labels, f"{path}.metadata.labels")
    spec = template.get("spec") or {}
    yield from one_of(spec.get("restartPolicy"), restart, f"{path}.spec.restartPolicy")
    yield from spec_faults(spec, f"{path}.spec")


def spec_faults(spec: Json, path: str) -> Iterator[str]:
    volumes = [str(volume.get("name")) for volume in spec.get("volumes") or ()]
    yield from _volumes(spec, path)
    containers = spec.get("containers") or []
    if not containers:
        yield f"{path}.containers: Required value"
    names: list[str] = []
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or ()):
            below = f"{path}.{field}[{index}]"
            yield from _container(container, below, volumes, init=field == "initContainers")
            if container.get("name") in names:
                yield f'{below}.name: Duplicate value: "{container["name"]}"'
            names.append(str(container.get("name")))
    yield from one_of(
        spec.get("dnsPolicy"), ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"), f"{path}.dnsPolicy"
    )
    if (grace := spec.get("terminationGracePeriodSeconds", 0)) < 0:
        yield f"{path}.terminationGracePeriodSeconds: Invalid value: {grace}: must be greater than or equal to 0"
    yield from _spread(spec, path)


def _volumes(spec: Json, path: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, volume in enumerate(_list(spec, "volumes")):
        below, name = f"{path}.volumes[{index}]", str(volume.get("name", ""))
        if fault := label_fault(name):
            yield f'{below}.name: Invalid value: "{name}": {fault}'
        if name in seen:
            yield f'{below}.name: Duplicate value: "{name}"'
        seen.add(name)
        sources: list[str] = [field for field in volume if field != "name"]
        if not sources:
            yield f"{below}: Required value: must specify a volume type"
        for extra in sources[1:]:
            yield f"{below}.{extra}: Forbidden: may not specify more than 1 volume type"


def _container(container: Json, path: str, volumes: list[str], *, init: bool) -> Iterator[str]:
    name = str(container.get("name", ""))
    if fault := label_fault(name):
        yield f'{path}.name: Invalid value: "{name}": {fault}'
    if not container.get("image"):
        yield f"{path}.image: Required value"
    yield from one_of(container.get("imagePullPolicy"), ("Always", "IfNotPresent", "Never"), f"{path}.imagePullPolicy")
    for index, each in enumerate(container.get("ports") or ()):
        yield from port(each.get("containerPort"), f"{path}.ports[{index}].containerPort")
        yield from one_of(each.get("protocol"), ("TCP", "UDP", "SCTP"), f"{path}.ports[{index}].protocol")
    yield from _environment(container, path)
    yield from _mounts(container, path, volumes)
    yield from _resources(container.get("resources") or {}, f"{path}.resources")
    sidecar = container.get("restartPolicy") == "Always"
    for field in _PROBES:
        if container.get(field) is not None:
            if init and not sidecar:
                yield f"{path}.{field}: Forbidden: must not be set for init containers without restartPolicy=Always"
            yield from _probe(container[field], f"{path}.{field}", succeeds_once=field != "readinessProbe")
    for moment, handler in (container.get("lifecycle") or {}).items():
        if isinstance(handler, dict):
            yield from _handler(handler, f"{path}.lifecycle.{moment}")


def _environment(container: Json, path: str) -> Iterator[str]:
    for index, variable in enumerate(container.get("env") or ()):
        below = f"{path}.env[{index}]"
        if not variable.get("name"):
            yield f"{below}.name: Required value"
        source = variable.get("valueFrom")
        if source is not None and variable.get("value"):
            yield f'{below}.valueFrom: Invalid value: "": may not be specified when `value` is not empty'
        if source is not None and len(source) != 1:
            yield f'{below}.valueFrom: Invalid value: "": must specify exactly one source'


def _mounts(container: Json, path: str, volumes: list[str]) -> Iterator[str]:
    paths: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        below = f"{path}.volumeMounts[{index}]"
        if mount.get("name") not in volumes:
            yield f'{below}.name: Not found: "{mount.get("name")}"'
        if mount.get("mountPath") in paths:
            yield f'{below}.mountPath: Invalid value: "{mount["mountPath"]}": must be unique'
        paths.add(str(mount.get("mountPath")))


def _resources(resources: Json, path: str) -> Iterator[str]:
    limits = resources.get("limits") or {}
    for field in ("limits", "requests"):
        for name, value in (resources.get(field) or {}).items():
            try:
                if amount(value) < 0:
                    yield f'{path}.{field}[{name}]: Invalid value: "{value}": must be greater than or equal to 0'
                if field == "requests" and name in limits and amount(value) > amount(limits[name]):
                    yield (
                        f'{path}.requests: Invalid value: "{value}": must be less than or equal to {name} limit of '
                        f"{limits[name]}"
                    )
            except ValueError as error:
                yield f'{path}.{field}[{name}]: Invalid value: "{value}": {error}'


def _probe(probe: Json, path: str, *, succeeds_once: bool) -> Iterator[str]:
    yield from _handler(probe, path)
    for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        if probe.get(field, 0) < 0:
            yield f"{path}.{field}: Invalid value: {probe[field]}: must be greater than or equal to 0"
    if succeeds_once and probe.get("successThreshold", 1) != 1:
        yield f"{path}.successThreshold: Invalid value: {probe['successThreshold']}: must be 1"


def _handler(handler: Json, path: str) -> Iterator[str]:
    named = [field for field in _HANDLERS if handler.get(field) is not None]
    if not named:
        yield f"{path}: Required value: must specify a handler type"
    for extra in named[1:]:
        yield f"{path}.{extra}: Forbidden: may not specify more than 1 handler type"
    for field in ("httpGet", "tcpSocket"):
        if handler.get(field) is not None:
            yield from port(handler[field].get("port"), f"{path}.{field}.port")


def _spread(spec: Json, path: str) -> Iterator[str]:
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        below = f"{path}.topologySpreadConstraints[{index}]"
        if constraint.get("maxSkew", 0) <= 0:
            yield f"{below}.maxSkew: Invalid value: {constraint.get('maxSkew', 0)}: must be greater than zero"
        action = constraint.get("whenUnsatisfiable")
        yield from one_of(action, ("DoNotSchedule", "ScheduleAnyway"), f"{below}.whenUnsatisfiable")
        if constraint.get("minDomains") is not None and action != "DoNotSchedule":
            yield (
                f"{below}.minDomains: Invalid value: {constraint['minDomains']}: can only use minDomains if "
                f"whenUnsatisfiable=DoNotSchedule, not {action}"
            )


def _list(value: Json, field: str) -> list[Json]:
    return value.get(field) or []
