"""Stack files for tests: the repository's own, and changed copies."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from settings import files_of_stacks

ROOT = Path(__file__).parents[2]
Files = dict[str, Any]
"""Stack files by stack: what stands under ``config:``."""


def engine_config(file: Path) -> dict[str, str]:
    """The configuration as the engine hands it to the program: JSON texts by key."""
    config = yaml.safe_load(file.read_text())["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


def own_files() -> Files:
    return {stack: yaml.safe_load(file.read_text())["config"] for stack, file in files_of_stacks(ROOT).items()}


def changed(change: Callable[[Files], object]) -> Files:
    """The repository's stack files, each as ``{stack: settings}``, with a change."""
    files = copy.deepcopy(own_files())
    change({stack: config["portal:settings"] for stack, config in files.items()})
    return files


def written(files: Files, directory: Path) -> Path:
    """Writes stack files and the workflows they name into a directory."""
    for stack, config in files.items():
        (directory / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}, sort_keys=False))
    shutil.copytree(ROOT / "workflows", directory / "workflows", dirs_exist_ok=True)
    return directory
