"""Another institution: the files of docs/how-to/adapt.md in place of the repository's, and the page's own commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.documented import ROOT, commands, section
from tests.journey.conftest import engine

PAGE = "docs/how-to/adapt.md"
REPLACED = ("portal.yaml", "workflows", "bootstrap", ".local", ".git")
OF_STACK_FILES = ("test_schema.py", "test_settings.py::test_the_repositorys_stack_files_are_right")
"""Unit tests of the stack files which the repository has."""


def is_stack_file(name: str) -> bool:
    return bool(re.fullmatch(r"Pulumi\..+\.yaml", name))


def write_files_of_the_page(folder: Path) -> None:
    for name, text in re.findall(r"`(\S+\.yaml)`:\n\n```yaml\n(.*?)```", section(PAGE, "Files"), re.DOTALL):
        (folder / name).write_text(text)


def checkout(folder: Path) -> Path:
    """The work tree by links, with the page's files in place of its own."""
    folder.mkdir()
    for part in ROOT.iterdir():
        if part.name not in REPLACED and not is_stack_file(part.name):
            (folder / part.name).symlink_to(part)
    for part in ("workflows", "bootstrap"):  # they look for what is beside them, and must be in the project's folder
        shutil.copytree(ROOT / part, folder / part)
    write_files_of_the_page(folder)
    return folder


def test_unit_tests_are_green_with_the_pages_files(tmp_path: Path) -> None:
    """Those that read stack files; `make check` has all. In a copy: links would lead them back to the work tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.split("\0"):
        if (ROOT / name).is_file() and not is_stack_file(name):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    write_files_of_the_page(tmp_path)
    tests = [f"tests/unit/{name}" for name in OF_STACK_FILES]
    command = [sys.executable, "-m", "pytest", "-v", "-n", "0", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[Pulumi.lab.yaml] PASSED" in done.stdout
    assert "[lab] PASSED" in done.stdout


def test_a_portal_of_ones_own_comes_up_by_the_pages_commands(tmp_path: Path) -> None:
    project = checkout(tmp_path / "project")
    assert {one.name for one in project.glob("*.yaml") if not one.is_symlink()} == {"portal.yaml", "Pulumi.lab.yaml"}
    own = {"LOCALCLOUD_FOLDER": str(tmp_path / "local"), "PORTAL_PROJECT": str(project)}
    env = {**os.environ, **own, "LOCALCLOUD_ENGINE_DIR": engine()}
    script = "\n".join(commands(PAGE, "Try it"))
    try:
        shell = ["bash", "-euo", "pipefail", "-c", script]
        done = subprocess.run(shell, cwd=project, env=env, capture_output=True, text=True, check=False)
    finally:
        subprocess.run([ROOT / ".venv/bin/localcloud", "stop"], env=env, check=True)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert re.search(r"^   lab: account 123456789012: \d+ created in \S+$", printed, re.MULTILINE)
    assert '"arn:aws:iam::123456789012:role/lab-operator"' in printed
    assert "cryoet-" not in printed
