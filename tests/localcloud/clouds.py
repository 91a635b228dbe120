"""The test session's local cloud: its accounts, and what tests of this project ask of it."""

from __future__ import annotations

import itertools
import json
from typing import Any

import boto3

from components import names
from localcloud import testing
from localcloud.server.cloud import Folder, LocalCloud
from localcloud.server.configuration import FILE, load
from portal.pulumi_cli import ROOT

DEV, PUBLIC, PROD = "908710317728", "444455556666", "111122223333"
ACCOUNTS = (DEV, PUBLIC, PROD)
CONFIGURATION = load(ROOT / FILE)
"""The project's own."""
REGION = CONFIGURATION.region
MANAGEMENT_ACCOUNT, ORGANIZATION_ROLE = CONFIGURATION.organization.management_account, CONFIGURATION.organization.role


class Cloud(testing.Cloud):
    """The running cloud as these tests see it: clients are the account dev's unless they say another."""

    def __init__(self, server: LocalCloud, folder: Folder) -> None:
        super().__init__(server, folder)
        self._names = itertools.count()
        self.tls = server.tls

    def session(self, account: str = DEV, role: str = "") -> boto3.Session:
        return super().session(account, role)

    def client(self, service: str, account: str = DEV, role: str = "", *, secure: bool = True, **config: Any) -> Any:
        return super().client(service, account, role, secure=secure, **config)

    def limited(self, *statements: dict[str, Any], account: str = DEV) -> str:
        """The name of a new role that may do this much."""
        iam, role = self.client("iam", account), self.name("cryoet-limited")
        trust = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT_ACCOUNT}, "Action": "sts:AssumeRole"}
        documents = [json.dumps({"Version": "2012-10-17", "Statement": part}) for part in ([trust], list(statements))]
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=documents[0])
        iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=documents[1])
        return role

    def entered(self, role: str, account: str = DEV) -> dict[str, str]:
        """The variables of a command line that has a session of the role."""
        keys = self.session(account, role).get_credentials()
        assert keys is not None
        return {
            names.ROLE_VARIABLE: role,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_SESSION_TOKEN": str(keys.token),
        }

    def name(self, prefix: str = "test") -> str:
        """A name that no other test has."""
        return f"{prefix}-{next(self._names)}"
