"""Bringing an object into the cluster by server-side apply, and waiting until it works."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from localcloud.kubernetes.objects.errors import ApiError
from localcloud.kubernetes.objects.ownership import copied
from localcloud.provider.errors import PartlyCreatedError, ProviderError
from localcloud.provider_kubernetes import awaiting
from localcloud.provider_kubernetes.inputs import PATCH_FORCE, annotation
from localcloud.provider_kubernetes.state import identity, recorded, secret_names, shown
from localcloud.provider_kubernetes.tokens import Token

if TYPE_CHECKING:
    from localcloud.kubernetes.http_client import HttpClient

_PAUSES: Final = (0.1, 0.3, 1.0, 3.0, None)
"""Seconds after each attempt to create what still lacks its namespace."""
_PATCH_FORCE: Final = "PULUMI_K8S_ENABLE_PATCH_FORCE"
_CONFLICT: Final = (
    "Server-Side Apply field conflict detected. See https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/"
    "managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources for troubleshooting help."
)
_REQUIRED: Final = "Required value"
_MANAGES_REQUIRED: Final = (
    "this Patch resource is currently managing a required field, so it can't be deleted directly. Either set the "
    "`retainOnDelete` resource option, or transfer ownership of the field before deleting"
)
Json = dict[str, Any]


@dataclass(frozen=True)
class Applying:
    """The object of one token in one cluster. ``manager`` is the name that owns its fields, ``hidden`` are the names
    of secret inputs."""

    client: HttpClient
    token: Token
    manager: str
    hidden: frozenset[str]
    cancelled: threading.Event

    def create(self, news: Json, failed: str) -> Json:
        """The new object. Raises ProviderError, also where it exists already."""
        for pause in _PAUSES:
            try:
                if not self.token.patch and exists(self.client, path_of(self.token, news)):
                    name = news["metadata"]["name"]
                    raise ProviderError(f'{failed}: {self.token.kind.resource} "{name}" already exists')
                return self.apply(news)
            except ApiError as error:
                if error.status != 404 or pause is None or self.cancelled.wait(pause):
                    raise ProviderError(f"{failed}: {self.words(error)}") from error
        raise AssertionError  # the last attempt returned or raised

    def apply(self, news: Json) -> Json:
        """Raises ApiError."""
        kind = self.token.kind
        body = {**copied(news), "apiVersion": kind.api_version, "kind": kind.name}
        force = annotation(news, PATCH_FORCE) == "true" or os.environ.get(_PATCH_FORCE) == "true"
        path = path_of(self.token, news)
        return shown(self.client.apply(path, body, manager=self.manager, force=force))

    def keep_ignored(self, news: Json, ignored: Sequence[str]) -> Json:
        """The inputs to apply: what the program ignores stands as it is in the cluster, whoever owns it."""
        if not ignored:
            return news
        live, result = self.client.get(path_of(self.token, news)), copied(news)
        for place in ignored:
            *parents, last = place.split(".")
            holder, stands = result, live
            for part in parents:
                holder = holder.get(part) if isinstance(holder, dict) else None
                stands = stands.get(part) if isinstance(stands, dict) else None
            if isinstance(holder, dict) and isinstance(stands, dict) and last in stands:
                holder[last] = stands[last]
        return result

    def relinquish(self, value: Json, manager: str) -> None:
        """Has a manager give up all that it owns of the object. Raises ApiError."""
        metadata = {key: value["metadata"][key] for key in ("name", "namespace") if key in value["metadata"]}
        bare = {"apiVersion": self.token.kind.api_version, "kind": self.token.kind.name, "metadata": metadata}
        self.client.apply(path_of(self.token, value), bare, manager=manager)

    def wait(self, live: Json, news: Json, timeout: float, why: str) -> Json:
        """The state once the object works; else the engine records it as one that doesn't yet."""
        try:
            ready = live if self.token.patch else awaiting.wait(self.client, self.token.kind, live, news, timeout)
            return recorded(shown(ready), news, self.manager)
        except awaiting.NotReadyError as error:
            reason = "Resource operation was cancelled" if self.cancelled.is_set() else str(error)
            raise self.unready(self._latest(live), news, f"{why}: {reason}") from error

    def not_updated(self, olds: Json, news: Json, error: ApiError, failed: str, why: str) -> ProviderError:
        """What an update raises that the API server refused: of an object that is there the engine records the new
        inputs, as one that doesn't work yet."""
        try:
            live = shown(self.client.get(path_of(self.token, olds)))
        except ApiError as gone:
            return ProviderError(f"{failed}: {self.words(error)}\nunable to get cluster state: {gone.message}")
        return self.unready(live, news, f"{why}: {self.words(error)}")

    def refuse_unready(self, live: Json, known: Json) -> None:
        """A refresh says of an object that doesn't work that it doesn't, so that the next update mends it."""
        kind = self.token.kind
        if self.token.patch or kind.name not in awaiting.KINDS:
            return
        progress = awaiting.progress_of(self.client, kind, known, settled=True)
        if progress is None or (now := progress(live)).ready:
            return
        reason = f"Resource '{live['metadata']['name']}' was created but failed to initialize"
        causes = awaiting.causes(self.client, kind, live, now)
        raise self.unready(live, known, "\n".join([reason, *(f"* {cause}" for cause in causes)]))

    def unready(self, live: Json, stated: Json, reason: str) -> PartlyCreatedError:
        secrets = self.hidden | secret_names(self.token, self.hidden)
        return PartlyCreatedError(
            identity(live), recorded(live, stated, self.manager), reason, inputs=stated, secrets=secrets
        )

    def words(self, error: ApiError) -> str:
        if error.status == 409 and error.message.startswith("Apply failed"):
            named = f'The resource managed by field manager "{self.manager}" had an apply conflict'
            return f"{_CONFLICT}\n{named}: {error.message}"
        return error.message

    def deletion_words(self, error: ApiError) -> str:
        required = [one["field"] for one in error.details.get("causes") or () if one["message"].startswith(_REQUIRED)]
        return f"{_MANAGES_REQUIRED}: {required[0]}" if self.token.patch and required else error.message

    def _latest(self, live: Json) -> Json:
        try:
            return shown(self.client.get(path_of(self.token, live)))
        except ApiError:
            return live


def path_of(token: Token, value: Json) -> str:
    metadata = value["metadata"]
    return token.kind.path(metadata.get("namespace") or "default", metadata["name"])


def exists(client: HttpClient, path: str) -> bool:
    try:
        client.get(path)
    except ApiError as error:
        if error.status == 404:
            return False
        raise
    return True
