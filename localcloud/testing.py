"""Local accounts for tests: a fixture of pytest, and clients of any role in any account.

    pytest_plugins = ["localcloud.testing"]  # in the conftest.py beside pyproject.toml

gives the fixture `local_cloud`, one :class:`Cloud` a test session. Overriding `local_cloud_accounts` and
`local_cloud_configuration` says which accounts it has and what it is started with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from localcloud.server.cloud import Folder, LocalCloud
from localcloud.server.configuration import Configuration
from localcloud.server.organization import ORGANIZATION
from localcloud.server.seed import Credentials

ONE_ATTEMPT: Final = {"max_attempts": 1, "mode": "standard"}
"""What is refused is told at once."""


class Cloud:
    """The running accounts as a test sees them: endpoints, the engineer's keys, and clients."""

    def __init__(self, server: LocalCloud, folder: Folder) -> None:
        self._server = server
        self._sessions: dict[tuple[str, str], boto3.Session] = {}
        self._clients: dict[tuple[str, str, str, bool, str], Any] = {}
        self.folder = folder
        self.region = ORGANIZATION.region
        self.resets = 0
        """How often the accounts were emptied."""
        self.http_url, self.https_url = server.http_url, server.https_url
        self.ca_bundle = str(server.tls.authority)

    @property
    def credentials(self) -> Credentials:
        """The engineer's keys; new after a reset."""
        return self._server.credentials

    def environment(self) -> dict[str, str]:
        """Variables in which a command acts as the engineer in these accounts."""
        return {
            "AWS_ENDPOINT_URL": self.https_url,
            "AWS_CA_BUNDLE": self.ca_bundle,
            "AWS_ACCESS_KEY_ID": self.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret_access_key,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def session(self, account: str, role: str = "") -> boto3.Session:
        """Credentials of a role, assumed by the engineer; by default the organization's administrator."""
        role = role or ORGANIZATION.settings.role
        if (account, role) not in self._sessions:
            arn = f"arn:aws:iam::{account}:role/{role}"
            given = self.engineer("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
            keys = given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
            self._sessions[account, role] = boto3.Session(*keys, region_name=self.region)
        return self._sessions[account, role]

    def client(self, service: str, account: str, role: str = "", *, secure: bool = True, **config: Any) -> Any:
        """A boto3 client acting as ``role`` in ``account``; ``config`` is botocore's."""
        key = (service, account, role, secure, repr(sorted(config.items())))
        if key not in self._clients:
            self._clients[key] = self.client_of(self.session(account, role), service, secure=secure, **config)
        return self._clients[key]

    def engineer(self, service: str, *, secure: bool = True, **config: Any) -> Any:
        """A client with the engineer's own keys, in the management account."""
        keys = self.credentials
        session = boto3.Session(keys.access_key_id, keys.secret_access_key, region_name=self.region)
        return self.client_of(session, service, secure=secure, **config)

    def anonymous(self, service: str = "s3", *, secure: bool = True, **config: Any) -> Any:
        """A client that signs nothing."""
        key = (service, "", "", secure, repr(sorted(config.items())))
        if key not in self._clients:
            session = boto3.Session(region_name=self.region)
            self._clients[key] = self.client_of(session, service, secure=secure, signature_version=UNSIGNED, **config)
        return self._clients[key]

    def client_of(self, session: boto3.Session, service: str, *, secure: bool = True, **config: Any) -> Any:
        """A client of these accounts with a session's credentials."""
        settings: dict[str, Any] = {
            "retries": ONE_ATTEMPT,
            "inject_host_prefix": False,
            "s3": {"addressing_style": "path"},
            **config,
        }
        client = session.client(  # pyright: ignore[reportCallIssue]  # the name is a literal in boto3's stubs
            service,  # pyright: ignore[reportArgumentType]  # as above
            endpoint_url=self.https_url if secure else self.http_url,
            verify=self.ca_bundle,
            config=Config(**settings),
        )
        if service == "s3control":
            client.meta.events.register("before-sign.s3-control", _without_account)
        return client

    def reset(self) -> None:
        """Empty accounts, as at the start. Clients made before have no valid credentials."""
        self._server.reset()
        self.resets += 1
        self._sessions.clear()
        self._clients = {key: client for key, client in self._clients.items() if not key[1]}


def _without_account(request: Any, **_: Any) -> None:
    """S3's control plane has the account's id before its host name, which an address cannot have."""
    request.url = re.sub(r"//\d{12}\.", "//", request.url, count=1)


@pytest.fixture(scope="session")
def local_cloud_accounts() -> Sequence[str]:
    """The ids of the accounts."""
    return ("111111111111",)


@pytest.fixture(scope="session")
def local_cloud_configuration() -> Configuration:
    """What the local cloud is started with: ``localcloud.server.configuration.load(path)`` reads a file."""
    return Configuration()


@pytest.fixture(scope="session")
def local_cloud_server(
    tmp_path_factory: pytest.TempPathFactory,
    local_cloud_accounts: Sequence[str],
    local_cloud_configuration: Configuration,
) -> Iterator[tuple[LocalCloud, Folder]]:
    """The server in this process, with the folder of its files."""
    folder = Folder(Path(tmp_path_factory.mktemp("localcloud")))
    server = LocalCloud(folder, local_cloud_accounts, local_cloud_configuration)
    server.start()
    yield server, folder
    server.stop()


@pytest.fixture(scope="session")
def local_cloud(local_cloud_server: tuple[LocalCloud, Folder]) -> Cloud:
    """The running accounts."""
    return Cloud(*local_cloud_server)
