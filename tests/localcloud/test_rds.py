"""Clusters of RDS: what a client of the database sees of each call on its cluster."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from botocore.exceptions import ClientError

from localcloud.server import tls
from localcloud.server.services.rds import postgres
from localcloud.server.services.rds.rebuilding import rebuild
from portal.databases import engines

from .conftest import Cloud
from .rds_steps import VERSION, Databases


@pytest.fixture(scope="module")
def databases(cloud: Cloud) -> Databases:
    return Databases(cloud)


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[str]:
    """A cluster that no test changes for good."""
    identifier = databases.served()
    yield identifier
    databases.remove(identifier)


@pytest.fixture
def own(databases: Databases) -> Iterator[str]:
    """A cluster of one test's own."""
    identifier = databases.served()
    yield identifier
    databases.remove(identifier)


def test_the_master_user_owns_the_database_and_is_no_superuser(databases: Databases, served: str) -> None:
    with databases.connect(served) as connection:
        connection.execute("CREATE TABLE datasets (id int PRIMARY KEY)")
        connection.execute("DROP TABLE datasets")
        rights = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert rights.fetchone() == (False, True)
        assert connection.execute("SELECT pg_has_role('rds_superuser', 'member')").fetchone() == (True,)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"sslmode": "disable"}, "no pg_hba.conf entry .* no encryption"),
    ({"password": "another-password"}, "password authentication failed"),
    ({"user": "rdsadmin"}, "pg_hba.conf rejects connection"),
    ({"dbname": "another"}, 'database "another" does not exist'),
]


@pytest.mark.parametrize(("how", "said"), REFUSED)
def test_who_may_not_connect(databases: Databases, served: str, how: dict[str, Any], said: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=said):
        databases.connect(served, **how)


def test_the_certificate_is_the_endpoints_alone(databases: Databases, served: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="certificate"):
        databases.connect(served, host="localhost", hostaddr=databases.describe(served)["Endpoint"])


def test_two_clusters_have_the_same_port_and_know_nothing_of_each_other(databases: Databases, served: str) -> None:
    other = databases.served(MasterUserPassword="another-password")
    assert databases.describe(served)["Port"] == databases.describe(other)["Port"] == 5432
    assert databases.describe(served)["Endpoint"] != databases.describe(other)["Endpoint"]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        databases.connect(other)
    databases.remove(other)


def test_clusters_are_filtered_by_engine_and_name(databases: Databases, served: str) -> None:
    def named(name: str, *values: str) -> set[str]:
        answer = databases.client.describe_db_clusters(Filters=[{"Name": name, "Values": list(values)}])
        return {one["DBClusterIdentifier"] for one in answer["DBClusters"]}

    assert served in named("engine", "aurora-postgresql", "aurora-mysql")
    assert named("engine", "aurora-mysql") == set()
    assert named("db-cluster-id", served) == {served}
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*Unrecognized filter name: colour"):
        named("colour", "red")


def test_capacity_bounds_connections(databases: Databases, served: str) -> None:
    assert databases.value(served, "SHOW max_connections") == str(int(2 * 2**31 / 9531392))


def test_a_new_password_is_the_only_one(databases: Databases, own: str) -> None:
    databases.client.modify_db_cluster(DBClusterIdentifier=own, MasterUserPassword="the-second-password")
    assert databases.value(own, "SELECT 1", password="the-second-password") == 1
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        databases.connect(own)


def test_what_stands_in_for_a_version_is_told(databases: Databases, served: str) -> None:
    answering = str(databases.value(served, "SHOW server_version")).split()[0]
    told = engines({"staging": {"engine_version": "18.4"}}, databases.client)["staging"]
    version = "Aurora PostgreSQL (Compatible with PostgreSQL 18.4"
    assert told == f"{version}; here PostgreSQL {answering} stands in for it)"


def _group(databases: Databases, family: str = "aurora-postgresql17", **values: str) -> str:
    name = databases.cloud.name("parameters")
    databases.client.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=name, DBParameterGroupFamily=family, Description="Of a test"
    )
    if values:
        _set(databases, name, values)
    return name


def _set(databases: Databases, group: str, values: dict[str, str], method: str = "immediate") -> None:
    given = [{"ParameterName": k, "ParameterValue": v, "ApplyMethod": method} for k, v in values.items()]
    databases.client.modify_db_cluster_parameter_group(DBClusterParameterGroupName=group, Parameters=given)


def test_dynamic_parameters_are_taken_up_at_once(databases: Databases, own: str) -> None:
    group = _group(databases, log_lock_waits="1")
    databases.client.modify_db_cluster(DBClusterIdentifier=own, DBClusterParameterGroupName=group)
    assert databases.value(own, "SHOW log_lock_waits") == "on"
    _set(databases, group, {"rds.force_ssl": "0"})
    assert databases.value(own, "SELECT 1", sslmode="disable") == 1
    databases.client.reset_db_cluster_parameter_group(
        DBClusterParameterGroupName=group, Parameters=[{"ParameterName": "rds.force_ssl", "ApplyMethod": "immediate"}]
    )
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        databases.connect(own, sslmode="disable")


@pytest.mark.parametrize(
    ("family", "value", "described"),
    [
        ("aurora-postgresql17", "1", ("system", "pending-reboot")),
        ("aurora-postgresql17", "0", ("user", "immediate")),
        ("aurora-postgresql16", "1", ("user", "immediate")),
    ],
)
def test_a_parameter_set_to_its_default_is_the_system_s(
    databases: Databases, family: str, value: str, described: tuple[str, str]
) -> None:
    group = _group(databases, family, **{"rds.force_ssl": value})
    pages = databases.client.get_paginator("describe_db_cluster_parameters").paginate(DBClusterParameterGroupName=group)
    [one] = [one for page in pages for one in page["Parameters"] if one["ParameterName"] == "rds.force_ssl"]
    assert (one["Source"], one["ApplyMethod"], one["ParameterValue"]) == (*described, value)


def test_a_static_parameter_waits_for_a_reboot(databases: Databases, own: str) -> None:
    group = _group(databases)
    databases.client.modify_db_cluster(DBClusterIdentifier=own, DBClusterParameterGroupName=group)
    databases.client.reboot_db_instance(DBInstanceIdentifier=f"{own}-1")
    databases.await_instance(f"{own}-1")
    before = databases.value(own, "SHOW max_locks_per_transaction")
    _set(databases, group, {"max_locks_per_transaction": "128"}, "pending-reboot")
    [member] = databases.describe(own)["DBClusterMembers"]
    assert member["DBClusterParameterGroupStatus"] == "pending-reboot"
    assert databases.value(own, "SHOW max_locks_per_transaction") == before
    databases.client.reboot_db_instance(DBInstanceIdentifier=f"{own}-1")
    databases.await_instance(f"{own}-1")
    assert databases.value(own, "SHOW max_locks_per_transaction") == "128"


TABLE_NUMBER = "SELECT oid FROM pg_class WHERE relname = 'datasets'"
"""A dump and restore gives a table another number."""


def test_an_upgrade_ends_connections_and_keeps_the_data(databases: Databases, own: str) -> None:
    before = databases.connect(own)
    before.execute("CREATE TABLE datasets (id int GENERATED ALWAYS AS IDENTITY (START 10000), name text)")
    before.execute("INSERT INTO datasets (name) VALUES ('a dataset')")
    before.execute("CREATE ROLE reader LOGIN PASSWORD 'a-readers-password'")
    before.execute("GRANT SELECT ON datasets TO reader")
    number = databases.value(own, TABLE_NUMBER)
    databases.client.modify_db_cluster(DBClusterIdentifier=own, EngineVersion="17.10")
    assert databases.describe(own)["EngineVersion"] == VERSION
    assert databases.describe(own)["PendingModifiedValues"]["EngineVersion"] == "17.10"
    group = _group(databases, "aurora-postgresql18")
    databases.client.modify_db_cluster(
        DBClusterIdentifier=own,
        EngineVersion="18.4",
        AllowMajorVersionUpgrade=True,
        DBClusterParameterGroupName=group,
        ApplyImmediately=True,
    )
    databases.await_cluster(own)
    described = databases.describe(own)
    assert (described["EngineVersion"], described["DBClusterParameterGroup"]) == ("18.4", group)
    assert databases.value(own, TABLE_NUMBER) != number, "the data are in another data folder, through a dump"
    reader = {"user": "reader", "password": "a-readers-password"}
    assert databases.value(own, "SELECT id FROM datasets", **reader) == 10000
    assert databases.value(own, "INSERT INTO datasets (name) VALUES ('another') RETURNING id") == 10001
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{}'"
    assert {databases.value(own, owner.format(one)) for one in ("postgres", "tomograms")} == {"portal"}
    with pytest.raises(psycopg.OperationalError):
        before.execute("SELECT 1")
    snapshots = databases.client.describe_db_cluster_snapshots(DBClusterIdentifier=own)["DBClusterSnapshots"]
    assert [one["DBClusterSnapshotIdentifier"][:10] for one in snapshots] == ["preupgrade"]


def test_a_snapshot_is_restored_beside_its_cluster(databases: Databases) -> None:
    own = databases.served(EngineVersion="17.10")
    with databases.connect(own) as connection:
        connection.execute("CREATE TABLE datasets AS SELECT 10000 AS id")
        name, copy = databases.cloud.name("snapshot"), databases.cloud.name("restored")
        databases.client.create_db_cluster_snapshot(DBClusterIdentifier=own, DBClusterSnapshotIdentifier=name)
        databases.await_snapshot(name)
        connection.execute("UPDATE datasets SET id = 10001")
    databases.client.restore_db_cluster_from_snapshot(
        DBClusterIdentifier=copy,
        SnapshotIdentifier=name,
        Engine="aurora-postgresql",
        DBSubnetGroupName=databases.subnet_group,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 1},
    )
    databases.await_cluster(copy)
    described = databases.describe(copy)
    assert (described["DBClusterMembers"], described["EngineVersion"]) == ([], "17.10")
    databases.instance(copy, f"{copy}-1")
    assert databases.value(copy, "SELECT id FROM datasets") == 10000
    assert databases.value(own, "SELECT id FROM datasets") == 10001
    databases.remove(copy)
    databases.remove(own)


def test_a_cluster_that_goes_leaves_its_last_snapshot(databases: Databases) -> None:
    identifier, name = databases.served(), databases.cloud.name("final")
    with databases.connect(identifier) as connection:
        connection.execute("CREATE TABLE datasets AS SELECT 10000 AS id")
    databases.client.delete_db_instance(DBInstanceIdentifier=f"{identifier}-1")
    databases.client.delete_db_cluster(DBClusterIdentifier=identifier, FinalDBSnapshotIdentifier=name)
    databases.await_snapshot(name)
    with pytest.raises(databases.client.exceptions.DBClusterNotFoundFault):
        databases.describe(identifier)


def test_no_process_outlives_its_cluster(databases: Databases) -> None:
    identifier = databases.served()
    address = databases.describe(identifier)["Endpoint"]
    assert _listening(address)
    databases.remove(identifier)
    psutil.wait_procs([process for process in psutil.process_iter() if address in " ".join(_line(process))], timeout=10)
    assert not _listening(address)


def test_a_server_that_is_forgotten_while_it_starts_does_not_stay(tmp_path: Path) -> None:
    address = postgres.free_address("forgotten", 5432)
    key, certificate = tls.issue(address)
    place = postgres.Place(address=address, port=5432, key=key, certificate=certificate)
    server = postgres.Server(name="forgotten", folder=tmp_path / "c", place=place)
    server.create(postgres.template())
    server.kill()
    with pytest.raises(RuntimeError, match="forgotten did not start"):
        server.start()
    assert not server.running


def test_a_rebuilding_that_fails_leaves_the_data(tmp_path: Path) -> None:
    address = postgres.free_address("rebuilt", 5432)
    key, certificate = tls.issue(address)
    place = postgres.Place(address=address, port=5432, key=key, certificate=certificate)
    server = postgres.Server(name="rebuilt", folder=tmp_path / "c", place=place)
    server.create(postgres.template())
    server.start()
    with server.connect() as connection:
        connection.execute("CREATE TABLE datasets AS SELECT 10000 AS id")
    with pytest.raises(RuntimeError, match=r"psql ended with 3: .*division by zero"):
        rebuild(server, postgres.template(), "SELECT 1 / 0;")
    server.start()
    with server.connect() as connection:
        assert connection.execute("SELECT id FROM datasets").fetchone() == (10000,)
    server.stop()


def _listening(address: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if any(address in word for word in _line(process))]


def _line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_two_local_clouds_look_for_addresses_in_different_places() -> None:
    program = "from localcloud.server.services.rds.postgres import free_address; print(free_address('a cluster', 5432))"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    assert other.startswith("127.")
    assert other != postgres.free_address("a cluster", 5432) == postgres.free_address("a cluster", 5432)
