"""Deployments: a ReplicaSet for each pod template, and the way from one to the next.

Kubernetes facts: the current set is the one whose template is the Deployment's; sets have revisions, and a template
that comes back gets the next one; a rollout without progress for ``progressDeadlineSeconds`` is
ProgressDeadlineExceeded, and goes on all the same; ``revisionHistoryLimit`` old sets stay.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence

from .. import timing
from ..client import Json
from ..objects.errors import ApiError
from ..objects.kinds import kind as kind_named
from ..resources import (
    CONFLICT,
    Resources,
    annotations_of,
    condition,
    controller_of,
    is_terminating,
    name_of,
    namespace_of,
    owner_reference,
    uid_of,
)
from ..timing import Stopwatch
from .deployment_status import COMPLETE, Progress, write_status
from .loop import View
from .replica_sets import ALPHABET
from .rollouts import Limits, Set, next_replicas

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
DESIRED, MOST = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
HASH_LENGTH = 10


def progress_seconds(deployment: Json) -> float:
    """Real seconds that a rollout may stand still."""
    return timing.for_a_program(deployment["spec"].get("progressDeadlineSeconds", 600))


class Deployments:
    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._progress = Stopwatch()

    def reconcile(self, view: View) -> None:
        self._progress.keep_only({uid_of(one) for one in view.list("Deployment")})
        for deployment in view.list("Deployment"):
            if not is_terminating(deployment):
                self._reconcile(view, deployment)

    def _reconcile(self, view: View, deployment: Json) -> None:
        sets = [one for one in view.list("ReplicaSet") if controller_of(one) == uid_of(deployment)]
        sets.sort(key=lambda one: (one["metadata"]["creationTimestamp"], revision_of(one), name_of(one)))
        wanted, paused = template_key(deployment["spec"]["template"]), deployment["spec"].get("paused", False)
        new = next((one for one in sets if template_key(one["spec"]["template"]) == wanted), None)
        old = [one for one in sets if one is not new]
        created = new is None and not paused
        if created:
            new = self._create(deployment, sets)
        if new is not None and not paused:
            self._number(deployment, new, old)
            self._roll(view, deployment, new, old)
        self._write_status(view, deployment, new, old, created=created)
        self._forget_history(deployment, old)

    def _create(self, deployment: Json, sets: Sequence[Json]) -> Json:
        """The ReplicaSet of the Deployment's template, without pods yet."""
        spec = deployment["spec"]
        collisions = deployment.get("status", {}).get("collisionCount", 0)
        label = {HASH: template_hash(spec["template"], collisions)}
        template, selector = copy.deepcopy(spec["template"]), copy.deepcopy(spec["selector"])
        template["metadata"]["labels"] |= label
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), **label}
        limits = limits_of(deployment)
        metadata = {
            "name": f"{name_of(deployment)}-{label[HASH]}",
            "namespace": namespace_of(deployment),
            "labels": template["metadata"]["labels"],
            "annotations": {
                REVISION: str(1 + max((revision_of(one) for one in sets), default=0)),
                DESIRED: str(limits.desired),
                MOST: str(limits.desired + limits.surge),
            },
            "ownerReferences": [owner_reference(deployment, "Deployment")],
        }
        settings = {"replicas": 0, "minReadySeconds": spec.get("minReadySeconds", 0)}
        try:
            body = {"metadata": metadata, "spec": {**settings, "selector": selector, "template": template}}
            return self._resources.create("ReplicaSet", body)
        except ApiError as error:
            if error.status == CONFLICT:  # another template of the same hash, or another owner's set
                counted = {"collisionCount": collisions + 1}
                self._resources.update_status("Deployment", deployment, lambda status: status.update(counted))
            raise

    def _number(self, deployment: Json, new: Json, old: Sequence[Json]) -> None:
        """Gives the current set the highest revision, and the Deployment the same."""
        before = max((revision_of(one) for one in old), default=0)
        revision = str(revision_of(new) if revision_of(new) > before else before + 1)
        for kind, item in (("ReplicaSet", new), ("Deployment", deployment)):
            if annotations_of(item).get(REVISION) != revision:
                self._patch(kind, item, {"metadata": {"annotations": {REVISION: revision}}})

    def _roll(self, view: View, deployment: Json, new: Json, old: Sequence[Json]) -> None:
        if deployment["spec"].get("strategy", {}).get("type") == "Recreate":
            changes = _recreated(view, deployment, new, old)
        else:
            changes = next_replicas(limits_of(deployment), _set(new), [_set(one) for one in old])
        for one in (new, *old):
            if name_of(one) in changes:
                self._scale(deployment, one, changes[name_of(one)])

    def _scale(self, deployment: Json, replica_set: Json, replicas: int) -> None:
        before = replica_set["spec"]["replicas"]
        if before == replicas:
            return
        self._patch("ReplicaSet", replica_set, {"spec": {"replicas": replicas}})
        direction = "up" if replicas > before else "down"
        text = f"Scaled {direction} replica set {name_of(replica_set)} from {before} to {replicas}"
        self._resources.event("Deployment", deployment, "ScalingReplicaSet", text)

    def _patch(self, kind: str, item: Json, change: Json) -> None:
        self._resources.client.patch(kind_named(kind).path(namespace_of(item), name_of(item)), change)

    def _write_status(
        self, view: View, deployment: Json, new: Json | None, old: Sequence[Json], *, created: bool
    ) -> None:
        limits = limits_of(deployment)
        progress = Progress.of(limits, new, old)
        if created or progress.complete or progress.advanced_since(deployment.get("status", {})):
            self._progress.restart(uid_of(deployment))
        remaining = progress_seconds(deployment) - self._progress.seconds(uid_of(deployment))
        if not progress.complete and remaining > 0:
            view.again(remaining)
        generation = deployment["metadata"].get("generation", 1)

        def change(status: Json) -> None:
            write_status(status, progress, limits, generation, created=created, timed_out=remaining <= 0)

        self._resources.update_status("Deployment", deployment, change)

    def _forget_history(self, deployment: Json, old: Sequence[Json]) -> None:
        """Deletes the oldest sets without pods that are more than the history keeps."""
        if condition(deployment, "Progressing").get("reason") != COMPLETE:
            return
        kept = deployment["spec"].get("revisionHistoryLimit", 10)
        empty = [one for one in old if not one["spec"]["replicas"] and not one.get("status", {}).get("replicas")]
        empty.sort(key=revision_of)
        for one in empty[: max(len(empty) - kept, 0)]:
            self._resources.delete("ReplicaSet", one)


def limits_of(deployment: Json) -> Limits:
    spec = deployment["spec"]
    rolling = spec.get("strategy", {}).get("rollingUpdate") or {}
    return Limits.of(spec.get("replicas", 1), rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%"))


def revision_of(replica_set: Json) -> int:
    return int(annotations_of(replica_set).get(REVISION, "0"))


def template_key(template: Json) -> str:
    """The same for equal templates, whatever hash a ReplicaSet put in."""
    metadata = template["metadata"]
    labels = {key: value for key, value in metadata["labels"].items() if key != HASH}
    return json.dumps({**template, "metadata": {**metadata, "labels": labels}}, sort_keys=True)


def template_hash(template: Json, collisions: int) -> str:
    digest = hashlib.sha256(f"{template_key(template)} {collisions}".encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:HASH_LENGTH])


def _recreated(view: View, deployment: Json, new: Json, old: Sequence[Json]) -> dict[str, int]:
    """First no old pods any more, then all new ones."""
    if any(one["spec"]["replicas"] for one in old):
        return {name_of(one): 0 for one in old}
    gone = {uid_of(one) for one in old}
    if any(controller_of(pod) in gone for pod in view.list("Pod")):
        return {}
    return {name_of(new): limits_of(deployment).desired}


def _set(replica_set: Json) -> Set:
    return Set(
        name=name_of(replica_set),
        replicas=replica_set["spec"]["replicas"],
        available=replica_set.get("status", {}).get("availableReplicas", 0),
    )
