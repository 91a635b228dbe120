"""The tests' own project folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.unit.stackfiles import project_folder


def test_a_folder_of_a_killed_process_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, used = (tmp_path / f"portal-tests-{pid}-x" for pid in (ended.pid, os.getppid()))
    for folder in (left, used):
        (folder / "workflows").mkdir(parents=True)
    with project_folder() as mine:
        assert {*tmp_path.iterdir()} == {used, Path(mine)}
