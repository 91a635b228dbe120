"""The example services as programs, with the environment that a pod's container has."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.postgres import database_variables

ROOT = Path(__file__).parents[2]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}


def alembic(*words: str, uri: str) -> subprocess.CompletedProcess[str]:
    """As the init container runs it."""
    return subprocess.run(
        [sys.executable, "-m", "alembic", *words],
        cwd=ROOT / "examples/api",
        env=environment(database_variables(uri)),
        capture_output=True,
        text=True,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Program:
    """A service that answers at `127.0.0.1:port`."""

    def __init__(self, module: str, variables: Mapping[str, str]) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            env=environment({**variables, "HOST": "127.0.0.1", "PORT": str(self.port)}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=10)

    def get(self, path: str, connection: HTTPConnection | None = None) -> tuple[int, bytes]:
        asked = connection or self.connect()
        asked.request("GET", path)
        answer = asked.getresponse()
        return answer.status, answer.read()

    def end(self) -> tuple[int, str]:
        """Exit status and output, after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output


@contextmanager
def running(module: str, variables: Mapping[str, str]) -> Generator[Program]:
    program = Program(module, variables)
    try:
        _await(program)
        yield program
    finally:
        program.process.kill()
        program.process.communicate()


def _await(program: Program) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            assert program.get("/healthz")[0] == 200
        except OSError:
            assert program.process.poll() is None, program.process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return
