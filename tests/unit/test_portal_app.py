"""What every command line has: a version, completion, and one spelling of each option."""

from __future__ import annotations

from importlib import metadata

from typer.testing import CliRunner

from portal.app import app


def test_the_version_is_that_of_the_project() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert done.exit_code == 0, done.output
    assert done.stdout == f"portal {metadata.version('portal-infrastructure')}\n"


def test_a_shell_completes_commands() -> None:
    env = {"_PORTAL_COMPLETE": "complete_bash", "COMP_WORDS": "portal st", "COMP_CWORD": "1"}
    done = CliRunner().invoke(app, [], prog_name="portal", env=env)
    assert (done.exit_code, done.stdout.split()) == (0, ["status"]), done.output
