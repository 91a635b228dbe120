"""Every class of failure through the deployed orchestrator: what is tried again on demand, what ends at once and with
which words, and who is told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from localcloud.server.services.batch import faults
from tests.journey import workflows
from tests.journey.conftest import INGEST, Cloud, Project, jobs_alone, taken
from tests.journey.failure_cases import BODIES, FAILURES, TAKEN
from tests.journey.running import (
    INTERRUPTED,
    MACHINE_MIB,
    RECLAIMED,
    WELL,
    Runs,
    environment_of,
    runners,
    sizes_of,
    small_stages,
)
from tests.localcloud.batch_steps import until

TOO_LONG, RECEIVES = 1_000, 3
VCPUS = 6
"""So many jobs run at a time, and no more than this machine can take."""
READERS = "cryoet-ingestion-staging-portal-sfn-notifications-queue"
LETTERS = f"{READERS}-dead-letter"
MORE = {"RunSPOTMemory": MACHINE_MIB, "RunEC2Memory": 1500, "RunSPOTVcpu": 1, "RunEC2Vcpu": 2}


@dataclass
class Ended:
    """All runs of this file, each ended: staging's, and dev's, whose two stages may take little time."""

    cloud: Cloud
    folder: Path
    staging: Runs = field(init=False)
    dev: Runs = field(init=False)
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """The messages about staging's runs."""

    def __post_init__(self) -> None:
        self.staging, self.dev = Runs(self.cloud, "staging"), Runs(self.cloud, "dev", ("One", "Two"))
        self.sqs = self.cloud.client("sqs")
        for runs in (self.staging, self.dev):
            for name, body in BODIES.items():
                runs.put(name, body)

    def run(self) -> None:
        for word, fault in TAKEN.items():
            faults.add(job_name=f"run{word}$", after_marker=workflows.HERE, **fault)
            self.wait(self.staging, word, **MORE)
        for word, one in FAILURES.items():
            if one.fault:
                faults.add(job_name=f"run{word}$", **one.fault)
            self.staging.start(word, one.workflow, one.inputs, **one.more)
        faults.add(job_name="runthrottled-a-while$", kind="throttled", times=2)
        for word, more in (("throttled-a-while", {}), ("not-interrupted", {"DoNotInterrupt": True})):
            self.staging.start(word, "broken-v0.0.1.wdl", {"status": 0}, **more)
        enough = FAILURES["greedy"].more
        self.staging.start("modest", "hungry-v0.0.1.wdl", {"mebibytes": 100, "seconds": 0}, **enough)
        self.run_in_dev()
        self.end_by_hand()
        self.staging.all_ended()
        self.dev.all_ended()
        self.listen()

    def wait(self, runs: Runs, word: str, **more: Any) -> None:
        status = int(word.removeprefix("exit-")) if word.startswith("exit-") else 0
        inputs = {"seen": str(self.folder / f"{runs.environment}-{word}"), "status": status}
        runs.start(word, "taken-v0.0.1.wdl", inputs, **more)

    def run_in_dev(self) -> None:
        two = {"TWO_WDL_URI": f"s3://{self.dev.wdl}/broken-v0.0.1.wdl"}
        self.dev.put("map.json", '{"Two": "One"}')
        self.wait(self.dev, "too-long", **two)
        self.dev.start("shut-out", "broken-v0.0.1.wdl", {}, DoNotInterrupt=True, **two)
        for word, name in (("no-map", "absent.json"), ("wrong-map", "map.json")):
            io_map = {"STAGES_IO_MAP_JSON": f"s3://{self.dev.wdl}/{name}"}
            self.dev.start(word, "broken-v0.0.1.wdl", {}, **two, **io_map)

    def end_by_hand(self) -> None:
        for word in ("cancelled", "aborted"):
            self.wait(self.staging, word)
        self.staging.batch.terminate_job(jobId=self.staging.running("cancelled"), reason="wrong dataset, sorry")
        self.staging.running("aborted")
        self.staging.stop("aborted")

    def listen(self) -> None:
        """Takes messages until every run's end was told; deliveries are made one after the other."""
        url = self.sqs.get_queue_url(QueueName=READERS)["QueueUrl"]

        def complete() -> bool | None:
            self.told += [json.loads(one["Body"]) for one in taken(self.sqs, url)]
            ends = [one for one in self.told if one["detail"]["status"] != "RUNNING"]
            return True if len(ends) >= len(self.staging.words) else None

        until(complete, 60)

    def heard(self, word: str) -> Counter[str]:
        """What was told of a run: statuses, and ``run`` for the end of its stage."""
        details = [one["detail"] for one in self.told if one["detail"]["executionArn"] == self.staging.arn(word)]
        return Counter(detail.get("lastCompletedStage", detail["status"]) for detail in details)

    def failed(self, runs: Runs, word: str, error: str, cause: str) -> None:
        """At once, and never on demand."""
        ended = runs.ended(word)
        assert (ended["status"], ended["error"]) == ("FAILED", error), (ended["cause"], runs.log(word))
        assert cause in ended["cause"]
        assert runs.jobs(word, "on_demand") == []


@pytest.fixture(scope="module")
def ended(module_project: Project, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    """The dev account up, dev's queue on demand closed; all runs were started at once and have ended."""

    def change(settings: dict[str, Any]) -> None:
        jobs_alone(settings)
        dev, staging = (settings["environments"][name]["orchestrator"] for name in ("dev", "staging"))
        dev |= {"timeout_seconds": TOO_LONG, "stages": [{"name": "One"}, {"name": "Two"}]}
        staging["notifications"]["max_receive_count"] = RECEIVES
        machines = {"spot_max_vcpus": VCPUS, "on_demand_max_vcpus": VCPUS, "overflow_max_vcpus": 0}
        staging |= {**machines, "stages": small_stages()}

    module_project.keep_workflows(INGEST)
    module_project.change("dev", change)
    module_project.up("dev")
    made = Ended(cloud, tmp_path_factory.mktemp("seen"))
    made.dev.close("on_demand")
    with runners():
        made.run()
        yield made


@pytest.mark.parametrize("word", TAKEN)
def test_a_machine_that_is_taken_leads_to_one_on_demand(ended: Ended, word: str) -> None:
    """However it shows, with the memory and vCPUs that were asked for in each market. In six transitions; in seven if
    it shows as a program's own end."""
    found = ended.staging.ended(word)
    assert found["status"] == "SUCCEEDED", (found["error"], found["cause"])
    assert ended.staging.way(word) == (INTERRUPTED if word.startswith("exit-") else RECLAIMED)
    (lost,), (second,) = ended.staging.jobs(word, "spot"), ended.staging.jobs(word, "on_demand")
    assert (lost["status"], second["status"]) == ("FAILED", "SUCCEEDED")
    for job, memory, vcpus in ((lost, MACHINE_MIB, 1), (second, 1500, 2)):
        assert sizes_of(job) == {"MEMORY": str(memory), "VCPU": str(vcpus)}
        defaults = json.loads(environment_of(job)["MINIWDL__TASK_RUNTIME__DEFAULTS"])
        assert (defaults["memory"], defaults["cpu"]) == (f"{memory} MiB", vcpus)
        assert environment_of(job)["MINIWDL__TASK_RUNTIME__MEMORY_LIMIT_MULTIPLIER"] == "1"
    assert ended.heard(word) == {"RUNNING": 1, "run": 1, "SUCCEEDED": 1}


@pytest.mark.parametrize("word", FAILURES)
def test_any_other_failure_ends_at_once_and_says_why(ended: Ended, word: str) -> None:
    """By the name and in the words of its class, never on demand. The stage's end is told once, if it began."""
    one = FAILURES[word]
    ended.failed(ended.staging, word, one.error, one.cause)
    assert len(ended.staging.jobs(word, "spot")) == one.jobs
    stage = {} if one.error == "BadInput" else {"run": 1}
    assert ended.heard(word) == {"RUNNING": 1, **stage, "FAILED": 1}


def test_a_job_that_takes_too_long(ended: Ended) -> None:
    ended.failed(ended.dev, "too-long", "TimedOut", "status: Job attempt duration exceeded timeout")


def test_a_job_that_someone_ends(ended: Ended) -> None:
    """Their own words are told."""
    ended.failed(ended.staging, "cancelled", "Cancelled", "status: wrong dataset, sorry")
    assert ended.heard("cancelled") == {"RUNNING": 1, "run": 1, "FAILED": 1}


def test_a_run_that_someone_stops_ends_its_job(ended: Ended) -> None:
    assert ended.staging.ended("aborted")["status"] == "ABORTED"
    (job,) = ended.staging.jobs("aborted", "spot")
    assert job["status"] == "FAILED"
    assert "which was managing this resource was aborted" in job["statusReason"]
    assert ended.staging.jobs("aborted", "on_demand") == []
    assert ended.heard("aborted") == {"RUNNING": 1, "ABORTED": 1}


def test_a_queue_that_is_closed(ended: Ended) -> None:
    """Batch refuses the job in plain text: the platform is not set up for it."""
    ended.failed(ended.dev, "shut-out", "Misconfigured", "(Batch.ClientException; Error executing request")
    assert ended.dev.jobs("shut-out", "spot") == []


def test_a_map_of_stages_that_is_missing_or_wrong(ended: Ended) -> None:
    ended.failed(ended.dev, "no-map", "MissingInput", "STAGES_IO_MAP_JSON: there is no object s3://")
    ended.failed(ended.dev, "wrong-map", "BadInput", "STAGES_IO_MAP_JSON: s3://")


def test_a_throttle_that_passes_costs_nothing(ended: Ended) -> None:
    assert ended.staging.ended("throttled-a-while")["status"] == "SUCCEEDED"
    assert ended.staging.way("throttled-a-while") == WELL
    assert len(ended.staging.jobs("throttled-a-while", "spot")) == 1


def test_less_memory_than_asked_for_is_no_failure(ended: Ended) -> None:
    """The same program as the one that fails, on spot with the same limit."""
    assert ended.staging.ended("modest")["status"] == "SUCCEEDED"
    assert ended.staging.way("modest") == WELL


def test_one_that_must_not_be_interrupted_goes_straight_to_on_demand(ended: Ended) -> None:
    assert ended.staging.ended("not-interrupted")["status"] == "SUCCEEDED"
    assert ended.staging.way("not-interrupted") == WELL
    (job,) = ended.staging.jobs("not-interrupted", "on_demand")
    assert environment_of(job)["SFN_CURRENT_STATE"] == "RunEC2"
    assert ended.staging.jobs("not-interrupted", "spot") == []


def test_nobody_is_told_of_another_environments_runs(ended: Ended) -> None:
    assert {one["detail"]["stateMachineArn"] for one in ended.told} == {ended.staging.machine}
    assert {one["source"] for one in ended.told} == {"aws.states"}


def test_what_a_reader_leaves_becomes_a_dead_letter_and_raises_an_alarm(ended: Ended) -> None:
    """After so many readings as the stack file says."""
    sqs = ended.sqs
    reader, letters = (sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in (READERS, LETTERS))
    ended.staging.start("unread", "broken-v0.0.1.wdl", {}, OutputPrefix="https://elsewhere")
    ended.staging.ended("unread")
    found: list[str] = []

    def dead() -> bool | None:
        sqs.receive_message(QueueUrl=reader, MaxNumberOfMessages=10, VisibilityTimeout=0)
        got = sqs.receive_message(QueueUrl=letters, MaxNumberOfMessages=10).get("Messages", [])
        found.extend(json.loads(one["Body"])["detail"]["status"] for one in got)
        return True if len(found) == 2 else None

    until(dead, 60)
    assert sorted(found) == ["FAILED", "RUNNING"]
    redrive = sqs.get_queue_attributes(QueueUrl=reader, AttributeNames=["RedrivePolicy"])["Attributes"]
    assert json.loads(redrive["RedrivePolicy"])["maxReceiveCount"] == RECEIVES
    alarms = ended.cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix="cryoet-ingestion-staging")
    (alarm,) = alarms["MetricAlarms"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": LETTERS}]
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0.0)
    assert alarm["AlarmActions"], "someone is told"
