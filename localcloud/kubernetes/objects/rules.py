"""What Kubernetes refuses in an object of each kind beyond its schema, and what it lets nobody change."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any, Final

from localcloud.kubernetes.objects.errors import Json
from localcloud.kubernetes.objects.names import label_fault, metadata_faults
from localcloud.kubernetes.objects.pod_rules import one_of, port, spec_faults, template_faults

_DATA_BYTES: Final = 1 << 20
_DATA_KEY: Final = "[-._a-zA-Z0-9]+"


def faults(kind: str, value: Json) -> list[str]:
    """Each fault as ``path: rule``."""
    rules = _RULES.get(kind)
    return [*metadata_faults(kind, value["metadata"]), *(rules(value) if rules else ())]


def _pod(value: Json) -> Iterator[str]:
    spec = value.get("spec") or {}
    yield from one_of(spec.get("restartPolicy"), ("Always", "OnFailure", "Never"), "spec.restartPolicy")
    yield from spec_faults(spec, "spec")


def _workload(value: Json) -> Iterator[str]:
    spec = value.get("spec") or {}
    template = spec.get("template") or {}
    selector = spec.get("selector") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        kind = str(value.get("kind", "")).lower()
        yield f"spec.selector: Invalid value: {{}}: empty selector is invalid for {kind}"
    elif any(labels.get(key) != wanted for key, wanted in (selector.get("matchLabels") or {}).items()):
        yield (
            f"spec.template.metadata.labels: Invalid value: {json.dumps(labels, separators=(',', ':'))}: "
            "`selector` does not match template `labels`"
        )
    if spec.get("replicas", 1) < 0:
        yield f"spec.replicas: Invalid value: {spec['replicas']}: must be greater than or equal to 0"
    yield from template_faults(template, "spec.template")


def _deployment(value: Json) -> Iterator[str]:
    yield from _workload(value)
    spec = value.get("spec") or {}
    strategy = spec.get("strategy") or {}
    yield from one_of(strategy.get("type"), ("Recreate", "RollingUpdate"), "spec.strategy.type")
    rolling = strategy.get("rollingUpdate") or {}
    if strategy.get("type") == "Recreate" and rolling:
        yield "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"
    if _zero(rolling.get("maxUnavailable")) and _zero(rolling.get("maxSurge")):
        unavailable = rolling["maxUnavailable"]
        yield (
            f"spec.strategy.rollingUpdate.maxUnavailable: Invalid value: {unavailable}: may not be 0 when `maxSurge` "
            "is 0"
        )
    deadline, ready = spec.get("progressDeadlineSeconds", 600), spec.get("minReadySeconds", 0)
    if deadline <= ready:
        yield f"spec.progressDeadlineSeconds: Invalid value: {deadline}: must be greater than minReadySeconds"


_JOB_FIELDS: Final = frozenset({"activeDeadlineSeconds", "backoffLimit", "completions", "parallelism", "template"})


def _job(value: Json) -> Iterator[str]:
    spec = value.get("spec") or {}
    kept = {"completionMode": "NonIndexed", "podReplacementPolicy": "TerminatingOrFailed", "suspend": False}
    for field in sorted(spec.keys() - _JOB_FIELDS):
        if spec[field] != kept.get(field):
            yield f"spec.{field}: Forbidden: the local cloud's Jobs have {', '.join(sorted(_JOB_FIELDS))} alone"
    for field in sorted(_JOB_FIELDS - {"template"}):
        if isinstance(number := spec.get(field), int) and number < 0:
            yield f"spec.{field}: Invalid value: {number}: must be greater than or equal to 0"
    template = spec.get("template") or {}
    if (template.get("spec") or {}).get("restartPolicy", "Always") == "Always":
        yield 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
    else:
        yield from template_faults(template, "spec.template", restart=("OnFailure", "Never"))


def _zero(value: Any) -> bool:
    return value in (0, "0", "0%")


def _service(value: Json) -> Iterator[str]:
    spec = value.get("spec") or {}
    kinds = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
    yield from one_of(spec.get("type"), kinds, "spec.type")
    ports = spec.get("ports") or []
    if not ports and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName":
        yield "spec.ports: Required value"
    names: list[str] = []
    pairs: list[tuple[Any, Any]] = []
    for index, each in enumerate(ports):
        path = f"spec.ports[{index}]"
        yield from port(each.get("port"), f"{path}.port")
        yield from port(each.get("targetPort"), f"{path}.targetPort")
        yield from one_of(each.get("protocol"), ("SCTP", "TCP", "UDP"), f"{path}.protocol")
        if len(ports) > 1 and not each.get("name"):
            yield f"{path}.name: Required value"
        if each.get("name") and (fault := label_fault(str(each["name"]))):
            yield f'{path}.name: Invalid value: "{each["name"]}": {fault}'
        if each.get("name") in names:
            yield f'{path}.name: Duplicate value: "{each["name"]}"'
        if (pair := (each.get("port"), each.get("protocol"))) in pairs:
            yield f"{path}: Duplicate value: {json.dumps({'port': pair[0], 'protocol': pair[1]})}"
        pairs.append(pair)
        names += [each["name"]] if each.get("name") else []


def _autoscaler(value: Json) -> Iterator[str]:
    spec = value.get("spec") or {}
    low, high = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if low < 1:
        yield f"spec.minReplicas: Invalid value: {low}: must be greater than or equal to 1"
    if high < 1:
        yield f"spec.maxReplicas: Invalid value: {high}: must be greater than 0"
    if high < low:
        yield f"spec.maxReplicas: Invalid value: {high}: must be greater than or equal to `minReplicas`"
    kinds = ("ContainerResource", "External", "Object", "Pods", "Resource")
    for index, metric in enumerate(spec.get("metrics") or ()):
        yield from one_of(metric.get("type"), kinds, f"spec.metrics[{index}].type")


def _disruption_budget(value: Json) -> Iterator[str]:
    spec = value.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        text = json.dumps(spec, separators=(",", ":"))
        yield f"spec: Invalid value: {text}: minAvailable and maxUnavailable cannot be both set"
    policies = ("AlwaysAllow", "IfHealthyBudget")
    yield from one_of(spec.get("unhealthyPodEvictionPolicy"), policies, "spec.unhealthyPodEvictionPolicy")


def _network_policy(value: Json) -> Iterator[str]:
    spec = value.get("spec") or {}
    for index, each in enumerate(spec.get("policyTypes") or ()):
        yield from one_of(each, ("Egress", "Ingress"), f"spec.policyTypes[{index}]")
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or ()):
            for at, peer in enumerate(rule.get(side) or ()):
                yield from _peer(peer, f"spec.{direction}[{index}].{side}[{at}]")
            for at, each in enumerate(rule.get("ports") or ()):
                path = f"spec.{direction}[{index}].ports[{at}]"
                yield from port(each.get("port"), f"{path}.port")
                yield from one_of(each.get("protocol"), ("SCTP", "TCP", "UDP"), f"{path}.protocol")


def _peer(peer: Json, path: str) -> Iterator[str]:
    if not peer:
        yield f"{path}: Required value: must specify a peer"
    if "ipBlock" not in peer:
        return
    if len(peer) > 1:
        yield f"{path}: Forbidden: may not specify both ipBlock and another peer"
    block = peer["ipBlock"]
    for place, cidr in [
        ("cidr", block.get("cidr")),
        *((f"except[{i}]", c) for i, c in enumerate(block.get("except") or ())),
    ]:
        try:
            ip_network(str(cidr))
        except ValueError:
            yield (
                f'{path}.ipBlock.{place}: Invalid value: "{cidr}": must be a valid CIDR value, (e.g. 10.9.8.0/24 or '
                "2001:db8::/64)"
            )


def _data(value: Json) -> Iterator[str]:
    size = 0
    for field in ("data", "binaryData"):
        for key, text in (value.get(field) or {}).items():
            size += len(str(text).encode())
            if not re.fullmatch(_DATA_KEY, key) or len(key) > 253:
                yield (
                    f'{field}[{key}]: Invalid value: "{key}": a valid config key must consist of alphanumeric '
                    f"characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for "
                    f"validation is '{_DATA_KEY}')"
                )
    if size > _DATA_BYTES:
        yield f": Too long: may not be more than {_DATA_BYTES} bytes"


def _secret(value: Json) -> Iterator[str]:
    yield from _data(value)
    for key, text in (value.get("data") or {}).items():
        try:
            base64.b64decode(str(text), validate=True)
        except binascii.Error as error:
            yield f"data[{key}]: Invalid value: must be base64: {error}"


def _node_class(value: Json) -> Iterator[str]:
    spec = value.get("spec") or {}
    if ("role" in spec) == ("instanceProfile" in spec):
        yield "spec: Invalid value: must specify exactly one of ['role', 'instanceProfile']"
    for field in ("subnetSelectorTerms", "securityGroupSelectorTerms"):
        if not spec.get(field):
            yield f"spec.{field}: Invalid value: {field} cannot be empty"
        for index, term in enumerate(spec.get(field) or ()):
            if not term:
                yield f"spec.{field}[{index}]: Invalid value: expected at least one, got none, ['tags', 'id', 'name']"


def _node_pool(value: Json) -> Iterator[str]:
    template = value["spec"]["template"]["spec"]
    for index, requirement in enumerate(template.get("requirements") or ()):
        path = f"spec.template.spec.requirements[{index}]"
        operator, values = requirement.get("operator"), requirement.get("values") or []
        if operator == "In" and not values:
            yield f"{path}: Invalid value: requirements with operator 'In' must have a value defined"
        if operator in ("Gt", "Lt") and (len(values) != 1 or not str(values[0]).isdigit()):
            yield (
                f"{path}: Invalid value: requirements operator 'Gt' or 'Lt' must have a single positive integer value"
            )


_RULES: Final[Mapping[str, Callable[[Json], Iterator[str]]]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _workload,
    "Job": _job,
    "Service": _service,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _disruption_budget,
    "NetworkPolicy": _network_policy,
    "ConfigMap": _data,
    "Secret": _secret,
    "NodeClass": _node_class,
    "NodePool": _node_pool,
}
