"""TargetGroupBindings: the ready pods of a Service are the targets of a load balancer's target group.

AWS facts: Auto Mode's controller acts as the cluster's role, and takes the group over: it deregisters what is not a pod
of its cluster. A pod whose containers are ready but whose readiness gate is not open yet is registered too, and the
gate opens once the load balancer calls the target healthy. A binding that is deleted drains its targets first, and
stays until then. The group is of the cluster's VPC and of the binding's targetType; the tag ``eks:eks-cluster-name``
is needed for some of what the controller may do.

``multiClusterTargetGroup`` is refused: nothing here would know which targets are another cluster's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.server.call import Refusal

from .. import timing
from ..aws import Aws
from ..client import Json
from ..resources import (
    Resources,
    is_terminating,
    is_true,
    name_of,
    namespace_of,
    set_condition,
    uid_of,
)
from .admission import GATE_PREFIX
from .endpoint_slices import selected_pods, target_port
from .loop import View
from .pods import is_ready

FINALIZER: Final = "elbv2.k8s.aws/resources"
CLUSTER_TAG: Final = "eks:eks-cluster-name"
POLL_SECONDS: Final = 2.0
SHORTEST_POLL: Final = 0.25
RETRY_SECONDS: Final = 5.0
GONE: Final = "TargetGroupNotFound"
Address = tuple[str, int]


class BindingError(Exception):
    """Why a binding does nothing; the first argument is the reason of its event."""


@dataclass(frozen=True, kw_only=True)
class Health:
    state: str
    reason: str
    description: str


class TargetGroups:
    def __init__(self, resources: Resources, aws: Aws) -> None:
        self._resources, self._aws = resources, aws
        self._verified: dict[str, str] = {}
        """uid of a binding -> the ARN of the group that was looked at for it."""
        self._settled: dict[str, frozenset[Address]] = {}
        """uid of a binding -> its targets, all registered and with open gates."""

    def reconcile(self, view: View) -> None:
        bindings = view.list("TargetGroupBinding")
        self._verified = {uid: arn for uid, arn in self._verified.items() if uid in {uid_of(one) for one in bindings}}
        for binding in bindings:
            try:
                if is_terminating(binding):
                    self._finish(view, binding)
                else:
                    self._reconcile(view, binding)
            except (BindingError, Refusal) as error:
                reason = error.args[0] if isinstance(error, BindingError) else "FailedDeployModel"
                self._resources.warn("TargetGroupBinding", binding, reason, str(error.args[-1]))
                self._settled.pop(uid_of(binding), None)
                view.again(timing.scaled(RETRY_SECONDS, at_least=SHORTEST_POLL))

    def _reconcile(self, view: View, binding: Json) -> None:
        if binding["spec"].get("multiClusterTargetGroup"):
            raise BindingError("FailedBuildModel", "multiClusterTargetGroup: the local cloud has one cluster a group")
        if FINALIZER not in (binding["metadata"].get("finalizers") or []):
            self._resources.update("TargetGroupBinding", binding, _add_finalizer)
        self._verify(binding)
        pods = self._pods(view, binding)
        gate = f"{GATE_PREFIX}{name_of(binding)}"
        waiting = [pod for pod in pods.values() if _has_gate(pod, gate) and not is_true(pod, gate)]
        if self._settled.get(uid_of(binding)) == frozenset(pods) and not waiting:
            return
        arn = binding["spec"]["targetGroupARN"]
        present = self._targets(arn)
        self._register(arn, set(pods) - _lasting(present))
        self._deregister(arn, _lasting(present) - set(pods))
        closed = [pod for address, pod in pods.items() if not self._open(pod, gate, present.get(address))]
        if closed:
            view.again(timing.scaled(POLL_SECONDS, at_least=SHORTEST_POLL))
        self._settled[uid_of(binding)] = frozenset(pods)

    def _verify(self, binding: Json) -> None:
        """Raises BindingError for a group that the binding can't serve. Looks at each group once."""
        arn = binding["spec"]["targetGroupARN"]
        if self._verified.get(uid_of(binding)) == arn:
            return
        described = self._call("DescribeTargetGroups", {"TargetGroupArns": [arn]})["TargetGroups"][0]
        if described["VpcId"] != self._aws.vpc_id:
            text = f"target group {arn} is in {described['VpcId']}, the cluster in {self._aws.vpc_id}"
            raise BindingError("FailedBuildModel", text)
        wanted = binding["spec"].get("targetType")
        if described.get("TargetType") != wanted:
            text = f"target group {arn} has the target type {described.get('TargetType')}, the binding {wanted}"
            raise BindingError("FailedBuildModel", text)
        if self._aws.tags(arn).get(CLUSTER_TAG) != self._aws.cluster_name:
            text = (
                f"target group {arn} has no tag {CLUSTER_TAG}={self._aws.cluster_name}: on AWS the controller may not"
            )
            self._resources.warn("TargetGroupBinding", binding, "Untagged", f"{text} change it")
        self._verified[uid_of(binding)] = arn

    def _pods(self, view: View, binding: Json) -> dict[Address, Json]:
        """The pods that are or should be targets, by address and port. Raises BindingError."""
        reference = binding["spec"]["serviceRef"]
        service = next(
            (
                one
                for one in view.list("Service")
                if (namespace_of(one), name_of(one)) == (namespace_of(binding), reference["name"])
            ),
            None,
        )
        if service is None:
            raise BindingError("BackendNotFound", f'backend not found: Service "{reference["name"]}" not found')
        port = _service_port(service, reference["port"])
        gate = f"{GATE_PREFIX}{name_of(binding)}"
        pods: dict[Address, Json] = {}
        for pod in selected_pods(service, view.list("Pod")) if service["spec"].get("selector") else []:
            number = target_port(port, pod)
            expected = is_ready(pod) or (_has_gate(pod, gate) and is_true(pod, "ContainersReady"))
            if number is not None and expected and not is_terminating(pod):
                pods[pod["status"]["podIP"], number] = pod
        return pods

    def _targets(self, arn: str) -> dict[Address, Health]:
        described = self._call("DescribeTargetHealth", {"TargetGroupArn": arn})["TargetHealthDescriptions"]
        return {
            (one["Target"]["Id"], int(one["Target"]["Port"])): Health(
                state=one["TargetHealth"]["State"],
                reason=one["TargetHealth"].get("Reason", ""),
                description=one["TargetHealth"].get("Description", ""),
            )
            for one in described
        }

    def _register(self, arn: str, addresses: Iterable[Address]) -> None:
        if targets := _as_targets(addresses):
            self._call("RegisterTargets", {"TargetGroupArn": arn, "Targets": targets})

    def _deregister(self, arn: str, addresses: Iterable[Address]) -> None:
        if targets := _as_targets(addresses):
            self._call("DeregisterTargets", {"TargetGroupArn": arn, "Targets": targets})

    def _open(self, pod: Json, gate: str, health: Health | None) -> bool:
        """Whether the pod's gate is open, once what is known of its target is written."""
        if not _has_gate(pod, gate) or is_true(pod, gate):
            return True
        healthy = health is not None and health.state == "healthy"
        condition: Json = {"type": gate, "status": "True" if healthy else "False"}
        if not healthy:
            condition |= {
                "reason": (health.reason if health else "") or "Elb.RegistrationInProgress",
                "message": (health.description if health else "") or "Target registration is in progress",
            }
        self._resources.update_status("Pod", pod, lambda status: set_condition(status, condition))
        return healthy

    def _finish(self, view: View, binding: Json) -> None:
        """Lets a deleted binding go once its targets are drained."""
        if FINALIZER not in (binding["metadata"].get("finalizers") or []):
            return
        arn = binding["spec"]["targetGroupARN"]
        try:
            present = self._targets(arn)
            self._deregister(arn, _lasting(present))
            left = bool(self._targets(arn)) if present else False
        except Refusal as refusal:
            if refusal.code != GONE:
                raise
            left = False
        if left:
            view.again(timing.scaled(POLL_SECONDS, at_least=SHORTEST_POLL))
            return
        self._settled.pop(uid_of(binding), None)
        self._resources.update("TargetGroupBinding", binding, _remove_finalizer)

    def _call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return self._aws.call(self._aws.role_arn, "elbv2", operation, params)


def _add_finalizer(binding: Json) -> None:
    binding["metadata"].setdefault("finalizers", []).append(FINALIZER)


def _remove_finalizer(binding: Json) -> None:
    binding["metadata"]["finalizers"] = [one for one in binding["metadata"]["finalizers"] if one != FINALIZER]


def _has_gate(pod: Json, gate: str) -> bool:
    return any(one["conditionType"] == gate for one in pod["spec"].get("readinessGates") or [])


def _lasting(targets: Mapping[Address, Health]) -> set[Address]:
    """Those that are not draining."""
    return {address for address, health in targets.items() if health.state != "draining"}


def _as_targets(addresses: Iterable[Address]) -> list[dict[str, Any]]:
    return [{"Id": address, "Port": port} for address, port in sorted(addresses)]


def _service_port(service: Json, wanted: int | str) -> Json:
    """The Service's port of that number or name. Raises BindingError."""
    for port in service["spec"].get("ports") or []:
        if wanted in (port["port"], port.get("name")):
            return port
    raise BindingError("BackendNotFound", f"backend not found: Service {name_of(service)} has no port {wanted}")
