"""What drift detection and deployments of databases call.

Granted only where an account has databases, on these alone. Rests on: the service authorization reference and the
calls of the provider's resource types; RDS makes its service-linked role with the rights of whoever makes the
first cluster. A cluster and its snapshots are an administrator's to delete, as all data is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .. import names
from .logs import CHANGE_LOG_GROUP
from .scope import Scope
from .statements import Condition, Statement

_READ: Final = (
    "rds:DescribeDBClusterParameterGroups",
    "rds:DescribeDBClusterParameters",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSubnetGroups",
    "rds:ListTagsForResource",
)
_CHANGE: Final = (
    "rds:CreateDBCluster",
    "rds:CreateDBInstance",
    "rds:ModifyDBCluster",
    "rds:ModifyDBInstance",
)
"""Allowed together with the groups that a database is in, which they don't change."""
_CHANGE_OWN: Final = (
    "rds:AddTagsToResource",
    "rds:CreateDBClusterParameterGroup",
    "rds:CreateDBSubnetGroup",
    "rds:DeleteDBClusterParameterGroup",
    "rds:DeleteDBInstance",
    "rds:DeleteDBSubnetGroup",
    "rds:ModifyDBClusterParameterGroup",
    "rds:ModifyDBSubnetGroup",
    "rds:RemoveTagsFromResource",
    "rds:ResetDBClusterParameterGroup",
)
_READ_LOG: Final = ("logs:ListTagsForResource",)
_READ_SECRETS: Final = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
)
_CHANGE_SECRETS: Final = (
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:PutSecretValue",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "secretsmanager:UpdateSecret",
    "secretsmanager:UpdateSecretVersionStage",
)
_VALUES: Final = "secretsmanager:GetSecretValue"
_DRAW: Final = "secretsmanager:GetRandomPassword"


def reads(scope: Scope) -> tuple[Statement, ...]:
    """What a refresh looks at, but for the versions of secrets: the provider reads these with their values."""
    return (
        Statement(sid="ReadDatabases", actions=_READ, resources=_databases(scope)),
        Statement(sid="ReadSecrets", actions=_READ_SECRETS, resources=_secrets(scope)),
        Statement(sid="ReadLog", actions=_READ_LOG, resources=_logs(scope)),
    )


def imported_reads(scope: Scope) -> tuple[Statement, ...]:
    """What a preview looks at of clusters that are taken in, with their instances and log groups."""
    imported = replace(scope, databases={one: one for one in scope.imported_databases})
    return (
        Statement(sid="ReadImportedDatabases", actions=_READ, resources=_databases(imported)),
        Statement(sid="FindImportedLogs", actions=("logs:DescribeLogGroups",), resources=("*",)),
        Statement(sid="ReadImportedLogs", actions=_READ_LOG, resources=_logs(imported)),
    )


def changes(scope: Scope) -> tuple[Statement, ...]:
    """What a deployment looks at, makes and changes. It draws passwords, and the provider reads what it wrote."""
    secrets = (*_READ_SECRETS, _VALUES, *_CHANGE_SECRETS)
    return (
        Statement(sid="ChangeDatabases", actions=_CHANGE, resources=(*_databases(scope), *_groups(scope))),
        Statement(sid="ChangeGroups", actions=(*_READ, *_CHANGE_OWN), resources=_databases(scope)),
        Statement(sid="ChangeSecrets", actions=secrets, resources=_secrets(scope)),
        Statement(sid="DrawPasswords", actions=(_DRAW,), resources=("*",)),
        Statement(sid="ChangeLog", actions=CHANGE_LOG_GROUP, resources=_logs(scope)),
        _linked_role(scope.account),
    )


def _linked_role(account: str) -> Statement:
    role = names.role_arn(account, "aws-service-role/rds.amazonaws.com/*")
    linked = Condition(operator="StringEquals", key="iam:AWSServiceName", values=("rds.amazonaws.com",))
    return Statement(
        sid="DatabasesRole", actions=("iam:CreateServiceLinkedRole",), resources=(role,), conditions=(linked,)
    )


def _logs(scope: Scope) -> tuple[str, ...]:
    groups = map(names.database_log_group, scope.databases.values())
    return tuple(scope.arn("logs", f"log-group:{group}") for group in groups)


def _databases(scope: Scope) -> tuple[str, ...]:
    """Clusters with their instances and groups, by name."""
    kinds = ("cluster:{}", "db:{}-*", "cluster-pg:{}-*", "subgrp:{}-*")
    own = [kind.format(cluster) for cluster in scope.databases.values() for kind in kinds]
    return tuple(scope.arn("rds", kind) for kind in own)


def _groups(scope: Scope) -> tuple[str, ...]:
    """Every group that a database may be in."""
    return tuple(scope.arn("rds", f"{kind}:*") for kind in ("cluster-pg", "og", "pg", "subgrp"))


def _secrets(scope: Scope) -> tuple[str, ...]:
    return tuple(scope.arn("secretsmanager", f"secret:{environment}/v2_db_*") for environment in scope.databases)
