"""An environment's database, as its stack file describes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from components import aurora, rules
from settings.base import LogDays, Model, bounded, pattern, rule

Units = Annotated[float, Field(ge=0, le=aurora.MOST_UNITS, json_schema_extra={"multipleOf": 0.5})]


class Database(Model):
    """Aurora PostgreSQL for the environment's metadata; its import jobs and the API find it by its secret."""

    engine_version: Annotated[str, rule(aurora.fault), Field(json_schema_extra={"enum": [*aurora.MINORS]})]
    """Exactly, with its minor version. AWS upgrades a cluster whose version has left support by itself."""
    min_capacity: Units
    """In Aurora capacity units of about 2 GiB, in halves. 0: it pauses without connections, and costs storage alone."""
    max_capacity: Units
    """It bounds the cost, and the number of connections: 189 a unit or so."""
    pause_after_seconds: Annotated[int, bounded(aurora.PAUSE_SECONDS)] | None = None
    """Without a connection, for ``min_capacity`` 0 alone. Left out: 300."""
    readers: Annotated[int, bounded(aurora.READERS)] = 0
    """Instances beside the writer. One of them takes over if the writer fails; without any, a new writer is made."""
    identifier: Annotated[str, rule(rules.database_identifier)] | None = None
    """The cluster's name, which can't be changed. Left out: ``cryoet-`` and the environment's name."""
    name: Annotated[str, rule(rules.database_name)] = "cryoetv2"
    """Of the PostgreSQL database in the cluster, which can't be changed."""
    user: Annotated[str, rule(rules.database_user)] = "portal"
    """Its owner, whose name can't be changed."""
    backup_days: Annotated[int, bounded(aurora.BACKUP_DAYS)] = 7
    """The cluster can be restored to any second of so many days."""
    insights_days: Annotated[int, rule(aurora.insights_fault)] | None = 7
    """How long Performance Insights keeps: 7 is free. ``null``: off."""
    log_days: LogDays = 90
    """How long PostgreSQL's log is kept; one of CloudWatch's numbers."""
    iam_authentication: bool = False
    """Whether IAM identities may log in as database users that have the role rds_iam."""
    kms_key: Annotated[str, rule(rules.kms_key), pattern("^arn:aws:kms:")] | None = None
    """ARN of the key that encrypts data and backups; it can't be changed. Left out: the account's own for RDS."""
    password_version: Annotated[int, bounded(aurora.PASSWORD_VERSIONS)] = 1
    """Another number draws another password, for the cluster and its secrets. Until the API's pods are replaced,
    minutes later, they get no new connections ([what to do](components/database.md#another-password))."""
    allow_major_upgrade: bool = False
    """Set it together with an ``engine_version`` of another major; connections end for minutes, and there is no way
    back but a snapshot."""
    import_id: str | None = None
    """Take in the cluster that has this name already, its instances NAME-1 and so on, and its log group. Remove it
    after the first ``up``."""
    retire: bool = False
    """Let go of the database: it is no longer protected, and removing the entry deletes nothing but its secrets."""

    @property
    def capacity(self) -> aurora.Capacity:
        return aurora.Capacity(
            min=self.min_capacity, max=self.max_capacity, pause_after_seconds=self.pause_after_seconds
        )
