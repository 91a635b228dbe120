"""Requirements on a node's labels, as NodePools and node affinities state them, and taints. Pure.

Kubernetes facts: ``Gt`` and ``Lt`` compare whole numbers; NotIn and DoesNotExist hold for a label that is not there;
the terms of a node affinity are alternatives, the expressions of one term are all meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..client import Json


def holds(requirement: Json, labels: Mapping[str, str]) -> bool:
    """Whether labels satisfy one requirement (key, operator, values)."""
    value, values = labels.get(requirement["key"]), requirement.get("values") or []
    match requirement["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return value is not None and value.isdigit() and int(value) > int(values[0])
        case "Lt":
            return value is not None and value.isdigit() and int(value) < int(values[0])
        case other:
            raise ValueError(f"operator {other!r} of {requirement['key']}")


def said(requirement: Json) -> str:
    """As Karpenter writes it."""
    values = " ".join(str(value) for value in requirement.get("values") or [])
    return f"{requirement['key']} {requirement['operator']}" + (f" [{values}]" if values else "")


def alternatives(pod: Json) -> list[list[Json]]:
    """What a pod asks of its node: one of these lists of requirements has to hold."""
    spec = pod["spec"]
    selected = [
        {"key": key, "operator": "In", "values": [value]} for key, value in (spec.get("nodeSelector") or {}).items()
    ]
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or []
    if not terms:
        return [selected]
    return [[*selected, *(term.get("matchExpressions") or [])] for term in terms]


def accepts(pod: Json, labels: Mapping[str, str]) -> bool:
    """Whether a node with these labels is one that the pod asks for."""
    return any(all(holds(one, labels) for one in requirements) for requirements in alternatives(pod))


def untolerated(pod: Json, taints: Sequence[Json]) -> Json | None:
    """The first taint that keeps the pod off a node."""
    tolerations: list[Json] = pod["spec"].get("tolerations") or []
    hard = [taint for taint in taints if taint["effect"] in ("NoSchedule", "NoExecute")]
    return next((taint for taint in hard if not any(_tolerates(one, taint) for one in tolerations)), None)


def _tolerates(toleration: Json, taint: Json) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", "")
