"""Forked processes are what started ones would be: streams, environment, folder, exit code, end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests.journey.forks import ASKED, PROGRAMS, asked, fork_of, forks
from tests.localcloud.batch_steps import until
from tests.unit.stackfiles import own_files, written

SAYS = """
import os, sys
print(sys.argv[1:], os.getcwd(), os.environ["OWN"], sys.stdin.read(), "pulumi_aws" in sys.modules, sys.executable)
sys.exit(f"with {os.getpid()}" if sys.argv[1:] else 7)
"""
STAYS = """
import os, time
print(os.getpid(), flush=True)
time.sleep(600)
"""


FINISHES = """
import os, signal, sys, time
def finish(*_):
    time.sleep(0.3)
    open(sys.argv[1], "w").close()
    os._exit(0)
signal.signal(signal.SIGTERM, finish)
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
        started = forks().python if forked else sys.executable
        assert done.stdout == f"['a', 'b c'] {tmp_path} variable given {forked} {started}\n"
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
    until(lambda: not psutil.pid_exists(fork), 10)


def test_a_process_that_lost_its_parent_stays_until_its_fork_has_finished(tmp_path: Path) -> None:
    """As a plugin finishes its calls when the engine is killed."""
    script, finished = tmp_path / "finishes.py", tmp_path / "finished"
    script.write_text(FINISHES)
    command = f"{forks().python} -u {script} {finished} & wait"
    with subprocess.Popen(["sh", "-c", command], env=forks().variables, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        fork = int(parent.stdout.readline())
        [client] = psutil.Process(parent.pid).children()
        assert fork_of(client.pid) == fork
        parent.kill()
    until(lambda: finished.exists() or not client.is_running(), 10)
    assert finished.exists()


def test_a_portal_of_a_fork_works_on_the_project_that_its_own_variables_name(tmp_path: Path) -> None:
    for account in ("210987654321", "321098765432"):
        files = own_files()
        files["public"]["portal:settings"]["account"]["id"] = account
        (folder := tmp_path / account).mkdir()
        written(files, folder)
        done = subprocess.run(
            [f"{forks().commands}/portal", "account", "public"],
            env={"PORTAL_PROJECT": str(folder), **forks().variables}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert done.stdout.startswith(f"id={account}\n")


def test_what_the_engine_asks_at_each_command_is_answered_without_python() -> None:
    assert len(asked()) == len(ASKED)
    for words in asked():
        answers = [
            subprocess.run([one, *words], env=env, check=True, capture_output=True).stdout
            for one, env in ((sys.executable, {}), (forks().python, {"PYTHONHOME": "/nowhere"}))
        ]
        assert answers[0] == answers[1] != b""
