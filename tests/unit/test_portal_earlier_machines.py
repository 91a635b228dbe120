"""What `portal up` does about earlier machines: refuses to remove those with jobs, and proposes idle ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from botocore.exceptions import ClientError

from portal import earlier_machines
from portal.earlier_machines import Earlier, propose, refuse_busy
from portal.errors import PortalError
from portal.pulumi_cli import Pulumi
from portal.recovery import Place
from settings import load
from settings.schema import Settings
from tests.unit.stackfiles import changed, own_project, written

PREFIX = "cryoet-ingestion-staging-"
IDLE, BUSY, NAMED, LAST = "spot-11111111", "spot-22222222", "spot-33333333", "spot-44444444"
PLACE = Place("908710317728", "us-west-2", "arn:aws:iam::908710317728:role/x")
REMOVE = "portal:settings.environments.staging.orchestrator.remove_machines"


def settings(folder: Path, *removed: str) -> Settings:
    """Those of dev, in which machines of staging are to be removed."""

    def change(files: dict[str, Any]) -> None:
        files["dev"]["environments"]["staging"]["orchestrator"]["remove_machines"] = [*removed]

    return load("dev", written(changed(change), folder)).current


def deployment(*retiring: str) -> dict[str, Any]:
    """A state in which these and LAST are deployed; LAST was current after the last update."""
    kind, urn = "aws:batch/computeEnvironment:ComputeEnvironment", "urn:pulumi:dev::portal::"
    outputs = {"orchestrators": {"staging": {"generations": [LAST], "retiring": [*retiring]}}}
    made = [{"type": kind, "urn": f"{urn}{kind}::staging-{one}"} for one in (*retiring, LAST)]
    return {"resources": [{"type": "pulumi:pulumi:Stack", "urn": f"{urn}x::y", "outputs": outputs}, *made]}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Tasks by generation, as the account counts them."""
    counts: dict[str, int] = {}
    monkeypatch.setattr(Place, "client", lambda *_: None)
    monkeypatch.setattr(
        earlier_machines, "tasks", lambda names, *_: {one: counts.get(one.removeprefix(PREFIX), 0) for one in names}
    )
    return counts


def found(of: Settings, *retiring: str) -> list[Earlier]:
    return earlier_machines.earlier_machines(of, deployment(*retiring), PLACE)


@pytest.mark.usefixtures("aws")
def test_machines_that_were_current_until_now_are_not_idle(tmp_path: Path) -> None:
    """The queues list them first until this update is over."""
    assert [(one.generation, one.idle) for one in found(settings(tmp_path), IDLE)] == [(LAST, False), (IDLE, True)]


def test_machines_with_jobs_are_not_removed(tmp_path: Path, aws: dict[str, int]) -> None:
    aws |= {BUSY: 3}
    of = settings(tmp_path, NAMED, BUSY)
    with pytest.raises(PortalError) as refused:
        refuse_busy("dev", of, found(of, NAMED, BUSY))
    rule = "tasks on them: 3; remove the name, or wait for the end of the runs (portal watch)"
    assert str(refused.value) == f"nothing was touched: Pulumi.dev.yaml: {REMOVE}[1]: '{BUSY}': {rule}"


@pytest.mark.usefixtures("aws")
def test_idle_ones_and_those_that_stay_for_this_update_are_not_refused(tmp_path: Path, aws: dict[str, int]) -> None:
    aws |= {LAST: 1}
    of = settings(tmp_path, NAMED, LAST)
    refuse_busy("dev", of, found(of, NAMED))


def test_without_a_count_nothing_is_brought_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeClusters")

    monkeypatch.setattr(Place, "client", refused)
    with pytest.raises(PortalError, match=r"cannot be counted as arn:aws:iam::908710317728:role/x: .*AccessDenied"):
        found(settings(tmp_path), IDLE)


@pytest.fixture
def stack_file(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str | int, ...], str]:
    """What is written into it."""
    lines: dict[tuple[str | int, ...], str] = {}
    monkeypatch.setattr(Pulumi, "set_setting", lambda _, key, value: lines.update({key: value}))
    return lines


KEY = ("environments", "staging", "orchestrator", "remove_machines")


def proposed(of: Settings, *retiring: str, ask: bool = False, remove: bool = False) -> None:
    propose(Pulumi(stack="dev", root=own_project()), of, found(of, *retiring), ask=ask, remove=remove)


def test_with_the_option_idle_machines_are_written_into_the_stack_file(
    tmp_path: Path,
    aws: dict[str, int],
    stack_file: Mapping[tuple[str | int, ...], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    aws |= {BUSY: 1}
    proposed(settings(tmp_path, NAMED), BUSY, IDLE, NAMED, remove=True)
    assert stack_file == {(*KEY, 1): IDLE}
    assert capsys.readouterr().out.splitlines() == [
        f"  staging: the earlier machines {LAST} stay (tasks on them: 0)",
        f"  staging: the earlier machines {BUSY} stay (tasks on them: 1)",
        f"  staging: the earlier machines {IDLE} are idle",
        f"  staging: the earlier machines {NAMED} are removed, as the stack file says",
        f"  staging: the earlier machines {IDLE} are removed: Pulumi.dev.yaml says so",
    ]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("answer", "removed"), [(True, {(*KEY, 0): IDLE}), (False, {})])
def test_in_a_terminal_it_asks(
    answer: bool,
    removed: Mapping[tuple[str | int, ...], str],
    tmp_path: Path,
    stack_file: Mapping[tuple[str | int, ...], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: answer)
    proposed(settings(tmp_path), IDLE, ask=True)
    assert stack_file == removed


@pytest.mark.usefixtures("aws")
def test_without_a_terminal_they_stay_and_the_option_is_named(
    tmp_path: Path, stack_file: Mapping[tuple[str | int, ...], str], capsys: pytest.CaptureFixture[str]
) -> None:
    proposed(settings(tmp_path), IDLE)
    assert not stack_file
    assert capsys.readouterr().err == "  they stay; --remove-idle-machines removes them\n"


def test_machines_that_are_gone_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Place, "client", lambda *_: None)
    monkeypatch.setattr(earlier_machines, "tasks", lambda *_: {PREFIX + LAST: 0})
    proposed(settings(tmp_path), IDLE, remove=True)
    assert (
        f"{IDLE} are not in the account any more: `pulumi refresh` has the state forget them" in capsys.readouterr().out
    )
