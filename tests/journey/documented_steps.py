"""The commands of README and docs, run as printed and in an order in which a user could, after `make up`.

Text in them that stands for something of the reader's own (``put_in``) is replaced by what there is here.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import boto3

from components import names
from tests.documented import ROOT
from tests.journey.conftest import DEV, engine
from tests.localcloud.conftest import REGION

STAGING, PUBLIC = "cryoet-data-portal-staging", "cryoet-data-portal-public"
EXAMPLES = {"SOURCE_BUCKET": "cryoetportal-rawdatasets-dev", "OUTPUT_BUCKET[/PREFIX]": f"{STAGING}/by-hand"}
ENTER = 'eval "$(make -s env)"'
"""All later ones are in the environment that it makes."""
NAME, ARN = "1795542120-dep10300-ds10000-runTS-001", "arn:aws:states:…"
MACHINE = names.state_machine_arn(DEV, REGION, "staging")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command; ``says``: a regular expression for what it prints. ``profile``: in ``AWS_PROFILE``; empty: none, as
    `make env` has it."""

    command: str
    says: str = ""
    put_in: Mapping[str, str] = field(default_factory=dict[str, str])
    profile: str = ""


STEPS = (
    Step(command="make", says=r"make up +three AWS accounts"),
    Step(command=ENTER),
    Step(command="aws --profile dev s3 ls", says=STAGING),
    Step(command="PORTAL_AWS_PROFILE=dev pulumi preview -s dev", says=r"\d+ unchanged"),
    Step(command="portal status", says="api of dev: 1 of 1 pods ready, image "),
    Step(command="portal diagram portal.svg", says="3 accounts", put_in={"portal.svg": "$(mktemp -d)/portal.svg"}),
    Step(
        command="portal submit queue ../dataset_configs/10000.yaml cryoetportal-rawdatasets-dev "
        "cryoet-data-portal-staging --deposition 10300 --source-prefix phantom --watch",
        says="-dep10300-ds10000-runTS-001: SUCCEEDED",
    ),
    Step(command="portal submit db-import --include-dataset 10000", says="1 of 1 started"),
    Step(
        command="AWS_PROFILE=prod python -m examples.importer.show prod/v2_db_uri",
        says='"s3_mrc_file": "s3://' + PUBLIC,
    ),
    Step(command="portal submit sync --dataset 10000 --exclude '*.mrc'", says="1 of 1 started"),
    Step(command="portal submit validate 10000 10001", says="2 of 2 started"),
    Step(command="portal submit source-validate ../dataset_configs/10000.yaml", says="1 of 1 started"),
    Step(command="portal watch --batch monday", says="1 succeeded", put_in={"monday": "make-up"}),
    Step(command=f"portal watch {NAME} {ARN}", says="2 succeeded"),
    Step(command=f"portal logs {NAME} --follow", says="objects uploaded"),
    Step(command=f"portal sync --delete s3://{STAGING}/10000 s3://{PUBLIC}/10000"),
    Step(command="portal sync s3://STAGING/10000 s3://PUBLIC/10000", put_in={"STAGING": STAGING, "PUBLIC": PUBLIC}),
    *(
        Step(command=command, put_in=EXAMPLES, profile="dev")
        for command in (
            "python -m examples.ingest.phantom s3://SOURCE_BUCKET/phantom/TS_001.mrc",
            "python -m examples.ingest convert ../dataset_configs/10000.yaml SOURCE_BUCKET OUTPUT_BUCKET[/PREFIX]",
            "python -m examples.ingest.compare OUTPUT_BUCKET[/PREFIX]",
        )
    ),
    Step(
        command="portal bootstrap prod --state-bucket cryoet-pulumi-state-example",
        says=r"\d+ unchanged",
        put_in={"pulumi-state-example": "pulumi-state-example --yes"},
    ),
    Step(command='make setup && export PATH="$PWD/.venv/bin:$(python3 tools/engine.py):$PATH"'),
    Step(command="portal recover STACK", put_in={"STACK": "dev"}),
    Step(command="portal recover STACK --lock-of runner@HOST", put_in={"STACK": "dev"}),
)


class Documented:
    """A user's shell in the project's folder, and what was started from it."""

    def __init__(self, folder: Path) -> None:
        self._env = {**os.environ, "LOCALCLOUD_FOLDER": str(folder), "LOCALCLOUD_ENGINE_DIR": engine()}

    def run(self) -> None:
        """Every step; then every run that they started must have ended well."""
        for step in STEPS:
            if step.command == ENTER:
                entered = self._bash(f"{ENTER} && env -0", self._env)
                self._env = dict(line.split("=", 1) for line in entered.split("\0") if "=" in line)
            else:
                self._step(step)
        started = self._executions()
        assert len(started) > 6, started
        self._bash(f"portal watch {' '.join(started)}", self._env)

    def _step(self, step: Step) -> None:
        command = step.command
        for printed, here in {**step.put_in, **self._names_for(command)}.items():
            command = command.replace(printed, here)
        said = self._bash(command, self._env | ({"AWS_PROFILE": step.profile} if step.profile else {}))
        assert re.search(step.says, said), f"{command}\n{said}"

    def _names_for(self, command: str) -> dict[str, str]:
        """What stands for the names of runs on the page: the run of the first example, and its release."""
        if NAME not in command:
            return {}
        started = self._executions()
        ingest, release = (next(one for one in started if kind in one) for kind in ("-dep10300-", "-sync-ds-"))
        return {NAME: ingest, ARN: f"{MACHINE.replace(':stateMachine:', ':execution:')}:{release}"}

    def _executions(self) -> list[str]:
        """Names of staging's."""
        with patch.dict(os.environ, self._env, clear=True):
            states = boto3.Session(profile_name="dev").client("stepfunctions")
            return [one["name"] for one in states.list_executions(stateMachineArn=MACHINE)["executions"]]

    @staticmethod
    def _bash(command: str, env: Mapping[str, str]) -> str:
        """What a command that must succeed printed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr
