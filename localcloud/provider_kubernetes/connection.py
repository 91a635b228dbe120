"""The connection to the cluster that the provider's kubeconfig names: made once, when a resource first needs it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from localcloud.kubernetes.client import UnreachableError
from localcloud.kubernetes.objects.errors import ApiError
from localcloud.kubernetes.objects.schemas import Schemas, minors, schemas
from localcloud.provider_kubernetes.config import Access, KubeconfigError, Settings, access
from localcloud.provider_kubernetes.credentials import Tokens

if TYPE_CHECKING:
    from localcloud.kubernetes.http_client import HttpClient

_AGENT: Final = "pulumi-kubernetes"
_SCHEMA: Final = "unable to load schema information from the API server"


class Connection:
    """One cluster. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._asked = False
        self._failure = ""
        self._minor = ""
        self._client: HttpClient | None = None
        self._access: Access | None = None

    @property
    def client(self) -> HttpClient:
        """To be used where `failure` is empty."""
        if self._client is None:
            raise UnreachableError(self.failure())
        return self._client

    @property
    def namespace(self) -> str:
        """The namespace of objects that name none; empty: the kubeconfig doesn't say."""
        try:
            return self._settings.namespace or access(self._settings).namespace
        except KubeconfigError:
            return self._settings.namespace

    def failure(self) -> str:
        """Why the cluster can't be reached; empty: it can."""
        with self._lock:
            if not self._asked:
                self._asked = True
                self._failure = self._connect()
            return self._failure

    def schemas(self) -> Schemas:
        """Those of the cluster's version, or the newest while there is no cluster."""
        self.failure()
        return schemas(self._minor if self._minor in minors() else minors()[-1])

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _connect(self) -> str:
        try:
            way_in = access(self._settings)
        except KubeconfigError as error:
            return str(error)
        from localcloud.kubernetes.http_client import HttpClient  # a quarter of the plugin's start

        self._client = HttpClient(way_in.server, way_in.authority, Tokens(way_in), _AGENT)
        try:
            version = self._client.get("/version")
        except UnreachableError as error:
            return f"{_SCHEMA}: {error}"
        except ApiError as error:
            words = "the server has asked for the client to provide credentials"
            return f"{_SCHEMA}: {words if error.status == 401 else error.message}"
        self._minor = f"{version['major']}.{version['minor'].rstrip('+')}"
        return ""
