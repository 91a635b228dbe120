"""The record of a batch, and starting exactly once: whatever dies in between, and whatever AWS answers."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import settings
from hypothesis import strategies as st

from portal.errors import PortalError
from portal.submission.journal import Header, Journal, Planned, opened
from portal.submission.starting import NameTaken, Starter, start_all
from tests.untimed import given

MACHINE = "arn:aws:states:us-west-2:908710317728:stateMachine:m"
IDENTITY = {"command": "queue"}
RUNS = [Planned(target=f"r{n}", name=f"1-r{n}", input=json.dumps({"n": n})) for n in range(6)]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "StartExecution")


class States:
    """Step Functions as its documentation has it. ``answers``: what the next calls raise; None: nothing."""

    def __init__(self, *answers: Exception | None) -> None:
        self.executions: dict[str, str] = {}
        self.calls = 0
        self.running = True
        self._answers = list(answers)
        self._lock = threading.Lock()

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: A002, N803 - AWS's names
        with self._lock:
            self.calls += 1
            answer = self._answers.pop(0) if self._answers else None
            if isinstance(answer, ReadTimeoutError):
                self.executions.setdefault(name, input)
            if answer:
                raise answer
            if name in self.executions and not (self.running and self.executions[name] == input):
                raise refused("ExecutionAlreadyExists")
            self.executions[name] = input
            return {"executionArn": f"{stateMachineArn.replace(':stateMachine:', ':execution:')}:{name}"}

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803 - AWS's name
        return {"input": self.executions[executionArn.rpartition(":")[2]]}


def starter(states: States, waits: list[float] | None = None) -> Starter:
    taken = [] if waits is None else waits
    return Starter(states=states, machine=MACHINE, wait=taken.append, jitter=lambda: 1.0)


def journal(folder: Path, second: float = 1000.0, **given: Any) -> Any:
    return opened(folder, given.pop("identity", IDENTITY), "staging", MACHINE, clock=lambda: second, **given)


def submit(folder: Path, states: States, runs: list[Planned], parallelism: int = 1) -> list[str]:
    """What `portal submit` does with a batch; the names that it started."""
    with journal(folder) as found:
        found.plan(run for run in runs if run.target not in found.planned)
        todo = [found.planned[run.target] for run in runs if run.name not in found.started]
        return start_all(found, todo, starter(states), parallelism, lambda: None).started


def test_what_was_started_is_not_started_again(tmp_path: Path) -> None:
    states = States()
    assert submit(tmp_path, states, RUNS[:3]) == ["1-r0", "1-r1", "1-r2"]
    assert sorted(submit(tmp_path, states, RUNS, parallelism=4)) == ["1-r3", "1-r4", "1-r5"]
    assert submit(tmp_path, states, RUNS) == []
    assert (states.calls, len(states.executions)) == (6, 6)


@settings(max_examples=60)
@given(data=st.data())
def test_a_record_cut_off_anywhere_still_starts_each_run_once(data: st.DataObject, tmp_path_factory: Any) -> None:
    """Killed at any byte of what it wrote, after any number of starts that were not recorded."""
    folder = tmp_path_factory.mktemp("journal")
    states = States()
    submit(folder, states, RUNS[:4])
    (file,) = folder.glob("*.jsonl")
    whole = file.read_bytes()
    planned = whole.index(b'{"started"')
    file.write_bytes(whole[: data.draw(st.integers(planned, len(whole)))])
    states.running = data.draw(st.booleans())
    submit(folder, states, RUNS)
    assert states.executions == {run.name: run.input for run in RUNS}
    assert submit(folder, states, RUNS) == []


@settings(max_examples=30)
@given(cut=st.integers(0, 600))
def test_a_plan_cut_off_is_made_again_under_the_same_time(cut: int, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("journal")
    with journal(folder) as found:
        found.plan(RUNS)
    (file,) = folder.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:cut])
    with journal(folder, 2000.0) as again:
        assert again.header.unix in (1000, 2000)
        assert set(again.planned.values()) <= set(RUNS)
        again.plan(run for run in RUNS if run.target not in again.planned)
    with journal(folder, 3000.0) as last:
        assert [*last.planned.values()] == RUNS


def test_the_same_is_the_same_batch_and_again_is_another(tmp_path: Path) -> None:
    with journal(tmp_path) as first, journal(tmp_path, identity={"command": "sync"}) as other:
        assert first.header.unix == 1000
        assert other.header.unix == 1001, "no two batches' names begin alike"
    with journal(tmp_path, 2000.0) as same:
        assert same.header == first.header
    with journal(tmp_path, 2000.0, again=True) as again:
        assert (again.header.unix, again.header.batch == first.header.batch) == (2000, False)
    with journal(tmp_path, 3000.0) as latest:
        assert latest.header == again.header


def test_a_batch_with_a_name_stays_what_it_is(tmp_path: Path) -> None:
    with journal(tmp_path, batch="monday") as found:
        found.plan(RUNS)
    with journal(tmp_path, batch="monday") as same:
        assert len(same.planned) == len(RUNS)
    with (
        pytest.raises(PortalError, match="--batch: 'monday': is another batch"),
        journal(tmp_path, batch="monday", identity={"command": "sync"}),
    ):
        pass
    with (
        pytest.raises(PortalError, match="--again: the batch 'monday' exists"),
        journal(tmp_path, batch="monday", again=True),
    ):
        pass
    with pytest.raises(PortalError, match=r"--batch: '\.\./x': must be letters"), journal(tmp_path, batch="../x"):
        pass


def test_two_processes_do_not_submit_the_same_batch(tmp_path: Path) -> None:
    with (
        journal(tmp_path) as found,
        pytest.raises(PortalError, match=f"batch {found.header.batch}: another process is submitting it"),
        journal(tmp_path),
    ):
        pass


def test_a_file_that_is_no_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("{}\n")
    with pytest.raises(PortalError, match=r"x.jsonl: is no record of a batch"), journal(tmp_path):
        pass


def unrecorded() -> Journal:
    header = Header(batch="b", identity="i", environment="staging", machine=MACHINE, unix=1)
    return Journal(header=header, planned={run.target: run for run in RUNS})


@pytest.mark.parametrize("code", ["ThrottlingException", "ExecutionLimitExceeded"])
def test_what_passes_is_tried_again_with_longer_and_longer_waits(code: str) -> None:
    states, waits = States(*[refused(code)] * 8), list[float]()
    assert starter(states, waits).start(RUNS[0]) is not None
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_what_does_not_pass_ends_in_an_error() -> None:
    states = States(*[refused("ThrottlingException")] * 99)
    with pytest.raises(ClientError, match="ThrottlingException"):
        starter(states).start(RUNS[0])
    assert states.calls == 12


def test_an_answer_that_was_lost_is_asked_for_again() -> None:
    states = States(ReadTimeoutError(endpoint_url="https://states"))
    assert starter(states).start(RUNS[0]) == "arn:aws:states:us-west-2:908710317728:execution:m:1-r0"
    assert list(states.executions) == ["1-r0"]


def test_an_execution_of_that_name_that_has_ended_is_the_same_by_its_input() -> None:
    states = States()
    states.executions = {"1-r0": '{ "n":0 }', "1-r1": "{}"}
    assert starter(states).start(RUNS[0]) is not None
    with pytest.raises(NameTaken, match="1-r1: there is an execution of this name with another input"):
        starter(states).start(RUNS[1])


def test_a_taken_name_stops_none_of_the_others() -> None:
    states, found = States(), unrecorded()
    states.executions["1-r1"] = "{}"
    result = start_all(found, RUNS, starter(states), 2, lambda: None)
    assert (sorted(result.failures), len(result.started), result.left) == (["1-r1"], 5, 0)


def test_what_would_fail_for_all_is_not_tried_for_all() -> None:
    states, found = States(None, refused("AccessDeniedException")), unrecorded()
    result = start_all(found, RUNS, starter(states), 1, lambda: None)
    assert states.calls == 2
    assert (result.started, list(result.failures), result.left) == (["1-r0"], ["1-r1"], 4)


def test_an_interruption_keeps_what_was_started() -> None:
    states, found = States(), unrecorded()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        start_all(found, RUNS, starter(states), 1, interrupt)
    assert set(found.started) == set(states.executions)
