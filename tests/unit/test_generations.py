"""Which earlier generations of machines stay: what the program asks of AWS, keeps, lets go of, and says."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from composition import generations
from composition.account import provider_of
from settings import load
from tests.unit.conftest import OUTPUTS, first_up
from tests.unit.recording import Recording, Refused, record
from tests.unit.stackfiles import ROOT, engine_config

ENVIRONMENT, CLUSTER = "aws:batch/getComputeEnvironment:getComputeEnvironment", "aws:ecs/getCluster:getCluster"
PREFIX = "cryoet-ingestion-staging-"
NEW, OLD, OLDER = "spot-11111111", "spot-22222222", "spot-33333333"


def aws(tasks: Mapping[str, tuple[int, int] | str]) -> dict[str, Any]:
    """The provider's functions in an account with these generations of staging: how many of their tasks run and how
    many start, or what is said of the cluster."""

    def environment(args: dict[str, Any]) -> dict[str, Any]:
        name = args["name"]
        if name.removeprefix(PREFIX) not in tasks:
            raise Refused(f"1 error occurred:\n\t* reading Batch Compute Environment ({name}): empty result")
        return {"name": name, "ecsClusterArn": f"arn:aws:ecs:us-west-2:908710317728:cluster/AWSBatch-{name}-1"}

    def cluster(args: dict[str, Any]) -> dict[str, Any]:
        found = tasks[args["clusterName"].partition(PREFIX)[2].removesuffix("-1")]
        if isinstance(found, str):
            raise Refused(found)
        return {"runningTasksCount": found[0], "pendingTasksCount": found[1]}

    return {ENVIRONMENT: environment, CLUSTER: cluster}


def kept(last: Mapping[str, Any], tasks: Mapping[str, tuple[int, int] | str]) -> tuple[tuple[str, ...], Recording]:
    """What stays beside NEW."""
    found: list[tuple[str, ...]] = []

    def program() -> None:
        provider = provider_of(load("dev", ROOT), None)
        found.append(generations.kept("staging", (NEW,), last, provider))

    graph = record(program, stack="dev", answers=aws(tasks))
    return found[0], graph


@pytest.mark.parametrize(
    "last", [{}, {"generations": [NEW], "retiring": []}, {"generations": [OLD], "retiring": [NEW]}]
)
def test_aws_is_asked_of_earlier_generations_alone(last: dict[str, list[str]]) -> None:
    found, graph = kept(last, {OLD: (0, 0)})
    earlier = tuple(one for one in last.get("generations", ()) if one != NEW)
    assert found == earlier
    assert [args["name"] for token, args in graph.calls if token == ENVIRONMENT] == [PREFIX + one for one in earlier]


def test_what_was_current_stays_for_one_more_also_without_tasks(caplog: pytest.LogCaptureFixture) -> None:
    found, _ = kept({"generations": [OLD], "retiring": []}, {OLD: (0, 0)})
    assert found == (OLD,)
    assert f"staging: the earlier machines {OLD} stay (tasks on them: 0); a later `up`" in caplog.text


@pytest.mark.parametrize("tasks", [(3, 0), (0, 3), (1, 2)])
def test_a_retiring_generation_stays_with_tasks_that_run_or_start(
    tasks: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    found, _ = kept({"generations": [NEW], "retiring": [OLD]}, {OLD: tasks})
    assert found == (OLD,)
    assert f"staging: the earlier machines {OLD} stay (tasks on them: 3)" in caplog.text


def test_a_retiring_generation_without_tasks_goes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert kept({"generations": [NEW], "retiring": [OLD]}, {OLD: (0, 0)})[0] == ()
    assert f"staging: the earlier machines {OLD} have no tasks left: they are removed" in caplog.text


def test_the_latest_comes_first() -> None:
    found, _ = kept({"generations": [OLD], "retiring": [OLDER]}, {OLD: (0, 0), OLDER: (1, 0)})
    assert found == (OLD, OLDER)


@pytest.mark.parametrize("last", [{"generations": [NEW], "retiring": [OLD]}, {"generations": [OLD], "retiring": []}])
def test_what_is_not_in_the_account_is_not_kept(last: dict[str, list[str]], caplog: pytest.LogCaptureFixture) -> None:
    """Deleted by hand, or of an ``up`` that was killed: a queue that listed it would be refused."""
    caplog.set_level("INFO")
    assert kept(last, {})[0] == ()
    assert f"staging: the earlier machines {OLD} are not in the account any more" in caplog.text


@pytest.mark.parametrize("words", ["empty result", "couldn't find resource", "INACTIVE"])
def test_without_a_cluster_there_are_no_tasks(words: str) -> None:
    last = {"generations": [NEW], "retiring": [OLD]}
    assert kept(last, {OLD: f"reading ECS Cluster (AWSBatch-x): {words}"})[0] == ()


def test_what_aws_does_not_say_keeps_it(caplog: pytest.LogCaptureFixture) -> None:
    last = {"generations": [NEW], "retiring": [OLD]}
    found, _ = kept(last, {OLD: "reading ECS Cluster (AWSBatch-x): AccessDeniedException: not authorized"})
    assert found == (OLD,)
    assert f"{OLD} stay: what runs on them is not known: " in caplog.text
    assert "AccessDeniedException: not authorized" in caplog.text


def test_the_program_keeps_what_its_last_outputs_name() -> None:
    """In the queue behind the current one, left as it is, and put out for the next ``up``."""
    before = {"generations": [OLD, "on-demand-22222222"], "retiring": [OLDER]}
    answers = first_up("dev") | aws({OLD: (1, 0), "on-demand-22222222": (0, 0), OLDER: (0, 0)})
    answers[OUTPUTS]["outputs"] = {"orchestrators": {"staging": before}}
    graph = record(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
        stack="dev",
        config=engine_config(Path(ROOT, "Pulumi.dev.yaml")),
        answers=answers,
    )
    put_out = graph.exports["orchestrators"]
    assert put_out["staging"]["retiring"] == [OLD, "on-demand-22222222"]
    assert put_out["dev"]["retiring"] == []
    listed = graph.one("staging-spot-queue").inputs["computeEnvironmentOrders"]
    assert [one["computeEnvironment"].rpartition(":::")[2] for one in listed] == [
        *(f"staging-{one}" for one in put_out["staging"]["generations"][:2]),
        f"staging-{OLD}",
    ]
    assert graph.one(f"staging-{OLD}", "ComputeEnvironment").ignore_changes
    assert f"staging-{OLDER}" not in graph.names
