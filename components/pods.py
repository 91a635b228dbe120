"""What a service's pods are made of, in Kubernetes' words.

Rests on: Kubernetes documentation "Pod Security Standards" (`restricted`), "Container lifecycle hooks" (a container is
told to stop after its preStop hook), "Topology spread constraints", "Determine the Reason for Pod Failure"; user guide
of the AWS provider of the secrets store CSI driver: a secret's values are files of a volume, beside one with the whole
secret. "Configure Liveness, Readiness and Startup Probes": until the startup probe succeeds the others are not asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from .containers import ResourcesArgs

PORT_NAME: Final = "http"
"""Of the port that a pod takes requests on."""
SECRETS_PATH: Final = "/mnt/secrets"
SECRETS_VOLUME: Final = "secrets"
START_LINE: Final = f'for f in {SECRETS_PATH}/*_*; do export "${{f##*/}}=$(cat "$f")"; done; exec "$@"'
"""Makes variables of the files that have a variable's name, then becomes the command that follows. So no secret stands
in a manifest or in a Kubernetes Secret; the file with the whole secret has no underscore in its name."""

_STARTUP: Final = {"periodSeconds": 5, "timeoutSeconds": 3, "failureThreshold": 60}
"""A container has five minutes to start, during which the other probes wait."""
_READINESS: Final = {"periodSeconds": 10, "timeoutSeconds": 3, "failureThreshold": 3}
"""After half a minute without an answer a pod gets no requests."""
_LIVENESS: Final = {"periodSeconds": 30, "timeoutSeconds": 10, "failureThreshold": 4}
"""After two minutes a container is started again. So much later than it gets no requests, since one that is only busy
answers again once it gets none; to start it again would hand its load to the others."""


@dataclass(frozen=True, kw_only=True)
class ContainerArgs:
    name: str
    image: str
    """With its tag or digest."""
    command: tuple[str, ...] = ()
    """Empty: the image's own. With ``secrets`` it must be given."""
    resources: ResourcesArgs
    variables: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Environment variables; nothing that is secret."""
    secrets: bool = False
    """Whether it gets the service's secret, as environment variables."""


@dataclass(frozen=True, kw_only=True)
class SidecarArgs(ContainerArgs):
    """Runs beside the service, and is alive as long as its port takes connections."""

    port: int


@dataclass(frozen=True, kw_only=True)
class ScratchArgs:
    """A folder that a pod's containers share, empty when the pod starts."""

    name: str
    path: str
    size_mib: int


def container(args: ContainerArgs, scratch: Sequence[ScratchArgs], **more: Any) -> dict[str, Any]:
    size = args.resources
    mounts: list[dict[str, Any]] = [{"name": one.name, "mountPath": one.path} for one in scratch]
    if args.secrets:
        mounts.append({"name": SECRETS_VOLUME, "mountPath": SECRETS_PATH, "readOnly": True})
    command = ["/bin/sh", "-ec", START_LINE, "--", *args.command] if args.secrets else [*args.command]
    variables = [{"name": name, "value": value} for name, value in args.variables.items()]
    lists = {"command": command, "env": variables, "volumeMounts": mounts}
    return {
        "name": args.name,
        "image": args.image,
        **{name: value for name, value in lists.items() if value},  # Kubernetes keeps no empty ones
        "resources": {
            "requests": {"cpu": _cpu(size.cpu_millis), "memory": _memory(size.memory_mib)},
            "limits": {"cpu": _cpu(size.cpu_limit_millis), "memory": _memory(size.memory_limit_mib)},
        },
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "terminationMessagePolicy": "FallbackToLogsOnError",  # one that fails: its last lines, which `up` shows
        **more,
    }


def serving(args: ContainerArgs, scratch: Sequence[ScratchArgs], port: int, path: str, drain: int) -> Any:
    """The container that answers requests, and for ``drain`` seconds still does once its pod is to end. ``path``:
    asked by the probes."""
    asked = {"httpGet": {"path": path, "port": port}}
    return container(
        args,
        scratch,
        ports=[{"name": PORT_NAME, "containerPort": port}],
        startupProbe=asked | _STARTUP,
        readinessProbe=asked | _READINESS,
        livenessProbe=asked | _LIVENESS,
        lifecycle=_sleep(drain),
    )


def sidecar(args: SidecarArgs, scratch: Sequence[ScratchArgs], stay: int) -> dict[str, Any]:
    """Stays ``stay`` seconds once the pod is to end: as long as the service may still ask it."""
    asked = {"tcpSocket": {"port": args.port}}
    probes = {"startupProbe": asked | _STARTUP, "livenessProbe": asked | _LIVENESS}
    return container(args, scratch, **probes, lifecycle=_sleep(stay))


def _sleep(seconds: int) -> dict[str, Any]:
    return {"preStop": {"sleep": {"seconds": seconds}}}


def volumes(scratch: Sequence[ScratchArgs], secret_class: str | None) -> list[dict[str, Any]]:
    """``secret_class``: the SecretProviderClass of the service's secret, if it has one."""
    pod_volumes: list[dict[str, Any]] = [
        {"name": one.name, "emptyDir": {"sizeLimit": _memory(one.size_mib)}} for one in scratch
    ]
    if secret_class:
        attributes = {"secretProviderClass": secret_class}
        csi = {"driver": "secrets-store.csi.k8s.io", "readOnly": True, "volumeAttributes": attributes}
        pod_volumes.append({"name": SECRETS_VOLUME, "csi": csi})
    return pod_volumes


def security(user_id: int) -> dict[str, Any]:
    """What the Pod Security Standard `restricted` wants of a pod, beside what its containers say."""
    return {"runAsNonRoot": True, "runAsUser": user_id, "seccompProfile": {"type": "RuntimeDefault"}}


def spread(labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """No zone has two pods more than another, and one machine has two only if there is no other. Pods of the release
    before don't count."""
    common = {"maxSkew": 1, "labelSelector": {"matchLabels": dict(labels)}, "matchLabelKeys": ["pod-template-hash"]}
    zones = {"topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule", "minDomains": 2}
    machines = {"topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
    return [{**common, **zones}, {**common, **machines}]


def _cpu(millis: int) -> str:
    """As Kubernetes writes it back: another text for the same amount would be a change in every preview."""
    return f"{millis}m" if millis % 1000 else str(millis // 1000)


def _memory(mib: int) -> str:
    """As Kubernetes writes it back."""
    return f"{mib}Mi" if mib % 1024 else f"{mib // 1024}Gi"
