"""Clients of any role in any of the accounts of the test session's local cloud."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from localcloud.server.cloud import Folder, LocalCloud
from localcloud.server.organization import MANAGEMENT_ACCOUNT, ORGANIZATION_ROLE
from localcloud.server.seed import Credentials

DEV, PUBLIC, PROD = "908710317728", "444455556666", "111122223333"
ACCOUNTS = (DEV, PUBLIC, PROD)
REGION = "us-west-2"
ANYBODY = ""
QUICK = {"max_attempts": 1, "mode": "standard"}


class Cloud:
    """The running cloud as a test sees it."""

    def __init__(self, server: LocalCloud, folder: Folder) -> None:
        self._server = server
        self._roles: dict[tuple[str, str], dict[str, str]] = {}
        self._clients: dict[tuple[str, str, str, bool, str], Any] = {}
        self._names = itertools.count()
        self.folder = folder
        self.resets = 0
        """How often the accounts were emptied."""
        self.http_url, self.https_url = server.http_url, server.https_url
        self.tls = server.tls
        self.ca_bundle = str(server.tls.authority)

    @property
    def credentials(self) -> Credentials:
        """The engineer's keys; new after a reset."""
        return self._server.credentials

    def session(self, account: str = DEV, role: str = ORGANIZATION_ROLE) -> boto3.Session:
        """Credentials of a role, assumed by the engineer."""
        found = self._roles.get((account, role))
        if found is None:
            arn = f"arn:aws:iam::{account}:role/{role}"
            answer = self.engineer("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
            found = {"id": answer["AccessKeyId"], "secret": answer["SecretAccessKey"], "token": answer["SessionToken"]}
            self._roles[account, role] = found
        return boto3.Session(found["id"], found["secret"], found["token"], region_name=REGION)

    def client(
        self, service: str, account: str = DEV, role: str = ORGANIZATION_ROLE, *, secure: bool = True, **config: Any
    ) -> Any:
        """A boto3 client acting as ``role`` in ``account``; ``config`` is botocore's."""
        key = (service, account, role, secure, repr(sorted(config.items())))
        if key not in self._clients:
            self._clients[key] = self.client_of(self.session(account, role), service, secure=secure, **config)
        return self._clients[key]

    def limited(self, *statements: dict[str, Any], account: str = DEV) -> str:
        """The name of a new role that may do this much."""
        iam, role = self.client("iam", account), self.name("cryoet-limited")
        trust = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT_ACCOUNT}, "Action": "sts:AssumeRole"}
        documents = [json.dumps({"Version": "2012-10-17", "Statement": part}) for part in ([trust], list(statements))]
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=documents[0])
        iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=documents[1])
        return role

    def engineer(self, service: str, *, secure: bool = True, **config: Any) -> Any:
        """A client with the engineer's own keys, in the management account."""
        keys = self._server.credentials
        session = boto3.Session(keys.access_key_id, keys.secret_access_key, region_name=REGION)
        return self.client_of(session, service, secure=secure, **config)

    def anonymous(self, service: str = "s3", *, secure: bool = True, **config: Any) -> Any:
        """A client that signs nothing."""
        key = (service, ANYBODY, "", secure, repr(sorted(config.items())))
        if key not in self._clients:
            session = boto3.Session(region_name=REGION)
            self._clients[key] = self.client_of(session, service, secure=secure, signature_version=UNSIGNED, **config)
        return self._clients[key]

    def client_of(self, session: boto3.Session, service: str, *, secure: bool = True, **config: Any) -> Any:
        settings: dict[str, Any] = {
            "retries": QUICK,
            "inject_host_prefix": False,
            "s3": {"addressing_style": "path"},
            **config,
        }
        made = session.client(  # pyright: ignore[reportCallIssue]  # the name is a literal in boto3's stubs
            service,  # pyright: ignore[reportArgumentType]  # as above
            endpoint_url=self.https_url if secure else self.http_url,
            verify=self.ca_bundle,
            config=Config(**settings),
        )
        if service == "s3control":
            made.meta.events.register("before-sign.s3-control", _without_account)
        return made

    def name(self, prefix: str = "test") -> str:
        """A name that no other test has."""
        return f"{prefix}-{next(self._names)}"

    def reset(self) -> None:
        """Empty accounts, as at the start. Clients made before keep no valid credentials."""
        self._server.reset()
        self.resets += 1
        self._roles.clear()
        self._clients = {key: client for key, client in self._clients.items() if key[1] == ANYBODY}


def _without_account(request: Any, **_: Any) -> None:
    """S3's control plane has the account's id before its host name, which an address cannot have."""
    request.url = re.sub(r"//\d{12}\.", "//", request.url, count=1)
