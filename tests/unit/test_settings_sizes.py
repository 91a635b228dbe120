"""Policies grow with the environments of an account: the first that has no room for another is told of the settings."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from components.access.statements import SIZES, document
from components.identity import RoleArgs
from composition.roles import roles_of_github
from settings import SettingsError, load
from settings.scope import scope_of
from tests.unit.stackfiles import Files, changed, written
from tests.unit.test_settings import faults, put


def with_environments(count: int) -> Any:
    """Changes the account prod: so many environments like its own, without services."""

    def change(files: Files) -> None:
        environments = files["prod"]["environments"]
        first = environments.pop("prod")
        for part in ("api", "frontend", "site"):
            first.pop(part, None)
        for number in range(count):
            word = f"research-group-{number:02}"
            one = copy.deepcopy(first)
            one["wdl_bucket"], one["comms_bucket"] = f"cryoet-swipe-wdl-{word}", f"cryoet-swipe-comms-{word}"
            environments[word] = one

    return change


def policies(args: RoleArgs) -> list[int]:
    """Lengths of a role's policies; raises ValueError where one is too long."""
    return [len(document("identity", args.permissions)), *(len(document("managed", one)) for one in args.more.values())]


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def test_seven_environments_with_databases_have_room(tmp_path: Path) -> None:
    portal = load("prod", written(changed(with_environments(7)), tmp_path))
    assert len(portal.current.databases) == 7
    for args in roles_of_github(portal, scope_of(portal)):
        assert max(policies(args)) < SIZES["identity"]


def test_the_first_environment_without_room_is_named(tmp_path: Path) -> None:
    count = 24
    found = faults(with_environments(count), tmp_path, "prod")
    assert len(found) == 1, found
    key, value, rule = found[0].removeprefix("Pulumi.prod.yaml: portal:settings.").split(": ", 2)
    name = value.strip("'")
    assert key == f"environments.{name}"
    fits = int(name[-2:])
    assert "IAM allows" in rule
    assert rule.endswith("put it into another account")
    before = load("prod", written(changed(with_environments(fits)), folder(tmp_path, "before")))
    for args in roles_of_github(before, scope_of(before)):
        policies(args)
    with pytest.raises(SettingsError):
        load("prod", written(changed(with_environments(fits + 1)), folder(tmp_path, "beyond")))


def test_a_list_of_operators_that_no_trust_has_room_for(tmp_path: Path) -> None:
    people = [f"arn:aws:iam::999988887777:user/engineer-{number:02}" for number in range(40)]
    found = faults(put("prod", "access.operators", people), tmp_path, "prod")
    assert len(found) == 1, found
    assert found[0].startswith("Pulumi.prod.yaml: portal:settings.access.operators: '40 entries': a role's trust would")
    assert faults(put("prod", "access.operators", people[:20]), tmp_path, "prod") == []
