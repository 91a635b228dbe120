"""What drift detection and deployments of databases read: an administrator makes and changes them.

Granted only where an account has databases, on these alone. Rests on: the service authorization reference and the
calls of the provider's resource types. RDS has no condition keys for what ModifyDBCluster, ModifyDBInstance and
ModifyDBClusterParameterGroup change: who may change the capacity may also turn off backups, the protection from
deletion, TLS, or open an instance to the internet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .. import names
from .scope import Scope
from .statements import Statement

_READ: Final = (
    "rds:DescribeDBClusterParameterGroups",
    "rds:DescribeDBClusterParameters",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSubnetGroups",
    "rds:ListTagsForResource",
)
_FIND_GLOBAL: Final = Statement(sid="FindGlobalClusters", actions=("rds:DescribeGlobalClusters",), resources=("*",))
"""The provider asks of each cluster whether a global one, whose ARN nobody knows beforehand, has it."""
_READ_LOG: Final = ("logs:ListTagsForResource",)
_READ_SECRETS: Final = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
)


def reads(scope: Scope) -> tuple[Statement, ...]:
    """What a refresh looks at, but for the versions of secrets: the provider reads these with their values."""
    return (
        Statement(sid="ReadDatabases", actions=_READ, resources=_databases(scope)),
        _FIND_GLOBAL,
        Statement(sid="ReadSecrets", actions=_READ_SECRETS, resources=_secrets(scope)),
        Statement(sid="ReadLog", actions=_READ_LOG, resources=_logs(scope)),
    )


def imported_reads(scope: Scope) -> tuple[Statement, ...]:
    """What a preview looks at of clusters that are taken in, with their instances and log groups."""
    imported = replace(scope, databases={one: one for one in scope.imported_databases})
    return (
        Statement(sid="ReadImportedDatabases", actions=_READ, resources=_databases(imported)),
        _FIND_GLOBAL,
        Statement(sid="FindImportedLogs", actions=("logs:DescribeLogGroups",), resources=("*",)),
        Statement(sid="ReadImportedLogs", actions=_READ_LOG, resources=_logs(imported)),
    )


def _logs(scope: Scope) -> tuple[str, ...]:
    groups = map(names.database_log_group, scope.databases.values())
    return tuple(scope.arn("logs", f"log-group:{group}") for group in groups)


def _databases(scope: Scope) -> tuple[str, ...]:
    """Clusters with their instances and groups, by name."""
    kinds = ("cluster:{}", "db:{}-*", "cluster-pg:{}-*", "subgrp:{}-*")
    own = [kind.format(cluster) for cluster in scope.databases.values() for kind in kinds]
    return tuple(scope.arn("rds", kind) for kind in own)


def _secrets(scope: Scope) -> tuple[str, ...]:
    return tuple(scope.arn("secretsmanager", f"secret:{environment}/v2_db_*") for environment in scope.databases)
