"""`localcloud start`, `env`, `up`, `preview` and `stop` as a user or `make` types them: nothing is left behind but
caches."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from portal.errors import START_LOCAL
from portal.pulumi_cli import ROOT, stacks
from tests.journey.conftest import engine
from tests.journey.documented_steps import Documented
from tests.journey.pages import visit


def localcloud(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / ".venv" / "bin" / "localcloud", *arguments, "--folder", str(folder)],
        cwd=ROOT,
        env={**os.environ, "LOCALCLOUD_ENGINE_DIR": engine()},
        capture_output=True,
        text=True,
        check=False,
    )


def make(folder: Path, target: str, **variables: str) -> str:
    """What `make` printed, which must succeed, errors and all."""
    env = {**os.environ, "LOCALCLOUD_FOLDER": str(folder), "LOCALCLOUD_ENGINE_DIR": engine(), **variables}
    ran = subprocess.run(["make", target], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def done(folder: Path, *arguments: str) -> str:
    """What a command that must succeed printed, errors and all."""
    ran = localcloud(folder, *arguments)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def listens(url: str) -> bool:
    host, port = url.split("//")[1].split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def in_environment(environment: str, command: str) -> subprocess.CompletedProcess[str]:
    """A command line in a shell that has evaluated what `localcloud env` printed."""
    script = f"{environment}\n{command}"
    return subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)


def test_start_is_enough_for_a_preview_and_stop_leaves_no_process_port_or_file(tmp_path: Path) -> None:
    folder = tmp_path / "local"
    started = localcloud(folder, "start")
    assert started.returncode == 0, started.stderr
    server = json.loads((folder / "server.json").read_text())
    assert listens(server["https_url"])
    assert listens(server["http_url"])
    again = localcloud(folder, "start")
    assert "runs already" in again.stderr
    assert json.loads((folder / "server.json").read_text())["pid"] == server["pid"]
    environment = done(folder, "env")
    preview = in_environment(
        environment, f"PORTAL_AWS_PROFILE={stacks()[-1]} pulumi preview -s {stacks()[-1]} --non-interactive"
    )
    assert re.search(r"\+ \d+ to create", preview.stdout), preview.stdout + preview.stderr
    stopped = localcloud(folder, "stop")
    assert stopped.returncode == 0, stopped.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(server["pid"], 0)
    assert not listens(server["https_url"])
    assert not listens(server["http_url"])
    assert list(tmp_path.iterdir()) == []
    assert localcloud(folder, "stop").returncode == 0
    without = in_environment(environment, "portal status")
    assert (without.returncode, without.stdout, without.stderr.count("\n")) == (1, "", 1)
    assert without.stderr.startswith("error: unable to open state directory ")
    assert f"{START_LOCAL}\n" in without.stderr


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = localcloud(tmp_path / "local", "start", "--https-port", port)
    assert ran.returncode != 0
    assert port in ran.stderr


def test_without_a_server_nothing_goes_on(tmp_path: Path) -> None:
    """Neither `make status` nor a command after `eval` reaches what the caller's own environment leads to."""
    ran = localcloud(tmp_path / "local", "env")
    [line] = ran.stderr.splitlines()
    assert ran.returncode == 1
    assert line.startswith("error: no local cloud runs in")
    assert line.endswith(": localcloud start")
    variables = {**os.environ, "LOCALCLOUD_FOLDER": str(tmp_path / "local"), "PYTHON": sys.executable}
    for command in ("make -s status", 'eval "$(make -s env)" && echo "went on"'):
        done = subprocess.run(
            ["bash", "-c", command], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
        )
        assert (done.returncode != 0, done.stdout) == (True, ""), command
        assert line in done.stderr.splitlines(), command


def test_without_a_set_up_nothing_goes_on() -> None:
    """`make env` that fails before it asks for the local cloud prints something for `eval` to fail on."""
    command = 'eval "$(make -s PYTHON=false env)" && echo "went on"'
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode != 0, done.stdout) == (True, "")


SUMMARY = r"^   %s: account \d+: (\d+) %s in \S+$"
"""What is told of a stack's update in which all resources had the same fate."""


def updated(printed: str, what: str) -> dict[str, int]:
    """How many resources each stack's update had, if all were ``what``."""
    found = {stack: re.search(SUMMARY % (re.escape(stack), what), printed, re.MULTILINE) for stack in stacks()}
    return {stack: int(match[1]) for stack, match in found.items() if match}


def served_bytes(url: str) -> int:
    """The size of an object that the data CDN serves."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=30)
    connection.request("GET", parts.path, headers={"Host": parts.netloc, "Range": "bytes=0-0"})
    answer = connection.getresponse()
    assert answer.status == 206
    return int(str(answer.getheader("Content-Range")).rpartition("/")[2])


def assert_file_of_the_row(printed: str) -> None:
    """The imported row says where the tomogram's file is, and how large; the data CDN serves it so."""
    [(size, url)] = re.findall(r"^   run TS_001: .*, (\d+) bytes of MRC file at (\S+)$", printed, re.MULTILINE)
    assert served_bytes(url) == int(size)


def test_up_brings_it_all_up_and_finds_it_there_again(tmp_path: Path) -> None:
    """`make up` twice, `make preview`, the commands of the documentation by hand, `make down`."""
    folder = tmp_path / "local"
    try:
        first = make(folder, "up")
        server = json.loads((folder / "server.json").read_text())
        again = make(folder, "up")
        made = updated(first, "created")
        assert [*made] == stacks() == ["dev", "prod", "public"]
        assert min(made.values()) > 20
        assert updated(again, "unchanged") == made
        assert len(first.splitlines()) < 45, first
        for printed in (first, again):
            assert re.search(r"runTS-001: SUCCEEDED, on demand, \d+ s\n   spot machine taken after the first ", printed)
        for printed in (first, again):
            assert re.search(
                r"^   cryoet-data-portal-public: \d+ voxels of .* are the phantom's$", printed, re.MULTILINE
            )
            assert_file_of_the_row(printed)
            assert len(re.findall(r"http://\S+/$", printed, re.MULTILINE)) == 3, "each site is told once"
        assert re.findall(r"^   (\d+) objects released$", first + again, re.MULTILINE) == ["27", "0"]
        preview = make(folder, "preview")
        unchanged = re.findall(r"^ *Resources:\n +(\d+) unchanged$", preview, re.MULTILINE)
        assert [int(count) for count in unchanged] == [*made.values()], "another role's preview changes nothing either"
        sites = re.findall(r"^The site of (\w+): (http://\S+/)$", first, re.MULTILINE)
        visit(dict(sites)["prod"])
        assert [environment for environment, _ in sites] == ["dev", "staging", "prod"]
        Documented(folder).run()
    finally:
        make(folder, "down")
    assert not listens(server["https_url"])
    assert not listens(server["http_url"])
    assert list(tmp_path.iterdir()) == []
    assert not Path(server["scratch"]).exists()
