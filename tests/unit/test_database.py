"""The database: what it registers, who may connect, and that its password is seen nowhere."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from components import aurora
from components.access import databases as access
from components.access.scope import Scope
from components.aurora import Capacity
from components.database import Database
from components.database_args import DatabaseArgs
from components.database_secrets import uri_document
from composition.databases import warn_of_extended_support, warn_of_support
from localcloud.server.services.rds.versions import RELEASES
from tests.unit.recording import PASSWORD, Recording, record

CLUSTER, INSTANCE = "rds/cluster:Cluster", "rds/clusterInstance:ClusterInstance"
SECRET, VERSION = "secretsmanager/secret:Secret", "secretsmanager/secretVersion:SecretVersion"


def args(**given: Any) -> DatabaseArgs:
    found: dict[str, Any] = {
        "environment": "staging",
        "identifier": "cryoet-staging",
        "database": "cryoetv2",
        "vpc_id": "vpc-1",
        "subnet_ids": ("subnet-1", "subnet-2"),
        "clients": {"jobs": "sg-jobs"},
        "engine_version": "17.10",
        "capacity": Capacity(min=0.5, max=4),
    }
    return DatabaseArgs(**{**found, **given})


def deployed(*, preview: bool = False, **given: Any) -> Recording:
    return record(lambda: Database("staging-database", args(**given)), preview=preview)


def test_only_clients_groups_reach_the_port() -> None:
    graph = deployed(clients={"jobs": "sg-jobs", "pods": "sg-pods"})
    rules = graph.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    let_in = {one.inputs["referencedSecurityGroupId"]: one.inputs for one in rules}
    assert set(let_in) == {"sg-jobs", "sg-pods"}
    assert {(one["fromPort"], one["toPort"], one["ipProtocol"]) for one in let_in.values()} == {(5432, 5432, "tcp")}
    assert not graph.of("vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    [cluster], [group] = graph.of(CLUSTER), graph.of("ec2/securityGroup:SecurityGroup")
    assert cluster.inputs["vpcSecurityGroupIds"] == [f"{group.name}-id"]
    assert {one.inputs["publiclyAccessible"] for one in graph.of(INSTANCE)} == {False}


def test_connections_are_encrypted_and_so_is_what_is_stored() -> None:
    graph = deployed()
    [group] = graph.of("rds/clusterParameterGroup:ClusterParameterGroup")
    values = {one["name"]: one["value"] for one in group.inputs["parameters"]}
    assert values["rds.force_ssl"] == "1"
    by_version = {
        version: one["applyMethod"]
        for version in ("16.14", "17.10", "18.4")
        for [made] in [deployed(engine_version=version).of("rds/clusterParameterGroup:ClusterParameterGroup")]
        for one in made.inputs["parameters"]
        if one["name"] == "rds.force_ssl"
    }
    assert by_version == {"16.14": "immediate", "17.10": "pending-reboot", "18.4": "pending-reboot"}
    assert group.inputs["family"] == "aurora-postgresql17"
    assert graph.of(CLUSTER)[0].inputs["storageEncrypted"] is True


def test_the_password_is_drawn_once_and_read_back_by_its_version() -> None:
    graph = deployed(password_version=3)
    calls = [(token.rpartition(":")[2], dict(given)) for token, given in graph.calls]
    assert calls[0] == ("getRandomPassword", {"passwordLength": 40, "excludePunctuation": True})
    version = graph.one("staging-database-password", VERSION)
    where = {"secretId": "staging-database-password-id", "versionId": "staging-database-password-versionId"}
    assert calls[1:] == [("getSecretVersion", where)]
    [cluster] = graph.of(CLUSTER)
    assert (version.inputs["secretStringWoVersion"], cluster.inputs["masterPasswordWoVersion"]) == (3, 3)
    assert "staging-database-password" in cluster.depends_on


def test_the_password_is_a_secret_wherever_it_goes() -> None:
    graph = deployed()
    holders = {
        (one.name, key) for one in graph.resources for key, value in one.inputs.items() if PASSWORD in str(value)
    }
    assert holders == {
        ("staging-database-password", "secretStringWo"),
        ("staging-database", "masterPasswordWo"),
        ("staging-database-uri", "secretStringWo"),
    }
    assert all(
        key in one.secrets for one in graph.resources for name, key in holders if one.name == name and key in one.inputs
    )


@pytest.mark.parametrize("given", [{"preview": True}, {"passwords": False}])
def test_who_may_not_change_a_database_neither_draws_nor_reads_a_password(given: dict[str, Any]) -> None:
    graph = deployed(**given)
    assert graph.calls == []
    assert {one.urn for one in graph.resources} == {one.urn for one in deployed().resources}


def test_the_secret_has_the_uri_and_its_parts() -> None:
    graph = deployed()
    assert graph.one("staging-database-uri", SECRET).inputs["name"] == "staging/v2_db_uri"
    host = "staging-database-endpoint"
    assert graph.one("staging-database-uri", VERSION).json("secretStringWo") == {
        "db_uri": f"postgresql+psycopg://portal:{PASSWORD}@{host}:5432/cryoetv2",
        "host": host,
        "port": "5432",
        "user": "portal",
        "password": PASSWORD,
        "name": "cryoetv2",
    }


def test_what_a_uri_cannot_have_is_escaped() -> None:
    found = json.loads(uri_document("d", "user", "h", 1, "a/b@c:d"))
    assert found["db_uri"] == "postgresql+psycopg://user:a%2Fb%40c%3Ad@h:1/d"


def test_another_password_is_another_version_of_the_uri() -> None:
    def version(number: int) -> int:
        graph = deployed(password_version=number)
        found: int = graph.one("staging-database-uri", VERSION).inputs["secretStringWoVersion"]
        return found

    assert version(1) == version(1) != version(2)


def test_data_are_protected_and_leave_a_snapshot() -> None:
    graph = deployed(readers=1)
    protected = {(one.name, one.type.rpartition(":")[2]) for one in graph.resources if one.protect}
    assert protected == {
        ("staging-database", "Cluster"),
        ("staging-database-1", "ClusterInstance"),
        ("staging-database-uri", "Secret"),
        ("staging-database-password", "Secret"),
    }
    inputs = graph.of(CLUSTER)[0].inputs
    assert (inputs["deletionProtection"], inputs["skipFinalSnapshot"]) == (True, False)
    assert inputs["finalSnapshotIdentifier"] == "cryoet-staging-final"
    assert inputs["deleteAutomatedBackups"] is False


def test_a_retired_database_is_kept_and_its_secrets_are_not() -> None:
    graph = deployed(retire=True)
    assert not any(one.protect for one in graph.resources)
    kept = {one.type.rpartition(":")[2] for one in graph.resources if one.retain}
    groups = {"SecurityGroup", "SubnetGroup", "ClusterParameterGroup"}
    assert kept == {"Cluster", "ClusterInstance", "LogGroup", *groups}


def test_an_adopted_database_is_taken_in_as_it_is() -> None:
    graph = deployed(adopt=True, readers=1)
    taken = {one.name: one.import_id for one in graph.resources if one.import_id}
    assert taken == {
        "staging-database": "cryoet-staging",
        "staging-database-1": "cryoet-staging-1",
        "staging-database-2": "cryoet-staging-2",
        "staging-database-log": "/aws/rds/cluster/cryoet-staging/postgresql",
    }
    ignored = set(graph.of(CLUSTER)[0].ignore_changes)
    assert not ignored & {"databaseName", "masterUsername", "storageEncrypted", "kmsKeyId", "engine"}
    never = ("dbSubnetGroupName", "engineLifecycleSupport")
    assert {"engineVersion", "masterPasswordWoVersion", *never} <= ignored
    assert deployed().of(CLUSTER)[0].ignore_changes == never


def test_a_cluster_that_may_pause_says_when() -> None:
    def block(capacity: Capacity) -> dict[str, Any]:
        return dict(deployed(capacity=capacity).of(CLUSTER)[0].inputs["serverlessv2ScalingConfiguration"])

    assert block(Capacity(min=0, max=2)) == {"minCapacity": 0, "maxCapacity": 2, "secondsUntilAutoPause": 300}
    assert block(Capacity(min=0.5, max=2)) == {"minCapacity": 0.5, "maxCapacity": 2}


def test_the_log_group_is_there_before_rds_would_make_one() -> None:
    [group] = deployed(log_days=30).of("cloudwatch/logGroup:LogGroup")
    assert group.inputs["retentionInDays"] == 30
    assert group.name in deployed().of(CLUSTER)[0].depends_on


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"identifier": "Cryoet"}, "identifier: 'Cryoet': 1 to 40 lower-case"),
    ({"identifier": "a--b"}, "identifier"),
    ({"database": "postgres"}, "database: 'postgres': is there"),
    ({"user": "rdsadmin"}, "user: 'rdsadmin': is reserved"),
    ({"subnet_ids": ("subnet-1",)}, "subnet_ids"),
    ({"engine_version": "17.4"}, "engine_version: '17.4': no version of Aurora PostgreSQL that was offered on 2026"),
    ({"capacity": Capacity(min=2, max=1)}, "capacity.min: 2: must not exceed max"),
    ({"capacity": Capacity(min=0.3, max=1)}, "capacity.min: 0.3: 0 to 256 in steps of 0.5"),
    ({"capacity": Capacity(min=0.5, max=0.5)}, "capacity.max: 0.5: 1 to 256"),
    ({"capacity": Capacity(min=1, max=2, pause_after_seconds=300)}, "only a cluster whose min is 0 pauses"),
    ({"capacity": Capacity(min=0, max=2, pause_after_seconds=60)}, "300 to 86400"),
    ({"readers": 16}, "readers: 16: 0 to 15"),
    ({"backup_days": 0}, "backup_days: 0: 1 to 35"),
    ({"insights_days": 8}, "insights_days: 8: 7, 31 times"),
    ({"log_days": 2}, "log_days"),
    ({"password_version": 0}, "password_version"),
    ({"adopt": True, "retire": True}, "adopt: True: is taken in or retired"),
]


@pytest.mark.parametrize(("given", "said"), FAULTS)
def test_wrong_arguments_name_field_value_and_rule(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="Database 'x': ") as refused:
        args(**given).check("x")
    assert said in str(refused.value)


def test_a_versions_support_ends_with_its_own_or_its_majors() -> None:
    assert aurora.support_end("17.9") == date(2027, 9, 30)
    assert aurora.support_end("17.10") == aurora.MAJORS[17]
    assert {aurora.major(version) for version in aurora.MINORS} == set(aurora.MAJORS)
    assert all(end is None or end <= aurora.MAJORS[aurora.major(v)] for v, (_, end) in aurora.MINORS.items())


def test_the_local_cloud_offers_what_the_table_has() -> None:
    assert {version: str(released) for version, (released, _) in aurora.MINORS.items()} == RELEASES


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("17.7", "17.10", None),
        ("16.14", "18.4", None),
        ("17.10", "17.9", "can't be taken back"),
        ("16.13", "17.7", "which is newer than 17.7"),
    ],
)
def test_upgrades_as_aws_makes_them(old: str, new: str, said: str | None) -> None:
    found = aurora.upgrade_fault(old, new)
    assert found is None if said is None else said in str(found)


@pytest.mark.parametrize(
    ("today", "said"),
    [(date(2027, 1, 1), ""), (date(2027, 8, 1), "ends on 2027-09-30"), (date(2027, 10, 1), "ended on 2027-09-30")],
)
def test_a_version_near_its_end_is_warned_of(today: date, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", warned.append)
    warn_of_support("prod", "17.9", today)
    assert len(warned) == bool(said)
    assert said in "".join(warned)


def test_an_imported_cluster_that_may_be_in_extended_support_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", warned.append)
    warn_of_extended_support("prod", "open-source-rds-extended-support-disabled")
    assert not warned
    warn_of_extended_support("prod", "open-source-rds-extended-support")
    assert "prod: the cluster keeps its engineLifecycleSupport (open-source-rds-extended-support)" in warned[0]


SCOPE = Scope(account="111122223333", region="us-west-2", stack="dev", databases={"dev": "cryoet-dev"})


def test_who_looks_for_drift_changes_no_database_and_reads_no_password() -> None:
    looks = {action for one in access.reads(SCOPE) for action in one.actions}
    assert all(action.split(":")[1].startswith(("Describe", "List", "Get")) for action in looks)
    assert "secretsmanager:GetSecretValue" not in looks
