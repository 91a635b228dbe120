"""Which file imports which: no circles, imports within functions included."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@cache
def files(package: str) -> dict[str, Path]:
    """The package's modules by name."""
    modules = {}
    for file in (ROOT / package.replace(".", "/")).rglob("*.py"):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        modules[name.removesuffix(".__init__")] = file
    return modules


def imported(name: str, file: Path, modules: dict[str, Path]) -> set[str]:
    """The modules of the same package that a file imports anywhere in it."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    names = set[str]()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            names.update(f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules else base for alias in node.names)
    return names & modules.keys() - {name}


@pytest.mark.parametrize(
    "package",
    [
        "localcloud.server",
        "localcloud.edge",
        "localcloud.provider",
        "localcloud.kubernetes",
        "localcloud.provider_kubernetes",
    ],
)
def test_no_files_import_each_other(package: str) -> None:
    modules = files(package)
    sorter = TopologicalSorter({name: imported(name, file, modules) for name, file in modules.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_an_import_within_a_function_counts(tmp_path: Path) -> None:
    file = tmp_path / "b.py"
    file.write_text("def use():\n    from . import a\n    return a\n")
    assert imported("package.b", file, {"package.a": file, "package.b": file}) == {"package.a"}
