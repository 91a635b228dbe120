"""`portal submit`, `watch` and `logs` against an orchestrator that the real engine brought up, as the operator."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest

from components import names
from localcloud.server.call import HOOKS, Call, Outcome
from portal.submission.journal import FOLDER_VARIABLE
from tests.journey.conftest import DEV, INGEST, Cloud, Project, jobs_alone, smaller
from tests.journey.forks import fork_of
from tests.journey.running import runners
from tests.localcloud.batch_steps import until

WORKFLOW = "say-v1.0.0.wdl"
WDL = """version 1.0
# Says what it was given; fails for a run whose name has "broken" in it, with a reason.
workflow say {
    input {
        String docker_image_id String aws_region String config_file
        String input_bucket String output_path String flags
    }
    call speak { input: docker_image_id = docker_image_id, flags = flags }
    output { File log = speak.log }
}
task speak {
    input { String docker_image_id String flags }
    command <<<
        echo ~{flags} | tee output.txt >&2
        if ! grep -q broken output.txt; then exit 0; fi
        echo 'this cannot be read' >&2
        echo '{"wdl_error_message": true, "error": "InvalidInputFileError", "cause": "x: \\"true\\" is no size"}' >&2
        exit 3
    >>>
    output { File log = "output.txt" }
    runtime { docker: docker_image_id }
}
"""
RUNS = [f"TS_{number:03d}" for number in range(8)]
QUEUE = (
    "submit",
    "queue",
    "../dataset_configs/10000.yaml",
    "cryoetportal-rawdatasets-dev",
    "cryoet-data-portal-staging",
)
HELD = 3


@pytest.fixture(scope="module")
def running(module_project: Project, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Dev up with orchestrators; the stand-in for the jobs' image is the runner."""
    module_project.keep_workflows(INGEST)
    for edit in (smaller, jobs_alone):
        module_project.change("dev", edit)
    module_project.up("dev")
    cloud.client("s3").put_object(Bucket="cryoet-swipe-wdl-staging", Key=WORKFLOW, Body=WDL)
    batches = tmp_path_factory.mktemp("batches")
    module_project.env |= {"PORTAL_PROJECT": str(module_project.folder), FOLDER_VARIABLE: str(batches)}
    with runners():
        yield module_project


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Until it is set, StartExecution's answers from the fourth on are held back, though they are done."""
    release, count = threading.Event(), iter(range(10**6))

    def hold(call: Call, outcome: Outcome) -> None:
        if call.operation == "StartExecution" and next(count) >= HELD:
            release.wait(150)

    HOOKS.finish("stepfunctions")(hold)
    yield release
    release.set()
    HOOKS.finish_calls["stepfunctions"].remove(hold)


def queue(runs: list[str], *more: str) -> list[str]:
    named = [word for run in runs for word in ("--run", run)]
    return ["portal", *QUEUE, "--deposition", "10300", "--swipe-wdl-key", WORKFLOW, *named, *more]


def executions(cloud: Cloud) -> list[str]:
    """Of the runs of RUNS, without the time in their names."""
    states = cloud.client("stepfunctions", DEV, names.OPERATOR)
    arn = names.state_machine_arn(DEV, "us-west-2", "staging")
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=arn)
    found = (one["name"].partition("-")[2] for page in pages for one in page["executions"])
    return sorted(one for one in found if "-runTS-" in one)


def test_a_killed_submission_goes_on_and_starts_nothing_twice(
    running: Project, cloud: Cloud, held: threading.Event
) -> None:
    """Killed while calls were under way whose executions had started, and while most runs were not begun."""
    command = queue(RUNS, "--parallelism", "2")
    killed = subprocess.Popen(command, cwd=running.folder, env=running.env, stderr=subprocess.DEVNULL)
    until(lambda: len(executions(cloud)) == HELD + 2, 120)
    os.kill(fork_of(killed.pid), signal.SIGKILL)
    assert killed.wait(30) == -signal.SIGKILL
    held.set()
    assert len(executions(cloud)) == HELD + 2, "those whose answers never came"

    again = running.run(*command, "--watch")
    assert again.returncode == 0, again.stdout + again.stderr
    wanted = sorted(f"dep10300-ds10000-run{run.replace('_', '-')}" for run in RUNS)
    assert executions(cloud) == wanted
    assert "8 succeeded" in again.stderr
    assert len(re.findall(r": SUCCEEDED, spot, (?:\d+ min )?\d+ s\n", again.stdout)) == len(RUNS)

    once_more = running.run(*command)
    assert once_more.returncode == 0
    assert "0 of 0 started, 8 started before" in once_more.stderr
    assert executions(cloud) == wanted


def test_what_fails_is_told_with_its_reason_and_the_programs_own_lines(running: Project) -> None:
    submitted = running.run(*queue(["broken", "right"], "--batch", "two"))
    assert submitted.returncode == 0, submitted.stderr
    watched = running.run("portal", "watch", "--batch", "two", "--interval", "0.2")
    assert watched.returncode == 1, watched.stdout + watched.stderr
    assert "1 InvalidInputFileError; 1 succeeded" in watched.stderr
    lines = watched.stdout.splitlines()
    failed = next(line for line in lines if "runbroken: FAILED" in line)
    assert re.search(r": FAILED, spot, \d+ s$", failed)
    reason, *printed = lines[lines.index(failed) + 1 :][:3]
    assert reason.startswith('  InvalidInputFileError: x: "true" is no size (the program failed (')
    assert "exit code 3" in reason, "the task's own status"
    address = "https://files.cryoetdataportal.cziscience.com"
    flags = f"--https-prefix {address} --filter-dataset-name ^10000$ --filter-run-name ^broken$"
    assert printed == [f"  | {flags}", "  | this cannot be read"], "the program's lines, and none of what ran it"

    name = failed.partition(":")[0]
    right = f"arn:aws:states:us-west-2:{DEV}:execution:cryoet-ingestion-staging-default-wdl:{name}"
    right = right.replace("broken", "right")
    assert running.run("portal", "watch", right).returncode == 0, "the other one alone"
    whole = running.run("portal", "logs", name, "--follow")
    assert whole.returncode == 0, whole.stderr
    last = running.run("portal", "logs", name, "--tail", "1")
    assert last.stdout == whole.stdout.splitlines(keepends=True)[-1]
