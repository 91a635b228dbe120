"""`portal restore-drill` of a database: a real PostgreSQL restored from a snapshot, compared by the job's own workflow.

In place of the orchestrator, a machine that does nothing; the test runs the workflow on what the machine was sent.
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString

import boto3
import pytest
from typer.testing import CliRunner, Result

from components import names
from components.access import drills
from portal.app import app
from portal.drills import waiting
from portal.drills.copies import Copy
from portal.drills.measuring import FOLDER, WORKFLOW, Measuring
from portal.drills.snapshots import newest
from portal.errors import PortalError
from portal.following.outcomes import Outcome
from tests.localcloud.conftest import DEV, REGION, Cloud
from tests.localcloud.rds_steps import PASSWORD, Databases
from tests.localcloud.runner_jobs import Jobs
from tests.localcloud.states_steps import Machines

CLUSTER, COPY = "cryoet-staging", "cryoet-staging-drill"
COMMS = "cryoet-swipe-comms-staging"
WDL = "cryoet-swipe-wdl-staging"
RIGHTS = drills.of_database(
    account=DEV, region=REGION, environment="staging", cluster=CLUSTER, wdl_bucket=WDL, comms_bucket=COMMS
)


@dataclass
class Drills:
    """Drills of one cluster, and what happens while the job runs."""

    databases: Databases
    jobs: Jobs
    while_it_runs: Callable[[], object] = field(default=lambda: None)
    seen: list[str] = field(default_factory=list[str])
    """What was sent and left, as text."""

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["restore-drill", "staging", "--yes", *words])

    def says(self) -> dict[str, str]:
        """How each table compares, of a drill that finds nothing wrong."""
        done = self.run()
        assert done.exit_code == 0, (done.output, done.exception)
        lines = [line.partition("; in the copy ")[0].partition(": ") for line in done.stdout.splitlines()]
        return {name: says for name, _, says in lines if name.startswith("public.")}

    def refused(self, *words: str) -> str:
        done = self.run(*words)
        assert isinstance(done.exception, PortalError), (done.output, done.exception)
        return str(done.exception)

    def execute(self, query: LiteralString, cluster: str = CLUSTER) -> None:
        with self.databases.connect(cluster) as connection:
            connection.execute(query)

    def clusters(self) -> set[str]:
        return {one["DBClusterIdentifier"] for one in self.databases.client.describe_db_clusters()["DBClusters"]}

    def snapshot(self) -> str:
        name = self.databases.cloud.name("drilled")
        self.databases.client.create_db_cluster_snapshot(DBClusterIdentifier=CLUSTER, DBClusterSnapshotIdentifier=name)
        self.databases.await_snapshot(name)
        return name

    def job(self, arn: str) -> None:
        """Does what the orchestrator would: the workflow, with the input of the execution."""
        cloud = self.databases.cloud
        given = json.loads(cloud.client("stepfunctions").describe_execution(executionArn=arn)["input"])
        self.seen.append(json.dumps(given))
        self.while_it_runs()
        wdl = self.jobs.put(WORKFLOW, Path("workflows", WORKFLOW).read_bytes())
        assert self.jobs.run(wdl, given["Input"]["Run"]) == 0, self.jobs.output()
        key = f"{given['OutputPrefix'].removeprefix(f's3://{COMMS}/')}/{FOLDER}/report.json"
        report = self.jobs.text("report.json")
        cloud.client("s3").put_object(Bucket=COMMS, Key=key, Body=report)
        self.seen.append(report)


@pytest.fixture(scope="module")
def databases(cloud: Cloud) -> Iterator[Databases]:
    """The cluster of the environment staging, its secrets, and a machine in place of its orchestrator."""
    made, machines = Databases(cloud), Machines(cloud)
    made.served(DBClusterIdentifier=CLUSTER, BackupRetentionPeriod=7)
    found, secrets, s3 = made.describe(CLUSTER), cloud.client("secretsmanager"), cloud.client("s3")
    parts = {"host": found["Endpoint"], "port": "5432", "user": "portal", "password": PASSWORD, "name": "tomograms"}
    secrets.create_secret(Name="staging/v2_db_uri", SecretString=json.dumps(parts))
    secrets.create_secret(Name="staging/v2_db_password", SecretString=PASSWORD)
    for bucket in (COMMS, WDL):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=WDL, Key=WORKFLOW, Body=b"")
    definition = json.dumps({"StartAt": "Right", "States": {"Right": {"Type": "Succeed"}}})
    arn = machines.sfn.create_state_machine(
        name=names.state_machine("staging"), definition=definition, roleArn=machines.role()
    )["stateMachineArn"]
    yield made
    machines.sfn.delete_state_machine(stateMachineArn=arn)
    for name in ("staging/v2_db_uri", "staging/v2_db_password"):
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    for bucket in (COMMS, WDL):
        for row in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=row["Key"])
        s3.delete_bucket(Bucket=bucket)
    made.remove(CLUSTER)


@pytest.fixture
def drilled(databases: Databases, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drills]:
    """With two tables of three rows each, written by two transactions each."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(waiting, "LONGEST_SECONDS", 0.05)
    made, ended = Drills(databases, Jobs(cloud, tmp_path)), Measuring.ended

    def job_and_end(measuring: Measuring, arn: str) -> Outcome | None:
        made.job(arn)
        return ended(measuring, arn)

    monkeypatch.setattr(Measuring, "ended", job_and_end)
    with databases.connect(CLUSTER) as connection:
        connection.execute("CREATE TABLE datasets AS SELECT id, 'a name' AS name FROM generate_series(1, 2) AS id")
        connection.execute("CREATE TABLE runs AS SELECT * FROM datasets")
        connection.execute("INSERT INTO runs VALUES (3, NULL)")
        connection.execute("INSERT INTO datasets VALUES (3, NULL)")  # the last: newer rows count as written since
        yield made
        connection.execute("DROP TABLE IF EXISTS datasets, runs, later")
    for one in databases.client.describe_db_cluster_snapshots()["DBClusterSnapshots"]:
        databases.client.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=one["DBClusterSnapshotIdentifier"])
    if COPY in made.clusters():
        databases.remove(COPY)


def test_what_was_not_written_since_is_equal_and_the_copy_is_gone(drilled: Drills) -> None:
    name = drilled.snapshot()
    done = drilled.run()
    assert done.exit_code == 0, (done.output, done.exception)
    assert done.stdout.startswith(f"staging: manual snapshot {name}, taken ")
    assert "6 of 6 rows are older than the snapshot and the same in the copy" in done.stdout
    [line] = re.findall(r"^public.datasets: equal; in the copy (.*); now (.*)$", done.stdout, re.MULTILINE)
    assert line[0] == line[1]
    assert re.fullmatch(r"3 rows, checksum [0-9a-f]{16}", line[0])
    assert drilled.clusters() == {CLUSTER}
    assert drilled.databases.value(CLUSTER, "SELECT count(*) FROM runs") == 3
    calls = drilled.databases.cloud.folder.calls.read_text()
    assert not [text for text in (*drilled.seen, done.output, calls) if PASSWORD in text]


def test_what_was_written_since_is_told_and_is_no_fault(drilled: Drills) -> None:
    drilled.snapshot()
    drilled.execute("UPDATE datasets SET name = 'another' WHERE id = 3")
    drilled.execute("DELETE FROM datasets WHERE id = 1")
    drilled.execute("INSERT INTO runs VALUES (4, 'later')")
    drilled.execute("CREATE TABLE later (id int)")
    says = drilled.says()
    assert says["public.datasets"] == "written since: 2 rows not compared here, 3 in the copy"
    assert says["public.runs"] == "written since: 1 rows not compared here, 0 in the copy"
    assert says["public.later"] == "was made since"


def test_a_transaction_under_way_during_the_snapshot_is_no_fault(drilled: Drills) -> None:
    with drilled.databases.connect(CLUSTER) as long, long.transaction():
        long.execute("INSERT INTO datasets VALUES (4, 'under way')")
        drilled.execute("INSERT INTO runs VALUES (4, 'after it began')")
        drilled.snapshot()
    assert drilled.says()["public.datasets"] == "written since: 1 rows not compared here, 0 in the copy"


def test_the_password_may_have_been_changed_since(drilled: Drills) -> None:
    client = drilled.databases.client
    client.modify_db_cluster(DBClusterIdentifier=CLUSTER, MasterUserPassword="an-older-password")
    drilled.snapshot()
    client.modify_db_cluster(DBClusterIdentifier=CLUSTER, MasterUserPassword=PASSWORD)
    assert drilled.says()["public.datasets"] == "equal"


DAMAGES: dict[LiteralString, str] = {
    "DROP TABLE runs": "public.runs: is missing in the copy",
    "DELETE FROM runs": "public.runs: in the copy 3 rows are missing that nobody wrote since",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_copy_that_lacks_something_is_a_fault(drilled: Drills, damage: LiteralString) -> None:
    drilled.snapshot()
    drilled.execute("INSERT INTO runs VALUES (4, 'later')")
    drilled.while_it_runs = lambda: drilled.execute(damage, COPY)
    assert drilled.refused() == f"the snapshot is not whole: {DAMAGES[damage]}"
    assert drilled.clusters() == {CLUSTER}


def test_without_a_snapshot_it_says_how_to_take_one(drilled: Drills) -> None:
    said = drilled.refused()
    assert said.startswith(f"the cluster {CLUSTER} has no snapshot that is available; take one: aws rds create-db-clu")
    assert drilled.clusters() == {CLUSTER}


def test_without_its_workflow_nothing_is_restored(drilled: Drills, cloud: Cloud) -> None:
    drilled.snapshot()
    cloud.client("s3").delete_object(Bucket=WDL, Key=WORKFLOW)
    said = drilled.refused()
    cloud.client("s3").put_object(Bucket=WDL, Key=WORKFLOW, Body=b"")
    assert said.startswith(f"s3://{WDL} has no {WORKFLOW}, by which the job compares; the next `portal up dev` puts it")


def raises(error: BaseException) -> Callable[[], object]:
    def act() -> None:
        raise error

    return act


ENDINGS: dict[str, tuple[Callable[[], object], int]] = {
    "failure": (raises(PortalError("the job failed")), 1),
    "Ctrl-C": (raises(KeyboardInterrupt()), 130),
    "SIGTERM": (lambda: os.kill(os.getpid(), signal.SIGTERM), 130),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_the_copy_is_removed_however_it_ends(drilled: Drills, how: str) -> None:
    drilled.snapshot()
    drilled.while_it_runs, status = ENDINGS[how]
    assert drilled.run().exit_code == status
    assert drilled.clusters() == {CLUSTER}


def left_over(drilled: Drills) -> None:
    """What a drill leaves that is killed while the cluster is being restored."""
    client, running = drilled.databases.client, drilled.databases.describe(CLUSTER)
    copy = Copy(rds=client, running=running, tags={})
    copy.restore(newest(client, CLUSTER, running["DbClusterResourceId"]))  # and no further


def test_what_an_earlier_drill_left_is_removed_first(drilled: Drills) -> None:
    name = drilled.snapshot()
    left_over(drilled)
    asked = CliRunner().invoke(app, ["restore-drill", "staging"])
    assert f"{COPY} is there, of a drill of " in str(asked.exception)
    assert drilled.clusters() == {CLUSTER, COPY}
    drilled.databases.await_cluster(COPY)
    drilled.databases.client.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
    assert "has no snapshot" in drilled.refused(), "it is removed even if no other drill can follow"
    assert drilled.clusters() == {CLUSTER}


def test_another_cluster_of_that_name_is_not_touched(drilled: Drills) -> None:
    drilled.snapshot()
    drilled.databases.cluster(DBClusterIdentifier=COPY)
    assert f"{COPY}: is the name of the copy, and a cluster has it that no drill made" in drilled.refused()
    assert drilled.clusters() == {CLUSTER, COPY}


def test_it_needs_what_is_documented_and_nothing_more(
    drilled: Drills, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    drilled.snapshot()
    role = cloud.limited(*(one.as_json() for one in RIGHTS))
    for name, value in cloud.entered(role).items():
        monkeypatch.setenv(name, value)
    assert drilled.says()["public.datasets"] == "equal"
    with cloud.folder.calls.open() as lines:
        calls = [call for line in lines if f"/{role}/" in str((call := json.loads(line)).get("caller"))]
    asked = {one["action"] for call in calls for one in call.get("permissions", [])}
    granted = {action for one in RIGHTS for action in one.actions}
    assert asked == granted - {"states:StopExecution"}, "which only an interrupted drill calls"
