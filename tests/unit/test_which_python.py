"""Which Python `make` takes for .venv."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from portal.pulumi_cli import ROOT


def python(file: Path, exits: int) -> str:
    """An executable that ends with this status whatever it is asked."""
    file.write_text(f"#!/bin/sh\nexit {exits}\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("optimised", "system_will_do", "taken"),
    [
        pytest.param(True, True, "python3", id="optimised"),
        pytest.param(False, True, "system", id="not optimised"),
        pytest.param(False, False, "python3", id="not optimised and the system's is too old"),
        pytest.param(False, None, "python3", id="not optimised and the system has none"),
        pytest.param(None, True, "system", id="none on PATH"),
        pytest.param(None, False, "python3", id="none at all"),
    ],
)
def test_the_one_on_path_unless_it_is_slow(
    tmp_path: Path, optimised: bool | None, system_will_do: bool | None, taken: str
) -> None:
    system = tmp_path / "system"
    if optimised is not None:
        python(tmp_path / "python3", 0 if optimised else 1)
    if system_will_do is not None:
        python(system, 0 if system_will_do else 1)
    command = ["/bin/sh", ROOT / "tools" / "which-python", system]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert done.stdout == {"python3": "python3\n", "system": f"{system}\n"}[taken]
    assert not done.stderr


def test_a_real_one_is_asked(tmp_path: Path) -> None:
    """Both are the one that runs this: it is new enough, and its builder said whether it is optimised."""
    (tmp_path / "python3").symlink_to(sys.executable)
    optimised = "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS"))
    command = ["/bin/sh", ROOT / "tools" / "which-python", sys.executable]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("python3" if optimised else sys.executable)
