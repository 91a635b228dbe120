"""A change in the program is an update or a replacement, as the provider's rules say, for every type in use."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from localcloud.provider.rules import load, walk
from localcloud.provider.types import resource_type
from portal.pulumi_cli import ROOT
from tests.journey.conftest import INIT, Cloud, Project, environment
from tests.journey.forks import forks
from tests.journey.in_use import types_in_use
from tests.journey.programs.types.inputs import Change, Of
from tests.types import CASES, Case
from tests.types.case import Program

IN_PROGRAM = [case for case in CASES if case.program is not None]


def named(case: Case) -> str:
    """The name of the case's resource in the program."""
    module, kind = case.token.split(":")[1].split("/")[0], case.token.rsplit(":", 1)[1]
    return f"{module}-{kind}"


def written(value: Any) -> Any:
    """A value as the program reads it: what it names of others by their names."""
    if isinstance(value, Of):
        return {"of": value.name, "output": value.output}
    if isinstance(value, dict):
        return {key: written(item) for key, item in value.items()}
    return [written(item) for item in value] if isinstance(value, list) else value


def variants(program: Program) -> dict[str, Any]:
    """The inputs of each of the program's variants."""
    changes = {"base": None, "update": program.update, "replace": program.replace}
    return {name: written({**program.inputs, **(change.inputs if change else {})}) for name, change in changes.items()}


class Types(Project):
    """The program that has one resource of every type."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env
        shutil.copytree(ROOT / "tests" / "journey" / "programs" / "types", folder)
        (folder / ".venv").symlink_to(forks().virtualenv)
        (folder / "cases.json").write_text(
            json.dumps({case.token: variants(case.program) for case in CASES if case.program})
        )

    def variant(self, name: str, log: Path) -> dict[str, set[str]]:
        """Brings up a variant; the engine's operations by resource name, from its own event log."""
        options = ("--event-log", str(log), "--skip-preview")
        self.pulumi("all", "up", "--yes", *options, env={"VARIANT": name, "PULUMI_DEBUG_COMMANDS": "1"})
        found: dict[str, set[str]] = {}
        for line in log.read_text().splitlines():
            event = json.loads(line).get("resourcePreEvent")
            if event:
                found.setdefault(event["metadata"]["urn"].split("::")[3], set()).add(event["metadata"]["op"])
        return found


@pytest.fixture(scope="module")
def types(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Types:
    cloud.reset()
    folder = tmp_path_factory.mktemp("types")
    made = Types(folder / "project", environment(cloud, folder))
    made.pulumi("all", *INIT)
    return made


def expected(case: Case, change: Change) -> str:
    rule = next(one for one in walk(load(resource_type(case.token).tf).root) if one.path == change.path)
    return "replace" if rule.force_new else "update"


def test_every_type_of_aws_in_use_has_a_program() -> None:
    assert {token for token in types_in_use() if token.startswith("aws:")} == {case.token for case in IN_PROGRAM}


def test_changes_are_what_the_rules_say(types: Types, tmp_path: Path) -> None:
    """From base to update, then on to replace: what was updated goes back on the way, which replaces nothing."""
    types.variant("base", tmp_path / "base")
    types.pulumi("all", "preview", "--refresh", "--expect-no-changes", env={"VARIANT": "base"})
    for variant in ("update", "replace"):
        done = types.variant(variant, tmp_path / variant)
        changes: dict[str, tuple[Case, Change]] = {}
        for case in IN_PROGRAM:
            change: Change | None = getattr(case.program, variant)
            if change is not None:
                changes[named(case)] = (case, change)
        wrong = {name: (done[name], expected(*at)) for name, at in changes.items() if expected(*at) not in done[name]}
        assert not wrong
        assert {expected(*at) for at in changes.values()} == {variant}
        others = {named(case) for case in IN_PROGRAM} - set(changes)
        assert {name: done[name] for name in others if done[name] - {"same", "update"}} == {}
        held = {name: ops for name, ops in done.items() if name not in {*changes, *others} and ops != {"same"}}
        assert held == {}
        types.pulumi("all", "preview", "--refresh", "--expect-no-changes", env={"VARIANT": variant})
