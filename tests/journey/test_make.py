"""`localcloud start`, `env` and `stop` as a user types them: nothing is left behind but caches."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from portal.pulumi_cli import ROOT


def localcloud(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / ".venv" / "bin" / "localcloud", *arguments, "--folder", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def listens(url: str) -> bool:
    host, port = url.split("//")[1].split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_stop_leaves_no_process_port_or_file(tmp_path: Path) -> None:
    folder = tmp_path / "local"
    started = localcloud(folder, "start")
    assert started.returncode == 0, started.stderr
    server = json.loads((folder / "server.json").read_text())
    assert listens(server["https_url"])
    assert listens(server["http_url"])
    again = localcloud(folder, "start")
    assert "runs already" in again.stderr
    assert json.loads((folder / "server.json").read_text())["pid"] == server["pid"]
    stopped = localcloud(folder, "stop")
    assert stopped.returncode == 0, stopped.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(server["pid"], 0)
    assert not listens(server["https_url"])
    assert not listens(server["http_url"])
    assert list(tmp_path.iterdir()) == []
    assert localcloud(folder, "stop").returncode == 0


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = localcloud(tmp_path / "local", "start", "--https-port", port)
    assert done.returncode != 0
    assert port in done.stderr


def test_without_a_server_the_message_says_what_to_do(tmp_path: Path) -> None:
    done = localcloud(tmp_path / "local", "env")
    assert done.returncode != 0
    assert "localcloud start" in done.stderr
