"""One cluster's API server."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from typing import Final

from localcloud.kubernetes.api import discovery, http, rbac
from localcloud.kubernetes.api.local_client import LocalClient
from localcloud.kubernetes.api.requests import ApiRequest, action
from localcloud.kubernetes.api.store import Store, Watch
from localcloud.kubernetes.api.tokens import TokenOwner, Tokens
from localcloud.kubernetes.api.users import CONTROLLERS, User, policies_allow
from localcloud.kubernetes.api.verbs import Logs, Verbs
from localcloud.kubernetes.objects.errors import Json, forbidden, no_such_path
from localcloud.kubernetes.objects.kinds import kind
from localcloud.kubernetes.objects.schemas import schemas
from localcloud.server.wire import HttpRequest, HttpResponse

_NAMESPACES: Final = ("default", "kube-system", "kube-public", "kube-node-lease")


class Cluster:
    """The API server of one cluster, whose objects live as long as this does.

    ``authenticate`` says who a bearer token is; tokens of service accounts are the cluster's own. Thread-safe.
    """

    def __init__(
        self,
        name: str,
        version: str,
        authenticate: Callable[[str], User | None],
        *,
        service_cidr: str = "172.20.0.0/16",
    ) -> None:
        """``version`` is ``1.34``. Raises ValueError for a version that there are no schemas for."""
        self.name = name
        self._version = version
        self.service_cidr = service_cidr
        self._authenticate = authenticate
        self._store = Store()
        self._tokens = Tokens(self._store)
        self._verbs = Verbs(self._store, schemas(version), service_cidr, self._tokens)
        self._begin()

    @property
    def version(self) -> str:
        return self._version

    @version.setter
    def version(self, minor: str) -> None:
        self._verbs.use(schemas(minor))
        self._version = minor

    def application(self, request: HttpRequest) -> HttpResponse:
        """Answers one HTTP request, for a `Port`."""
        return http.answer(request, self._user, self._perform)

    def client(self, user: User) -> LocalClient:
        """The verbs for code in this process, as this user."""
        return LocalClient(user.name, lambda request: self._perform(user, request))

    def keep_logs(self, logs: Logs) -> None:
        """Has ``…/pods/NAME/log`` answered."""
        self._verbs.logs = logs

    def review(self, token: str, audience: str) -> TokenOwner | None:
        """Whose service account token it is for the audience; None: nobody's."""
        return self._tokens.review(token, audience)

    def close(self) -> None:
        """Ends every watch. To be called before the cluster's port is stopped."""
        self._store.close()

    def _user(self, token: str) -> User | None:
        if (own := self._tokens.review(token)) is not None:
            groups = ("system:serviceaccounts", f"system:serviceaccounts:{own.namespace}", "system:authenticated")
            return User(own.user, groups)
        return self._authenticate(token)

    def _perform(self, user: User, request: ApiRequest) -> tuple[int, Json | Watch | str]:
        if (described := discovery.answer(request.path, self.version)) is not None:
            if request.method != "GET":
                raise no_such_path()
            return 200, described
        asked = action(request)
        if not policies_allow(user, asked) and not rbac.allows(self._store, user, asked):
            raise forbidden(asked.kind.resource, asked.name, asked.refusal(user.name))
        return self._verbs.perform(asked, request)

    def _begin(self) -> None:
        """What every new cluster has."""
        client = self.client(CONTROLLERS)
        for name in _NAMESPACES:
            client.create(kind("Namespace").path(), {"metadata": {"name": name}})
        port = {"name": "https", "port": 443, "protocol": "TCP", "targetPort": 443}
        first = str(ip_network(self.service_cidr)[1])
        labels = {"component": "apiserver", "provider": "kubernetes"}
        client.create(
            kind("Service").path("default"),
            {"metadata": {"name": "kubernetes", "labels": labels}, "spec": {"clusterIP": first, "ports": [port]}},
        )
