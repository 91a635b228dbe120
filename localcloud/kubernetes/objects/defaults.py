"""What the API server fills in where an object leaves it out, for the kinds that are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from localcloud.kubernetes.objects.errors import Json

_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")


def fill_in(kind: str, value: Json) -> None:
    """Completes the object in place."""
    if (complete := _DEFAULTS.get(kind)) is not None:
        complete(value)


def _set(value: Json, **defaults: Any) -> None:
    for name, default in defaults.items():
        value.setdefault(name, default)


def _pod(value: Json) -> None:
    pod_spec(value.setdefault("spec", {}))


def pod_spec(spec: Json) -> None:
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        _set(spec, serviceAccountName=account, serviceAccount=account)
    _set(
        spec,
        restartPolicy="Always",
        dnsPolicy="ClusterFirst",
        terminationGracePeriodSeconds=30,
        schedulerName="default-scheduler",
        securityContext={},
    )
    for name in ("initContainers", "containers"):
        for container in _mappings(spec.get(name)):
            _container(container)
    for volume in _mappings(spec.get("volumes")):
        _volume(volume)
    for constraint in _mappings(spec.get("topologySpreadConstraints")):
        _set(constraint, nodeAffinityPolicy="Honor", nodeTaintsPolicy="Ignore")


def _container(container: Json) -> None:
    image, _, digest = str(container.get("image", "")).partition("@")
    tag = image.rpartition("/")[2].partition(":")[2] or ("" if digest else "latest")
    _set(
        container,
        imagePullPolicy="Always" if tag == "latest" else "IfNotPresent",
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        resources={},
    )
    for port in _mappings(container.get("ports")):
        _set(port, protocol="TCP")
    for variable in _mappings(container.get("env")):
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if reference is not None:
            _set(reference, apiVersion="v1")
    for name in _PROBES:
        if container.get(name) is not None:
            _probe(container[name])
    resources = container["resources"]
    for name, limit in (resources.get("limits") or {}).items():
        resources.setdefault("requests", {}).setdefault(name, limit)
    for handler in (container.get("lifecycle") or {}).values():
        _http(handler)


def _probe(probe: Json) -> None:
    _set(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    _http(probe)
    if "grpc" in probe:
        _set(probe["grpc"], service="")


def _http(handler: Any) -> None:
    if isinstance(handler, dict) and handler.get("httpGet") is not None:
        _set(handler["httpGet"], path="/", scheme="HTTP")


def _volume(volume: Json) -> None:
    for name in ("configMap", "secret", "downwardAPI", "projected"):
        if volume.get(name) is not None:
            _set(volume[name], defaultMode=420)
    for source in _mappings((volume.get("projected") or {}).get("sources")):
        if "serviceAccountToken" in source:
            _set(source["serviceAccountToken"], expirationSeconds=3600)
    if set(volume) == {"name"}:
        volume["emptyDir"] = {}


def _deployment(value: Json) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = spec.setdefault("strategy", {})
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(strategy.setdefault("rollingUpdate", {}), maxUnavailable="25%", maxSurge="25%")
    _template(spec)


def _replica_set(value: Json) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, replicas=1)
    _template(spec)


def _job(value: Json) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, completions=1, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)
    _set(spec, podReplacementPolicy="TerminatingOrFailed")
    _template(spec)


def _template(spec: Json) -> None:
    if isinstance(spec.get("template"), dict):
        pod_spec(spec["template"].setdefault("spec", {}))


def _service(value: Json) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, type="ClusterIP", sessionAffinity="None")
    if spec["type"] != "ExternalName":
        _set(spec, ipFamilyPolicy="SingleStack", ipFamilies=["IPv4"], internalTrafficPolicy="Cluster")
    for port in _mappings(spec.get("ports")):
        _set(port, protocol="TCP", targetPort=port.get("port"))


def _autoscaler(value: Json) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, minReplicas=1)
    if "metrics" not in spec:
        utilization = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": utilization}}]
    for rules in (spec.get("behavior") or {}).values():
        _set(rules, selectPolicy="Max")


def _network_policy(value: Json) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, podSelector={}, policyTypes=["Ingress", *(["Egress"] if "egress" in spec else [])])
    for rule in [*_mappings(spec.get("ingress")), *_mappings(spec.get("egress"))]:
        for port in _mappings(rule.get("ports")):
            _set(port, protocol="TCP")


def _secret(value: Json) -> None:
    """``stringData`` becomes base64 in ``data``, and is never shown again."""
    from base64 import b64encode

    _set(value, type="Opaque")
    for name, text in (value.pop("stringData", None) or {}).items():
        value.setdefault("data", {})[name] = b64encode(str(text).encode()).decode()


def _namespace(value: Json) -> None:
    value["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = value["metadata"]["name"]
    _set(value.setdefault("spec", {}), finalizers=["kubernetes"])
    _set(value.setdefault("status", {}), phase="Active")


def _new_pod_status(value: Json) -> None:
    _pod(value)
    _set(value.setdefault("status", {}), phase="Pending", qosClass=_quality(value["spec"]))


def _quality(spec: Json) -> str:
    """Guaranteed, Burstable or BestEffort, by what the containers request."""
    resources = [container.get("resources") or {} for container in spec.get("containers") or ()]
    if not any(each.get("requests") or each.get("limits") for each in resources):
        return "BestEffort"
    sure = all(
        (each.get("limits") or {}).get(name) is not None
        and (each.get("requests") or {}).get(name) == (each.get("limits") or {}).get(name)
        for each in resources
        for name in ("cpu", "memory")
    )
    return "Guaranteed" if sure else "Burstable"


def _binding(value: Json) -> None:
    for reference in [*_mappings(value.get("subjects")), value.get("roleRef")]:
        if isinstance(reference, dict) and reference.get("kind") in ("Role", "ClusterRole", "User", "Group"):
            _set(reference, apiGroup="rbac.authorization.k8s.io")


def _node_pool(value: Json) -> None:
    spec = value["spec"]
    _set(spec["template"]["spec"], expireAfter="336h")
    _set(
        spec.setdefault("disruption", {}),
        consolidationPolicy="WhenEmptyOrUnderutilized",
        consolidateAfter="0s",
        budgets=[{"nodes": "10%"}],
    )


def _node_class(value: Json) -> None:
    _set(value["spec"], snatPolicy="Random", networkPolicy="DefaultAllow", networkPolicyEventLogs="Disabled")
    storage = value["spec"].setdefault("ephemeralStorage", {})
    _set(storage, size="80Gi", iops=3000, throughput=125)


def _target_group_binding(value: Json) -> None:
    _set(value["spec"], ipAddressType="ipv4")


def _mappings(value: Any) -> Iterable[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


_DEFAULTS: Final[dict[str, Callable[[Json], None]]] = {
    "Namespace": _namespace,
    "Pod": _new_pod_status,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "Job": _job,
    "Service": _service,
    "HorizontalPodAutoscaler": _autoscaler,
    "NetworkPolicy": _network_policy,
    "Secret": _secret,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "NodePool": _node_pool,
    "NodeClass": _node_class,
    "TargetGroupBinding": _target_group_binding,
}
