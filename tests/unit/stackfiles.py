"""Stack files for tests: their own (``tests/stacks``), and changed copies.

The repository's can be anybody's: tests that fit these alone would fail for whoever adapts them.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from settings import files_of_stacks
from settings.project import FILE

ROOT = Path(__file__).parents[2]
STACK_FILES = ROOT / "tests" / "stacks"
PROJECT = "portal"
Files = dict[str, Any]
"""Stack files by stack: what stands under ``config:``."""


def engine_config(file: Path) -> dict[str, str]:
    """The configuration as the engine hands it to the program: JSON texts by key."""
    handed = handed_over(file.read_text())
    assert handed is not None
    return handed[0]


def handed_over(text: str) -> tuple[dict[str, str], list[str]] | None:
    """What the engine makes of a stack file: texts by key, of JSON where there is more than text, and the keys in which
    it has decrypted something. None: it refuses the file, and the program never runs."""
    try:
        file = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - it is a safe one
        config = (file or {}).get("config") or {}
        values = {_qualified(key): value for key, value in config.items()}
        texts = {key: value if isinstance(value, str) else _json(_decrypted(value)) for key, value in values.items()}
    except (yaml.YAMLError, AttributeError, TypeError, ValueError, RecursionError):
        return None
    return texts, [key for key, value in values.items() if _decrypted(value) != value]


def _qualified(key: str) -> str:
    """A key without a project's name is the project's own."""
    project, _, name = key.rpartition(":")
    if not name or ":" in project:
        raise ValueError(key)
    return f"{project or PROJECT}:{name}"


def _decrypted(value: Any) -> Any:
    if isinstance(value, dict):
        whole: dict[Any, Any] = value  # pyright: ignore[reportUnknownVariableType] - whatever the file holds
        if set(whole) == {"secure"}:
            return whole["secure"]
        return {key: _decrypted(item) for key, item in whole.items()}
    if isinstance(value, list):
        return [_decrypted(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _json(value: Any) -> str:
    """With its keys in order, as Go's encoder writes them. Raises ValueError for what JSON has no form of."""
    return json.dumps(value, allow_nan=False, default=str, sort_keys=True)


def own_files() -> Files:
    return {stack: yaml.safe_load(file.read_text())["config"] for stack, file in files_of_stacks(STACK_FILES).items()}


def changed(change: Callable[[Files], object]) -> Files:
    """The tests' stack files, each as ``{stack: settings}``, with a change."""
    files = copy.deepcopy(own_files())
    change({stack: config["portal:settings"] for stack, config in files.items()})
    return files


def without_environments(settings: Any) -> None:
    """Takes away a stack's environments, and what there is for them alone."""
    settings["environments"] = {}
    settings["network"] = {"cidr": settings["network"]["cidr"]}
    settings.pop("cluster", None)


def written(files: Files, directory: Path) -> Path:
    """Writes stack files into a directory, with the workflows they name and what holds for all of them."""
    for stack, config in files.items():
        (directory / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}, sort_keys=False))
    shutil.copy(STACK_FILES / FILE, directory)
    shutil.copytree(ROOT / "workflows", directory / "workflows", dirs_exist_ok=True)
    return directory


def project_folder() -> tempfile.TemporaryDirectory[str]:
    """Removed when the process ends; if it is killed, by the next one that makes such a folder."""
    for folder in Path(tempfile.gettempdir()).glob("portal-tests-*-*"):
        try:
            os.kill(int(folder.name.split("-")[2]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:
            pass  # somebody else's
    return tempfile.TemporaryDirectory(prefix=f"portal-tests-{os.getpid()}-")


_folder = cache(project_folder)


def own_project() -> Path:
    """A project folder with the tests' stack files and the programs."""
    folder = Path(_folder().name)
    if not (folder / "__main__.py").exists():
        written(own_files(), folder)
        (folder / "bootstrap").mkdir()
        for program in ("__main__.py", "bootstrap/__main__.py"):
            (folder / program).symlink_to(ROOT / program)
    return folder
