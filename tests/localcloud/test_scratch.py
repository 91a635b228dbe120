"""The folder of what a server's jobs, pods and databases have on disk."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.server import scratch

HIGHEST_PID = 1 << 22
"""Linux gives lower ones alone."""


@pytest.fixture(autouse=True)
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all servers of a user who has none yet."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = scratch.own
    monkeypatch.setattr(scratch, "own", before.__wrapped__)
    return tmp_path / f"localcloud-{os.getuid()}"


def test_it_is_for_its_owner_alone(servers: Path) -> None:
    own = scratch.own()
    assert own.parent == servers
    assert [stat.S_IMODE(one.stat().st_mode) for one in (servers, own)] == [0o700, 0o700]


def test_those_of_servers_that_are_gone_are_removed_and_no_others(servers: Path) -> None:
    gone, lives, strange = (servers / name for name in (f"{HIGHEST_PID}-a", f"{os.getppid()}-b", "notes"))
    for one in (gone / "jobs", lives / "jobs", strange):
        one.mkdir(parents=True)
    servers.chmod(0o700)
    own = scratch.own()
    assert {*servers.iterdir()} == {own, lives, strange}


def test_a_folder_that_others_can_change_is_refused(servers: Path) -> None:
    servers.mkdir()
    servers.chmod(0o777)
    with pytest.raises(PermissionError, match=f"{servers}: must be a folder that only its owner, "):
        scratch.own()
    servers.rmdir()
    servers.symlink_to(servers.parent)
    with pytest.raises(PermissionError):
        scratch.own()


def test_it_ends_with_its_process(tmp_path: Path) -> None:
    script = "from localcloud.server import scratch; print(scratch.folder('jobs'))"
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    folder = Path(done.stdout.strip())
    assert (folder.name, folder.parent.exists(), folder.parents[1].exists()) == ("jobs", False, True)
