"""Which file imports which: no circles; components and a local cloud that need nothing else of the project.

Imports within functions count.
"""

from __future__ import annotations

import ast
import sys
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


def named(name: str, file: Path, modules: dict[str, Path]) -> set[str]:
    """All modules that a file imports anywhere in it; those that are among `modules` by their whole names."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    names = set[str]()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            names.update(f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules else base for alias in node.names)
    return names


def imported(name: str, file: Path, modules: dict[str, Path]) -> set[str]:
    """The modules of the same package that a file imports."""
    return named(name, file, modules) & modules.keys() - {name}


def foreign(source: str, depth: int) -> set[str]:
    """The imports of a file ``depth`` packages deep that lead out of its outermost package, SDK and Python apart."""
    allowed = {*sys.stdlib_module_names, "pulumi", "pulumi_aws", "pulumi_eks", "pulumi_kubernetes"}
    names = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not 1 <= node.level <= depth:
            names.add("." * node.level + (node.module or ""))
    return {name for name in names if name.partition(".")[0] not in allowed}


@pytest.mark.parametrize("file", files("components").values(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_component_imports_its_own_package_relatively_and_the_sdk(file: Path) -> None:
    """So that the folder can be taken along under any name."""
    assert not foreign(file.read_text(), len(file.relative_to(ROOT).parts) - 1)


@pytest.mark.parametrize(
    "statement",
    ["import settings", "from settings import Portal", "from components import names", "from ... import settings"],
)
def test_an_import_that_leads_out_of_the_package_is_noticed(statement: str) -> None:
    assert foreign(f"def use():\n    {statement}\n", depth=2)


@pytest.mark.parametrize(
    "package",
    [
        "components",
        "composition",
        "settings",
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


PROJECT = {"bootstrap", "components", "composition", "examples", "portal", "settings", "tests", "tools"}


@pytest.mark.parametrize(
    "package", ["server", "provider", "provider_eks", "provider_kubernetes", "edge", "kubernetes", "runner"]
)
def test_the_local_cloud_imports_nothing_of_the_project(package: str) -> None:
    modules = files(f"localcloud.{package}")
    parts = {name: {one.split(".")[0] for one in named(name, file, modules)} for name, file in modules.items()}
    assert {name: names & PROJECT for name, names in parts.items() if names & PROJECT} == {}
    assert any("localcloud" in names for names in parts.values())


def test_an_import_within_a_function_counts(tmp_path: Path) -> None:
    file = tmp_path / "b.py"
    file.write_text("def use():\n    from . import a\n    return a\n")
    assert imported("package.b", file, {"package.a": file, "package.b": file}) == {"package.a"}
