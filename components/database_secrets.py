"""A database's two secrets: its password, and the URI by which clients find it.

Rests on, of the Aurora user guide, "Password management with Secrets Manager": a password that RDS manages is rotated
every week, behind the back of whoever has a URI with it. So the password is drawn here, once, into a secret of its own.
The cluster and the URI both take it from that secret, not from the drawing: an update that ends between the two leaves
them alike.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import pulumi
from pulumi_aws import rds, secretsmanager

from . import names
from .database_args import DatabaseArgs

SCHEME: Final = "postgresql+psycopg"
"""The clients' driver; they take the URI as it stands."""
PASSWORD_LENGTH: Final = 40
"""RDS takes 41 at most."""
_UNKNOWN: Final = "drawn, or read, by an update that may"


@dataclass(frozen=True, kw_only=True)
class DatabaseSecrets:
    """Makes both, as children of the component."""

    name: str
    """The component's."""
    args: DatabaseArgs
    parent: pulumi.Resource

    def password(self) -> tuple[secretsmanager.SecretVersion, pulumi.Input[str]]:
        """The version that the password was drawn into, and the password as that version has it.

        Each update draws one; the provider takes it for a new version alone. A preview neither draws nor reads, nor
        does an update by whoever may not change a database: the provider compares the number of the version alone.
        """
        args = self.args
        secret = secretsmanager.Secret(
            f"{self.name}-password",
            name=names.database_password(args.environment),
            description=f"Password of {args.user} in {args.identifier}",
            recovery_window_in_days=0,  # a name that waits for its deletion can't be used; a password can be drawn anew
            opts=self._protected,
        )
        version = secretsmanager.SecretVersion(
            f"{self.name}-password",
            secret_id=secret.id,
            secret_string_wo=self._drawn() if self._knows_passwords else _UNKNOWN,
            secret_string_wo_version=args.password_version,
            opts=self._child,  # not protected: another password is another version
        )
        return version, self._stored(version) if self._knows_passwords else _UNKNOWN

    def _drawn(self) -> pulumi.Output[str]:
        drawn = secretsmanager.get_random_password_output(
            password_length=PASSWORD_LENGTH,
            exclude_punctuation=True,
            opts=pulumi.InvokeOutputOptions(parent=self.parent),
        )
        return pulumi.Output.secret(drawn.random_password)

    def _stored(self, version: secretsmanager.SecretVersion) -> pulumi.Output[str]:
        """By the version's own id: what was drawn since, by an update that did not end, is another one."""
        stored = secretsmanager.get_secret_version_output(
            secret_id=version.secret_id,
            version_id=version.version_id,
            opts=pulumi.InvokeOutputOptions(parent=self.parent),
        )
        return pulumi.Output.secret(stored.secret_string)

    def uri(self, cluster: rds.Cluster, password: pulumi.Input[str]) -> pulumi.Output[str]:
        args = self.args
        secret = secretsmanager.Secret(
            f"{self.name}-uri",
            name=names.database_secret(args.environment),
            description=f"URI of {args.database} in {args.identifier}, and its parts",
            recovery_window_in_days=0,
            opts=self._protected,
        )
        values = pulumi.Output.all(host=cluster.endpoint, port=cluster.port, password=password)
        where = pulumi.Output.all(cluster.endpoint, cluster.port)
        secretsmanager.SecretVersion(
            f"{self.name}-uri",
            secret_id=secret.id,
            secret_string_wo=values.apply(lambda one: uri_document(args.database, args.user, **one)),
            secret_string_wo_version=where.apply(lambda one: _version_of(*one, args.password_version)),
            opts=self._child,
        )
        return secret.name

    @property
    def _knows_passwords(self) -> bool:
        return self.args.passwords and not pulumi.runtime.is_dry_run()

    @property
    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.parent)

    @property
    def _protected(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.parent, protect=not self.args.retire)


def uri_document(database: str, user: str, host: str, port: int, password: str) -> str:
    """What the secret says: the URI for clients that take one, and its parts for those that take them."""
    at = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}"
    parts = {"host": host, "port": str(port), "user": user, "password": password, "name": database}
    return json.dumps({"db_uri": f"{SCHEME}://{at}/{database}", **parts})


def _version_of(*content: object) -> int:
    """Another number for another document: what is sent and never read back is sent again for this alone."""
    return zlib.crc32(json.dumps(content).encode())
