"""Options and fixtures of the unit tests: the recorded graphs of the three stacks and of their accounts' bootstraps."""

from __future__ import annotations

import runpy
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import pytest

from composition.bootstrap import TAG, fingerprint
from settings import load
from tests.unit.recording import Recording, record
from tests.unit.stackfiles import engine_config, own_files, own_project

LONGEST = "test_mutations"
STACKS = ("dev", "public", "prod")
STATE, IDENTITY = "pulumi:pulumi:readStackResourceOutputs", "aws:index/getCallerIdentity:getCallerIdentity"
BOUNDARY = "aws:iam/getPolicy:getPolicy"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Half of the longest tests begin each half of the run: pytest-xdist gives each of two workers one half, and the
    end of what a worker has left to one that is done. Last, they would keep one worker busy alone."""
    longest = [item for item in items if item.path.stem == LONGEST]
    others = [item for item in items if item.path.stem != LONGEST]
    middle = len(items) // 2 - len(longest[::2])
    items[:] = [*longest[::2], *others[:middle], *longest[1::2], *others[middle:]]


@pytest.fixture(autouse=True)
def _own_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal's command line reads the tests' stack files, whosever the repository's are."""
    monkeypatch.setattr("portal.stack_files.ROOT", own_project())


def first_up(stack: str) -> dict[str, dict[str, Any]]:
    """What engine and provider answer a stack's program when nothing is there yet but the account's bootstrap."""
    account = own_files()[stack]["portal:settings"]["account"]["id"]
    return {
        STATE: {"name": stack, "outputs": {}},
        IDENTITY: {"accountId": account, "arn": "", "id": account, "userId": ""},
        BOUNDARY: {"tags": {TAG: fingerprint(load(stack, own_project()))}},
    }


def state(stack: str, outputs: Mapping[str, Any], compute_environments: Collection[str] = ()) -> dict[str, Any]:
    """What the engine answers of a stack that was brought up, in part: its outputs, and these compute environments."""
    urn, inside = f"urn:pulumi:{stack}::portal::", "portal:orchestration:Orchestrator$portal:orchestration:Compute$"
    own, kind = "pulumi:pulumi:Stack", "aws:batch/computeEnvironment:ComputeEnvironment"
    resources: dict[str, Any] = {f"{urn}{own}::portal-{stack}": {"type": own, "outputs": dict(outputs)}}
    for name in compute_environments:
        resources[f"{urn}{inside}{kind}::{name}"] = {"type": kind, "outputs": {"name": name}}
    return {STATE: {"name": stack, "outputs": resources}}


@cache
def deployed(stack: str) -> Recording:
    """The whole program with a stack's own file, as on its first ``up``. Recorded once: nothing changes it."""

    def program() -> object:
        return runpy.run_path(str(own_project() / "__main__.py"), run_name="__main__")

    return record(
        program, stack=stack, config=engine_config(own_project() / f"Pulumi.{stack}.yaml"), answers=first_up(stack)
    )


@cache
def bootstrapped(stack: str) -> Recording:
    """The program of an account's bootstrap, as after its first ``up``."""

    def program() -> object:
        return runpy.run_path(str(own_project() / "bootstrap" / "__main__.py"), run_name="__main__")

    answers = first_up(stack) | state(stack, {"account": ""})
    config = engine_config(own_project() / f"Pulumi.{stack}.yaml")
    return record(program, stack=stack, config=config, answers=answers)


def whole_account(stack: str) -> Recording:
    """What a stack's program and the bootstrap of its account make together."""
    return Recording(resources=[*bootstrapped(stack).resources, *deployed(stack).resources])


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    """The name of each stack."""
    return str(request.param)


@pytest.fixture
def graph(stack: str) -> Recording:
    """The recorded graph of each stack."""
    return deployed(stack)
