"""Databases and secrets, and what came with them."""

from __future__ import annotations

from typing import Any

from .kind import Case, Change, Of

MANAGED = "arn:aws:iam::aws:policy/"


def parameter(value: str) -> list[dict[str, Any]]:
    return [{"name": "log_lock_waits", "value": value, "applyMethod": "immediate"}]


def let_in(port: int) -> dict[str, Any]:
    return {"fromPort": port, "toPort": port}


DATABASE: dict[str, Case] = {
    "iam.RolePolicyAttachment": Case(
        rules="aws_iam_role_policy_attachment",
        inputs={"role": Of("one-role", "name"), "policyArn": f"{MANAGED}AmazonS3ReadOnlyAccess"},
        replace=Change(path="policy_arn", inputs={"policyArn": f"{MANAGED}AmazonEC2ReadOnlyAccess"}),
        lacks="everything of it is what it is",
    ),
    "rds.Cluster": Case(
        rules="aws_rds_cluster",
        inputs={
            "clusterIdentifier": "types-cluster",
            "engine": "aurora-postgresql",
            "engineVersion": "17.10",
            "masterUsername": "portal",
            "masterPasswordWo": "a-password-of-a-type",
            "masterPasswordWoVersion": 1,
            "dbSubnetGroupName": Of("subnets"),
            "applyImmediately": True,
            "skipFinalSnapshot": True,
        },
        update=Change(path="backup_retention_period", inputs={"backupRetentionPeriod": 5}),
        replace=Change(path="cluster_identifier", inputs={"clusterIdentifier": "types-cluster-renamed"}),
    ),
    "rds.ClusterInstance": Case(
        rules="aws_rds_cluster_instance",
        inputs={
            "identifier": "types-instance",
            "clusterIdentifier": Of("cluster"),
            "engine": "aurora-postgresql",
            "instanceClass": "db.serverless",
        },
        update=Change(path="promotion_tier", inputs={"promotionTier": 3}),
        replace=Change(path="identifier", inputs={"identifier": "types-instance-renamed"}),
    ),
    "rds.ClusterParameterGroup": Case(
        rules="aws_rds_cluster_parameter_group",
        inputs={"name": "types-parameters", "family": "aurora-postgresql17", "parameters": parameter("1")},
        update=Change(path="parameter", inputs={"parameters": parameter("0")}),
        replace=Change(path="name", inputs={"name": "types-parameters-renamed"}),
    ),
    "rds.SubnetGroup": Case(
        rules="aws_db_subnet_group",
        inputs={"name": "types-subnets", "subnetIds": [Of("one-subnet"), Of("other-subnet")]},
        update=Change(path="description", inputs={"description": "Other"}),
        replace=Change(path="name", inputs={"name": "types-subnets-renamed"}),
    ),
    "secretsmanager.Secret": Case(
        rules="aws_secretsmanager_secret",
        inputs={"name": "types-secret", "recoveryWindowInDays": 0},
        update=Change(path="description", inputs={"description": "Other"}),
        replace=Change(path="name", inputs={"name": "types-secret-renamed"}),
    ),
    "secretsmanager.SecretVersion": Case(
        rules="aws_secretsmanager_secret_version",
        inputs={"secretId": Of("secret"), "secretString": "one"},
        update=Change(path="version_stages", inputs={"versionStages": ["AWSCURRENT", "checked"]}),
        replace=Change(path="secret_string", inputs={"secretString": "two"}),
    ),
    "vpc.SecurityGroupIngressRule": Case(
        rules="aws_vpc_security_group_ingress_rule",
        inputs={
            "securityGroupId": Of("one-group"),
            "referencedSecurityGroupId": Of("other-group"),
            "ipProtocol": "tcp",
            **let_in(5432),
        },
        update=Change(path="from_port", inputs=let_in(5433)),
        replace=Change(path="security_group_id", inputs={"securityGroupId": Of("other-group")}),
    ),
}
