"""Every command of `portal`, `localcloud` and the walkthrough has a help page, with all that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from examples.walkthrough.__main__ import app as walkthrough
from localcloud.app import app as localcloud
from portal.app import app as portal

PROGRAMS = {"portal": portal, "localcloud": localcloud, "walkthrough": walkthrough}


def commands(program: str, path: tuple[str, ...], command: Any) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """The program, its groups and its commands, hidden ones too."""
    yield program, path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(program, (*path, name), inner)


ALL = [one for name, app in PROGRAMS.items() for one in commands(name, (), get_command(app))]


@pytest.mark.parametrize(("program", "path", "command"), ALL, ids=lambda part: part if isinstance(part, str) else "")
def test_every_help_page_is_printed_whole(program: str, path: tuple[str, ...], command: Any) -> None:
    app: typer.Typer = PROGRAMS[program]
    done = CliRunner().invoke(app, [*path, "--help"], catch_exceptions=False, env={"COLUMNS": "200"})
    printed = " ".join(done.output.split())
    assert done.exit_code == 0
    for parameter in command.params:
        assert " ".join((getattr(parameter, "help", None) or "").split()) in printed
        assert all(option in printed for option in parameter.opts if option.startswith("-"))
    for name, inner in getattr(command, "commands", {}).items():
        assert inner.hidden or name in printed


def test_all_commands_are_walked() -> None:
    paths = {(program, *path) for program, path, _ in ALL}
    assert {("portal", "sync"), ("portal", "submit", "sync"), ("portal", "account"), ("walkthrough", "up")} <= paths
