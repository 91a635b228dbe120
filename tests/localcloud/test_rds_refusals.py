"""What RDS refuses, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from . import refusal_rows
from .batch_steps import refused
from .conftest import Cloud
from .rds_steps import Databases

VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"
STATE = "InvalidDBClusterStateFault"


@pytest.fixture(scope="module")
def databases(cloud: Cloud) -> Databases:
    return Databases(cloud)


@pytest.fixture(scope="module")
def cluster(databases: Databases) -> Iterator[str]:
    """One that no test changes, without instances."""
    identifier = databases.cluster()
    yield identifier
    databases.remove(identifier)


def created(databases: Databases, **given: Any) -> None:
    databases.client.create_db_cluster(**databases.request(**given))


def test_rds_01_version_that_is_not_offered(databases: Databases, cluster: str) -> None:
    with refused(COMBINATION, "Cannot find version 17.4 for aurora-postgresql"):
        created(databases, EngineVersion="17.4")
    with refused(COMBINATION, "Cannot upgrade aurora-postgresql from 17.9 to 17.7"):
        databases.client.modify_db_cluster(DBClusterIdentifier=cluster, EngineVersion="17.7")
    with refused(COMBINATION, "AllowMajorVersionUpgrade"):
        databases.client.modify_db_cluster(DBClusterIdentifier=cluster, EngineVersion="18.4")


def test_rds_02_subnets_in_one_zone(databases: Databases) -> None:
    with refused("DBSubnetGroupDoesNotCoverEnoughAZs", "at least 2 AZs"):
        databases.client.create_db_subnet_group(
            DBSubnetGroupName="one-zone", DBSubnetGroupDescription="x", SubnetIds=databases.subnets[:1]
        )


def test_rds_03_subnet_group_and_parameter_group_in_use(databases: Databases, cluster: str) -> None:
    with refused("InvalidDBSubnetGroupStateFault", "is still using it"):
        databases.client.delete_db_subnet_group(DBSubnetGroupName=databases.subnet_group)
    name = databases.cloud.name("group")
    databases.client.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=name, DBParameterGroupFamily="aurora-postgresql17", Description="x"
    )
    databases.client.modify_db_cluster(DBClusterIdentifier=cluster, DBClusterParameterGroupName=name)
    with refused("InvalidDBParameterGroupState", "still members of this parameter group"):
        databases.client.delete_db_cluster_parameter_group(DBClusterParameterGroupName=name)


def test_rds_04_protected_cluster(databases: Databases) -> None:
    identifier = databases.cluster(DeletionProtection=True)
    with refused(COMBINATION, "Cannot delete protected Cluster"):
        databases.client.delete_db_cluster(DBClusterIdentifier=identifier, SkipFinalSnapshot=True)
    databases.remove(identifier)


def test_rds_05_cluster_with_instances_and_what_is_below_them(databases: Databases) -> None:
    identifier = databases.served()
    with refused(STATE, "still contains DB instances"):
        databases.client.delete_db_cluster(DBClusterIdentifier=identifier, SkipFinalSnapshot=True)
    ec2 = databases.cloud.client("ec2")
    with refused("DependencyViolation", "dependent object"):
        ec2.delete_security_group(GroupId=databases.security_group)
    with refused("DependencyViolation", "has dependencies"):
        ec2.delete_subnet(SubnetId=databases.subnets[0])
    databases.remove(identifier)


def test_rds_06_final_snapshot_neither_named_nor_declined(databases: Databases, cluster: str) -> None:
    with refused(COMBINATION, "FinalDBSnapshotIdentifier is required"):
        databases.client.delete_db_cluster(DBClusterIdentifier=cluster)
    with refused(COMBINATION, "can not be specified"):
        databases.client.delete_db_cluster(
            DBClusterIdentifier=cluster, SkipFinalSnapshot=True, FinalDBSnapshotIdentifier="x"
        )


def test_rds_07_serverless_instance_without_capacity(databases: Databases) -> None:
    identifier = databases.cluster(ServerlessV2ScalingConfiguration=None)
    with refused(STATE, "Serverless v2 scaling configuration"):
        databases.client.create_db_instance(
            DBInstanceIdentifier="x",
            DBClusterIdentifier=identifier,
            Engine="aurora-postgresql",
            DBInstanceClass="db.serverless",
        )
    databases.remove(identifier)


CAPACITIES: list[tuple[dict[str, float], str]] = [
    ({"MinCapacity": 2, "MaxCapacity": 1}, "less than or equal to maximum"),
    ({"MinCapacity": 0.5, "MaxCapacity": 0.5}, "valid scaling range"),
    ({"MinCapacity": 1, "MaxCapacity": 300}, "valid scaling range"),
    ({"MinCapacity": 0.7, "MaxCapacity": 2}, "multiple of 0.5"),
]


@pytest.mark.parametrize(("capacity", "said"), CAPACITIES)
def test_rds_08_capacity(databases: Databases, capacity: dict[str, float], said: str) -> None:
    with refused(VALUE, said):
        created(databases, ServerlessV2ScalingConfiguration=capacity)


def test_rds_09_pause(databases: Databases) -> None:
    for low, seconds, said in ((1, 600, "only be specified when minimum"), (0, 60, "from 300 to 86400")):
        scaling = {"MinCapacity": low, "MaxCapacity": 2, "SecondsUntilAutoPause": seconds}
        with refused(VALUE, said):
            created(databases, ServerlessV2ScalingConfiguration=scaling)


@pytest.mark.parametrize("user", ["rdsadmin", "admin", "postgres", "1portal", "por tal"])
def test_rds_11_master_user(databases: Databases, user: str) -> None:
    with refused(VALUE, "MasterUsername"):
        created(databases, MasterUsername=user)


@pytest.mark.parametrize("password", ["short", "a-pass/word", 'a-pass"word', "a-pass@word", "a pass word", "p" * 42])
def test_rds_12_master_password(databases: Databases, password: str) -> None:
    with refused(VALUE, "MasterUserPassword"):
        created(databases, MasterUserPassword=password)


def test_rds_13_password_of_ones_own_and_managed(databases: Databases) -> None:
    with refused(COMBINATION, "ManageMasterUserPassword"):
        created(databases, ManageMasterUserPassword=True)


def test_rds_14_parameter_group_of_another_family(databases: Databases) -> None:
    with refused(COMBINATION, "DBParameterGroupFamily aurora-postgresql16 can't be used"):
        created(databases, DBClusterParameterGroupName="default.aurora-postgresql16")


OF_OTHERS: list[dict[str, Any]] = [
    {"AllocatedStorage": 100},
    {"DBClusterInstanceClass": "db.r6g.large"},
    {"PubliclyAccessible": True},
    {"StorageType": "gp3"},
]


@pytest.mark.parametrize("given", OF_OTHERS, ids=" ".join)
def test_rds_15_what_other_engines_have(databases: Databases, given: dict[str, Any]) -> None:
    with refused(COMBINATION, "aurora-postgresql"):
        created(databases, **given)


def test_rds_16_another_engines_log(databases: Databases) -> None:
    with refused(COMBINATION, "slowquery"):
        created(databases, EnableCloudwatchLogsExports=["slowquery"])


def test_rds_17_capitals_become_small_letters(databases: Databases) -> None:
    wanted = databases.cloud.name("Cluster")
    identifier = databases.cluster(DBClusterIdentifier=wanted)
    assert identifier == wanted.lower() != wanted
    databases.remove(identifier)


@pytest.mark.parametrize("identifier", ["1cluster", "cluster-", "clus--ter", "clus_ter", "c" * 64])
def test_rds_18_identifiers(databases: Databases, identifier: str) -> None:
    with refused(VALUE, "DBClusterIdentifier is not a valid identifier"):
        created(databases, DBClusterIdentifier=identifier)


def test_rds_18_identifier_that_is_taken(databases: Databases, cluster: str) -> None:
    with refused("DBClusterAlreadyExistsFault", cluster):
        created(databases, DBClusterIdentifier=cluster)


def test_rds_19_names_and_networks_of_subnet_groups(databases: Databases) -> None:
    create = databases.client.create_db_subnet_group
    with refused(VALUE, "reserved"):
        create(DBSubnetGroupName="default", DBSubnetGroupDescription="x", SubnetIds=databases.subnets)
    with refused(VALUE, "not valid"):
        create(DBSubnetGroupName="a/b", DBSubnetGroupDescription="x", SubnetIds=databases.subnets)
    other = Databases(databases.cloud).subnets
    with refused("InvalidSubnet", "not all in the same VPC"):
        create(DBSubnetGroupName="two", DBSubnetGroupDescription="x", SubnetIds=[databases.subnets[0], other[1]])


def test_rds_20_snapshot_that_is_there(databases: Databases, cluster: str) -> None:
    name = databases.cloud.name("snapshot")
    snapshot = databases.client.create_db_cluster_snapshot
    snapshot(DBClusterIdentifier=cluster, DBClusterSnapshotIdentifier=name)
    databases.await_snapshot(name)
    with refused("DBClusterSnapshotAlreadyExistsFault", name):
        snapshot(DBClusterIdentifier=cluster, DBClusterSnapshotIdentifier=name)


def test_rds_21_first_kind_of_serverless(databases: Databases) -> None:
    with refused(VALUE, "currently unavailable"):
        created(databases, EngineMode="serverless")
    with refused(COMBINATION, "Serverless v1"):
        created(databases, ScalingConfiguration={"MinCapacity": 2, "MaxCapacity": 4})


def test_rds_22_zones(databases: Databases) -> None:
    with refused(COMBINATION, "more than 3"):
        created(databases, AvailabilityZones=["us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d"])


@pytest.mark.parametrize("port", [80, 1149])
def test_rds_23_port(databases: Databases, port: int) -> None:
    with refused(VALUE, "1150-65535"):
        created(databases, Port=port)


BACKUPS: list[tuple[dict[str, Any], str, str]] = [
    ({"BackupRetentionPeriod": 0}, VALUE, "between 1 and 35"),
    ({"BackupRetentionPeriod": 36}, VALUE, "between 1 and 35"),
    ({"PreferredBackupWindow": "05:00-05:20"}, VALUE, "30 minutes"),
    (
        {"PreferredBackupWindow": "05:00-06:00", "PreferredMaintenanceWindow": "mon:05:30-mon:06:30"},
        COMBINATION,
        "must not overlap",
    ),
]


@pytest.mark.parametrize(("given", "code", "said"), BACKUPS)
def test_rds_24_backups(databases: Databases, given: dict[str, Any], code: str, said: str) -> None:
    with refused(code, said):
        created(databases, **given)


INSTANCES: list[tuple[dict[str, Any], str, str]] = [
    ({"MonitoringInterval": 7}, COMBINATION, "monitoring interval"),
    ({"MonitoringInterval": 60}, COMBINATION, "MonitoringRoleARN"),
]


@pytest.mark.parametrize(("given", "code", "said"), INSTANCES)
def test_rds_25_monitoring(databases: Databases, cluster: str, given: dict[str, Any], code: str, said: str) -> None:
    with refused(code, said):
        databases.instance(cluster, "x", **given)


def test_rds_26_days_of_insights(databases: Databases, cluster: str) -> None:
    with refused(VALUE, "Valid values are"):
        databases.instance(cluster, "x", EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=30)


def test_rds_29_parameters(databases: Databases) -> None:
    name = databases.cloud.name("group")
    databases.client.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=name, DBParameterGroupFamily="aurora-postgresql17", Description="x"
    )
    cases = (
        ("no_such_setting", "1", "immediate", VALUE, "Could not find parameter"),
        ("max_locks_per_transaction", "128", "immediate", COMBINATION, "immediate apply method for static"),
        ("rds.force_ssl", "2", "immediate", VALUE, "allowed values are: 0,1"),
        ("listen_addresses", "*", "pending-reboot", VALUE, "Could not find parameter"),
    )
    for key, value, method, code, said in cases:
        given = [{"ParameterName": key, "ParameterValue": value, "ApplyMethod": method}]
        with refused(code, said):
            databases.client.modify_db_cluster_parameter_group(DBClusterParameterGroupName=name, Parameters=given)
    with refused("InvalidDBParameterGroupState", "AWS's own"):
        databases.client.delete_db_cluster_parameter_group(DBClusterParameterGroupName="default.aurora-postgresql17")


NOT_HERE: list[dict[str, Any]] = [
    {"EnableIAMDatabaseAuthentication": True},
    {"GlobalClusterIdentifier": "x"},
    {"EnableHttpEndpoint": True},
]


@pytest.mark.parametrize("given", NOT_HERE, ids=" ".join)
def test_what_is_not_carried_out_is_refused_by_name(databases: Databases, given: dict[str, Any]) -> None:
    with refused("NotImplemented", next(iter(given))):
        created(databases, **given)


def test_the_document_has_every_row() -> None:
    assert len(refusal_rows.check("RDS", "RDS", "test_rds_refusals.py")) > 20
