"""Cases of the types of databases and secrets."""

from __future__ import annotations

import json
from typing import Any

from tests.journey.programs.types import inputs
from tests.journey.programs.types.inputs import Change
from tests.localcloud.conftest import DEV, REGION

from . import listing
from .case import Case, Drift, Inputs, Make, Name, Program

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
        program=Program(
            inputs={"name": "types-subnets", "subnetIds": [inputs.Of("one-subnet"), inputs.Of("other-subnet")]},
            update=Change(path="description", inputs={"description": "Other"}),
            replace=Change(path="name", inputs={"name": "types-subnets-renamed"}),
        ),
        drifts=(
            Drift(
                name="cryoet-staging",
                change=lambda aws, held: aws("rds").modify_db_subnet_group(
                    DBSubnetGroupName=held["id"], DBSubnetGroupDescription="Changed", SubnetIds=held["subnetIds"]
                ),
                shows="description",
            ),
        ),
        listed=listing.plain("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ),
    Case(
        "aws:rds/clusterParameterGroup:ClusterParameterGroup",
        before=lambda _, name: name("case-parameters"),
        inputs=lambda name: {
            "name": name,
            "family": "aurora-postgresql17",
            "description": "Of a case",
            "parameters": [
                {"name": "rds.force_ssl", "value": "0", "applyMethod": "immediate"},
                {"name": "log_lock_waits", "value": "1"},
            ],
            "tags": {"a": "1"},
        },
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"parameters": [{"name": "max_locks_per_transaction", "value": "128", "applyMethod": "pending-reboot"}]},
            {"parameters": [{"name": "rds.force_ssl", "value": "1", "applyMethod": "pending-reboot"}]},
        ],
        replacement=lambda _: {"family": "aurora-postgresql16"},
        variants=lambda _: [{"namePrefix": "provider-case-", "family": "aurora-postgresql17"}],
        drift=lambda aws, name, _: aws("rds").modify_db_cluster_parameter_group(
            DBClusterParameterGroupName=name,
            Parameters=[{"ParameterName": "log_lock_waits", "ParameterValue": "0", "ApplyMethod": "immediate"}],
        ),
        drifted="parameters",
        program=Program(
            inputs={"name": "types-parameters", "family": "aurora-postgresql17", "parameters": inputs.parameter("1")},
            update=Change(path="parameter", inputs={"parameters": inputs.parameter("0")}),
            replace=Change(path="name", inputs={"name": "types-parameters-renamed"}),
        ),
        drifts=(
            Drift(
                name="cryoet-staging-aurora-postgresql17",
                change=lambda aws, held: aws("rds").modify_db_cluster_parameter_group(
                    DBClusterParameterGroupName=held["id"],
                    Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}],
                ),
                shows="parameters",
            ),
        ),
        listed=listing.plain(
            "rds", "describe_db_cluster_parameter_groups", "DBClusterParameterGroups", "DBClusterParameterGroupName"
        ),
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
        unread=(
            "masterPasswordWo",
            "masterPasswordWoVersion",
            "applyImmediately",
            "allowMajorVersionUpgrade",
            "finalSnapshotIdentifier",
        ),
        program=Program(
            inputs={
                "clusterIdentifier": "types-cluster",
                "engine": "aurora-postgresql",
                "engineVersion": "17.10",
                "masterUsername": "portal",
                "masterPasswordWo": "a-password-of-a-type",
                "masterPasswordWoVersion": 1,
                "dbSubnetGroupName": inputs.Of("subnets"),
                "applyImmediately": True,
                "skipFinalSnapshot": True,
            },
            update=Change(path="backup_retention_period", inputs={"backupRetentionPeriod": 5}),
            replace=Change(path="cluster_identifier", inputs={"clusterIdentifier": "types-cluster-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-database",
                change=lambda aws, held: aws("rds").modify_db_cluster(
                    DBClusterIdentifier=held["id"], BackupRetentionPeriod=2
                ),
                shows="backupRetentionPeriod",
            ),
        ),
        listed=listing.plain("rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
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
        unread=("applyImmediately",),
        program=Program(
            inputs={
                "identifier": "types-instance",
                "clusterIdentifier": inputs.Of("cluster"),
                "engine": "aurora-postgresql",
                "instanceClass": "db.serverless",
            },
            update=Change(path="promotion_tier", inputs={"promotionTier": 3}),
            replace=Change(path="identifier", inputs={"identifier": "types-instance-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-database-1",
                change=lambda aws, held: aws("rds").modify_db_instance(
                    DBInstanceIdentifier=held["id"], PromotionTier=7
                ),
                shows="promotionTier",
            ),
        ),
        listed=listing.plain("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
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
        unread=("recoveryWindowInDays",),
        program=Program(
            inputs={"name": "types-secret", "recoveryWindowInDays": 0},
            update=Change(path="description", inputs={"description": "Other"}),
            replace=Change(path="name", inputs={"name": "types-secret-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-database-password",
                change=lambda aws, held: aws("secretsmanager").update_secret(
                    SecretId=held["id"], Description="Changed"
                ),
                shows="description",
            ),
            Drift(
                name="staging-database-uri",
                change=lambda aws, held: aws("secretsmanager").delete_secret(
                    SecretId=held["id"], ForceDeleteWithoutRecovery=True
                ),
                gone="so that its version is gone too",
            ),
        ),
        listed=listing.plain("secretsmanager", "list_secrets", "SecretList", "ARN"),
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
        program=Program(
            inputs={"secretId": inputs.Of("secret"), "secretString": "one"},
            update=Change(path="version_stages", inputs={"versionStages": ["AWSCURRENT", "checked"]}),
            replace=Change(path="secret_string", inputs={"secretString": "two"}),
        ),
        drifts=(
            Drift(
                name="staging-database-uri",
                change=lambda _aws, _held: None,
                gone="with its secret; a value that somebody puts in its place is another version",
            ),
        ),
        listed=listing.secret_versions,
    ),
)
