"""A change in the program is an update or a replacement, as the provider's rules say, for every type in use."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path

import pytest

from portal.pulumi_cli import ROOT
from tests.journey.conftest import Cloud, Project, environment
from tests.journey.in_use import types_in_use
from tests.journey.programs.types.cases import CASES, Case, Change


class Types(Project):
    """The program that has one resource of every type."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env
        shutil.copytree(ROOT / "tests" / "journey" / "programs" / "types", folder)
        (folder / ".venv").symlink_to(ROOT / ".venv")

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
    made.pulumi("all", "stack", "init", "--no-select")
    return made


def expected(case: Case, change: Change) -> str:
    rules = json.loads((resources.files("localcloud.provider") / "rules" / f"{case.rules}.json").read_text())
    return "replace" if rules["inputs"][change.path].get("force_new") else "update"


def test_every_type_in_use_has_a_case() -> None:
    modules = {token: token.split(":")[1].split("/")[0] for token in types_in_use()}
    assert {f"{module}.{token.rsplit(':', 1)[1]}" for token, module in modules.items()} == set(CASES)


def test_changes_are_what_the_rules_say(types: Types, tmp_path: Path) -> None:
    """From base to update, then on to replace: what was updated goes back on the way, which replaces nothing."""
    types.variant("base", tmp_path / "base")
    types.pulumi("all", "preview", "--refresh", "--expect-no-changes", env={"VARIANT": "base"})
    for variant in ("update", "replace"):
        done = types.variant(variant, tmp_path / variant)
        changes: dict[str, tuple[Case, Change]] = {}
        for token, case in CASES.items():
            change: Change | None = getattr(case, variant)
            if change is not None:
                changes[token.split(".")[1]] = (case, change)
        wrong = {name: (done[name], expected(*at)) for name, at in changes.items() if expected(*at) not in done[name]}
        assert not wrong
        assert {expected(*at) for at in changes.values()} == {variant}
        others = {token.split(".")[1] for token in CASES} - set(changes)
        assert {name: done[name] for name in others if done[name] - {"same", "update"}} == {}
        held = {name: ops for name, ops in done.items() if name not in {*changes, *others} and ops != {"same"}}
        assert held == {}
        types.pulumi("all", "preview", "--refresh", "--expect-no-changes", env={"VARIANT": variant})
