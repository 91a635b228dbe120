"""`portal up` as a command: what it says and asks before it does anything. Its engine is a script that only records
what it is asked; accounts, executions and buckets are the local cloud's."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components import names
from portal.pulumi_cli import STACK_NOT_FOUND
from portal.recovery.wanted import UNREAD
from portal.target import cloud as named
from tests.localcloud.conftest import DEV, REGION, Cloud
from tests.localcloud.states_steps import Machines
from tests.unit.stackfiles import own_files, written

ENGINE = """#!{python}
import os, pathlib, sys
here = pathlib.Path(__file__).parent
with open(here / "asked", "a") as asked:
    asked.write(" ".join(sys.argv[1:]) + "\\n")
with open(here / "backends", "a") as backends:
    backends.write(os.environ.get("PULUMI_BACKEND_URL", "") + "\\n")
state = here / "state"
if sys.argv[1:3] == ["stack", "init"]:
    state.write_text('{{"version": 3, "deployment": null}}')
if not state.exists():
    sys.exit({not_found})
answers = {{"stack history": "[]", "stack export": state.read_text()}}
changes = "@ previewing update....\\n +  aws:s3:Bucket new create\\nResources:\\n    + 1 to create\\n"
print(answers.get(" ".join(sys.argv[1:3]), changes if sys.argv[1] == "preview" else ""))
"""
BUCKET, MACHINE = "aws:s3/bucket:Bucket", "aws:sfn/stateMachine:StateMachine"
ROLE = f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"
WAITING = {"Wait": {"Type": "Wait", "Seconds": 3_000, "End": True}}


class Up:
    """`portal up dev` on the repository's own stack files, in a process."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.folder = folder
        written(own_files(), folder)
        (folder / "bootstrap").mkdir()
        (folder / "pulumi").write_text(ENGINE.format(python=sys.executable, not_found=STACK_NOT_FOUND))
        (folder / "pulumi").chmod(0o755)
        self.state([])
        self.env = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "PORTAL_PROJECT": str(folder),
            "PULUMI_BACKEND_URL": "file:///the/state",
            **cloud.environment(),
        }

    def state(self, resources: list[dict[str, Any]]) -> None:
        (self.folder / "state").write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))

    def run(self, *options: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        """``typed`` at a terminal; None: there is none."""
        terminal, inside = pty.openpty()
        try:
            os.write(terminal, (typed or "").encode())
            return subprocess.run(
                [sys.executable, "-m", "portal", "up", "dev", *options],
                env=self.env,
                stdin=subprocess.DEVNULL if typed is None else inside,
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            os.close(terminal)
            os.close(inside)

    def asked(self) -> list[str]:
        """The engine's commands, by their first words."""
        file = self.folder / "asked"
        return [line.partition(" --")[0] for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def up(cloud: Cloud, tmp_path: Path) -> Up:
    return Up(cloud, tmp_path)


def test_the_target_is_named_and_the_preview_shown_before_it_asks(up: Up, cloud: Cloud) -> None:
    done = up.run(typed="y\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:7] == [
        f"target: the local cloud at {cloud.https_url}",
        "  as arn:aws:iam::999988887777:user/engineer, state in file:///the/state",
        f"  dev: account {DEV}, {REGION}, through {ROLE}",
        f"dev: account {DEV}",
        "   +  aws:s3:Bucket new create",
        "  Resources:",
        "      + 1 to create",
    ]
    assert "Bring dev up? [y/N]" in done.stderr
    assert up.asked() == ["stack export", "preview", "stack export", "up"]


def test_no_is_the_end_of_it(up: Up) -> None:
    done = up.run(typed="\n")
    assert (done.returncode, done.stderr) == (1, "Bring dev up? [y/N]:error: not agreed: dev was not brought up\n")
    assert up.asked() == ["stack export", "preview"]


def test_scripts_say_yes(up: Up) -> None:
    assert up.run("--yes", "--skip-preview").returncode == 0
    assert up.asked() == ["stack export", "up"]


@pytest.mark.parametrize(
    ("more", "looks"),
    [
        ({}, ["stack export", "stack history"]),
        (
            {"initErrors": [UNREAD]},
            ["stack export", "stack history", "stack export", "refresh", "stack export", "stack export"],
        ),
    ],
)
def test_the_state_is_read_once_where_nothing_is_to_be_settled(up: Up, more: dict[str, Any], looks: list[str]) -> None:
    up.state([{"urn": f"urn:pulumi:dev::portal::{BUCKET}::x", "type": BUCKET, "inputs": {"bucket": "x"}, **more}])
    assert up.run("--yes", "--skip-preview").returncode == 0
    assert up.asked() == [*looks, "up"]


@pytest.mark.parametrize(
    ("options", "typed", "told"),
    [
        ([], None, "--yes: must be given where no terminal is there to ask"),
        (["--skip-preview"], "y\n", "--skip-preview: needs --yes"),
    ],
)
def test_where_nobody_can_be_asked_nothing_is_done(up: Up, options: list[str], typed: str | None, told: str) -> None:
    done = up.run(*options, typed=typed)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {told}")
    assert (done.stdout, up.asked()) == ("", [])


def test_without_credentials_nothing_is_done(up: Up) -> None:
    up.env["AWS_SECRET_ACCESS_KEY"] = "wrong"
    done = up.run("--yes")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the local cloud at https://127.0.0.1:")
    assert "does not say who you are" in done.stderr
    assert (len(done.stderr.splitlines()), up.asked()) == (1, [])


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("https://sts.us-west-2.amazonaws.com", "AWS"),
        ("https://sts.cn-north-1.amazonaws.com.cn", "AWS"),
        ("https://127.0.0.1:4566", "the local cloud at https://127.0.0.1:4566"),
        ("https://amazonaws.com.example.org", "https://amazonaws.com.example.org, which is not AWS"),
    ],
)
def test_aws_is_what_answers_under_its_domains(endpoint: str, name: str) -> None:
    assert named(endpoint) == name


def retired(environment: str) -> list[dict[str, Any]]:
    """What the state has of an environment that is retired, of which the stack file knows nothing any more."""
    workflows = f"urn:pulumi:dev::portal::portal:workflows:Workflows::{environment}"
    data = "urn:pulumi:dev::portal::portal:workflows:Workflows$portal:storage:DataBucket"
    resources: list[dict[str, Any]] = [{"urn": workflows, "type": "portal:workflows:Workflows"}]
    for word in ("wdl", "comms"):
        parent, bucket = f"{data}::{environment}-{word}", f"cryoet-swipe-{word}-{environment}"
        resources += (
            {"urn": parent, "type": "portal:storage:DataBucket", "parent": workflows},
            {"urn": f"{data}${BUCKET}::{environment}-{word}", "type": BUCKET, "parent": parent}
            | {"inputs": {"bucket": bucket}},
        )
    machine = {"urn": f"urn:x::portal::{MACHINE}::{environment}-machine", "type": MACHINE}
    return [*resources, machine | {"inputs": {"name": names.state_machine(environment)}}]


def test_an_environment_is_not_removed_while_executions_run(up: Up, cloud: Cloud) -> None:
    s3, machines = cloud.client("s3"), Machines(cloud)
    for word, count in (("wdl", 1), ("comms", 3)):
        bucket = f"cryoet-swipe-{word}-qa"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        for number in range(count):
            s3.put_object(Bucket=bucket, Key=str(number), Body=b"")
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Wait", "States": WAITING})
    machine = machines.sfn.create_state_machine(
        name=names.state_machine("qa"), definition=text, roleArn=machines.role()
    )["stateMachineArn"]
    executions = [machines.start(machine) for _ in range(2)]
    up.state(retired("qa"))
    lost = (
        "the environment qa loses cryoet-swipe-wdl-qa with 1 object, cryoet-swipe-comms-qa with 3 objects, "
        "cryoet-ingestion-qa-default-wdl"
    )
    refused = up.run("--yes")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: nothing was touched: Pulumi.dev.yaml: portal:settings.environments.qa: {lost}, and has 2 running "
        "executions: stop each or wait for its end (portal watch), then bring the stack up again\n"
    )
    assert up.asked() == ["stack export"]
    for execution in executions:
        machines.sfn.stop_execution(executionArn=execution)
    passed = up.run("--yes")
    assert passed.returncode == 0, passed.stderr
    assert f"  {lost}\n" in passed.stdout
    machines.sfn.delete_state_machine(stateMachineArn=machine)
    for bucket, count in (("cryoet-swipe-wdl-qa", 1), ("cryoet-swipe-comms-qa", 3)):
        for number in range(count):
            s3.delete_object(Bucket=bucket, Key=str(number))
        s3.delete_bucket(Bucket=bucket)
