"""Forked processes are what started ones would be: streams, environment, folder, exit code, end."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil

from tests.journey.forks import PROGRAMS, forks
from tests.localcloud.batch_steps import until

SAYS = """
import os, sys
print(sys.argv[1:], os.getcwd(), os.environ["OWN"], sys.stdin.read(), "pulumi_aws" in sys.modules)
sys.exit(f"with {os.getpid()}" if sys.argv[1:] else 7)
"""
STAYS = """
import os, time
print(os.getpid(), flush=True)
time.sleep(600)
"""


def python(script: Path, *arguments: str, forked: bool = True) -> subprocess.CompletedProcess[str]:
    env = {"OWN": "variable", **(forks().variables if forked else {})}
    command = [forks().python, "-u", str(script), *arguments]
    return subprocess.run(
        command, cwd=script.parent, env=env, input="given", capture_output=True, text=True, check=False
    )


def test_a_fork_does_what_python_would_with_modules_that_are_loaded(tmp_path: Path) -> None:
    script = tmp_path / "says.py"
    script.write_text(SAYS)
    for forked in (True, False):
        done = python(script, "a", "b c", forked=forked)
        assert (done.returncode, done.stderr.split()[0]) == (1, "with")
        assert done.stdout == f"['a', 'b c'] {tmp_path} variable given {forked}\n"
        assert python(script, forked=forked).returncode == 7


def test_a_fork_ends_with_the_process_that_it_stands_for(tmp_path: Path) -> None:
    script = tmp_path / "stays.py"
    script.write_text(STAYS)
    command = [forks().python, "-u", str(script)]
    with subprocess.Popen(command, env={PROGRAMS: forks().variables[PROGRAMS]}, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        fork = int(client.stdout.readline())
        assert fork != client.pid
        os.kill(client.pid, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(fork) or None, 10)
