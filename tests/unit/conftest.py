"""Options and fixtures of the unit tests: the recorded graphs of the three stacks, and one to deploy anything else."""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path

import pytest

from tests.unit.recording import Recording, record
from tests.unit.stackfiles import ROOT, engine_config

STACKS = ("dev", "public", "prod")
FIRST_UP = {"pulumi:pulumi:readStackOutputs": {"name": "stack", "outputs": {}, "secretOutputNames": []}}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutations", type=int, default=100, help="how many mutated stack files to read")


@cache
def deployed(stack: str) -> Recording:
    """The whole program with a stack's own file, as on its first ``up``. Recorded once: nothing changes it."""

    def program() -> object:
        return runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    return record(program, stack=stack, config=engine_config(Path(ROOT, f"Pulumi.{stack}.yaml")), answers=FIRST_UP)


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    """The name of each stack."""
    return str(request.param)


@pytest.fixture
def graph(stack: str) -> Recording:
    """The recorded graph of each stack."""
    return deployed(stack)
