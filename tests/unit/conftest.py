"""Options and fixtures of the unit tests: the recorded graphs of the three stacks, and one to deploy anything else."""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.unit.recording import Recording, record
from tests.unit.stackfiles import ROOT, engine_config, own_files

STACKS = ("dev", "public", "prod")
OUTPUTS, IDENTITY = "pulumi:pulumi:readStackOutputs", "aws:index/getCallerIdentity:getCallerIdentity"


def first_up(stack: str) -> dict[str, dict[str, Any]]:
    """What engine and provider answer a stack's program when nothing is there yet."""
    account = own_files()[stack]["portal:settings"]["account"]["id"]
    return {
        OUTPUTS: {"name": stack, "outputs": {}, "secretOutputNames": []},
        IDENTITY: {"accountId": account, "arn": "", "id": account, "userId": ""},
    }


@cache
def deployed(stack: str) -> Recording:
    """The whole program with a stack's own file, as on its first ``up``. Recorded once: nothing changes it."""

    def program() -> object:
        return runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    return record(
        program, stack=stack, config=engine_config(Path(ROOT, f"Pulumi.{stack}.yaml")), answers=first_up(stack)
    )


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    """The name of each stack."""
    return str(request.param)


@pytest.fixture
def graph(stack: str) -> Recording:
    """The recorded graph of each stack."""
    return deployed(stack)
