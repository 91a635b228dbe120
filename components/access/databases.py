"""What previews and deployments of databases call, and what their roles do at most.

Granted only where an account has databases. Rests on: the service authorization reference and the calls of the
provider's resource types; RDS makes its service-linked role with the rights of whoever makes the first cluster. A
cluster and its snapshots are an administrator's to delete, as all data is.
"""

from __future__ import annotations

from typing import Final

from components import names
from components.access.statements import Condition, Statement

_READ: Final = (
    "rds:DescribeDBClusterParameterGroups",
    "rds:DescribeDBClusterParameters",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSubnetGroups",
    "rds:ListTagsForResource",
)
_CHANGE: Final = (
    "rds:AddTagsToResource",
    "rds:CreateDBCluster",
    "rds:CreateDBClusterParameterGroup",
    "rds:CreateDBInstance",
    "rds:CreateDBSubnetGroup",
    "rds:DeleteDBClusterParameterGroup",
    "rds:DeleteDBInstance",
    "rds:DeleteDBSubnetGroup",
    "rds:ModifyDBCluster",
    "rds:ModifyDBClusterParameterGroup",
    "rds:ModifyDBInstance",
    "rds:ModifyDBSubnetGroup",
    "rds:RemoveTagsFromResource",
    "rds:ResetDBClusterParameterGroup",
)
_READ_SECRETS: Final = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager:ListSecretVersionIds",
)
_CHANGE_SECRETS: Final = (
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "secretsmanager:UpdateSecret",
    "secretsmanager:UpdateSecretVersionStage",
)
_VALUES: Final = "secretsmanager:GetSecretValue"
_DRAW: Final = "secretsmanager:GetRandomPassword"
_LOG: Final = (
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:ListTagsForResource",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
)


def reads(account: str, region: str) -> tuple[Statement, ...]:
    """What a preview looks at. The provider reads a secret's version with its value, so that is among it."""
    return (
        Statement(sid="ReadDatabases", actions=_READ, resources=(_everything(account, region),)),
        Statement(sid="ReadSecrets", actions=(*_READ_SECRETS, _VALUES), resources=(_secrets(account, region),)),
        Statement(sid="ReadLog", actions=("logs:ListTagsForResource",), resources=(_log(account, region),)),
    )


def changes(account: str, region: str) -> tuple[Statement, ...]:
    """What a deployment looks at, makes and changes."""
    secrets = (*_READ_SECRETS, _VALUES, *_CHANGE_SECRETS)
    return (
        Statement(sid="ChangeDatabases", actions=(*_READ, *_CHANGE), resources=(_everything(account, region),)),
        Statement(sid="ChangeSecrets", actions=secrets, resources=(_secrets(account, region),)),
        Statement(sid="DrawPasswords", actions=(_DRAW,), resources=("*",)),
        Statement(sid="ChangeLog", actions=_LOG, resources=(_log(account, region),)),
        _linked_role(account),
    )


def most(account: str) -> tuple[Statement, ...]:
    """What the boundary allows beyond data; where there is a database there are orchestrators, with their logs."""
    actions = (*_READ, *_CHANGE, *_READ_SECRETS, *_CHANGE_SECRETS, _DRAW)
    return (Statement(sid="Databases", actions=actions, resources=("*",)), _linked_role(account))


def _linked_role(account: str) -> Statement:
    role = names.role_arn(account, "aws-service-role/rds.amazonaws.com/*")
    linked = Condition(operator="StringEquals", key="iam:AWSServiceName", values=("rds.amazonaws.com",))
    return Statement(
        sid="DatabasesRole", actions=("iam:CreateServiceLinkedRole",), resources=(role,), conditions=(linked,)
    )


def _log(account: str, region: str) -> str:
    return f"arn:aws:logs:{region}:{account}:log-group:{names.database_log_group('*')}"


def _everything(account: str, region: str) -> str:
    """A cluster's name is a setting."""
    return f"arn:aws:rds:{region}:{account}:*"


def _secrets(account: str, region: str) -> str:
    return f"arn:aws:secretsmanager:{region}:{account}:secret:*/v2_db_*"
