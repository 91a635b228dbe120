"""Databases as their clients find them, and how they change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from components import names
from tests.journey.conftest import DEV, INGEST, Cloud, Project, smaller
from tests.journey.databases import ACCOUNTS, connect, secret, value
from tests.journey.test_bootstrap import portal
from tests.journey.test_github import PREVIEW, job

CLUSTER = "cryoet-staging"
Edit = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize("environment", ACCOUNTS)
def test_the_secret_leads_in_and_nothing_else_does(standing: Project, cloud: Cloud, environment: str) -> None:
    del standing
    with connect(cloud, environment) as connection:
        row = connection.execute("SELECT current_database(), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert row.fetchone() == ("cryoetv2", True)
    other = secret(cloud, next(one for one in ACCOUNTS if one != environment))["password"]
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({"sslmode": "disable"}, "no encryption"),
        ({"password": "not-the-password"}, "password authentication failed"),
        ({"password": other}, "password authentication failed"),
    )
    for given, said in refused:
        with pytest.raises(psycopg.OperationalError, match=said):
            connect(cloud, environment, **given)


def test_its_password_is_not_the_previewers(standing: Project, cloud: Cloud) -> None:
    """Neither a preview nor its log has it."""
    printed = standing.pulumi("prod", "preview", "--diff", "--debug", "--show-secrets", env={"PORTAL_DEBUG": "1"})
    assert secret(cloud, "prod")["password"] not in printed


def little_else(settings: dict[str, Any]) -> None:
    """Changes the settings of dev: beside the database there is what imports into it."""
    staging = settings["environments"]["staging"]
    del staging["ingest"], staging["orchestrator"]["sync_into"]
    for bucket in ("source", "embargo"):
        del settings["buckets"][bucket]
    del settings["data_cdn"]


def database(**values: Any) -> Edit:
    return lambda settings: settings["environments"]["staging"]["database"].update(values)


def test_a_database_changes_in_place_is_let_go_of_and_taken_in_again(project: Project, cloud: Cloud) -> None:
    rds = cloud.client("rds", DEV)
    project.keep_workflows(INGEST)

    def brought_up(*edits: Edit) -> dict[str, Any]:
        for edit in edits:
            project.change("dev", edit)
        project.up("dev")
        [found] = rds.describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"]
        return dict(found)

    first = brought_up(smaller, little_else, database(engine_version="17.9"))
    with connect(cloud, "staging") as connection:
        connection.execute("CREATE TABLE datasets AS SELECT 10000 AS id")

    changed = brought_up(database(engine_version="17.10", max_capacity=8, backup_days=14, readers=1, log_days=30))
    assert changed["EngineVersion"] == "17.10"
    assert changed["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == 8
    assert (changed["BackupRetentionPeriod"], len(changed["DBClusterMembers"])) == (14, 2)
    assert value(cloud, "staging", "SELECT id FROM datasets") == 10000

    password = secret(cloud, "staging")["password"]
    major = brought_up(database(engine_version="18.4", allow_major_upgrade=True, password_version=2, readers=0))
    assert major["DBClusterParameterGroup"].startswith(f"{CLUSTER}-aurora-postgresql18-")
    assert secret(cloud, "staging")["password"] != password
    assert value(cloud, "staging", "SELECT id FROM datasets") == 10000

    refused = project.refused("dev", "preview")
    assert refused.returncode == 0, refused.stdout
    project.change("dev", lambda settings: settings["environments"]["staging"].pop("database"))
    refused = project.refused("dev", "preview")
    assert f"the database {CLUSTER} is deployed and protected; set retire: true" in refused.stdout + refused.stderr

    settings = {"engine_version": "18.4", "min_capacity": 0.5, "max_capacity": 8, "log_days": 30}
    brought_up(lambda all_: all_["environments"]["staging"].update(database={**settings, "retire": True}))
    gone = brought_up(lambda all_: all_["environments"]["staging"].pop("database"))
    assert gone["DbClusterResourceId"] == first["DbClusterResourceId"]

    project.change(
        "dev", lambda all_: all_["environments"]["staging"].update(database=settings | {"import_id": CLUSTER})
    )
    project.bootstrap("dev")
    portal(project, "preview", "dev", env=job(cloud, DEV, names.GITHUB_PREVIEW, PREVIEW))
    brought_up()
    last = brought_up(lambda all_: all_["environments"]["staging"]["database"].pop("import_id"))
    assert last["DbClusterResourceId"] == first["DbClusterResourceId"]
    project.pulumi("dev", "preview", "--refresh", "--expect-no-changes")
    assert value(cloud, "staging", "SELECT id FROM datasets") == 10000
