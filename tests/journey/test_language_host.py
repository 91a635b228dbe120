"""The engine's language host for Python, by itself."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
from pathlib import Path

from tests.journey.conftest import engine

PATIENCE_SECONDS = 60.0
"""The engine kills it after 5 s; here nothing does."""


def test_it_ends_when_interrupted_though_it_was_born_ignoring_that() -> None:
    """As under nohup, or in the background of a script: each command would take 5 s longer."""
    command = [Path(engine()) / "pulumi-language-python", "127.0.0.1:1"]
    ignoring = ["/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh", *command]
    with subprocess.Popen(ignoring, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        assert int(host.stdout.readline()) > 0
        host.send_signal(signal.SIGINT)
        try:
            assert host.wait(PATIENCE_SECONDS) == 0
        finally:
            host.kill()


def test_it_ends_with_the_engine() -> None:
    """As after Ctrl-C of a command whose engine is killed: nothing asks the host to end."""
    command = [str(Path(engine()) / "pulumi-language-python"), "127.0.0.1:1"]
    start = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True); sys.stdin.read()"
    words = [sys.executable, "-c", start, *command]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        assert int(parent.stdout.readline()) > 0, "the host serves"
        parent.stdin.close()
        assert parent.wait(PATIENCE_SECONDS) == 0
        ready, _, _ = select.select([parent.stdout], [], [], PATIENCE_SECONDS)
        assert ready, "the host has not closed its output"
        assert parent.stdout.read() == b""
