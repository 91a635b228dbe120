"""The engine's operations on plain values: what `server.py` serves over gRPC and tests call directly.

pulumi-kubernetes facts: the state of an object is what the cluster shows of it, with its inputs under `__inputs` and
the name under which it owns its fields under `__fieldManager`. An object that exists is not adopted: the provider
refuses it since 4.29, as here; before, it took it over.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from localcloud.kubernetes.objects.errors import ApiError
from localcloud.kubernetes.objects.merging import merge_patch
from localcloud.provider.compare import Change, DiffResult
from localcloud.provider.errors import ProviderError
from localcloud.provider.results import Failures, ReadResult
from localcloud.provider_kubernetes import awaiting, config, deletion, differences, inputs, state
from localcloud.provider_kubernetes.applying import Applying, path_of
from localcloud.provider_kubernetes.connection import Connection
from localcloud.provider_kubernetes.inputs import PATCH_MANAGER, annotation
from localcloud.provider_kubernetes.state import INPUTS, MANAGER, MANAGER_PREFIX, OWN, identity
from localcloud.provider_kubernetes.tokens import Token, parse

_FORGET: Final = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)
Json = dict[str, Any]


class KubernetesProvider:
    """One configured provider: the access to one cluster."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._settings = config.Settings()
        self._connection = Connection(self._settings)

    def cancel(self) -> None:
        """Ends what waits."""
        self.cancelled.set()
        self._connection.close()

    # configuration

    def check_config(self, news: Mapping[str, Any]) -> Failures:
        return config.check(news)

    def diff_config(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffResult:
        return DiffResult(config.differences(olds, news))

    def configure(self, args: Mapping[str, Any]) -> None:
        """Takes the settings. The cluster is asked when a resource first needs it."""
        failures = config.check(args)
        if failures:
            raise ProviderError("; ".join(f"kubernetes:{key}: {reason}" for key, reason in failures))
        self._settings = config.settings(args)
        self._connection = Connection(self._settings)

    # plan

    def check(self, type_token: str, logical: str, olds: Json, news: Json, seed: bytes) -> tuple[Json, Failures]:
        """The inputs with what the provider fills in, and what Kubernetes would refuse in them."""
        token = parse(type_token)
        if self._settings.skip_update_unreachable and self._connection.failure() and olds:
            return olds, []
        namespace = self._connection.namespace
        checked, failures = inputs.named(token, news, olds, logical, seed, namespace)
        if failures or checked == olds:  # unchanged, it was checked before: a preview then need not ask the cluster
            return checked, failures
        return checked, inputs.faults(self._connection.schemas(), token, checked)

    def diff(self, type_token: str, olds: Json, news: Json, ignored: Sequence[str] = ()) -> DiffResult:
        token = parse(type_token)
        kind = token.kind.name
        live = {key: value for key, value in olds.items() if key not in OWN}
        stated: Json = inputs.normalized(kind, olds.get(INPUTS) or {})
        before, after = differences.pruned(live, stated), inputs.normalized(kind, news)
        if isinstance(after.get("metadata"), Mapping):
            old, new = dict(before.get("metadata") or {}), dict(after["metadata"])
            old["name"] = live["metadata"]["name"]
            if token.kind.namespaced:
                old["namespace"] = live["metadata"].get("namespace") or "default"
                new["namespace"] = new.get("namespace") or "default"
            before, after = {**before, "metadata": old}, {**after, "metadata": new}
        changed = differences.changes(
            kind, before, after, patch=token.patch, mutable=self._settings.mutable, ignored=ignored
        )
        if kind == "Job" and annotation(news, inputs.REPLACE_UNREADY) == "true" and not self._is_complete(token, live):
            changed = [*changed, Change(f'metadata.annotations["{inputs.REPLACE_UNREADY}"]', "update", True)]
        replaced = any(change.replace for change in changed)
        return DiffResult(changed, replaced and _keeps_its_name(live, news))

    def _is_complete(self, token: Token, live: Json) -> bool:
        """Whether a Job has succeeded by now. One of a cluster that can't be reached is left alone."""
        if awaiting.job(live).ready or self._connection.failure():
            return True
        try:
            return awaiting.job(self._connection.client.get(path_of(token, live))).ready
        except ApiError:
            return True

    # change

    def create(
        self, urn: str, type_token: str, news: Json, *, preview: bool, timeout: float, hidden: frozenset[str]
    ) -> tuple[str, Json]:
        """The id and state of a new object. ``hidden`` are the names of secret inputs."""
        if preview:
            return "", news
        applying = self._applying(parse(type_token), _manager(news, {}), hidden)
        live = applying.create(news, f'resource "{urn}" was not successfully created by the Kubernetes API server')
        why = (
            f'resource "{urn}" was successfully created, but the Kubernetes API server reported that it failed to '
            "fully initialize or become live"
        )
        return identity(live), applying.wait(live, news, timeout, why)

    def update(
        self,
        urn: str,
        type_token: str,
        olds: Json,
        news: Json,
        *,
        preview: bool,
        timeout: float,
        ignored: Sequence[str],
        hidden: frozenset[str],
    ) -> Json:
        if preview:
            return merge_patch({key: value for key, value in olds.items() if key not in OWN}, news)
        before = _manager(olds.get(INPUTS) or {}, olds)
        applying = self._applying(parse(type_token), _manager(news, olds), hidden)
        why = f'the Kubernetes API server reported that "{identity(olds)}" failed to fully initialize or become live'
        try:
            applying.client.get(path_of(applying.token, olds))
            live = applying.apply(applying.keep_ignored(news, ignored))
        except ApiError as error:
            raise applying.not_updated(olds, news, error, f'update of resource "{urn}" failed', why) from error
        state = applying.wait(live, news, timeout, why)
        if applying.manager != before:
            applying.relinquish(live, before)
        return state

    def read(
        self, type_token: str, resource_id: str, old_inputs: Json, olds: Json, hidden: frozenset[str]
    ) -> ReadResult:
        """The object as it stands; its inputs as far as the program stated them, so that a refresh shows drift."""
        if failure := self._connection.failure():
            return self._read_unreachable(resource_id, old_inputs, olds, failure)
        token = parse(type_token)
        namespace, _, name = resource_id.rpartition("/")
        try:
            stands = self._connection.client.get(token.kind.path(namespace or "default", name))
        except ApiError as error:
            if error.status == 404:
                return ReadResult("")
            raise ProviderError(f"reading {resource_id}: {error.message}") from error
        manager = _manager(old_inputs, olds)
        live = state.shown(stands)
        if not old_inputs:
            known = state.as_inputs(token.kind, live)
            return ReadResult(resource_id, state.recorded(live, known, manager), known)
        known = differences.pruned(live, old_inputs)
        if "stringData" in old_inputs:
            known = {**known, "stringData": state.texts_of(old_inputs, live)}
        self._applying(token, manager, hidden).refuse_unready(live, known)
        return ReadResult(resource_id, state.recorded(live, known, manager), known)

    def _read_unreachable(self, resource_id: str, old_inputs: Json, olds: Json, failure: str) -> ReadResult:
        if self._settings.delete_unreachable:
            return ReadResult("")
        if self._settings.skip_update_unreachable:
            return ReadResult(resource_id, olds, old_inputs)
        raise ProviderError(
            f"failed to read resource state due to unreachable cluster. {_FORGET}\n"
            f"configured Kubernetes cluster is unreachable: {failure}"
        )

    def delete(self, type_token: str, olds: Json, *, timeout: float) -> None:
        if self._connection.failure() and self._settings.delete_unreachable:
            return
        if failure := self._connection.failure():
            raise ProviderError(f"configured Kubernetes cluster is unreachable. {_FORGET}\n{failure}")
        manager = _manager(olds.get(INPUTS) or {}, olds)
        applying = self._applying(parse(type_token), manager, frozenset())
        try:
            if applying.token.patch:
                applying.client.get(path_of(applying.token, olds))
                applying.relinquish(olds, manager)
            else:
                deletion.delete(applying.client, applying.token.kind, olds, olds.get(INPUTS) or {}, timeout)
        except ApiError as error:
            if error.status != 404:
                raise ProviderError(applying.deletion_words(error)) from error

    def _applying(self, token: Token, manager: str, hidden: frozenset[str]) -> Applying:
        """Raises ProviderError where the cluster can't be reached."""
        if failure := self._connection.failure():
            raise ProviderError(f"configured Kubernetes cluster is unreachable: {failure}")
        return Applying(self._connection.client, token, manager, hidden, self.cancelled)


def _manager(stated: Mapping[str, Any], olds: Mapping[str, Any]) -> str:
    """The name that owns an object's fields: the one that its inputs state, else the state's, else a new one."""
    return annotation(stated, PATCH_MANAGER) or str(olds.get(MANAGER) or f"{MANAGER_PREFIX}-{secrets.token_hex(4)}")


def _keeps_its_name(live: Json, news: Json) -> bool:
    """Whether the object that replaces another has its name, and so can't come before it goes."""
    metadata = news.get("metadata")
    if not isinstance(metadata, Mapping) or annotation(news, inputs.AUTONAMED) == "true":
        return False
    old = live["metadata"]
    return metadata.get("name") == old["name"] and (metadata.get("namespace") or "default") == (
        old.get("namespace") or "default"
    )
