"""What `localcloud start` makes beside the accounts, where the engine can't do its part."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest

from localcloud.prepare import PrepareError, initialise, prepare
from localcloud.server import environment as environments
from localcloud.server.process import Running
from settings import load
from tests.unit.stackfiles import ROOT


def engine(folder: Path, script: str) -> dict[str, str]:
    """An environment whose pulumi is a script."""
    file = folder / "pulumi"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return {"PATH": str(folder)}


def test_each_stack_that_the_state_lacks_is_made(tmp_path: Path) -> None:
    stacks = tmp_path / "state/.pulumi/stacks/portal"
    stacks.mkdir(parents=True)
    (stacks / "dev.json").write_text("{}")
    env = engine(tmp_path, f'echo "$@" >> {tmp_path}/calls')
    assert initialise(env, tmp_path, tmp_path, ["dev", "prod", "x.y"]) == ["prod", "x.y"]
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == [f"stack init {name} --no-select --non-interactive" for name in ("prod", "x.y")]


def test_a_missing_engine_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        PrepareError,
        match=r'^pulumi is not on PATH, .*: make setup, then eval "\$\(make -s env\)", then localcloud start$',
    ):
        initialise({"PATH": str(tmp_path)}, tmp_path, tmp_path, ["dev"])


def test_what_the_engine_refuses_is_told(tmp_path: Path) -> None:
    env = engine(tmp_path, "echo 'error: no' >&2; exit 1")
    with pytest.raises(PrepareError, match=r"^`.*/pulumi stack init dev .*` failed: error: no$"):
        initialise(env, tmp_path, tmp_path, ["dev"])


def test_the_profiles_of_the_next_local_cloud_name_other_sessions(tmp_path: Path) -> None:
    """The AWS CLI would take up the sessions of the last one, which it keeps in the user's home."""
    accounts = {name: stack.account for name, stack in load("dev", ROOT).stacks.items()}
    found = set[str]()
    for key in ("AKIA1", "AKIA2"):
        server = Running(
            pid=1,
            https_url="",
            http_url="",
            ca_bundle="",
            accounts=[],
            access_key_id=key,
            secret_access_key="x",
            jobs="",
            children_mark="",
            control_secret="",
        )
        prepare(server, tmp_path / key, accounts)
        parser = ConfigParser()
        parser.read(environments.config_file(tmp_path / key))
        found |= {parser[f"profile {name}"]["role_session_name"] for name in accounts}
    assert found == {"engineer-AKIA1", "engineer-AKIA2"}
