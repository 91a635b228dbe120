"""What `localcloud start` makes beside the accounts, where the engine can't do its part."""

from __future__ import annotations

import os
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from localcloud.prepare import PrepareError, initialise, install_engine, prepare
from localcloud.server import client_variables
from localcloud.server.leftovers import PROJECT
from localcloud.server.process import Running
from settings import load
from tests.unit.stackfiles import own_files, own_project, written


def engine(folder: Path, script: str) -> str:
    """A PATH whose pulumi is a script."""
    folder.mkdir()
    file = folder / "pulumi"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Stack files in a folder of their own, without a word about secrets."""
    folder = tmp_path / "repository"
    folder.mkdir()
    written(own_files(), folder)
    (folder / "Pulumi.yaml").write_text("name: portal\nruntime: python\n")
    return folder


def test_a_stack_that_the_state_has_is_left_alone(tmp_path: Path, project: Path) -> None:
    stacks = tmp_path / "state/.pulumi/stacks/portal"
    stacks.mkdir(parents=True)
    (stacks / "dev.json").write_text("{}")
    env = {"PATH": engine(tmp_path / "engine", "exit 1")}
    assert initialise(env, tmp_path, project, ["dev"]) == []


def test_a_missing_engine_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        PrepareError,
        match=r'^pulumi is not on PATH, .*: make setup, then eval "\$\(make -s env\)", then localcloud start$',
    ):
        initialise({"PATH": str(tmp_path)}, tmp_path, tmp_path, ["dev"])


def test_stacks_that_could_not_be_made_are_told(tmp_path: Path, project: Path) -> None:
    env = {"PATH": engine(tmp_path / "engine", "exit 1")}
    with pytest.raises(PrepareError, match=r"^the stacks could not be made: error: STACK: 'none': must be one of dev"):
        initialise(env, tmp_path, project, ["none"])


def in_front(tmp_path: Path, project: Path, script: str = 'echo "$PWD $*"') -> Path:
    """The local cloud's own pulumi, before an engine that is a script."""
    path = engine(tmp_path / "engine", script)
    own = f"{tmp_path}/bin"
    first, again, alone = (install_engine(one, tmp_path, project) for one in (path, f"{own}:{path}", own))
    assert first is not None
    assert first == again == alone == tmp_path / "bin" / "pulumi"
    return first


def output(command: list[str | Path], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_engine_works_on_copies_of_the_stack_files(tmp_path: Path, project: Path) -> None:
    """What it writes about secrets stays there, what the repository's files say of them is not there, and what is
    edited in these is."""
    pulumi = in_front(tmp_path, project)
    original, copied = project / "Pulumi.dev.yaml", tmp_path / PROJECT / "Pulumi.dev.yaml"
    settings = original.read_text()
    original.write_text(f"{settings}secretsprovider: awskms://alias/of-aws\nencryptedkey: Y2lwaGVy\n")
    assert output([pulumi, "preview", "a b"], project) == f"{tmp_path / PROJECT} preview a b\n"
    assert copied.read_text() == settings
    copied.write_text(f"{settings}encryptionsalt: v1:local=\n")
    original.write_text(f"# edited\n{original.read_text()}")
    output([pulumi, "preview"], project / "workflows")
    assert copied.read_text() == f"# edited\n{settings}encryptionsalt: v1:local=\n"
    assert "local" not in original.read_text()
    original.unlink()
    output([pulumi, "preview"], project)
    assert not copied.exists()


def test_a_copy_that_is_as_it_should_be_is_not_written(tmp_path: Path, project: Path) -> None:
    pulumi = in_front(tmp_path, project)
    output([pulumi, "preview"], project)
    before = {file.name: file.lstat().st_ino for file in (tmp_path / PROJECT).iterdir()}
    output([pulumi, "preview"], project)
    assert {file.name: file.lstat().st_ino for file in (tmp_path / PROJECT).iterdir()} == before
    assert len(before) == 5


def test_a_program_in_a_folder_that_has_the_stack_files_works_on_the_copies_too(tmp_path: Path, project: Path) -> None:
    inner = project / "bootstrap"
    inner.mkdir()
    (inner / "Pulumi.yaml").write_text("name: once\nstackConfigDir: ..\n")
    copied = tmp_path / PROJECT / "bootstrap"
    assert output([in_front(tmp_path, project), "preview"], inner) == f"{copied} preview\n"
    assert (copied / "Pulumi.yaml").read_text() == f'name: once\nstackConfigDir: ..\nmain: "{inner}"\n'
    assert (copied.parent / "Pulumi.dev.yaml").exists()


def test_another_project_is_left_as_it_is(tmp_path: Path, project: Path) -> None:
    other = project / "inner"
    other.mkdir()
    (other / "Pulumi.yaml").write_text("name: other\n")
    assert output([in_front(tmp_path, project), "preview"], other) == f"{other} preview\n"
    assert not (tmp_path / PROJECT).exists()


def test_what_would_edit_the_copy_is_refused(tmp_path: Path, project: Path) -> None:
    pulumi = in_front(tmp_path, project)
    text = "error: pulumi config set: edit the stack file; the engine reads a copy of it here\n"
    assert output([pulumi, "config", "set", "x", "y"], project) == text
    assert output([pulumi, "config", "get", "x"], project).endswith(" config get x\n")


def test_the_profiles_of_the_next_local_cloud_name_other_sessions(tmp_path: Path) -> None:
    """The AWS CLI would take up the sessions of the last one, which it keeps in the user's home."""
    accounts = {name: stack.account for name, stack in load("dev", own_project()).stacks.items()}
    found = set[str]()
    for key in ("AKIA1", "AKIA2"):
        server = Running(
            pid=1,
            https_url="",
            http_url="",
            ca_bundle="",
            accounts=[],
            region="us-west-2",
            access_key_id=key,
            secret_access_key="x",
            scratch="",
            children_mark="",
            kubernetes="",
            control_secret="",
        )
        prepare(server, tmp_path / key, accounts)
        parser = ConfigParser()
        parser.read(client_variables.config_file(tmp_path / key))
        found |= {parser[f"profile {name}"]["role_session_name"] for name in accounts}
    assert found == {"engineer-AKIA1", "engineer-AKIA2"}
