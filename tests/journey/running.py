"""Runs of the orchestrators that the stack files describe, started as the portal's client does, and looked at from
outside: executions, jobs in the queues, objects."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from components import names
from localcloud.server import images
from localcloud.server.services.batch import faults
from tests.journey.conftest import DEV, Cloud
from tests.localcloud.batch_steps import stand_ins, time_scale, until
from tests.localcloud.clouds import CONFIGURATION
from tests.localcloud.conftest import REGION

IMAGE = f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/cryoet-staging:main"
SCALE = 0.002
"""Real seconds for one of AWS's: waiting before another try is no part of what is looked at here."""
PATIENCE_SECONDS = 150
MACHINE_MIB = 16_000
"""The memory of a whole machine: the loss of one is no other run's."""
WELL = ["PreprocessInput", "Run", "RunNotify", "RunReadOutput"]
RECLAIMED = ["PreprocessInput", "Run", "RunDetectError", "Run", "RunNotify", "RunReadOutput"]
INTERRUPTED = [*RECLAIMED[:3], "RunDetectInterruption", *RECLAIMED[3:]]
"""The reclaim shows as a program that was told to end: whether it ended by itself is looked for."""


def small_stages() -> list[dict[str, Any]]:
    """In a stack file: sizes of jobs that fit the smallest machines."""
    return [{"name": "Run", "spot": {"memory_mib": 4_000}, "on_demand": {"memory_mib": 4_000}}]


@contextmanager
def runners() -> Generator[None]:
    """The stand-in for the jobs' image is the runner; time is scaled; no faults are left."""
    images.configure(CONFIGURATION.images)
    try:
        with time_scale(SCALE):
            yield
    finally:
        faults.clear()
        stand_ins()


@contextmanager
def administrator(cloud: Cloud, account: str = DEV) -> Generator[None]:
    """This process reaches an account's buckets by its environment, as the examples' programs do."""
    keys = cloud.session(account).get_credentials()
    assert keys is not None
    variables = {
        "AWS_ACCESS_KEY_ID": keys.access_key or "",
        "AWS_SECRET_ACCESS_KEY": keys.secret_key or "",
        "AWS_SESSION_TOKEN": keys.token or "",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": cloud.https_url,
        "AWS_CA_BUNDLE": cloud.ca_bundle,
    }
    with patch.dict(os.environ, variables):
        yield


class Runs:
    """Runs of one environment of the dev account, each by a word of its own."""

    def __init__(self, cloud: Cloud, environment: str, stages: Sequence[str] = ("Run",)) -> None:
        self.environment, self.stages = environment, stages
        self.machine = names.state_machine_arn(DEV, REGION, environment)
        self.comms, self.wdl = f"cryoet-swipe-comms-{environment}", f"cryoet-swipe-wdl-{environment}"
        self.queues = {kind: f"cryoet-ingestion-{environment}-main-{kind}" for kind in ("spot", "on_demand")}
        self.s3, self.batch = cloud.client("s3"), cloud.client("batch")
        self._states = cloud.client("stepfunctions", DEV, names.OPERATOR)
        self._logs = cloud.client("logs", DEV, names.OPERATOR)
        self._names: dict[str, str] = {}
        self._count = itertools.count(1_700_000_000)

    def given(self, name: str, workflow: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
        """What the client's ``run_job`` sends. ``inputs``: the WDL's own."""
        first, *later = self.stages
        sizes = {
            f"{first}{market}{what}": n
            for market in ("EC2", "SPOT")
            for what, n in (("Memory", MACHINE_MIB), ("Vcpu", 1))
        }
        return {
            "Input": {first: {"aws_region": REGION, "docker_image_id": IMAGE, **inputs}, **{one: {} for one in later}},
            "OutputPrefix": f"s3://{self.comms}/swipe/swipe-job-output/{name}/results",
            f"{first.upper()}_WDL_URI": f"s3://{self.wdl}/{workflow}",
            "StateMachineArn": self.machine,
            **sizes,
            **more,
        }

    def put(self, workflow: str, body: str | bytes) -> None:
        """A workflow, or another file, into the environment's bucket for them, where jobs read."""
        self.s3.put_object(Bucket=self.wdl, Key=workflow, Body=body)

    def start(self, word: str, workflow: str, inputs: dict[str, Any], **more: Any) -> str:
        """``more`` goes over what the client sends. The execution's name."""
        name = f"{next(self._count)}-dep10000-ds10000-run{word}"
        entered = json.dumps(self.given(name, workflow, inputs, **more))
        self._states.start_execution(name=name, stateMachineArn=self.machine, input=entered)
        self._names[word] = name
        return name

    @property
    def words(self) -> list[str]:
        return list(self._names)

    def close(self, kind: str) -> None:
        """The queue takes no more jobs."""
        self.batch.update_job_queue(jobQueue=self.queues[kind], state="DISABLED")

    def arn(self, word: str) -> str:
        return f"{self.machine.replace(':stateMachine:', ':execution:')}:{self._names[word]}"

    def stop(self, word: str) -> None:
        self._states.stop_execution(executionArn=self.arn(word))

    def ended(self, word: str) -> dict[str, Any]:
        """The ended execution."""

        def ended() -> dict[str, Any] | None:
            found = self._states.describe_execution(executionArn=self.arn(word))
            return found if found["status"] != "RUNNING" else None

        try:
            return until(ended, PATIENCE_SECONDS)
        except AssertionError as error:
            jobs = [job for kind in self.queues for job in self.jobs(word, kind)]
            raise AssertionError(f"{word} runs still: {self.way(word)}, {jobs}, {self.log(word)}") from error

    def all_ended(self) -> None:
        for word in self._names:
            self.ended(word)

    def way(self, word: str) -> list[str]:
        """The states that were entered: each is a transition."""
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=self.arn(word))
        entered = [one for page in pages for one in page["events"] if one["type"].endswith("StateEntered")]
        return [one["stateEnteredEventDetails"]["name"] for one in entered]

    def jobs(self, word: str, kind: str) -> list[dict[str, Any]]:
        """The jobs that the run had in the queue ``spot`` or ``on_demand``, whatever became of them."""
        wanted = [{"name": "JOB_NAME", "values": [self._names[word]]}]
        listed = self.batch.list_jobs(jobQueue=self.queues[kind], filters=wanted)["jobSummaryList"]
        ids = [one["jobId"] for one in listed]
        return self.batch.describe_jobs(jobs=ids)["jobs"] if ids else []

    def markets(self, word: str) -> dict[str, int]:
        """How many jobs the run had in each queue."""
        return {kind: len(self.jobs(word, kind)) for kind in self.queues}

    def running(self, word: str) -> str:
        """The id of the run's job on spot, once it runs."""
        return until(
            lambda: next((job["jobId"] for job in self.jobs(word, "spot") if job["status"] == "RUNNING"), None),
            PATIENCE_SECONDS,
        )

    def log(self, word: str) -> str:
        """What the run's jobs printed."""
        found: list[str] = []
        for job in (job for kind in self.queues for job in self.jobs(word, kind)):
            if stream := job["container"].get("logStreamName"):
                where = {"logGroupName": f"/aws/batch/cryoet-ingestion-{self.environment}", "logStreamName": stream}
                found += [one["message"] for one in self._logs.get_log_events(**where, startFromHead=True)["events"]]
        return "\n".join(found)

    def folder(self, word: str, workflow: str) -> str:
        """Where the run's results are, in the bucket for them: ``workflow`` is its folder's name."""
        return f"swipe/swipe-job-output/{self._names[word]}/results/{workflow}"

    def text(self, word: str, workflow: str, name: str) -> str:
        key = f"{self.folder(word, workflow)}/{name}"
        return self.s3.get_object(Bucket=self.comms, Key=key)["Body"].read().decode()


def environment_of(job: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in job["container"]["environment"]}


def sizes_of(job: dict[str, Any]) -> dict[str, str]:
    return {one["type"]: one["value"] for one in job["container"]["resourceRequirements"]}
