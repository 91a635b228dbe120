"""`portal submit`, `watch` and `logs` as commands, against buckets, a state machine and a log like an environment's."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from components import names
from components.access import roles
from components.access.statements import document
from portal import deletion, stack_files
from portal.app import app
from portal.deletion import Deletion
from portal.errors import PortalError
from portal.following import logs as job_logs
from portal.following.jobs import Job
from portal.following.outcomes import Outcome
from portal.s3_uri import Pair
from portal.submission.journal import FOLDER_VARIABLE
from portal.sync import Options, Route
from tests.localcloud.conftest import DEV, REGION, Cloud
from tests.localcloud.states_steps import Machines
from tests.unit.stackfiles import own_files, written

SOURCE, STAGING, PUBLIC = ("cryoetportal-rawdatasets-dev", "cryoet-data-portal-staging", "cryoet-data-portal-public")
EMBARGO = "cryoet-data-portal-embargo"
WDL, COMMS = "cryoet-swipe-wdl-staging", "cryoet-swipe-comms-staging"
QUEUE = ("submit", "queue", "../dataset_configs/10000.yaml", SOURCE, STAGING, "--deposition", "10300")
WORKFLOWS = ("standardize_dirs.wdl-v0.0.1.wdl", "db_import-v0.0.3.wdl", "db_import-v0.0.4.wdl", "sync-v0.0.1.wdl")
MORE_WORKFLOWS = ("sync-v0.0.2.wdl", "validate_dataset-v0.0.2.wdl")
OBJECTS = {
    SOURCE: ("frames/TS_001.mrc", "frames/TS_001.mdoc", "frames/TS_002/a.mrc", "frames/sub/", "other/TS_009.mrc"),
    STAGING: ("10000/x", "10001/x", "20000/x", "staging_validation/1", "depositions_metadata/10300/x"),
    WDL: (*WORKFLOWS, *MORE_WORKFLOWS),
}
MACHINE = {
    "Decide": {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $contains($string($states.input), 'broken') %}", "Next": "Broken"}],
        "Default": "Right",
    },
    "Broken": {"Type": "Fail", "Error": "OutOfMemory", "Cause": "the job needed more memory than it had asked for (x)"},
    "Right": {"Type": "Succeed"},
}
MANAGEMENT = "999988887777"
EXECUTION = f"arn:aws:states:{REGION}:{DEV}:execution:cryoet-ingestion-staging-default-wdl:"


class Portal:
    """The command line, in this process."""

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words])

    def printed(self, *words: str) -> str:
        done = self.run(*words)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout

    def sent(self, *words: str) -> list[dict[str, Any]]:
        """What a dry run prints."""
        return [json.loads(line) for line in self.printed(*words, "--dry-run").splitlines()]

    def refused(self, *words: str) -> str:
        done = self.run(*words)
        assert isinstance(done.exception, PortalError), (done.output, done.exception)
        return str(done.exception)


@pytest.fixture(scope="module")
def environment(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The staging environment of the dev account, for clients; the stack files' folder."""
    s3, iam, machines = cloud.client("s3"), cloud.client("iam"), Machines(cloud)
    for bucket in (SOURCE, STAGING, WDL, COMMS):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        for key in OBJECTS.get(bucket, ()):
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
    may = roles.operator(
        account=DEV,
        region=REGION,
        readable=(SOURCE, STAGING),
        environments=("staging",),
        orchestrated=("staging",),
        workflows=(WDL,),
    )
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT}:user/engineer"},
        "Action": "sts:AssumeRole",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName=names.OPERATOR, AssumeRolePolicyDocument=policy)
    iam.put_role_policy(RoleName=names.OPERATOR, PolicyName="own", PolicyDocument=document("identity", may))
    states = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Decide", "States": MACHINE})
    machine = names.state_machine(environment="staging")
    arn = machines.sfn.create_state_machine(name=machine, definition=states, roleArn=machines.role())["stateMachineArn"]
    yield written(own_files(), tmp_path_factory.mktemp("stacks"))
    machines.sfn.delete_state_machine(stateMachineArn=arn)
    iam.delete_role_policy(RoleName=names.OPERATOR, PolicyName="own")
    iam.delete_role(RoleName=names.OPERATOR)
    for bucket in (SOURCE, STAGING, WDL, COMMS):
        for key in OBJECTS.get(bucket, ()):
            s3.delete_object(Bucket=bucket, Key=key)
        s3.delete_bucket(Bucket=bucket)


@pytest.fixture
def portal(environment: Path, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """The command line with the engineer's credentials, and a record of batches of the test's own."""
    for name, value in {**cloud.environment(), FOLDER_VARIABLE: str(tmp_path / "batches")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(stack_files, "ROOT", environment)
    return Portal()


def flags(sent: list[dict[str, Any]]) -> list[str]:
    return [one["input"]["Input"]["Run"]["flags"] for one in sent]


def labels(sent: list[dict[str, Any]]) -> list[str]:
    return [one["name"].partition("-")[2] for one in sent]


def test_runs_are_what_lies_under_the_prefix_less_what_is_filtered(portal: Portal) -> None:
    found = portal.sent(*QUEUE, "--source-prefix", "frames", "--exclude-run-name", "sub")
    assert labels(found) == [f"dep10300-ds10000-run{run}" for run in ("TS-002", "TS-001")]
    assert flags(found)[1] == (
        "--https-prefix https://files.cryoetdataportal.cziscience.com "
        "--filter-dataset-name '^10000$' --filter-run-name '^TS_001$'"
    )
    (only,) = portal.sent(*QUEUE, "--source-prefix", "frames", "--filter-run-name", "TS_002", "--https-prefix", "")
    assert flags([only]) == ["--filter-dataset-name '^10000$' --filter-run-name '^TS_002$'"]


def test_runs_are_named_by_options_and_files(portal: Portal, tmp_path: Path) -> None:
    file = tmp_path / "runs"
    file.write_text("b\n\n a \n")
    found = portal.sent(*QUEUE, "--run", "a", "--runs-file", str(file), "--import-everything", "--force-overwrite")
    assert labels(found) == ["dep10300-ds10000-runa", "dep10300-ds10000-runb"]
    assert flags(found)[0].startswith("--import-everything --force-overwrite --https-prefix")
    assert portal.refused(*QUEUE).startswith("runs: must be given, by --run")
    assert portal.refused(*QUEUE, "--runs-file", "nowhere").startswith("--runs-file: 'nowhere': ")


def test_runs_that_differ_in_replaced_characters_alone_have_names_of_their_own(portal: Portal) -> None:
    found = portal.sent(*QUEUE, "--run", "a.b", "--run", "a_b", "--run", "c")
    assert len(set(labels(found))) == 3
    assert labels(found)[2] == "dep10300-ds10000-runc"


@pytest.mark.parametrize(("generation", "key"), [("1", "db_import-v0.0.3.wdl"), ("2", "db_import-v0.0.4.wdl")])
def test_imports_are_of_the_datasets_in_the_environments_bucket(portal: Portal, generation: str, key: str) -> None:
    found = portal.sent("submit", "db-import", "--generation", generation, "--filter-datasets", "1", "--debug")
    assert labels(found) == ["dbimport-10000", "dbimport-10001"]
    assert flags(found) == ["--debug --s3-prefix 10000", "--debug --s3-prefix 10001"]
    assert {one["input"]["RUN_WDL_URI"] for one in found} == {f"s3://{WDL}/{key}"}
    told = portal.refused("submit", "db-import", "--include-dataset", "10000", "--include-dataset", "99999")
    assert told == f"--include-dataset: '99999': there is no such folder in s3://{STAGING}/"


def test_releases_are_of_datasets_depositions_or_of_all(portal: Portal) -> None:
    filters = ("--exclude", "*", "--include=*.zarr/*", "--delete")
    found = portal.sent("submit", "sync", *filters, "--exclude-dataset", "2")
    assert labels(found) == ["sync-ds-10000", "sync-ds-10001"]
    assert flags(found)[0] == "--delete --exclude '*' --include '*.zarr/*'"
    assert found[0]["input"]["Input"]["Run"]["output_bucket"] == PUBLIC
    (deposition,) = portal.sent("submit", "sync", "--deposition", "10300")
    assert labels([deposition]) == ["sync-dep-10300"]
    (everything,) = portal.sent("submit", "sync", "--single-job", f"s3://{STAGING}/10000", f"s3://{PUBLIC}/10000")
    assert labels([everything]) == ["sync-ds-10000"]
    assert everything["input"]["RunSPOTVcpu"] == 4


@pytest.mark.parametrize(
    "words",
    [
        (*QUEUE, "--run", "a"),
        ("submit", "db-import", "--include-dataset", "10000"),
        ("submit", "sync", "--dataset", "10000"),
        ("submit", "validate", "10000"),
        ("submit", "source-validate", "../dataset_configs/10000.yaml"),
    ],
    ids=lambda words: words[1],
)
def test_any_job_can_be_kept_from_spot_machines(portal: Portal, words: tuple[str, ...]) -> None:
    (usual,), kept = portal.sent(*words), portal.sent(*words, "--on-demand")
    assert "DoNotInterrupt" not in usual["input"]
    assert [one["input"]["DoNotInterrupt"] for one in kept] == [True]


def test_the_same_on_demand_is_another_batch(portal: Portal) -> None:
    """What waits for a spot machine can be started once more on one that stays."""
    assert ": 1 of 1 started" in portal.run("submit", "validate", "10001").stderr
    assert ": 1 of 1 started" in portal.run("submit", "validate", "10001", "--on-demand").stderr
    assert ": 0 of 0 started, 1 started before" in portal.run("submit", "validate", "10001", "--on-demand").stderr


@pytest.mark.parametrize("prefix", ["", "/10000", "/depositions_metadata/10300/"])
def test_a_release_ends_under_its_sources_prefix_unless_told_otherwise(portal: Portal, prefix: str) -> None:
    """At the bucket's root, ``--delete`` would take everything else in it."""
    (sent,) = portal.sent("submit", "sync", "--single-job", "--delete", f"s3://{STAGING}{prefix}")
    run = sent["input"]["Input"]["Run"]
    assert (run["input_path"], run["output_path"]) == (prefix.strip("/"), prefix.strip("/"))
    assert (run["output_bucket"], run["flags"]) == (PUBLIC, "--delete")


def test_a_release_that_deletes_is_agreed_to_before_there_is_a_batch(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its jobs would delete is counted under the role that deletes."""
    counted: list[tuple[str, list[str]]] = []

    def count(where: Route, jobs: list[Pair], options: Options) -> list[Deletion]:
        assert options.delete
        counted.append((where.role_arn, [f"{source} {folder}" for source, folder in jobs]))
        return [Deletion(folder=jobs[0][1], objects=1, of=2, at=datetime(2026, 1, 31, 18, tzinfo=UTC))]

    monkeypatch.setattr(deletion, "count", count)
    words = ("submit", "sync", "--delete", "--dataset", "10000")
    told = f"it deletes 1 objects; of s3://{PUBLIC}/10000 more than 10 %"
    assert portal.refused(*words, "--yes") == f"--delete-count: must be given as 1: {told}"
    assert not (tmp_path / "batches").exists()
    started = portal.run(*words, "--delete-count", "1")
    assert "1 of 1 started" in started.stderr
    assert f"portal restore s3://{PUBLIC} --since 2026-01-31T18:00:00Z" in started.stderr
    role = names.role_arn(DEV, names.sync_role("public"))
    assert counted == [(role, [f"s3://{STAGING}/10000 s3://{PUBLIC}/10000"])] * 2


def test_what_looks_like_an_option_is_quoted_too(portal: Portal) -> None:
    (sent,) = portal.sent("submit", "sync", "--dataset", "10000", "--exclude", "--x; true")
    assert flags([sent]) == ["--exclude '--x; true'"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("sync", "--environment", "dev"),
            "--environment: 'dev': clients of generation 2 release from 'staging' alone",
        ),
        (("sync", "--environment", "dev", "--generation", "1"), "--environment: 'dev': releases into no bucket"),
        (("sync", "s3://elsewhere"), "SOURCE: 's3://elsewhere': the environment 'staging' releases"),
        (("sync", f"s3://{STAGING}", "s3://elsewhere"), "DEST: 's3://elsewhere': the environment"),
        (("sync", "--single-job", "--generation", "1"), "--single-job: clients of generation 1"),
        (("sync", "--single-job", "--dataset", "10000"), "--single-job: takes all of SOURCE"),
        (("sync", "--dataset", "99999"), "--dataset: '99999': there is no such folder"),
        (("sync", "--single-job", f"s3://{STAGING}/10O00"), f"SOURCE: 's3://{STAGING}/10O00': has no objects"),
        (("sync", "--delete-count", "1"), "--delete-count: 1: only with --delete"),
        (
            ("sync", "--single-job", "--delete", f"s3://{STAGING}/10000", f"s3://{PUBLIC}"),
            f"DEST: 's3://{PUBLIC}': with --delete must not be above SOURCE's folder '10000'",
        ),
        (
            ("validate", "10000", "--swipe-wdl-key", "x.wdl"),
            f"--swipe-wdl-key: 'x.wdl': must be a file in s3://{WDL}: db_",
        ),
        (("validate", "10000", "--memory", "3"), "RunSPOTMemory must be a whole number of MiB from 4 to"),
        (("validate", "10000", "10000"), "'10000': is named twice"),
        (("validate", "10'0"), 'DATASET_ID: "10\'0": must be a number from 10000 on'),
        (("validate", "10000", "1234"), "DATASET_ID: '1234': must be a number from 10000 on"),
        (("db-import", "--include-dataset", "jensen"), "--include-dataset: 'jensen': must be a number from 10000 on"),
        (("sync", "--deposition", "0"), "--deposition: '0': must be a number from 10000 on"),
        ((*QUEUE[1:4], STAGING, "--deposition", "CZDS-1"), "--deposition: 'CZDS-1': must be a number from 10000 on"),
        ((*QUEUE[1:], "--dataset", "01000"), "--dataset: '01000': must be a number from 10000 on"),
        ((*QUEUE[1:], "--environment", "prod"), "--environment: 'prod': has no ingest in Pulumi.prod.yaml"),
        (
            (*QUEUE[1:3], "elsewhere", *QUEUE[4:]),
            f"INPUT_BUCKET: 'elsewhere': jobs of the environment 'staging' may read {SOURCE}, {PUBLIC}, {STAGING}, ",
        ),
        (
            (*QUEUE[1:4], f"{PUBLIC}/x", *QUEUE[5:]),
            f"OUTPUT_PATH: '{PUBLIC}': jobs of the environment 'staging' may write {STAGING}, {EMBARGO} alone",
        ),
        ((*QUEUE[1:4], f"s3://{STAGING}", *QUEUE[5:]), "OUTPUT_PATH: 's3:': jobs of the environment 'staging' may"),
        (
            ("source-validate", "../dataset_configs/10000.yaml", "--input-bucket", "elsewhere"),
            "--input-bucket: 'elsewhere': jobs of the environment 'staging' may read",
        ),
        (
            ("db-import", "--s3-bucket", PUBLIC),
            f"--s3-bucket: '{PUBLIC}': jobs of the environment 'staging' import from {STAGING} alone",
        ),
    ],
)
def test_what_cannot_run_is_refused_before_there_is_a_batch(
    portal: Portal, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    assert told in portal.refused("submit", *words)
    assert not (tmp_path / "batches").exists()


def test_validations_run_in_staging_whatever_they_check(portal: Portal) -> None:
    (staging,) = portal.sent("submit", "validate", "10000")
    (prod,) = portal.sent("submit", "validate", "10000", "--environment", "prod")
    (sources,) = portal.sent("submit", "source-validate", "../dataset_configs/10000.yaml")
    found = [one["input"]["Input"]["Run"] for one in (staging, prod, sources)]
    assert [one["input_bucket"] for one in found] == [STAGING, PUBLIC, SOURCE]
    assert [one["output_dir"] for one in found] == ["staging_validation", "prod_validation", "source_validation"]
    assert labels([staging, prod, sources]) == [
        "validate-staging-10000",
        "validate-prod-10000",
        "validate-src-10000-yaml",
    ]
    assert {one["output_bucket"] for one in found} == {STAGING}


def test_many_are_watched_to_their_ends_and_one_is_enough_to_fail(portal: Portal) -> None:
    """More than are asked about one by one; what was started is not started again, nor a new one forgotten."""
    runs = [word for number in range(12) for word in ("--run", f"r{number}")]
    assert portal.run(*QUEUE, *runs, "--watch").exit_code == 0
    again = portal.run(*QUEUE, *runs, "--run", "broken", "--watch")
    assert "batch" in again.stderr
    assert ": 1 of 1 started, 12 started before" in again.stderr
    assert (again.exit_code, "1 OutOfMemory; 12 succeeded" in again.stderr) == (1, True)
    meaning = "OutOfMemory: the job needed more memory than it had asked for"
    assert re.search(rf"runbroken: FAILED, \d+ s\n  {meaning}\n", again.stdout)
    anew = portal.run(*QUEUE, *runs, "--again", "--batch", "another")
    assert "batch another: 12 of 12 started" in anew.stderr


def test_programs_read_what_was_started_and_how_it_ended(portal: Portal) -> None:
    done = portal.run(*QUEUE, "--run", "right", "--run", "broken", "--batch", "read", "--watch", "--json")
    assert done.exit_code == 1
    first, *ends = [json.loads(line) for line in done.stdout.splitlines()]
    assert (first["batch"], first["environment"], first["failed"]) == ("read", "staging", {})
    started: dict[str, str] = first["started"]
    assert sorted(name.rpartition("-")[2] for name in started) == ["runbroken", "runright"]
    assert started == {name: EXECUTION + name for name in started}
    by_name = {one.pop("name").rpartition("-")[2]: one for one in ends}
    assert {type(one.pop("seconds")) for one in by_name.values()} == {int}
    nothing = {"market": "", "error": "", "cause": ""}
    cause = MACHINE["Broken"]["Cause"]
    assert by_name == {
        "runright": {**nothing, "status": "SUCCEEDED", "class": "succeeded"},
        "runbroken": {**nothing, "status": "FAILED", "class": "OutOfMemory", "error": "OutOfMemory", "cause": cause},
    }
    watched = portal.run("watch", "--batch", "read", "--json")
    assert sorted(json.loads(line)["class"] for line in watched.stdout.splitlines()) == ["OutOfMemory", "succeeded"]


def test_an_unknown_execution_is_told_as_such(portal: Portal) -> None:
    rule = "there is no such execution in the environment 'staging' (--environment names another)"
    assert portal.refused("watch", "nobody") == f"'nobody': {rule}"
    assert portal.refused("logs", EXECUTION + "nobody") == f"'nobody': {rule}"
    assert portal.refused("watch").startswith("NAME|ARN: at least one")
    assert portal.refused("watch", "--batch", "none").startswith("--batch: 'none': there is no such batch in ")


def test_a_run_without_a_job_has_no_log(portal: Portal) -> None:
    name = portal.printed("submit", "validate", "10000", "--watch").partition(":")[0]
    assert portal.refused("logs", name, "--follow") == f"{name!r}: there is no log: SUCCEEDED, no job yet"


class Followed:
    """A follower whose execution and job are as the test says; the log is the local cloud's."""

    def __init__(self, cloud: Cloud) -> None:
        self.logs, self.log_group = cloud.client("logs"), "/aws/batch/" + cloud.name("group")
        self.logs.create_log_group(logGroupName=self.log_group)
        self.status, self.stream = "RUNNING", ""

    def outcome(self, name: str) -> Outcome:
        assert name == "x"
        return Outcome(status=self.status)

    def job(self, name: str) -> Job | None:
        assert name == "x"
        return Job(id="1", market="spot", stream=self.stream, status="RUNNABLE") if self.stream else None

    def put(self, stream: str, *lines: str) -> None:
        if self.stream != stream:
            self.logs.create_log_stream(logGroupName=self.log_group, logStreamName=stream)
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in lines]
        self.logs.put_log_events(logGroupName=self.log_group, logStreamName=stream, logEvents=events)
        self.stream = stream


def test_a_log_is_followed_from_job_to_job_until_the_end(cloud: Cloud) -> None:
    found: Any = Followed(cloud)

    def end() -> None:
        found.put("two", "e")
        found.status = "SUCCEEDED"

    steps = iter([
        lambda: found.put("one", "a", "b", "c"),
        lambda: found.put("one", "d"),
        lambda: found.put("two", "1", "2", "3"),
        end,
    ])  # fmt: skip
    followed = job_logs.lines(found, "x", follow=True, last=2, wait=lambda _: next(steps)())
    assert [*followed] == ["b", "c", "d", "2", "3", "e"]
    assert [*job_logs.lines(found, "x")] == ["1", "2", "3", "e"]
    assert job_logs.tail(found, "two", 2) == ["3", "e"]
    assert job_logs.tail(found, "two", 0) == job_logs.tail(found, "nothing", 5) == []
    task = "2026-11-28 11:19:56,129 wdl.w:journey.t:call-work"
    document = json.dumps({"wdl_error_message": True, "error": "InvalidInputFileError", "cause": "x"})
    printed = [f"{task}.stderr VERBOSE {line}" for line in ("begun", '{"a": 1}', "", document)]
    found.put(
        "three", f"{task} INFO input", *printed[:2], "2026-11-28 11:19:56.129 miniwdl NOTICE aborting", *printed[2:]
    )
    assert job_logs.tail(found, "three", 5) == ["begun", '{"a": 1}', ""], "the program's alone"
    assert job_logs.tail(found, "three", 1) == [""]
    found.logs.delete_log_group(logGroupName=found.log_group)
