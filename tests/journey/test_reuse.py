"""The components in a program of somebody else's: README's own text, in an environment that has nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documented import ROOT, block, commands
from tests.journey.conftest import engine

SECTION = ("README.md", "Reuse a component")


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A user's, with folders of the test's own; the local cloud started in it ends with the test."""
    folder = {"LOCALCLOUD_FOLDER": str(tmp_path / "local"), "DIST": str(tmp_path / "dist")}
    yield {**os.environ, **folder, "LOCALCLOUD_ENGINE_DIR": engine()}
    subprocess.run([ROOT / ".venv/bin/localcloud", "stop"], env={**os.environ, **folder}, check=True)


def bash(script: str, env: dict[str, str]) -> str:
    """What a script that must succeed printed."""
    shell = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(shell, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_wheel_alone_makes_the_bucket_of_the_example(tmp_path: Path, env: dict[str, str]) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    (lab / "__main__.py").write_text(block(*SECTION, "python"))
    shown = [one.replace("../lab", str(lab)).replace("dist/", f"{tmp_path}/dist/") for one in commands(*SECTION)]
    printed = bash("\n".join([*shown, "pulumi up --yes", "localcloud status", "uv pip list --format freeze"]), env)
    assert "20 created" in printed
    assert "20 unchanged" in printed
    assert "123456789012: 2 buckets with 0 objects" in printed
    assert "portal-components==" in printed
    assert "portal-infrastructure" not in printed, "the environment has the work tree in it"
