"""What a :class:`.database.Database` is made with, and the rules for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi

from . import aurora, rules
from .checks import Args, Check, Fault, broken, refused, within


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs(Args):
    environment: str
    """In the names of the secrets, by which clients find them."""
    identifier: str
    """The cluster's name, which begins those of all its parts; it can't be changed."""
    database: str
    """The name of the PostgreSQL database that is made in the cluster; it can't be changed."""
    user: str = "portal"
    """Owns the database; its name can't be changed."""
    vpc_id: pulumi.Input[str]
    subnet_ids: tuple[pulumi.Input[str], ...]
    """Private ones, in two zones at least."""
    clients: Mapping[str, pulumi.Input[str]]
    """Security groups that may connect, by a word for each; nobody else may."""
    engine_version: str
    """A version of :mod:`.aurora`, exactly."""
    capacity: aurora.Capacity
    readers: int = 0
    """Instances beside the writer, each in another zone if there is one: one of them takes over if the writer fails."""
    backup_days: int = 7
    """1 to 35: how far back the cluster can be restored to any second."""
    insights_days: int | None = 7
    """How long Performance Insights keeps: 7 (free), 31 times 1 to 23, or 731. None: off."""
    log_days: int = 90
    """How long the log of PostgreSQL is kept; one of CloudWatch's numbers."""
    iam_authentication: bool = False
    """Whether IAM identities may log in as database users that have the role rds_iam."""
    kms_key: str | None = None
    """ARN of the key of storage, snapshots and insights. None: the account's own key for RDS. It can't be changed."""
    password_version: int = 1
    """Another number draws another password, for the cluster and its secrets."""
    allow_major_upgrade: bool = False
    """Whether ``engine_version`` may become another major; AWS refuses it otherwise."""
    adopt: bool = False
    """Take in the cluster of this name, its instances ``IDENTIFIER-1`` and so on, and its log group."""
    passwords: bool = True
    """Whether an update draws and reads passwords. Without, its session must not be able to make or change a database
    or its secrets: what it would write is no password."""
    retire: bool = False
    """No longer protected; whatever becomes of the resources, AWS keeps the cluster. Its secrets are not kept: whoever
    takes the cluster in again gives it another password."""

    def faults(self) -> Iterator[Fault]:
        identifier, database = rules.database_identifier(self.identifier), rules.database_name(self.database)
        insights = aurora.insights_fault(self.insights_days)
        user, version = rules.database_user(self.user), aurora.fault(self.engine_version)
        checks: tuple[Check, ...] = (
            (identifier is None, "identifier", self.identifier, str(identifier)),
            (database is None, "database", self.database, str(database)),
            (user is None, "user", self.user, str(user)),
            (len(self.subnet_ids) >= 2, "subnet_ids", self.subnet_ids, "two zones at least"),
            (version is None, "engine_version", self.engine_version, str(version)),
            (insights is None, "insights_days", self.insights_days, str(insights)),
        )
        yield from broken(checks)
        yield from refused("readers", self.readers, aurora.READERS.fault(self.readers))
        yield from refused("backup_days", self.backup_days, aurora.BACKUP_DAYS.fault(self.backup_days))
        versions = aurora.PASSWORD_VERSIONS.fault(self.password_version)
        yield from refused("password_version", self.password_version, versions)
        yield from refused("adopt", self.adopt, rules.taken_in(adopt=self.adopt, retire=self.retire))
        yield from refused("log_days", self.log_days, rules.retention_days(self.log_days))
        yield from within("capacity", self.capacity.faults())
