"""The stand-in for Cerbos' image listens where its configuration says, and decides nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from localcloud.cerbos import main

HOST = "127.32.64.7"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def test_it_is_healthy_and_decides_nothing(tmp_path: Path) -> None:
    http, grpc = free_port(), free_port()
    (tmp_path / "config.yaml").write_text(f'server: {{httpListenAddr: ":{http}", grpcListenAddr: ":{grpc}"}}')
    words = [sys.executable, "-m", "localcloud.cerbos", "server", f"--config={tmp_path}/config.yaml"]
    with subprocess.Popen(words, env={**os.environ, "HOST": HOST}) as process:
        try:
            await_port(http)
            health = requests.get(f"http://{HOST}:{http}/_cerbos/health", timeout=5)
            assert (health.status_code, health.json()) == (200, {"status": "SERVING"})
            decision = requests.post(f"http://{HOST}:{http}/api/check/resources", json={}, timeout=5)
            assert decision.status_code == 501
            with socket.create_connection((HOST, grpc), timeout=5) as connection:
                assert connection.recv(1) == b""
        finally:
            process.terminate()


def await_port(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection((HOST, port)).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


@pytest.mark.parametrize(
    ("text", "says"), [(None, "No such file"), ("server: {httpListenAddr: x}", "server.httpListenAddr: 'x' must be")]
)
def test_a_configuration_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, says: str
) -> None:
    file = tmp_path / "config.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SystemExit):
        main(["server", f"--config={file}"])
    assert says in capsys.readouterr().err
