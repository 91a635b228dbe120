"""HorizontalPodAutoscalers: replicas by the CPU or memory that the pods' processes use.

Kubernetes facts: metrics come from the metrics server, without which the replicas stay and the event
FailedGetResourceMetric says why; a Utilization is a share of the containers' requests, each of which needs one; a ratio
within 10 % of 1 changes nothing; more replicas come at once, fewer only when all recommendations of the last five
minutes (``behavior.scaleDown.stabilizationWindowSeconds``) agree; replicas below the least or above the most are moved
there in any case.

Metrics of other types than Resource and ContainerResource are refused; policies of a behavior are not looked at, which
an event says.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from .. import timing
from ..aws import Aws
from ..client import Json
from ..objects.kinds import kind as kind_named
from ..objects.quantities import amount
from ..resources import Resources, controller_of, is_terminating, name_of, namespace_of, set_condition, uid_of
from ..timing import now
from .loop import View
from .pods import is_active, is_ready

METRICS_SERVER: Final = "metrics-server"
SYNC_SECONDS: Final = 15.0
SHORTEST_SYNC: Final = 1.0
TOLERANCE: Final = 0.1
STABILIZATION_SECONDS: Final = 300.0


class Usage(Protocol):
    """What the processes of a pod's containers use."""

    def __call__(self, pod_uid: str) -> Mapping[str, Mapping[str, float]] | None:
        """Container -> ``cpu`` in cores and ``memory`` in bytes; None as long as it has not been measured."""
        ...


class MetricError(Exception):
    """Why a metric is not known; the first argument is the reason of the event."""


class Autoscalers:
    def __init__(self, resources: Resources, aws: Aws, usage: Usage) -> None:
        self._resources, self._aws, self._usage = resources, aws, usage
        self._recommended: dict[str, list[tuple[float, int]]] = {}
        """uid -> moments and replicas of what was recommended."""
        self._synced = 0.0

    def reconcile(self, view: View) -> None:
        autoscalers = [one for one in view.list("HorizontalPodAutoscaler") if not is_terminating(one)]
        if not autoscalers:
            return
        interval = timing.scaled(SYNC_SECONDS, at_least=SHORTEST_SYNC)
        left = self._synced + interval - time.monotonic()
        if left > 0 and all("status" in one and one["status"].get("conditions") for one in autoscalers):
            view.again(left)
            return
        self._synced = time.monotonic()
        view.again(interval)
        for autoscaler in autoscalers:
            self._scale(view, autoscaler)

    def _scale(self, view: View, autoscaler: Json) -> None:
        target = _target(view, autoscaler)
        if target is None:
            reference = autoscaler["spec"]["scaleTargetRef"]
            text = f'deployments.apps "{reference["name"]}" not found'
            self._write(autoscaler, None, None, {"AbleToScale": ("False", "FailedGetScale", text)})
            return
        replicas = target["spec"].get("replicas", 1)
        least, most = autoscaler["spec"].get("minReplicas", 1), autoscaler["spec"]["maxReplicas"]
        conditions = {
            "AbleToScale": ("True", "SucceededGetScale", "the HPA controller was able to get the target's scale")
        }
        try:
            wanted, text = self._wanted(view, autoscaler, target)
            conditions["ScalingActive"] = ("True", "ValidMetricFound", text)
        except MetricError as error:
            wanted = replicas
            conditions["ScalingActive"] = ("False", error.args[0], error.args[1])
            self._resources.warn("HorizontalPodAutoscaler", autoscaler, error.args[0], error.args[1])
        bounded = min(max(self._stabilized(autoscaler, wanted, replicas), least), most)
        conditions["ScalingLimited"] = _limited(wanted, least, most)
        if replicas and bounded != replicas:
            path = kind_named("Deployment").path(namespace_of(target), name_of(target), "scale")
            self._resources.client.patch(path, {"spec": {"replicas": bounded}})
            text = f"New size: {bounded}; reason: {_why(wanted, replicas, least, most)}"
            self._resources.event("HorizontalPodAutoscaler", autoscaler, "SuccessfulRescale", text)
        self._write(autoscaler, target, bounded, conditions)

    def _wanted(self, view: View, autoscaler: Json, target: Json) -> tuple[int, str]:
        """The most replicas that any metric asks for, and by which it was worked out. Raises MetricError."""
        for direction, rules in (autoscaler["spec"].get("behavior") or {}).items():
            if unknown := sorted(set(rules) - {"stabilizationWindowSeconds"}):
                text = f"behavior.{direction}: the local cloud does not look at {', '.join(unknown)}"
                self._resources.warn("HorizontalPodAutoscaler", autoscaler, "UnsupportedBehavior", text)
        pods = _pods(view, target)
        proposals = [self._proposal(metric, pods, target) for metric in autoscaler["spec"].get("metrics") or []]
        if not proposals:
            raise MetricError("InvalidMetricSourceType", "no metrics are given")
        return max(proposals)

    def _proposal(self, metric: Json, pods: Sequence[Json], target: Json) -> tuple[int, str]:
        source = metric.get("resource") or metric.get("containerResource")
        if metric["type"] not in ("Resource", "ContainerResource") or source is None:
            raise MetricError(
                "InvalidMetricSourceType", f"{metric['type']}: the local cloud has Resource metrics alone"
            )
        name = source["name"]
        if METRICS_SERVER not in self._aws.add_ons():
            raise MetricError(
                "FailedGetResourceMetric",
                f"failed to get {name} utilization: unable to get metrics for resource {name}: unable to fetch metrics "
                "from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)",
            )
        used, asked, measured = self._measured(name, source.get("container", ""), pods)
        if not measured:
            text = (
                f"failed to get {name} utilization: did not receive metrics for targeted pods (pods might be unready)"
            )
            raise MetricError("FailedGetResourceMetric", text)
        ratio = _ratio(source["target"], used, asked, measured)
        replicas = target["spec"].get("replicas", 1)
        wanted = replicas if abs(ratio - 1) <= TOLERANCE else math.ceil(measured * ratio)
        return wanted, f"the HPA was able to successfully calculate a replica count from {name} resource utilization"

    def _measured(self, name: str, container: str, pods: Sequence[Json]) -> tuple[float, float, int]:
        """What the ready pods use and asked for together, and how many they are. Raises MetricError."""
        used = asked = 0.0
        measured = 0
        for pod in pods:
            usage = self._usage(uid_of(pod)) if is_ready(pod) else None
            if usage is None:
                continue
            chosen = [one for one in pod["spec"]["containers"] if container in ("", one["name"])]
            for one in chosen:
                request = (one.get("resources") or {}).get("requests", {}).get(name)
                if request is None:
                    text = f"missing request for {name} in container {one['name']} of Pod {name_of(pod)}"
                    raise MetricError("FailedGetResourceMetric", f"failed to get {name} utilization: {text}")
                asked += float(amount(request))
                used += usage.get(one["name"], {}).get(name, 0.0)
            measured += 1
        return used, asked, measured

    def _stabilized(self, autoscaler: Json, wanted: int, replicas: int) -> int:
        """The most that was recommended lately: fewer replicas only if all of it agrees."""
        down: Json = (autoscaler["spec"].get("behavior") or {}).get("scaleDown") or {}
        window = timing.scaled(down.get("stabilizationWindowSeconds", STABILIZATION_SECONDS))
        moment = time.monotonic()
        before = self._recommended.get(uid_of(autoscaler), [(moment, replicas)])
        recent = [(at, count) for at, count in before if at > moment - window] + [(moment, wanted)]
        self._recommended[uid_of(autoscaler)] = recent
        return max(count for _, count in recent) if wanted < replicas else wanted

    def _write(
        self, autoscaler: Json, target: Json | None, wanted: int | None, conditions: Mapping[str, tuple[str, str, str]]
    ) -> None:
        before = autoscaler.get("status") or {}
        current = target["spec"].get("replicas", 1) if target else 0

        def change(status: Json) -> None:
            status["currentReplicas"] = current
            status["desiredReplicas"] = before.get("desiredReplicas", 0) if wanted is None else wanted
            status["observedGeneration"] = autoscaler["metadata"].get("generation", 1)
            if wanted is not None and wanted != current:
                status["lastScaleTime"] = now()
            for name, (state, reason, message) in conditions.items():
                set_condition(status, {"type": name, "status": state, "reason": reason, "message": message})

        self._resources.update_status("HorizontalPodAutoscaler", autoscaler, change)


def _target(view: View, autoscaler: Json) -> Json | None:
    reference = autoscaler["spec"]["scaleTargetRef"]
    if reference["kind"] != "Deployment":
        return None
    return next(
        (
            one
            for one in view.list("Deployment")
            if (namespace_of(one), name_of(one)) == (namespace_of(autoscaler), reference["name"])
        ),
        None,
    )


def _pods(view: View, target: Json) -> list[Json]:
    sets = {uid_of(one) for one in view.list("ReplicaSet") if controller_of(one) == uid_of(target)}
    return [pod for pod in view.list("Pod") if controller_of(pod) in sets and is_active(pod)]


def _ratio(target: Json, used: float, asked: float, measured: int) -> float:
    """What is used of what the target means. Raises MetricError."""
    if target["type"] == "Utilization":
        return used / asked * 100 / target["averageUtilization"]
    if target["type"] == "AverageValue":
        return used / measured / float(amount(target["averageValue"]))
    raise MetricError("InvalidMetricSourceType", f"target type {target['type']}: Utilization or AverageValue is meant")


def _limited(wanted: int, least: int, most: int) -> tuple[str, str, str]:
    if wanted > most:
        return "True", "TooManyReplicas", "the desired replica count is more than the maximum replica count"
    if wanted < least:
        return "True", "TooFewReplicas", "the desired replica count is less than the minimum replica count"
    return "False", "DesiredWithinRange", "the desired count is within the acceptable range"


def _why(wanted: int, replicas: int, least: int, most: int) -> str:
    if replicas < least:
        return "Current number of replicas below Spec.MinReplicas"
    if replicas > most:
        return "Current number of replicas above Spec.MaxReplicas"
    return "resource utilization above target" if wanted > replicas else "All metrics below target"
