"""The Python processes that the engine starts in journeys, `portal` and `aws`, as forks of one that has their modules
loaded already.

A command of the engine starts a program and up to three plugins, each of which spends most of its time on imports. A
fork has them from its start; what it does after that is its own, and ends with it. There are two processes to fork
from, which order sets differently, so that commands that follow one another often differ in it as processes of their
own would. pytest-xdist's workers share the two.

Without :data:`PROGRAMS` and :data:`PLUGINS` Python is started as ever: so do the journeys of `make`.
"""

from __future__ import annotations

import atexit
import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import awscli

from localcloud.server import scratch
from portal.pulumi_cli import ROOT
from tests.journey.forks import client

PROGRAMS: Final = "JOURNEY_FORK_PROGRAMS"
PLUGINS: Final = "JOURNEY_FORK_PLUGINS"
"""Variables: the sockets of the processes to fork from."""
SERVERS: Final = 2
SHARED: Final = "JOURNEY_FORKS"
"""The folder of the sockets that a test run's first process gives its workers."""
COMMANDS: Final = {"portal": "", "aws": f"AWS_DATA_PATH={shlex.quote(str(Path(awscli.__file__).parent / 'data'))} "}
"""With what a command sets itself as it is imported."""
HOST: Final = ROOT / "engine" / "langhost" / "main.go"
ASKED: Final = (("-c", "scan"), ("-I -S -c", "about"))
"""What the engine's host asks Python at each command: options, and the name of the code's constant in its source."""


@dataclass(frozen=True, kw_only=True)
class Forks:
    virtualenv: Path
    """A folder whose `bin/python` has processes forked."""
    servers: tuple[str, ...]
    """The sockets of the processes to fork from."""

    @property
    def variables(self) -> dict[str, str]:
        """With which it does so."""
        return dict.fromkeys((PROGRAMS, PLUGINS), ":".join(self.servers))

    @property
    def python(self) -> str:
        return str(self.virtualenv / "bin" / "python")

    @property
    def commands(self) -> str:
        """A folder whose :data:`COMMANDS` are forked."""
        return str(self.virtualenv.parent / "commands")


@cache
def forks() -> Forks:
    """The processes to fork from: those of the test run's first process, or new ones, which end with this one."""
    folder = Path(os.environ.get(SHARED) or _started())
    return Forks(virtualenv=folder / "venv", servers=tuple(str(folder / str(number)) for number in range(SERVERS)))


def share() -> None:
    """The workers that are started after this have the same processes to fork from."""
    os.environ[SHARED] = str(_started())


def fork_of(pid: int) -> int:
    """The fork that a process stands for; 0: none, or not yet."""
    try:
        name = Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return 0
    return int(name.removeprefix(client.NAME)) if name.startswith(client.NAME) else 0


def _started() -> Path:
    """Starts the processes, which end with this one; the folder of their sockets and of the Python that has them
    fork."""
    ends = ExitStack()
    atexit.register(ends.close)
    folder = scratch.folder("forks")
    python = folder / "venv" / "bin" / "python"
    for number in range(SERVERS):
        command = [sys.executable, "-u", "-m", "tests.journey.forks.server", str(folder / str(number)), str(python)]
        ends.enter_context(subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True))
    _write_python(python)
    for name, variables in COMMANDS.items():
        command = shlex.join([str(python), client.SCRIPT, str(Path(sys.executable).with_name(name))])
        _write_script(folder / "commands" / name, f'{variables}exec {command} "$@"\n')
    return folder


def asked() -> list[list[str]]:
    """The arguments with which the engine's host asks Python at each command."""
    source = HOST.read_text()
    found = [(options, re.search(rf"const {name} = `([^`]*)`", source)) for options, name in ASKED]
    return [[*options.split(), code[1]] for options, code in found if code]


def _write_python(script: Path) -> None:
    """A shell's, as it starts Python for all but programs, plugins and what has the same answer at each command."""
    own = shlex.quote(sys.executable)
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import client; "
    code += "client.main(sys.argv[1].split(':'), sys.argv[2:])"
    answers = ""
    for words in asked():
        answer = subprocess.run([sys.executable, *words], check=True, capture_output=True, text=True).stdout
        answers += f"{shlex.quote(' '.join(words))}) printf %s {shlex.quote(answer)}; exit ;;\n"
    _write_script(
        script,
        f'case "$*" in\n'
        f"{answers}"
        f"esac\n"
        f'case "$1" in\n'
        f'{client.SCRIPT}) servers="${PROGRAMS}" ;;\n'
        f'{client.MODULE}) servers="${PLUGINS}" ;;\n'
        f"*) servers= ;;\n"
        f"esac\n"
        f'test -z "$servers" && exec {own} "$@"\n'
        f'exec {own} -ISE -c {shlex.quote(code)} "$servers" "$@"\n',
    )


def _write_script(script: Path, lines: str) -> None:
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(f"#!/bin/sh\n{lines}")
    script.chmod(0o755)
