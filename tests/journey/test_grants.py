"""Roles without one of their grants: each grant that the program deploys for the state machine and for starting jobs is
taken away in turn, and the run (or the change of the machine) fails and names it. What nobody would miss is listed.

The resources of a grant are taken away one by one where AWS asks for each by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components import names, orchestrator_names
from components.access.machine import LOG_DELIVERY
from localcloud.server import images
from portal.pulumi_cli import ROOT
from tests.journey import portal_client
from tests.journey.conftest import DEV, INGEST, Cloud, Project, jobs_alone, smaller
from tests.journey.granted import Grant, Granted
from tests.journey.light_runs import light_runner
from tests.localcloud.batch_steps import time_scale, until
from tests.localcloud.conftest import REGION

ENVIRONMENT = "staging"
PATIENCE_SECONDS = 120
IMAGE = f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/cryoet-staging:main"
IMPORT, SYNC = "db_import-v0.0.4.wdl", "sync-v0.0.2.wdl"
MACHINE, EXECUTION = orchestrator_names.machine_role(ENVIRONMENT), orchestrator_names.execution_role(ENVIRONMENT)
COMMS = names.bucket_arn(f"cryoet-swipe-comms-{ENVIRONMENT}")
SPOT, ON_DEMAND = (
    orchestrator_names.batch_arn(DEV, REGION, "job-queue", orchestrator_names.job_queue(ENVIRONMENT, spot=spot))
    for spot in (True, False)
)
MAIN, OF_IMPORT, OF_SYNC = (
    orchestrator_names.batch_arn(DEV, REGION, "job-definition", orchestrator_names.job_definition(ENVIRONMENT, one))
    for one in ("", names.IMPORT_WORKFLOWS, names.SYNC_WORKFLOWS)
)
ANY_JOB = orchestrator_names.batch_arn(DEV, REGION, "job", "*")
RULE = orchestrator_names.rule_arn(DEV, REGION, orchestrator_names.MANAGED_RULE)
MESSAGES = orchestrator_names.queue_arn(DEV, REGION, orchestrator_names.notification_queue(ENVIRONMENT, "portal"))
LOG = orchestrator_names.log_group_arn(DEV, REGION, orchestrator_names.job_log_group(ENVIRONMENT))
REPOSITORIES = names.registry_arn("*", REGION)
RUNNER = ("{python}", "-I", "-S", str(Path(__file__).with_name("light_runner.py")))


@dataclass
class Roles(Granted):
    """What the deployed roles may do, and runs of the environment's machine, started by an operator."""

    _unix: Iterator[int] = field(default_factory=lambda: itertools.count(1_700_000_000), init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.batch = self.cloud.client("batch")
        self.env = portal_client.get_aws_env(ENVIRONMENT, self.operator)

    def operator(self, service: str) -> Any:
        return self.cloud.client(service, DEV, names.OPERATOR)

    def start(self, workflow: str = INGEST, inputs: dict[str, Any] | None = None, **more: Any) -> str:
        """The ARN of an execution. ``more`` goes over what the portal's client sends."""
        name = f"{next(self._unix)}-dep10000-ds10000-runone"
        return portal_client.run_job(
            self.env, self.operator, name=name, wdl_key=workflow, inputs=inputs or {}, memory=1_000, more=more
        )

    def ended(self, execution: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            found = self.operator("stepfunctions").describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        return until(ended, PATIENCE_SECONDS)

    def job(self, execution: str) -> dict[str, Any]:
        """The job of an execution, once it runs or has ended."""
        name = execution.rpartition(":")[2]

        def running() -> dict[str, Any] | None:
            wanted = [{"name": "JOB_NAME", "values": [name]}]
            listed = self.batch.list_jobs(jobQueue=SPOT, filters=wanted)["jobSummaryList"]
            found = self.batch.describe_jobs(jobs=[listed[0]["jobId"]])["jobs"][0] if listed else None
            return found if found and found["status"] in ("RUNNING", "SUCCEEDED", "FAILED") else None

        return until(running, PATIENCE_SECONDS)

    def denied(self, role: str) -> str:
        """The action that the role was refused last, since a grant of it was taken away."""
        found = self.refusals(role)
        return found[-1][0] if found else ""


@pytest.fixture(scope="module")
def roles(module_project: Project, cloud: Cloud) -> Iterator[Roles]:
    """The dev account up. The jobs' own image is in the account's registry: so it is pulled with grants."""

    def change(settings: dict[str, Any]) -> None:
        smaller(settings)
        jobs_alone(settings)
        settings["environments"][ENVIRONMENT]["orchestrator"]["image"] = IMAGE

    module_project.keep_workflows(INGEST, IMPORT, SYNC)
    module_project.change("dev", change)
    module_project.up("dev")
    with light_runner(), time_scale(0.001):
        stands_in(*RUNNER)
        yield Roles(cloud)


def stands_in(*program: str) -> None:
    """The program that runs in place of the jobs' image."""
    images.configure(images.stand_ins([{"image": IMAGE, "entrypoint": list(program)}], ROOT))


# The state machine's role

FAILS: dict[Grant, dict[str, Any]] = {
    ("batch:SubmitJob", SPOT): {},
    ("batch:SubmitJob", ON_DEMAND): {"DoNotInterrupt": True},
    ("batch:SubmitJob", MAIN): {},
    ("batch:SubmitJob", OF_IMPORT): {"workflow": IMPORT},
    ("batch:SubmitJob", OF_SYNC): {"workflow": SYNC},
    ("batch:DescribeJobs", "*"): {},
    ("batch:TagResource", SPOT): {},
    ("batch:TagResource", ON_DEMAND): {"DoNotInterrupt": True},
    ("batch:TagResource", MAIN): {},
    ("batch:TagResource", OF_IMPORT): {"workflow": IMPORT},
    ("batch:TagResource", OF_SYNC): {"workflow": SYNC},
    ("s3:PutObject", f"{COMMS}/*"): {},
    ("s3:GetObject", f"{COMMS}/*"): {},
    ("sqs:SendMessage", MESSAGES): {},
}
"""What a run fails without, and the run."""
REFUSES: list[Grant] = [
    ("events:PutRule", RULE),
    ("events:PutTargets", RULE),
    ("events:DescribeRule", RULE),
    *((action, "*") for action in LOG_DELIVERY),
]
"""What Step Functions asks for when a machine is made or changed, and not in a run."""
OTHERWISE: list[Grant] = [("batch:TerminateJob", ANY_JOB), ("s3:ListBucket", COMMS)]
"""What has tests of its own below: a run is stopped; a job leaves nothing."""
UNMISSED: list[Grant] = [
    ("batch:TagResource", ANY_JOB),
    *(
        (action, f"{one}:*")
        for one in (MAIN, OF_IMPORT, OF_SYNC)
        for action in ("batch:SubmitJob", "batch:TagResource")
    ),
]
"""What no run here needs: definitions are named without a revision, and AWS documents both ways of checking them; tags
are checked on what the job is made from, and AWS documents the job."""


def test_every_grant_of_the_machines_role_is_looked_at(roles: Roles) -> None:
    assert roles.granted(MACHINE) == {*FAILS, *REFUSES, *OTHERWISE, *UNMISSED}


@pytest.mark.parametrize("grant", FAILS, ids=lambda grant: f"{grant[0]} {grant[1].rpartition('/')[2]}")
def test_without_it_a_run_fails_and_says_which(roles: Roles, grant: Grant) -> None:
    with roles.without(MACHINE, grant):
        ended = roles.ended(roles.start(**FAILS[grant]))
    assert (ended["status"], ended["error"]) == ("FAILED", "Misconfigured"), ended
    assert f"{MACHINE}/" in ended["cause"]
    assert f"is not authorized to perform: {grant[0]} on resource" in ended["cause"]
    assert grant[1].rstrip("*") in ended["cause"]


@pytest.mark.parametrize("grant", REFUSES, ids=lambda grant: grant[0])
def test_without_it_the_machine_is_refused(roles: Roles, grant: Grant) -> None:
    states = roles.cloud.client("stepfunctions")
    role = names.role_arn(DEV, MACHINE, names.DELEGATED_PATH)
    with roles.without(MACHINE, grant), pytest.raises(ClientError) as refused:
        states.update_state_machine(stateMachineArn=roles.env.state_machine, roleArn=role)
    error: Any = refused.value.response.get("Error")
    kind = "create managed-rule" if grant[0].startswith("events:") else "access the Log Destination"
    assert (error["Code"], kind in error["Message"]) == ("AccessDeniedException", True)
    assert roles.denied(MACHINE) == grant[0], "AWS does not say which: its log of calls does"
    states.update_state_machine(stateMachineArn=roles.env.state_machine, roleArn=role)


def test_without_what_none_needs_every_workflow_runs(roles: Roles) -> None:
    with roles.without(MACHINE, *UNMISSED):
        for workflow in (INGEST, IMPORT, SYNC):
            ended = roles.ended(roles.start(workflow))
            assert ended["status"] == "SUCCEEDED", ended


def test_without_the_grant_to_end_jobs_the_job_of_a_stopped_run_goes_on(roles: Roles) -> None:
    states, holds = roles.operator("stepfunctions"), {"holds": ["RunSPOT"]}
    with roles.without(MACHINE, ("batch:TerminateJob", ANY_JOB)):
        execution = roles.start(inputs=holds)
        job = roles.job(execution)["jobId"]
        states.stop_execution(executionArn=execution)
        until(lambda: roles.denied(MACHINE) == "batch:TerminateJob", PATIENCE_SECONDS)
    assert roles.job(execution)["status"] == "RUNNING"
    roles.batch.terminate_job(jobId=job, reason="nobody else does")

    execution = roles.start(inputs=holds)
    roles.job(execution)
    states.stop_execution(executionArn=execution)
    ended = until(lambda: job if (job := roles.job(execution))["status"] == "FAILED" else None, PATIENCE_SECONDS)
    assert execution in ended["statusReason"]


def test_without_the_grant_to_list_a_missing_output_is_not_known_as_such(roles: Roles) -> None:
    """S3 does not tell those who may not list what is missing, nor what they lack: the state is named."""
    stands_in("true")
    try:
        assert roles.ended(roles.start())["error"] == "MissingOutput"
        with roles.without(MACHINE, ("s3:ListBucket", COMMS)):
            ended = roles.ended(roles.start())
    finally:
        stands_in(*RUNNER)
    assert (ended["status"], ended["error"]) == ("FAILED", "Misconfigured")
    assert "Access Denied" in ended["cause"]
    assert ended["cause"].endswith(", in the state RunReadOutput")


# The role that starts jobs

STARTS: dict[Grant, str] = {
    ("ecr:GetAuthorizationToken", "*"): "ImagePullFailed",
    ("ecr:BatchGetImage", REPOSITORIES): "ImagePullFailed",
    ("ecr:GetDownloadUrlForLayer", REPOSITORIES): "ImagePullFailed",
    ("logs:CreateLogStream", f"{LOG}:log-stream:*"): "Misconfigured",
}
"""What no job starts without, and the error that the run fails with."""
UNSEEN: list[Grant] = [
    ("ecr:BatchCheckLayerAvailability", REPOSITORIES),
    ("logs:PutLogEvents", f"{LOG}:log-stream:*"),
]
"""What a run ends well without: only pushing an image asks which layers are there, though AWS's own policy for pulling
has it; and the log's driver drops what it may not write."""


def test_every_grant_of_the_role_that_starts_jobs_is_looked_at(roles: Roles) -> None:
    assert roles.granted(EXECUTION) == {*STARTS, *UNSEEN}


@pytest.mark.parametrize("grant", STARTS, ids=lambda grant: grant[0])
def test_without_it_no_job_starts_and_the_run_says_why(roles: Roles, grant: Grant) -> None:
    with roles.without(EXECUTION, grant):
        ended = roles.ended(roles.start())
    assert (ended["status"], ended["error"]) == ("FAILED", STARTS[grant]), ended
    assert f"is not authorized to perform: {grant[0]}" in ended["cause"]


def test_without_what_is_not_seen_a_run_ends_well_and_has_no_log(roles: Roles) -> None:
    with roles.without(EXECUTION, *UNSEEN):
        execution = roles.start()
        assert roles.ended(execution)["status"] == "SUCCEEDED"
    stream = roles.job(execution)["container"]["logStreamName"]
    logs = roles.cloud.client("logs")
    assert not logs.get_log_events(logGroupName=orchestrator_names.job_log_group(ENVIRONMENT), logStreamName=stream)[
        "events"
    ]
