"""The Python processes that the engine starts in journeys, as forks of one that has their modules loaded already.

A command of the engine starts a program and up to three plugins, each of which spends most of its time on imports. A
fork has them from its start; what it does after that is its own, and ends with it. There are two processes to fork
from, which order sets differently, so that commands that follow one another often differ in it as processes of their
own would. pytest-xdist's workers share the two.

Without :data:`PROGRAMS` and :data:`PLUGINS` the engine starts Python as ever: so do the journeys of `make`, and of
plugins those that kill.
"""

from __future__ import annotations

import atexit
import os
import shlex
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from localcloud.server import scratch
from portal.pulumi_cli import ROOT
from tests.journey.forks import client

PROGRAMS: Final = "JOURNEY_FORK_PROGRAMS"
PLUGINS: Final = "JOURNEY_FORK_PLUGINS"
"""Variables: the sockets of the processes to fork from."""
SERVERS: Final = 2
SHARED: Final = "JOURNEY_FORKS"
"""The folder of the sockets that a test run's first process gives its workers."""


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


@cache
def forks() -> Forks:
    """The processes to fork from: those of the test run's first process, or new ones, which end with this one."""
    folder = Path(os.environ.get(SHARED) or _started())
    return Forks(virtualenv=folder / "venv", servers=tuple(str(folder / str(number)) for number in range(SERVERS)))


def share() -> None:
    """The workers that are started after this have the same processes to fork from."""
    os.environ[SHARED] = str(_started())


def _started() -> Path:
    """Starts the processes, which end with this one; the folder of their sockets and of the Python that has them
    fork."""
    ends = ExitStack()
    atexit.register(ends.close)
    folder = scratch.folder("forks")
    for number in range(SERVERS):
        command = [sys.executable, "-u", "-m", "tests.journey.forks.server", str(folder / str(number))]
        ends.enter_context(subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True))
    _write_python(folder / "venv" / "bin" / "python")
    return folder


def _write_python(script: Path) -> None:
    """A shell's, as it starts Python for all but programs and plugins: at each command the engine asks it twice."""
    own = shlex.quote(sys.executable)
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import client; "
    code += "client.main(sys.argv[1].split(':'), sys.argv[2:])"
    script.parent.mkdir(parents=True)
    script.write_text(
        f"#!/bin/sh\n"
        f'case "$1" in\n'
        f'{client.SCRIPT}) servers="${PROGRAMS}" ;;\n'
        f'{client.MODULE}) servers="${PLUGINS}" ;;\n'
        f"*) servers= ;;\n"
        f"esac\n"
        f'test -z "$servers" && exec {own} "$@"\n'
        f'exec {own} -ISE -c {shlex.quote(code)} "$servers" "$@"\n'
    )
    script.chmod(0o755)
