"""Databases in stack files: what is refused of one, and what of a deployed one can't be changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from settings import SettingsError, load
from tests.unit.serving import without_services
from tests.unit.stackfiles import Files, changed, written
from tests.unit.test_settings import Change, faults, put

AT = "environments.prod.database"
DEPLOYED: dict[str, Any] = {
    "identifier": "cryoet-prod",
    "name": "cryoetv2",
    "user": "portal",
    "engine_version": "17.9",
    "zones": ["us-west-2a", "us-west-2b"],
}

REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"engine_version": "17.4"},
        ".engine_version: '17.4': no version of Aurora PostgreSQL that was offered on 2026-11-28",
    ),
    ({"min_capacity": 4.0, "max_capacity": 2.0}, ".min_capacity: 4.0: must not exceed max_capacity"),
    ({"min_capacity": 0.3}, ".min_capacity: 0.3: 0 to 256 in steps of 0.5"),
    ({"pause_after_seconds": 600}, ".pause_after_seconds: 600: only a cluster whose min is 0 pauses"),
    ({"readers": 16}, ".readers"),
    ({"backup_days": 36}, ".backup_days"),
    ({"insights_days": 30}, ".insights_days: 30: 7, 31 times 1 to 23, or 731"),
    ({"user": "postgres"}, ".user: 'postgres': is reserved"),
    ({"name": "rdsadmin"}, ".name: 'rdsadmin': is there in each cluster already"),
    ({"identifier": "Prod"}, ".identifier: 'Prod': 1 to 40 lower-case letters"),
    ({"kms_key": "alias/aws/rds"}, ".kms_key: 'alias/aws/rds': a key is written arn:aws:kms"),
    ({"import_id": "another"}, ".import_id: 'another': must be the cluster's name, cryoet-prod"),
    ({"import_id": "cryoet-prod", "retire": True}, ".import_id: 'cryoet-prod': is taken in or retired, not both"),
    ({"password": "x"}, ".password"),
]


def setting(values: dict[str, Any]) -> Change:
    def change(files: Files) -> None:
        files["prod"]["environments"]["prod"]["database"].update(values)

    return change


@pytest.mark.parametrize(
    ("values", "said"), REFUSED, ids=lambda value: " ".join(value) if isinstance(value, dict) else ""
)
def test_what_is_refused_names_key_value_and_rule(values: dict[str, Any], said: str, tmp_path: Path) -> None:
    found = faults(setting(values), tmp_path)
    assert len(found) == 1, found
    assert found[0].startswith(f"Pulumi.prod.yaml: portal:settings.{AT}{said}")


def test_a_database_that_nobody_could_reach_is_refused(tmp_path: Path) -> None:
    def jobs_gone(files: Files) -> None:
        del files["prod"]["environments"]["prod"]["orchestrator"]

    def services_gone(files: Files) -> None:
        jobs_gone(files)
        without_services(files["prod"])
        files["prod"]["network"] = {"cidr": files["prod"]["network"]["cidr"]}

    assert faults(jobs_gone, tmp_path) == [], "its API does"
    [found] = faults(services_gone, tmp_path)
    rule = "the environment has neither orchestrator nor api: nobody could connect"
    assert found == f"Pulumi.prod.yaml: portal:settings.{AT}: {rule}"


def test_two_environments_have_two_clusters(tmp_path: Path) -> None:
    change = put("dev", "environments.staging.database.identifier", "cryoet-dev")
    [found] = faults(change, tmp_path)
    assert "environments.staging.database.identifier: 'cryoet-dev': is the cluster of the environment 'dev'" in found


def against(deployed: dict[str, Any], change: Change, directory: Path) -> list[str]:
    """The faults of prod's file with a change, where that is deployed."""
    portal = load("prod", written(changed(change), directory))
    try:
        portal.refuse_accidents({}, {}, {}, {"prod": deployed})
    except SettingsError as error:
        return [str(fault).removeprefix("Pulumi.prod.yaml: portal:settings.") for fault in error.faults]
    return []


KEPT: list[dict[str, Any]] = [
    {"min_capacity": 0.5, "max_capacity": 64.0, "readers": 2, "backup_days": 7, "insights_days": None},
    {"engine_version": "17.10"},
    {"engine_version": "18.4", "allow_major_upgrade": True},
    {"password_version": 2, "iam_authentication": False, "log_days": 30},
    {"retire": True},
]


@pytest.mark.parametrize("values", KEPT, ids=" ".join)
def test_what_can_be_changed_of_a_deployed_one(values: dict[str, Any], tmp_path: Path) -> None:
    assert against(DEPLOYED, setting(values), tmp_path) == []


FIXED: list[tuple[dict[str, Any], str]] = [
    (
        {"identifier": "other"},
        "identifier: 'other': the cluster is cryoet-prod, and its name can't be changed: restore",
    ),
    ({"name": "other"}, "name: 'other': the cluster has 'cryoetv2', which can't be changed: restore a snapshot as"),
    ({"user": "other"}, "user: 'other': the cluster has 'portal', which can't be changed"),
    ({"engine_version": "17.7"}, "engine_version: '17.7': the cluster has 17.9: a version can't be taken back"),
    (
        {"engine_version": "18.4"},
        "engine_version: '18.4': the cluster has 17.9: another major version needs allow_major_",
    ),
]


@pytest.mark.parametrize(
    ("values", "said"), FIXED, ids=lambda value: " ".join(value) if isinstance(value, dict) else ""
)
def test_what_would_be_another_cluster_is_refused(values: dict[str, Any], said: str, tmp_path: Path) -> None:
    [found] = against(DEPLOYED, setting(values), tmp_path)
    assert found.startswith(f"{AT}.{said}")


def test_another_key_is_another_cluster(tmp_path: Path) -> None:
    key = "arn:aws:kms:us-west-2:111122223333:key/11111111-2222-3333-4444-555555555555"
    [given] = against({**DEPLOYED, "kms_key": None}, setting({"kms_key": key}), tmp_path)
    assert "the cluster has None, which can't be changed" in given
    [taken] = against({**DEPLOYED, "kms_key": key}, setting({}), tmp_path)
    assert f"kms_key: the cluster has '{key}'" in taken


def test_a_zone_with_instances_stays(tmp_path: Path) -> None:
    change = put("prod", "network.zones", ["us-west-2b", "us-west-2c"])
    [found] = against(DEPLOYED, change, tmp_path)
    assert "the database of prod has instances in us-west-2a: a zone can be added, not taken away" in found


def test_a_dropped_database_is_refused(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        without_services(files["prod"])
        del files["prod"]["environments"]["prod"]["database"]

    [found] = against(DEPLOYED, change, tmp_path)
    assert found.startswith(
        f"{AT}: the database cryoet-prod is deployed and protected; set retire: true on it and bring"
    )


def test_a_retired_environment_retires_its_database_too(tmp_path: Path) -> None:
    found = faults(put("prod", "environments.prod.retire", True), tmp_path)
    assert [one.partition(": the environment")[0] for one in found] == [
        f"Pulumi.prod.yaml: portal:settings.{AT}.retire: false"
    ]
