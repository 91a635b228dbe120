"""Supervised children: ended whole, with the server whatever happens to it, and nobody else's process ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from localcloud.server import children
from localcloud.server.child_output import TAIL_LINES
from localcloud.server.children import Child, Command
from localcloud.server.process_families import Family, process_table

from .batch_steps import until

SERVER = """
import sys, time
from pathlib import Path
from localcloud.server.children import Command, start
start(Command(name="test", argv=["sh", "-c", sys.argv[1]], environment={"PATH": sys.argv[2]}, directory=Path.cwd()))
print("started", flush=True)
time.sleep(600)
"""


def run(tmp_path: Path, script: str, **more: bool) -> Child:
    environment = {"PATH": os.environ["PATH"]}
    return children.start(
        Command(name="test", argv=["sh", "-c", script], environment=environment, directory=tmp_path, **more)
    )


def sleeping(seconds: str) -> list[psutil.Process]:
    running: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            running += [process] if process.cmdline() == ["sleep", seconds] else []
    return running


@pytest.fixture
def seconds() -> str:
    """A length of sleep that no other process has."""
    return f"3600.{time.monotonic_ns()}"


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def until_sleeping(seconds: str, count: int) -> None:
    until(lambda: len(sleeping(seconds)) == count)


def former_process(pid: int) -> psutil.Process:
    """As seen a minute before the process that has the pid now was created."""
    process: Any = psutil.Process(pid)
    process._ident = (pid, process._ident[1] - 60)
    return process


def test_a_child_has_its_environment_its_directory_and_an_exit_code(tmp_path: Path) -> None:
    child = run(tmp_path, "pwd; env; exit 7")
    assert child.wait() == 7
    assert not child.alive
    directory, *variables = child.tail()
    assert directory == str(tmp_path)
    assert {line.partition("=")[0] for line in variables} <= {"PATH", "PWD", "OLDPWD", "_", "SHLVL", "LOCALCLOUD_CHILD"}


def test_only_the_last_lines_of_the_output_stay(tmp_path: Path) -> None:
    child = run(tmp_path, f"seq 1 {TAIL_LINES + 500}")
    assert child.wait() == 0
    assert child.tail() == [str(number) for number in range(501, TAIL_LINES + 501)]


def test_a_listener_that_fails_does_not_stop_the_child(tmp_path: Path) -> None:
    def fails(line: str) -> None:
        raise ValueError(line)

    lines = "for i in 1 2 3 4 5 6 7 8; do head -c 40000 /dev/zero | tr '\\0' x; echo; done"  # more than a pipe takes
    command = Command(name="t", argv=["sh", "-c", lines], environment=dict(os.environ), directory=tmp_path)
    assert children.start(command, see=fails).wait() == 0


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("sleep {0} & sleep {0}", id="its session"),
        pytest.param("env -i sleep {0} & sleep {0}", id="without its environment"),
        pytest.param("setsid sleep {0} & setsid env -i sleep {0}; sleep 600", id="another session"),
        pytest.param("(setsid sleep {0} &); sleep {0}", id="another session without its parent"),
    ],
)
def test_a_child_is_ended_whole(tmp_path: Path, seconds: str, script: str) -> None:
    child = run(tmp_path, script.format(seconds))
    until_sleeping(seconds, 2)
    child.kill()
    assert child.wait() == 128 + signal.SIGKILL
    assert sleeping(seconds) == []


def test_what_a_program_leaves_ends_with_it(tmp_path: Path, seconds: str) -> None:
    child = run(tmp_path, f"sleep {seconds} & setsid sleep {seconds} & while [ ! -e over ]; do sleep 0.01; done")
    until_sleeping(seconds, 2)
    (tmp_path / "over").touch()
    assert child.wait() == 0
    assert sleeping(seconds) == []


def test_one_that_was_seen_is_ended_though_nothing_tells_of_it_any_more(tmp_path: Path, seconds: str) -> None:
    leaves = f"(until [ -e go ]; do sleep 0.01; done; exec setsid env -i sleep {seconds}) &"
    child = run(tmp_path, f"{leaves} while [ ! -e over ]; do sleep 0.01; done")
    until(lambda: len(child.family.members(process_table())) >= 3)
    (tmp_path / "go").touch()
    until_sleeping(seconds, 1)
    assert sleeping(seconds)[0] in child.family.known
    (tmp_path / "over").touch()
    assert child.wait() == 0
    assert sleeping(seconds) == []


def test_a_pid_that_is_somebody_elses_by_now_is_left_alone(tmp_path: Path, stranger: subprocess.Popen[bytes]) -> None:
    """A process that the child had ended, and the system has given its pid to a stranger since."""
    reused = former_process(stranger.pid)
    assert reused != psutil.Process(stranger.pid)
    child = run(tmp_path, "sleep 600")
    child.family.known.add(reused)
    table = process_table()
    assert psutil.Process(stranger.pid) not in child.family.members(table)
    child.family.known.add(reused)
    child.kill()
    child.wait()
    assert stranger.poll() is None


def test_a_session_of_that_number_that_is_somebody_elses_by_now_is_left_alone() -> None:
    leads = subprocess.Popen(["sleep", "600"], start_new_session=True)
    Family("the mark of nobody", former_process(leads.pid)).end()
    time.sleep(0.05)
    assert leads.poll() is None
    leads.kill()
    leads.wait()


def test_a_family_without_a_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="mark of a child's processes is empty"):
        Family("")


def test_memory_is_that_of_the_whole_family(tmp_path: Path) -> None:
    hold = f"{sys.executable} -c 'import time; held = bytearray(60 << 20); print(1, flush=True); time.sleep(600)'"
    child = run(tmp_path, f"{hold} & env -i setsid {hold}")
    until(lambda: len(child.tail()) == 2)
    assert 120 < child.family.memory_mib(process_table()) < 250
    child.kill()
    child.wait()


def test_children_are_watched_until_they_end_and_a_check_that_fails_ends_nothing(tmp_path: Path) -> None:
    seen: list[float] = []
    failing, watched = run(tmp_path, "sleep 600"), run(tmp_path, "sleep 600")

    def fails(_memory_mib: float) -> None:
        raise ValueError("check")

    children.watch(failing, fails)
    children.watch(watched, seen.append)
    until(lambda: len(seen) > 20 and seen[-1] > 0)
    for child in (failing, watched):
        child.kill()
        child.wait()
    count = len(seen)
    time.sleep(0.1)
    assert len(seen) <= count + 1


@pytest.mark.parametrize(
    ("script", "code"),
    [("trap 'exit 3' TERM; while :; do sleep 0.01; done", 3), ("trap '' TERM; while :; do sleep 0.01; done", 137)],
)
def test_a_stop_asks_before_it_kills(tmp_path: Path, script: str, code: int) -> None:
    child = run(tmp_path, f"{script.partition(';')[0]}; echo ready; {script.partition('; ')[2]}")
    until(child.tail)
    assert child.alive
    assert child.stop(signal.SIGTERM, 0.5 if code == 137 else 10) == code


def test_an_unprivileged_child_is_not_root_and_may_use_its_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    child = run(tmp_path, "id -u; echo x > written; ls", unprivileged=True)
    assert child.wait() == 0
    uid, *listed = child.tail()
    assert (uid != "0", listed) == (True, ["written"])


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_children_end_with_the_server_however_it_ends(tmp_path: Path, seconds: str, ending: int) -> None:
    script = f"sleep {seconds} & env -i sleep {seconds} & setsid sleep {seconds}"
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, script, os.environ["PATH"]], cwd=tmp_path, stdout=subprocess.PIPE
    )
    assert server.stdout
    assert server.stdout.readline() == b"started\n"
    until_sleeping(seconds, 3)
    server.send_signal(ending)
    server.wait()
    until_sleeping(seconds, 0)


def test_a_guard_that_was_ended_is_replaced(tmp_path: Path) -> None:
    run(tmp_path, "true").wait()
    first = children.GUARD.process
    assert first
    first.kill()
    first.wait()
    run(tmp_path, "true").wait()
    second = children.GUARD.process
    assert second
    assert second.pid != first.pid
    assert second.poll() is None


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        children.start(Command(name="t", argv=["no-such-program"], environment={}, directory=tmp_path))
