"""Databases and their secrets."""

from __future__ import annotations

from tests.journey.drifts.kind import Drift, Drifts
from tests.journey.drifts.network import tagged

DRIFTS: Drifts = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
        Drift(
            name="cryoet-github-preview-databases",
            change=lambda aws, held: aws("iam").detach_role_policy(RoleName=held["role"], PolicyArn=held["policyArn"]),
            gone="an attachment is there or not",
        ),
    ),
    "aws:rds/cluster:Cluster": (
        Drift(
            name="dev-database",
            change=lambda aws, held: aws("rds").modify_db_cluster(
                DBClusterIdentifier=held["id"], BackupRetentionPeriod=2
            ),
            shows="backupRetentionPeriod",
        ),
    ),
    "aws:rds/clusterInstance:ClusterInstance": (
        Drift(
            name="dev-database-1",
            change=lambda aws, held: aws("rds").modify_db_instance(DBInstanceIdentifier=held["id"], PromotionTier=7),
            shows="promotionTier",
        ),
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": (
        Drift(
            name="cryoet-dev-aurora-postgresql17",
            change=lambda aws, held: aws("rds").modify_db_cluster_parameter_group(
                DBClusterParameterGroupName=held["id"],
                Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}],
            ),
            shows="parameters",
        ),
    ),
    "aws:rds/subnetGroup:SubnetGroup": (
        Drift(
            name="cryoet-dev",
            change=lambda aws, held: aws("rds").modify_db_subnet_group(
                DBSubnetGroupName=held["id"], DBSubnetGroupDescription="Changed", SubnetIds=held["subnetIds"]
            ),
            shows="description",
        ),
    ),
    "aws:secretsmanager/secret:Secret": (
        Drift(
            name="dev-database-uri",
            change=lambda aws, held: aws("secretsmanager").update_secret(SecretId=held["id"], Description="Changed"),
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
    "aws:secretsmanager/secretVersion:SecretVersion": (
        Drift(
            name="staging-database-uri",
            change=lambda _aws, _held: None,
            gone="with its secret; a value that somebody puts in its place is another version",
        ),
    ),
    # What changes the rule itself would show in its group too.
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": tagged("dev-database-from-jobs"),
}
