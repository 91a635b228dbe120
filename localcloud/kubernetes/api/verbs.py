"""Carrying out a request that is allowed: reading, watching, writing and deleting objects and their subresources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from localcloud.kubernetes.api.admission import Admission
from localcloud.kubernetes.api.removal import Options, Removal
from localcloud.kubernetes.api.requests import STRATEGIC_MERGE_PATCH, ApiRequest
from localcloud.kubernetes.api.selectors import EVERYTHING, Selector, matches_labels, selector
from localcloud.kubernetes.api.store import Store, Stored, Watch
from localcloud.kubernetes.api.tokens import Tokens
from localcloud.kubernetes.api.users import Action
from localcloud.kubernetes.api.writes import Writes
from localcloud.kubernetes.client import APPLY_PATCH, JSON, MERGE_PATCH
from localcloud.kubernetes.objects.errors import ApiError, Json, bad_request, no_such_path
from localcloud.kubernetes.objects.kinds import Kind, kind
from localcloud.kubernetes.objects.merging import merge_patch, strategic_merge_patch
from localcloud.kubernetes.objects.ownership import copied
from localcloud.kubernetes.objects.schemas import Schemas

Answer = tuple[int, Json | Watch | str]
"""HTTP status, and an object, a watch, or text."""
Logs = Callable[[Json, Mapping[str, str]], str]
"""What a container of a pod printed, by the query of ``kubectl logs``. Raises ApiError."""
_EVENT_LIFE: Final = timedelta(hours=1)


class Verbs:
    """The objects of one cluster, by verb."""

    def __init__(self, store: Store, schemas: Schemas, service_cidr: str, tokens: Tokens) -> None:
        self._store, self._schemas, self._tokens = store, schemas, tokens
        self._removal = Removal(store)
        self.logs: Logs | None = None
        """Of the node agent, once there is one."""
        self.writes = Writes(store, schemas, Admission(store, service_cidr), self._removal)
        self._verbs: dict[str, Callable[[Action, ApiRequest], Answer]] = {
            "get": self._get,
            "list": self._list,
            "watch": self._watch,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }

    def use(self, schemas: Schemas) -> None:
        """Validates by the schemas of another version from now on."""
        self._schemas = self.writes.schemas = schemas

    def perform(self, action: Action, request: ApiRequest) -> Answer:
        """The HTTP status and the answer, which may be shared and is not to be changed. Raises ApiError."""
        if request.query.get("dryRun"):
            raise bad_request("dryRun: this API server carries out every request")
        return self._verbs[action.verb](action, request)

    def _get(self, action: Action, request: ApiRequest) -> Answer:
        stored = self.writes.existing(action.kind, action.namespace, action.name)
        if action.subresource == "log":
            if self.logs is None:
                raise bad_request("this cluster has no node agent, which keeps what containers print")
            return 200, self.logs(stored.shown, request.query)
        return 200, _scale(stored) if action.subresource == "scale" else stored.shown

    def _list(self, action: Action, request: ApiRequest) -> Answer:
        with self._store.lock:
            chosen = self._store.select(action.kind, action.namespace, _selector(action.kind, request))
            version = str(self._store.version)
        items = [stored.shown for stored in chosen]
        if not action.kind.custom:  # as of every built-in kind, the elements don't say what they are
            items = [{key: value for key, value in each.items() if key not in ("apiVersion", "kind")} for each in items]
        listed = {"kind": f"{action.kind.name}List", "apiVersion": action.kind.api_version}
        return 200, {**listed, "metadata": {"resourceVersion": version}, "items": items}

    def _watch(self, action: Action, request: ApiRequest) -> Answer:
        since = request.query.get("resourceVersion", "")
        seconds = request.query.get("timeoutSeconds")
        chosen = _selector(action.kind, request)
        return 200, self._store.watch(action.kind, action.namespace, chosen, since, float(seconds) if seconds else None)

    def _create(self, action: Action, request: ApiRequest) -> Answer:
        with self._store.lock:
            if action.subresource == "token":
                return 201, self._tokens.request(action.namespace, action.name, request.body)
            if action.subresource == "binding":
                return self._bind(action, request)
            if action.subresource == "eviction":
                return self._evict(action, request)
            if action.name:
                raise ApiError(
                    405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
                )
            if action.kind.namespaced and not action.namespace:
                raise bad_request("an object of this kind is created in a namespace: the path names none")
            if action.kind.name == "Event":
                self._forget_events(action.namespace)
            return 201, self.writes.create(action.kind, action.namespace, request.body, request.manager).shown

    def _update(self, action: Action, request: ApiRequest) -> Answer:
        with self._store.lock:
            before = self.writes.existing(action.kind, action.namespace, action.name)
            if action.subresource:
                return self._put_subresource(action, before, request.body, request.manager)
            return 200, self.writes.replace(
                action.kind, action.namespace, action.name, request.body, request.manager
            ).shown

    def _patch(self, action: Action, request: ApiRequest) -> Answer:
        kind_of_patch = request.content_type.partition(";")[0].strip()
        with self._store.lock:
            if kind_of_patch == APPLY_PATCH and not action.subresource:
                return self._apply(action, request)
            before = self.writes.existing(action.kind, action.namespace, action.name)
            value = _scale(before) if action.subresource == "scale" else before.value
            patched = self._patched(action, kind_of_patch, value, request.body)
            if action.subresource:
                return self._put_subresource(action, before, patched, request.manager)
            return 200, self.writes.change(before, patched, request.manager).shown

    def _patched(self, action: Action, kind_of_patch: str, value: Json, patch: Json) -> Json:
        if kind_of_patch == MERGE_PATCH:
            return copied(merge_patch(value, patch))
        if kind_of_patch == STRATEGIC_MERGE_PATCH and not action.kind.custom:
            return copied(strategic_merge_patch(self._schemas, self._schemas.of(action.kind), value, patch))
        offered = (
            [JSON, MERGE_PATCH, APPLY_PATCH]
            if action.kind.custom
            else [MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_PATCH]
        )
        message = (
            f"the body of the request was in an unknown format - accepted media types include: {', '.join(offered)}"
        )
        raise ApiError(415, "UnsupportedMediaType", message)

    def _apply(self, action: Action, request: ApiRequest) -> Answer:
        if not request.query.get("fieldManager"):
            raise bad_request(
                'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
            )
        force = request.query.get("force", "").lower() in ("1", "true")
        stored, new = self.writes.apply(
            action.kind, action.namespace, action.name, request.body, request.manager, force=force
        )
        return 201 if new else 200, stored.shown

    def _put_subresource(self, action: Action, before: Stored, body: Json, manager: str) -> Answer:
        if action.subresource == "status":
            return 200, self.writes.status(before, body, manager).shown
        if action.subresource == "scale":
            wanted = (body.get("spec") or {}).get("replicas", 0)
            if not isinstance(wanted, int) or wanted < 0:
                raise bad_request(f"spec.replicas: Invalid value: {wanted!r}: must be greater than or equal to 0")
            return 200, _scale(self.writes.spec_field(before, "replicas", wanted, manager, "scale"))
        raise no_such_path()

    def _bind(self, action: Action, request: ApiRequest) -> Answer:
        before = self.writes.existing(action.kind, action.namespace, action.name)
        node = str((request.body.get("target") or {}).get("name", ""))
        if before.value["spec"].get("nodeName"):
            message = (
                f'Operation cannot be fulfilled on pods/binding "{action.name}": pod {action.name} is already assigned '
                f'to node "{before.value["spec"]["nodeName"]}"'
            )
            raise ApiError(409, "Conflict", message)
        self.writes.spec_field(before, "nodeName", node, request.manager, "binding")
        return 201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

    def _evict(self, action: Action, request: ApiRequest) -> Answer:
        """Deletes the pod if every budget that selects it allows a disruption, each of which then allows one less."""
        pod = self.writes.existing(action.kind, action.namespace, action.name)
        labels = pod.value["metadata"].get("labels") or {}
        budgets = [
            budget
            for budget in self._store.select(kind("PodDisruptionBudget"), action.namespace, EVERYTHING)
            if matches_labels(budget.value["spec"].get("selector") or {}, labels)
            and not (_gives_up_unready(budget) and not _is_ready(pod))
        ]
        if any((budget.value.get("status") or {}).get("disruptionsAllowed", 0) < 1 for budget in budgets):
            message = "Cannot evict pod as it would violate the pod's disruption budget."
            raise ApiError(429, "TooManyRequests", message)
        for budget in budgets:
            status = budget.value["status"]
            less = {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1}
            self._store.put(budget.kind, {**budget.value, "status": less}, budget.owners)
        options = request.body.get("deleteOptions") or {}
        self._removal.delete(pod, Options.of({}, options))
        return 201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

    def _delete(self, action: Action, request: ApiRequest) -> Answer:
        if action.subresource:
            raise no_such_path()
        with self._store.lock:
            stored = self.writes.existing(action.kind, action.namespace, action.name)
            return 200, self._removal.delete(stored, Options.of(dict(request.query), request.body)).shown

    def _delete_collection(self, action: Action, request: ApiRequest) -> Answer:
        with self._store.lock:
            chosen = self._store.select(action.kind, action.namespace, _selector(action.kind, request))
            for stored in chosen:
                if self._store.get(stored.kind, stored.namespace, stored.name) is not None:
                    self._removal.delete(stored, Options.of(dict(request.query), request.body))
        return 200, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 200}

    def _forget_events(self, namespace: str) -> None:
        """Kubernetes keeps an event for an hour."""
        oldest = (datetime.now(UTC) - _EVENT_LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
        for stored in self._store.select(kind("Event"), namespace, EVERYTHING):
            if stored.value["metadata"]["creationTimestamp"] < oldest:
                self._store.remove(stored)


def _selector(of: Kind, request: ApiRequest) -> Selector:
    labels, fields = request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
    return selector(of.name, labels, fields) if labels or fields else EVERYTHING


def _gives_up_unready(budget: Stored) -> bool:
    """Whether a pod that does not work may be evicted at any time."""
    return budget.value["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow"


def _is_ready(pod: Stored) -> bool:
    conditions = (pod.value.get("status") or {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _scale(stored: Stored) -> Json:
    metadata = stored.value["metadata"]
    fields = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    chosen: Any = stored.value["spec"].get("selector") or {}
    labels = ",".join(f"{key}={value}" for key, value in (chosen.get("matchLabels") or {}).items())
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: metadata[field] for field in fields if field in metadata},
        "spec": {"replicas": stored.value["spec"].get("replicas", 0)},
        "status": {"replicas": (stored.value.get("status") or {}).get("replicas", 0), "selector": labels},
    }
