"""Cases of the types of databases and secrets, for `provider_cases`, which says what a case is."""

from __future__ import annotations

import json
from typing import Any

from .conftest import DEV, REGION
from .provider_cases_kind import Case, Inputs, Make, Name

PASSWORD = "a-password-of-a-case"


def _subnets(make: Make, name: Name) -> list[str]:
    vpc = make("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "tags": {"Name": name("vpc")}})[0]
    return [
        make(
            "aws:ec2/subnet:Subnet",
            {"vpcId": vpc, "cidrBlock": f"10.0.{number}.0/24", "availabilityZone": f"{REGION}{zone}"},
        )[0]
        for number, zone in enumerate("abc")
    ]


def _subnet_group(make: Make, name: Name) -> tuple[str, str]:
    """The group's name, and its VPC."""
    inputs = {"name": name("case-subnets"), "subnetIds": _subnets(make, name)[:2]}
    group, state = make("aws:rds/subnetGroup:SubnetGroup", inputs)
    return group, state["vpcId"]


def _parameter_group(make: Make, name: Name) -> str:
    inputs = {"name": name("case-parameters"), "family": "aurora-postgresql17"}
    return make("aws:rds/clusterParameterGroup:ClusterParameterGroup", inputs)[0]


def _around_a_cluster(make: Make, name: Name) -> dict[str, Any]:
    subnets, vpc = _subnet_group(make, name)
    group = {"vpcId": vpc, "description": "Of a case", "name": name("case-group")}
    return {
        "subnets": subnets,
        "group": make("aws:ec2/securityGroup:SecurityGroup", group)[0],
        "parameters": _parameter_group(make, name),
        "key": make("aws:kms/key:Key", {"description": "Of a case", "deletionWindowInDays": 7})[1]["arn"],
        "name": name("case-cluster"),
    }


def _cluster_inputs(around: dict[str, Any]) -> Inputs:
    return {
        "clusterIdentifier": around["name"],
        "engine": "aurora-postgresql",
        "engineMode": "provisioned",
        "engineVersion": "17.7",
        "allowMajorVersionUpgrade": False,
        "applyImmediately": True,
        "databaseName": "tomograms",
        "masterUsername": "portal",
        "masterPasswordWo": PASSWORD,
        "masterPasswordWoVersion": 1,
        "port": 5432,
        "dbSubnetGroupName": around["subnets"],
        "dbClusterParameterGroupName": around["parameters"],
        "vpcSecurityGroupIds": [around["group"]],
        "serverlessv2ScalingConfiguration": {"minCapacity": 0, "maxCapacity": 1, "secondsUntilAutoPause": 600},
        "storageEncrypted": True,
        "kmsKeyId": around["key"],
        "iamDatabaseAuthenticationEnabled": False,
        "backupRetentionPeriod": 7,
        "preferredBackupWindow": "08:00-08:30",
        "preferredMaintenanceWindow": "sun:09:00-sun:09:30",
        "copyTagsToSnapshot": True,
        "deletionProtection": True,
        "skipFinalSnapshot": True,
        "finalSnapshotIdentifier": "case-final",
        "deleteAutomatedBackups": True,
        "enabledCloudwatchLogsExports": ["postgresql"],
        "engineLifecycleSupport": "open-source-rds-extended-support-disabled",
        "tags": {"a": "1"},
    }


def _cluster(make: Make, name: Name) -> dict[str, Any]:
    around = _around_a_cluster(make, name)
    make("aws:rds/cluster:Cluster", {**_cluster_inputs(around), "deletionProtection": False})
    return {**around, "instance": name("case-instance")}


def _secret(make: Make, name: Name) -> str:
    return make("aws:secretsmanager/secret:Secret", {"name": name("case-secret"), "recoveryWindowInDays": 0})[0]


def _secret_policy(account: str, action: str) -> str:
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


DATABASE_CASES = (
    Case(
        "aws:rds/subnetGroup:SubnetGroup",
        before=lambda make, name: (_subnets(make, name), name("case-subnets")),
        inputs=lambda made: {"name": made[1], "subnetIds": made[0][:2], "tags": {"a": "1"}},
        updates=lambda made: [{"tags": {"b": "2"}}, {"description": "Other"}, {"subnetIds": made[0][1:]}],
        replacement=lambda _: {"name": "another"},
        variants=lambda made: [{"namePrefix": "provider-case-", "subnetIds": made[0]}],
        drift=lambda aws, group, made: aws("rds").modify_db_subnet_group(DBSubnetGroupName=group, SubnetIds=made[0]),
        drifted="subnetIds",
    ),
    Case(
        "aws:rds/clusterParameterGroup:ClusterParameterGroup",
        before=lambda _, name: name("case-parameters"),
        inputs=lambda name: {
            "name": name,
            "family": "aurora-postgresql17",
            "description": "Of a case",
            "parameters": [
                {"name": "rds.force_ssl", "value": "1", "applyMethod": "immediate"},
                {"name": "log_lock_waits", "value": "1"},
            ],
            "tags": {"a": "1"},
        },
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"parameters": [{"name": "max_locks_per_transaction", "value": "128", "applyMethod": "pending-reboot"}]},
        ],
        replacement=lambda _: {"family": "aurora-postgresql16"},
        variants=lambda _: [{"namePrefix": "provider-case-", "family": "aurora-postgresql17"}],
        drift=lambda aws, name, _: aws("rds").modify_db_cluster_parameter_group(
            DBClusterParameterGroupName=name,
            Parameters=[{"ParameterName": "log_lock_waits", "ParameterValue": "0", "ApplyMethod": "immediate"}],
        ),
        drifted="parameters",
    ),
    Case(
        "aws:rds/cluster:Cluster",
        before=_around_a_cluster,
        inputs=lambda around: {**_cluster_inputs(around), "deletionProtection": False},
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"engineVersion": "17.10"},
            {"masterPasswordWoVersion": 2},
            {"serverlessv2ScalingConfiguration": {"minCapacity": 0.5, "maxCapacity": 4}},
            {"backupRetentionPeriod": 14, "copyTagsToSnapshot": None},
            {"preferredBackupWindow": "04:00-05:00", "preferredMaintenanceWindow": "mon:06:00-mon:07:00"},
            {"enabledCloudwatchLogsExports": ["postgresql", "instance"]},
            {"enabledCloudwatchLogsExports": None},
            {"port": 5433},
            {"deletionProtection": True},
            {"deletionProtection": False},
        ],
        replacement=lambda _: {"databaseName": "another"},
        variants=lambda around: [
            {
                "engine": "aurora-postgresql",
                "masterUsername": "portal",
                "masterPassword": PASSWORD,
                "dbSubnetGroupName": around["subnets"],
                "skipFinalSnapshot": True,
            }
        ],
        drift=lambda aws, cluster, _: aws("rds").modify_db_cluster(
            DBClusterIdentifier=cluster, BackupRetentionPeriod=3
        ),
        drifted="backupRetentionPeriod",
    ),
    Case(
        "aws:rds/clusterInstance:ClusterInstance",
        before=_cluster,
        inputs=lambda around: {
            "identifier": around["instance"],
            "clusterIdentifier": around["name"],
            "engine": "aurora-postgresql",
            "instanceClass": "db.serverless",
            "availabilityZone": f"{REGION}a",
            "applyImmediately": True,
            "forceDestroy": False,
            "autoMinorVersionUpgrade": False,
            "publiclyAccessible": False,
            "promotionTier": 1,
            "performanceInsightsEnabled": True,
            "performanceInsightsRetentionPeriod": 7,
            "performanceInsightsKmsKeyId": around["key"],
            "copyTagsToSnapshot": True,
            "tags": {"a": "1"},
        },
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"promotionTier": 0},
            {"performanceInsightsRetentionPeriod": 31},
            {"autoMinorVersionUpgrade": True},
        ],
        replacement=lambda _: {"availabilityZone": f"{REGION}b"},
        drift=lambda aws, instance, _: aws("rds").modify_db_instance(DBInstanceIdentifier=instance, PromotionTier=7),
        drifted="promotionTier",
    ),
    Case(
        "aws:secretsmanager/secret:Secret",
        before=lambda make, name: (name("case-secret"), make("aws:kms/key:Key", {"deletionWindowInDays": 7})[1]["arn"]),
        inputs=lambda made: {
            "name": made[0],
            "description": "Of a case",
            "recoveryWindowInDays": 0,
            "forceOverwriteReplicaSecret": False,
            "tags": {"a": "1"},
        },
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"description": "Other"},
            {"kmsKeyId": made[1]},
            {"policy": _secret_policy(DEV, "secretsmanager:GetSecretValue")},
            {"policy": _secret_policy(DEV, "secretsmanager:DescribeSecret")},
        ],
        replacement=lambda _: {"name": "another"},
        variants=lambda _: [{"namePrefix": "provider-case-", "recoveryWindowInDays": 0}],
        drift=lambda aws, arn, _: aws("secretsmanager").update_secret(SecretId=arn, Description="Changed"),
        drifted="description",
    ),
    Case(
        "aws:secretsmanager/secretVersion:SecretVersion",
        before=_secret,
        inputs=lambda secret: {"secretId": secret, "secretString": "a-value"},
        updates=lambda _: [{"versionStages": ["AWSCURRENT", "checked"]}],
        replacement=lambda _: {"secretString": "another-value"},
        variants=lambda secret: [
            {"secretId": secret, "secretBinary": "AAEC"},
            {"secretId": secret, "secretStringWo": "a-value", "secretStringWoVersion": 1},
        ],
        drift=lambda aws, version, secret: aws("secretsmanager").update_secret_version_stage(
            SecretId=secret, VersionStage="checked", RemoveFromVersionId=version.rpartition("|")[2]
        ),
        drifted="versionStages",
        stays=True,
    ),
)
