"""Tokens of service accounts: opaque, bound to a pod and to audiences, and worth nothing once the pod is gone."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from localcloud.kubernetes.api.store import Store
from localcloud.kubernetes.objects.errors import Json, invalid, not_found
from localcloud.kubernetes.objects.kinds import kind

_SECONDS: Final = 3600
_SHORTEST: Final = 600
_DEFAULT_AUDIENCE: Final = "https://kubernetes.default.svc"


@dataclass(frozen=True, kw_only=True)
class TokenOwner:
    """Whose token it is. ``pod`` and ``pod_uid`` are empty for one that is bound to none."""

    namespace: str
    service_account: str
    pod: str
    pod_uid: str


@dataclass(frozen=True, kw_only=True)
class ServiceAccountToken(TokenOwner):
    """A token that a cluster gave out."""

    service_account_uid: str
    audiences: tuple[str, ...]
    expires: datetime

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.namespace}:{self.service_account}"


class Tokens:
    """The tokens that one cluster gave out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._tokens: dict[str, ServiceAccountToken] = {}

    def request(self, namespace: str, name: str, body: Json) -> Json:
        """Answers a TokenRequest. Raises ApiError."""
        account = self._store.get(kind("ServiceAccount"), namespace, name)
        if account is None:
            raise not_found("serviceaccounts", name)
        spec = body.get("spec") or {}
        seconds = int(spec.get("expirationSeconds") or _SECONDS)
        if seconds < _SHORTEST:
            cause = f"spec.expirationSeconds: Invalid value: {seconds}: may not specify a duration less than 10 minutes"
            raise invalid("TokenRequest.authentication.k8s.io", name, [cause])
        pod, pod_uid = self._pod(namespace, spec.get("boundObjectRef") or {})
        token = ServiceAccountToken(
            namespace=namespace,
            service_account=name,
            service_account_uid=account.uid,
            pod=pod,
            pod_uid=pod_uid,
            audiences=tuple(spec.get("audiences") or (_DEFAULT_AUDIENCE,)),
            expires=datetime.now(UTC) + timedelta(seconds=seconds),
        )
        text = ".".join(secrets.token_urlsafe(24) for _ in range(3))  # three parts, as AWS wants of a JSON web token
        with self._lock:
            now = datetime.now(UTC)
            self._tokens = {key: each for key, each in self._tokens.items() if each.expires > now} | {text: token}
        status = {"token": text, "expirationTimestamp": token.expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {**spec, "audiences": list(token.audiences), "expirationSeconds": seconds},
            "status": status,
        }

    def review(self, token: str, audience: str = _DEFAULT_AUDIENCE) -> ServiceAccountToken | None:
        """Whose token it is for the audience, while its account and its pod exist."""
        issued = self._tokens.get(token)
        if issued is None or issued.expires <= datetime.now(UTC) or audience not in issued.audiences:
            return None
        account = self._store.get(kind("ServiceAccount"), issued.namespace, issued.service_account)
        pod = self._store.get(kind("Pod"), issued.namespace, issued.pod) if issued.pod else None
        stands = account is not None and account.uid == issued.service_account_uid
        bound = not issued.pod or (pod is not None and pod.uid == issued.pod_uid)
        return issued if stands and bound else None

    def _pod(self, namespace: str, reference: Json) -> tuple[str, str]:
        """Name and uid of the pod that a token shall be bound to."""
        if reference.get("kind") != "Pod":
            return "", ""
        pod = self._store.get(kind("Pod"), namespace, str(reference.get("name")))
        if pod is None or reference.get("uid") not in (None, pod.uid):
            raise not_found("pods", str(reference.get("name")))
        return pod.name, pod.uid
