"""The independent evaluator (tests/iam): another implementation of AWS's policy logic, run as a process of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

EVALUATOR = Path(__file__).parents[1] / "iam"


def judge(log: Path) -> tuple[int, str]:
    """Exit code and output of the evaluator on a log."""
    node = shutil.which("node")
    assert node, "Node.js is needed"
    assert (EVALUATOR / "node_modules").is_dir(), f"npm ci in {EVALUATOR} is needed"
    run = subprocess.run(
        [node, "evaluate.mjs", str(log)], cwd=EVALUATOR, capture_output=True, text=True, check=False, timeout=120
    )
    return run.returncode, run.stdout + run.stderr
