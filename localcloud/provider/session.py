"""Credentials and clients of one configured provider.

Roles of `assumeRoles` are assumed in order, each with the credentials of the one before; they renew themselves.
Clients are made once per service and region and keep their connections, so that a call costs one round trip.
"""

import os
import re
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from localcloud.provider.config import AssumeRole, Settings
from localcloud.provider.errors import ProviderError, describe, error_code

T = TypeVar("T")
PROPAGATION_SECONDS: Final = 10.0
"""How long a refusal that AWS's eventual consistency explains is retried. pulumi-aws waits 2 minutes; the local cloud
is consistent at once, so this only bridges a principal that the same update is about to create."""
_IDLE_CONNECTIONS: Final = 32


class CancelledError(ProviderError):
    """The engine asked to stop while an operation waited."""


class Session:
    """Access to the APIs of one account under one set of credentials."""

    def __init__(self, settings: Settings, cancelled: threading.Event) -> None:
        self.settings = settings
        self._cancelled = cancelled
        self._lock = threading.RLock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._boto: Any = None
        self._identity: dict[str, str] | None = None

    def client(self, service: str, region: str = "") -> Any:
        """The service's client in the region (the provider's when empty)."""
        key = (service, region or self.settings.region)
        with self._lock:
            if key not in self._clients:
                client = self._session().create_client(service, region_name=key[1], config=self._config())
                if service == "s3control" and "AWS_ENDPOINT_URL" in os.environ:
                    client.meta.events.register("before-sign.s3-control", _plain_host)
                self._clients[key] = client
            return self._clients[key]

    @property
    def identity(self) -> dict[str, str]:
        """GetCallerIdentity of the final credentials: Account, Arn, UserId."""
        with self._lock:
            if self._identity is None:
                found = self.client("sts").get_caller_identity()
                self._identity = {"Account": found["Account"], "Arn": found["Arn"], "UserId": found["UserId"]}
            return self._identity

    @property
    def account_id(self) -> str:
        """The account that the final credentials belong to."""
        return self.identity["Account"]

    def endpoint_data(self) -> Any:
        """botocore's list of partitions, regions and endpoints."""
        with self._lock:
            return self._session().get_data("endpoints")

    def retry(self, call: Callable[[], T], when: Callable[[Exception], bool], seconds: float) -> T:
        """Call again while `when` says that the error will pass, for at most so many seconds. Raises the last error."""
        from botocore.exceptions import ClientError

        deadline, pause = time.monotonic() + seconds, 0.05
        while True:
            try:
                return call()
            except ClientError as error:
                if not when(error) or time.monotonic() + pause > deadline:
                    raise
            if self._cancelled.wait(pause):
                raise CancelledError("cancelled while waiting for AWS to become consistent")
            pause = min(pause * 2, 1.0)

    def _config(self) -> Any:
        from botocore.config import Config

        settings = self.settings
        retries: Any = {"mode": settings.retry_mode, "total_max_attempts": settings.max_retries + 1}
        return Config(
            max_pool_connections=_IDLE_CONNECTIONS,
            retries=retries,
            s3={"addressing_style": "path"} if settings.s3_use_path_style else None,
        )

    def _session(self) -> Any:
        if self._boto is None:
            self._boto = self._base()
            for role in self.settings.assume_roles:
                self._boto = self._assumed(self._boto, role)
        return self._boto

    def _base(self) -> Any:
        from botocore.session import Session as BotoSession

        settings = self.settings
        session = BotoSession(profile=settings.profile or None)
        if settings.access_key:
            session.set_credentials(settings.access_key, settings.secret_key, settings.token or None)
        return session

    def _assumed(self, source: Any, role: AssumeRole) -> Any:
        from botocore.credentials import Credentials, RefreshableCredentials
        from botocore.session import Session as BotoSession

        sts = source.create_client(
            "sts", region_name=self.settings.sts_region or self.settings.region, config=self._config()
        )

        def fetch() -> dict[str, str]:
            try:
                issued = sts.assume_role(**role.request())["Credentials"]
            except Exception as error:
                raise ProviderError(f"IAM Role ({role.role_arn}) cannot be assumed. {describe(error)}") from error
            return {
                "access_key": issued["AccessKeyId"],
                "secret_key": issued["SecretAccessKey"],
                "token": issued["SessionToken"],
                "expiry_time": issued["Expiration"].isoformat(),
            }

        session: Any = BotoSession()
        credentials = RefreshableCredentials.create_from_metadata(fetch(), fetch, "sts-assume-role")
        assert isinstance(credentials, Credentials)  # noqa: S101
        session._credentials = credentials  # noqa: SLF001 (botocore has no public way to give a session renewing ones)
        return session


def _plain_host(request: Any, **_: Any) -> None:
    """S3 Control puts the account id before the host's name; an endpoint that the environment names has no such names.

    The account stays in the header x-amz-account-id.
    """
    request.url = re.sub(r"^(https?://)\d{12}\.", r"\1", request.url)


def has_code(*codes: str) -> Callable[[Exception], bool]:
    """A test for `Session.retry`: the error has one of AWS's codes."""
    return lambda error: error_code(error) in codes


def invalid_principal(error: Exception) -> bool:
    """A policy names a principal that AWS does not know (yet)."""
    text = describe(error)
    return error_code(error) in ("MalformedPolicyDocument", "MalformedPolicy", "MalformedPolicyDocumentException") and (
        "rincipal" in text
    )
