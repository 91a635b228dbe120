"""Whether a pod fits a node: resources, labels, taints, and how pods are spread. Pure.

Kubernetes facts: a pod takes the larger of what its containers ask for together and what one init container asks for;
a spread constraint counts the pods that its selector (with the pod's own values of ``matchLabelKeys``) matches in each
domain, the emptiest of them with 0 if there are fewer domains than ``minDomains``; a pod that ends is not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from ..api.selectors import matches_labels
from ..client import Json
from ..objects.quantities import amount
from ..resources import labels_of, namespace_of
from .requirements import accepts, untolerated

HOSTNAME: Final = "kubernetes.io/hostname"


@dataclass(frozen=True, kw_only=True)
class Amounts:
    cpu: Decimal = Decimal(0)
    memory: Decimal = Decimal(0)

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(cpu=self.cpu + other.cpu, memory=self.memory + other.memory)


def requested(pod: Json) -> Amounts:
    """What the pod's requests (a limit without a request is one) take of a node."""
    spec = pod["spec"]
    initial: list[Json] = spec.get("initContainers") or []
    lasting = [*spec["containers"], *(one for one in initial if one.get("restartPolicy") == "Always")]
    each = [_of_container(one) for one in lasting]
    once = [_of_container(one) for one in initial if one.get("restartPolicy") != "Always"]
    together = sum(each, Amounts())
    return Amounts(
        cpu=max([together.cpu, *(one.cpu for one in once)]),
        memory=max([together.memory, *(one.memory for one in once)]),
    )


def _of_container(container: Json) -> Amounts:
    resources = container.get("resources") or {}
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return Amounts(cpu=amount(asked.get("cpu", "0")), memory=amount(asked.get("memory", "0")))


@dataclass(kw_only=True)
class Host:
    """A node as the scheduler sees it, with the pods that are bound or about to be bound to it."""

    name: str
    labels: Mapping[str, str]
    taints: Sequence[Json]
    capacity: Amounts
    most_pods: int
    pods: list[Json] = field(default_factory=list[Json])

    def objection(self, pod: Json) -> str:
        """Why the pod can't be on it, in the scheduler's words; empty if it can."""
        if not accepts(pod, self.labels):
            return "node(s) didn't match Pod's node affinity/selector"
        if taint := untolerated(pod, self.taints):
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
        if len(self.pods) >= self.most_pods:
            return "Too many pods"
        used = sum((requested(one) for one in self.pods), requested(pod))
        if used.cpu > self.capacity.cpu:
            return "Insufficient cpu"
        return "Insufficient memory" if used.memory > self.capacity.memory else ""


def objection_to(pod: Json, host: Host, hosts: Iterable[Host], further_domains: Mapping[str, set[str]]) -> str:
    """Why the pod can't be on the host beside those on the others; empty if it can."""
    return host.objection(pod) or spread_objection(pod, host, hosts, further_domains)


def spread_objection(pod: Json, host: Host, hosts: Iterable[Host], further_domains: Mapping[str, set[str]]) -> str:
    """Why a spread constraint keeps the pod off the host; empty if none does.

    ``further_domains``: topology key -> domains without a node yet that count all the same.
    """
    eligible = [one for one in hosts if accepts(pod, one.labels)]
    for constraint in pod["spec"].get("topologySpreadConstraints") or []:
        if constraint.get("whenUnsatisfiable", "DoNotSchedule") != "DoNotSchedule":
            continue
        key = constraint["topologyKey"]
        if key not in host.labels:
            return "node(s) didn't match pod topology spread constraints (missing required label)"
        counts = domain_counts(pod, constraint, eligible)
        for domain in (*further_domains.get(key, ()), host.labels[key]):
            counts.setdefault(domain, 0)
        least = 0 if len(counts) < constraint.get("minDomains", 1) else min(counts.values())
        if counts[host.labels[key]] + _counts_itself(pod, constraint) - least > constraint["maxSkew"]:
            return "node(s) didn't match pod topology spread constraints"
    return ""


def crowding(pod: Json, host: Host, hosts: Sequence[Host]) -> int:
    """How many pods like it are in the host's domains: the fewer, the better."""
    return sum(
        domain_counts(pod, constraint, hosts).get(host.labels.get(constraint["topologyKey"], ""), 0)
        for constraint in pod["spec"].get("topologySpreadConstraints") or []
    )


def domain_counts(pod: Json, constraint: Json, hosts: Iterable[Host]) -> dict[str, int]:
    """Domain -> how many pods on the hosts in it the constraint counts."""
    selector = _selector(pod, constraint)
    counts: Counter[str] = Counter()
    for host in hosts:
        domain = host.labels.get(constraint["topologyKey"])
        if domain is not None:
            counts[domain] += sum(
                namespace_of(one) == namespace_of(pod)
                and "deletionTimestamp" not in one["metadata"]
                and matches_labels(selector, labels_of(one))
                for one in host.pods
            )
    return dict(counts)


def _counts_itself(pod: Json, constraint: Json) -> int:
    return int(matches_labels(_selector(pod, constraint), labels_of(pod)))


def _selector(pod: Json, constraint: Json) -> Json:
    selector: Json = dict(constraint.get("labelSelector") or {})
    own = {key: labels_of(pod)[key] for key in constraint.get("matchLabelKeys") or [] if key in labels_of(pod)}
    return {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), **own}}
