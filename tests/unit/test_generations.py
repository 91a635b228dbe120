"""Which earlier generations of machines stay: by the stack's state and its file, whatever runs on them."""

from __future__ import annotations

import runpy
from collections.abc import Collection, Mapping
from typing import Any

import pytest

from settings import generations, load
from settings.schema import Settings
from tests.unit.conftest import first_up, state
from tests.unit.recording import Recording, record
from tests.unit.stackfiles import engine_config, own_project

SPOT, ON_DEMAND, OLDER, FAILED = "spot-22222222", "on-demand-22222222", "spot-33333333", "spot-44444444"
CURRENT = generations.current(load("dev", own_project()).current, "staging")


def settings(*removed: str) -> Settings:
    """Those of dev, with machines of staging that are to be removed."""
    found = load("dev", own_project()).current
    orchestrator = found.environments["staging"].orchestrator
    assert orchestrator is not None
    changed = found.environments["staging"].model_copy(
        update={"orchestrator": orchestrator.model_copy(update={"remove_machines": removed})}
    )
    return found.model_copy(update={"environments": {**found.environments, "staging": changed}})


def retiring(
    deployed: Collection[str], last: Mapping[str, Collection[str]], *, removed: tuple[str, ...] = ()
) -> tuple[str, ...]:
    names = [f"staging-{one}" for one in deployed]
    return generations.retiring(settings(*removed), names, {"staging": last})["staging"]


def test_nothing_stays_before_the_first_update() -> None:
    assert generations.retiring(settings(), (), {}) == {"dev": (), "staging": ()}


def test_what_is_in_the_state_and_not_current_stays_the_latest_first() -> None:
    """FAILED was made by an update that failed: it is in the state, and in no output."""
    deployed = (*CURRENT, OLDER, SPOT, ON_DEMAND, FAILED)
    last = {"generations": [SPOT, ON_DEMAND], "retiring": [OLDER]}
    assert retiring(deployed, last) == (FAILED, SPOT, ON_DEMAND, OLDER)


def test_machines_of_a_first_update_that_failed_stay() -> None:
    assert generations.retiring(settings(), [f"staging-{FAILED}"], {})["staging"] == (FAILED,)


def test_what_is_not_in_the_state_does_not_stay() -> None:
    assert retiring(CURRENT, {"generations": [*CURRENT], "retiring": [OLDER]}) == ()


def test_other_environments_machines_are_their_own() -> None:
    assert generations.retiring(settings(), [f"dev-{SPOT}"], {}) == {"dev": (SPOT,), "staging": ()}


def test_what_the_stack_file_names_goes() -> None:
    last = {"generations": [*CURRENT], "retiring": [SPOT, OLDER]}
    assert retiring((*CURRENT, SPOT, OLDER), last, removed=(OLDER,)) == (SPOT,)


@pytest.mark.parametrize("last", [{"generations": [SPOT], "retiring": []}, {"generations": [*CURRENT], "retiring": []}])
def test_until_the_queues_list_others_first_machines_stay_even_if_named(last: dict[str, list[str]]) -> None:
    """SPOT was current until now, or was made by an update that failed: jobs may still go to it."""
    assert retiring((*CURRENT, SPOT), last, removed=(SPOT,)) == (SPOT,)


def program(deployed: Collection[str], last: Mapping[str, Any]) -> Recording:
    """The whole program of dev, with these compute environments in its state."""
    answers = first_up("dev") | state("dev", {"orchestrators": {"staging": last}}, deployed)
    return record(
        lambda: runpy.run_path(str(own_project() / "__main__.py"), run_name="__main__"),
        stack="dev",
        config=engine_config(own_project() / "Pulumi.dev.yaml"),
        answers=answers,
    )


def test_the_program_keeps_what_its_state_has() -> None:
    """In the queue behind the current one, left as it is, and put out for the next ``up``. Nothing is asked of AWS."""
    last = {"generations": [SPOT, ON_DEMAND], "retiring": [OLDER]}
    graph = program([f"staging-{one}" for one in (SPOT, ON_DEMAND)], last)
    put_out = graph.exports["orchestrators"]
    assert put_out["staging"]["retiring"] == [SPOT, ON_DEMAND]
    assert put_out["dev"]["retiring"] == []
    listed = graph.one("staging-spot-queue").inputs["computeEnvironmentOrders"]
    assert [one["computeEnvironment"].rpartition(":::")[2] for one in listed] == [
        *(f"staging-{one}" for one in put_out["staging"]["generations"][:2]),
        f"staging-{SPOT}",
    ]
    assert graph.one(f"staging-{SPOT}", "ComputeEnvironment").ignore_changes
    assert f"staging-{OLDER}" not in graph.names
    assert not [token for token, _ in graph.calls if token.startswith(("aws:batch", "aws:ecs"))]
