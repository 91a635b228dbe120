"""The local cloud as one object: accounts, listeners, log and control endpoint, in the files of one folder."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from moto.core.base_backend import BackendDict

from . import control, gateway, images, pipeline, registry, retention
from .admin import RUNNING
from .calllog import CallLog
from .configuration import Configuration
from .control import PREFIX, answer
from .listeners import Listeners
from .oidc import ISSUER_KEY, load_key
from .organization import ORGANIZATION
from .seed import Credentials, seed
from .sessions import SESSIONS
from .tls import TlsFiles, make_certificate
from .wire import HttpRequest, HttpResponse

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Folder:
    """The local cloud's files."""

    root: Path

    @property
    def calls(self) -> Path:
        return self.root / "calls.jsonl"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def issuer_key(self) -> Path:
        return self.tls / "issuer.pem"

    @property
    def description(self) -> Path:
        return self.root / "server.json"


class LocalCloud:
    """Accounts that answer on two ports until :meth:`stop`. One per process: moto's state is the process's.

    Raises OSError for a port that is taken, ValueError for bad account ids.
    """

    def __init__(
        self,
        folder: Folder,
        accounts: Sequence[str],
        configuration: Configuration | None = None,
        *,
        http_port: int = 0,
        https_port: int = 0,
    ) -> None:
        configuration = configuration or Configuration()
        ORGANIZATION.configure(configuration)
        images.configure(configuration.images)
        registry.load()
        self.accounts = tuple(accounts)
        self.stopped = threading.Event()
        self.tls: TlsFiles = make_certificate(folder.tls)
        ISSUER_KEY.key = load_key(folder.issuer_key)
        self._log = CallLog(folder.calls)
        self._calls = folder.calls
        self.after_reset: Callable[[], None] = lambda: None
        """Called once the accounts have new keys."""
        self.credentials: Credentials = self.reset()
        self._listeners = Listeners(self._route, self.tls, http_port=http_port, https_port=https_port)
        self.http_url = f"http://127.0.0.1:{self._listeners.http_port}"
        self.https_url = f"https://127.0.0.1:{self._listeners.https_port}"
        pipeline.connect(self._log, plain_url=self.http_url, url=self.https_url, ca_bundle=str(self.tls.authority))
        RUNNING.server = self

    def start(self) -> None:
        pipeline.SERVER.stopping.clear()
        self._listeners.start()
        retention.WORKER.start()

    def stop(self) -> None:
        pipeline.SERVER.stopping.set()
        self._listeners.stop()
        registry.stop()
        pipeline.connect(None)
        RUNNING.server = None
        self._log.close()
        self.stopped.set()

    def reset(self) -> Credentials:
        """Forgets everything that was made, and seeds the accounts anew with new keys."""
        with pipeline.SERVER.lock:
            BackendDict.reset()
            SESSIONS.clear()
            control.reset()
            registry.reset()
            self.credentials = seed(self.accounts)
            self.after_reset()
        return self.credentials

    def flush(self) -> str:
        """Has services deliver what waits (access logs) and writes out the call log; answers its path."""
        registry.flush()
        self._log.flush()
        return str(self._calls)

    def _route(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(PREFIX):
            status, body = answer(request)
            return HttpResponse(status=status, headers={"Content-Type": "application/json"}, body=body)
        return registry.served(request) or gateway.handle(request)
