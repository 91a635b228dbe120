"""The machine as a whole: its shape, its lint, its arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from statelint.config import Config
from statelint.linter import Linter

from components.orchestration import statemachine
from components.orchestration.contract import Resources, StageArgs
from components.orchestration.statemachine import definition
from tests.unit.machines import LARGEST, QUEUE, machine_args, stage, states

SHAPES = [
    pytest.param((), {}, id="one stage"),
    pytest.param((), {"message_queues": ()}, id="no messages"),
    pytest.param((), {"message_queues": (QUEUE, QUEUE + "2")}, id="two queues"),
    pytest.param(("One", "Two"), {}, id="two stages"),
    pytest.param(
        ("HostFilter", "NonHostAlignment", "Postprocess"), {"job_tags": {"project": "portal"}}, id="three, tagged"
    ),
]
LINT = Config(evaluate_jsonata=True)
JSONPATH = {
    "InputPath",
    "OutputPath",
    "ResultPath",
    "Parameters",
    "ResultSelector",
    "Variable",
    "Result",
    "SecondsPath",
}


def lint(machine: dict[str, Any]) -> list[str]:
    return Linter.validate(json.loads(statemachine.text(machine)), LINT)


def targets(state: dict[str, Any]) -> Iterator[str]:
    """Every state that may follow."""
    for branch in (state, *state.get("Catch", ()), *state.get("Choices", ())):
        if "Next" in branch:
            yield branch["Next"]
    if "Default" in state:
        yield state["Default"]


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


@pytest.mark.parametrize(("stages", "given"), SHAPES)
def test_every_state_is_reached_and_every_target_exists(stages: tuple[str, ...], given: dict[str, Any]) -> None:
    found, seen, waiting = states(*stages, **given), set[str](), ["PreprocessInput"]
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting += [target for target in targets(found[name]) if target not in seen]
    assert seen == set(found)


@pytest.mark.parametrize(("stages", "given"), SHAPES)
def test_every_call_is_retried_with_jitter_and_caught(stages: tuple[str, ...], given: dict[str, Any]) -> None:
    tasks = {name: state for name, state in states(*stages, **given).items() if state["Type"] == "Task"}
    for name, task in tasks.items():
        assert [retry["JitterStrategy"] for retry in task["Retry"]] == ["FULL"], name
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
        assert not any("States.ALL" in retry["ErrorEquals"] for retry in task["Retry"]), name


@pytest.mark.parametrize(("stages", "given"), SHAPES)
def test_no_lambda_and_no_jsonpath(stages: tuple[str, ...], given: dict[str, Any]) -> None:
    found = definition("test", machine_args(*stages, **given))
    assert found["QueryLanguage"] == "JSONata"
    assert not JSONPATH & set(keys(found))
    assert not [key for key in keys(found) if key.endswith(".$")]
    assert "lambda" not in json.dumps(found).lower()


@pytest.mark.parametrize(("stages", "given"), SHAPES)
def test_statelint_finds_nothing(stages: tuple[str, ...], given: dict[str, Any]) -> None:
    assert lint(definition("test", machine_args(*stages, **given))) == []


def test_statelint_would_find_something() -> None:
    broken = definition("test", machine_args())
    broken["States"]["Run"]["Next"] = "Nowhere"
    assert lint(broken)


def path(found: dict[str, dict[str, Any]], start: str, end: str) -> list[str]:
    """The states from one to another, by the way that each takes when it goes well."""
    way = [start]
    while way[-1] != end:
        state = found[way[-1]]
        way.append(state["Next"] if "Next" in state else state["Default"])
    return way


def test_a_run_that_goes_well_takes_four_transitions() -> None:
    found = states()
    way = path(found, "PreprocessInput", "RunReadOutput")
    assert way == ["PreprocessInput", "Run", "RunNotify", "RunReadOutput"]
    assert found["RunReadOutput"]["End"] is True


def test_without_messages_it_takes_three() -> None:
    assert path(states(message_queues=()), "PreprocessInput", "RunReadOutput") == [
        "PreprocessInput",
        "Run",
        "RunReadOutput",
    ]


def test_a_failed_job_sends_one_message_to_each_queue_and_reads_its_error() -> None:
    found = states(message_queues=(QUEUE, QUEUE + "2"))
    way = path(found, "RunDetectError", "HandleFailure")
    assert way == ["RunDetectError", "RunNotifyFailure", "RunNotifyFailure2", "RunReadError", "HandleFailure"]
    assert [found[name]["Arguments"]["QueueUrl"] for name in way[1:3]] == [QUEUE, QUEUE + "2"]


def test_a_lost_machine_leads_to_the_same_state_with_the_other_market() -> None:
    asked, again = states()["RunDetectError"]["Choices"]
    assert (again["Next"], again["Assign"]) == ("Run", {"market": "EC2"})
    assert asked["Next"] == "RunDetectInterruption"


def test_a_job_that_may_have_been_told_to_stop_is_looked_at_first() -> None:
    """It has failed by itself if its error JSON is there; whatever else is found or not, it goes on demand."""
    found = states()["RunDetectInterruption"]
    assert found["Next"] == states()["RunDetectError"]["Default"] == "RunNotifyFailure"
    again = {"Assign": {"market": "EC2"}, "Output": {}, "Next": "Run"}
    assert found["Catch"] == [{"ErrorEquals": ["States.ALL"], **again}]


def test_stages_run_one_after_the_other() -> None:
    found = states("One", "Two")
    assert path(found, "OneReadOutput", "TwoReadOutput") == [
        "OneReadOutput",
        "TwoWriteInput",
        "Two",
        "TwoNotify",
        "TwoReadOutput",
    ]
    assert found["StagesMapChoice"]["Default"] == "One"
    assert found["ReadStagesMap"]["Next"] == "OneWriteInput"


def test_a_message_that_cannot_be_sent_does_not_hide_the_jobs_failure() -> None:
    found = states()
    assert [catch["Next"] for catch in found["RunNotifyFailure"]["Catch"]] == ["RunReadError"]
    assert [catch["Next"] for catch in found["RunNotify"]["Catch"]] == ["GetCause"]


def test_a_definition_beyond_the_limit_of_aws_is_refused() -> None:
    machine = definition("test", machine_args())
    with pytest.raises(ValueError, match="AWS allows 1048576"):
        statemachine.text({**machine, "Comment": "x" * 1_048_576})


SMALL = Resources(memory_mib=3, vcpus=1)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"stages": ()}, r"stages: \(\): at least one"),
        ({"stages": (stage("run"),)}, "stages.name: 'run': words that begin with a capital"),
        ({"stages": (stage("One"), stage("One"))}, r"stages\[1\].name: 'One': is the name of a stage before it"),
        (
            {"stages": (stage("Run"), stage("RunNotify"))},
            r"stages\[1\].name: 'RunNotify': begins with the name of the stage",
        ),
        ({"stages": (StageArgs(spot=SMALL, on_demand=LARGEST),)}, "stages.Run.spot.memory_mib: 3: at least 4"),
        ({"largest": Resources(memory_mib=1000, vcpus=96)}, "spot.memory_mib: 128000: the largest of"),
        ({"largest": Resources(memory_mib=786_432, vcpus=1)}, "stages.Run.spot.vcpus: 2: a job gets 1 at most"),
        ({"job_definitions": {"db-import": "x"}}, "job_definitions: 'db-import': lower-case letters"),
        ({"job_definitions": {"sync": "x"}, "workflows": ()}, r"workflows: \(\): at least one"),
        ({"job_definitions": {"sync": "x", "sync_all": "y"}}, "job_definitions: 'sync_all': begins with sync"),
        ({"job_timeout_seconds": 59}, "job_timeout_seconds: 59: 60 to 259200"),
        ({"message_queues": (QUEUE,) * 6}, "message_queues: .* at most 5"),
        ({"workspaces": ()}, "workspaces: .* at least one"),
        ({"workspaces": ("s3://bucket",)}, "'s3://bucket': a bucket, or bucket/folder"),
        ({"workflows": ("bucket/",)}, "'bucket/': a bucket, or bucket/folder"),
    ],
)
def test_arguments_that_cannot_be_are_refused(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=f"^StateMachine 'mine': .*{fault}"):
        definition("mine", machine_args(**given))
