"""What each service relies on in moto: the members of moto's classes that its files name, with the parameters of each.

`python -m tests.localcloud.moto_contract` writes `moto_contract.json` anew, once a change of moto was looked at.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from moto.core.base_backend import BackendDict

FILE: Final = Path(__file__).with_name("moto_contract.json")
ROOT: Final = Path(__file__).parents[2]
SERVER: Final = ROOT / "localcloud" / "server"
DECISIONS: Final = SERVER / "access" / "resources.py"
"""Touches IAM and KMS, on which every decision rests: the whole server works on them."""
Members = dict[str, dict[str, str]]


def stores() -> dict[Path, list[Path]]:
    """The modules that touch moto's models, with the files that work on what they give."""
    services = {file: sorted(file.parent.rglob("*.py")) for file in sorted(SERVER.glob("services/*/store.py"))}
    return {DECISIONS: sorted(SERVER.rglob("*.py")), **services}


@cache
def relied_on() -> dict[str, Members]:
    """By the module: class -> member -> `attribute`, `property`, or the parameters of a method."""
    contract: dict[str, Members] = {}
    for store, files in stores().items():
        named = _named_attributes(files)
        classes = {cls.__name__: _members(cls, named) for cls in _classes(store)}
        if classes:
            contract[str(store.relative_to(SERVER))] = dict(sorted(classes.items()))
    return contract


def _classes(store: Path) -> Iterator[type]:
    """moto's classes that a module imports, and those of the backends that it does."""
    module = import_module(".".join(store.relative_to(ROOT).with_suffix("").parts))
    for value in vars(module).values():
        if isinstance(value, BackendDict):
            yield value.backend
        elif isinstance(value, type) and value.__module__.startswith("moto.") and value is not BackendDict:
            yield value


def _named_attributes(files: Iterable[Path]) -> set[str]:
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and not node.attr.startswith("_")}


def _members(cls: type, named: set[str]) -> dict[str, str]:
    """Those of the names that the class or one of its bases in moto defines, by their sources."""
    members: dict[str, str] = {}
    for base in reversed([one for one in cls.__mro__ if one.__module__.startswith("moto.")]):
        members |= {name: text for name, text in _defined(base).items() if name in named}
    return dict(sorted(members.items()))


@cache
def _defined(cls: type) -> dict[str, str]:
    """What a class's own source defines: its methods and properties, and what these assign to `self`."""
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assigned = {
        node.attr: "attribute"
        for node in ast.walk(definition)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if isinstance(node.value, ast.Name) and node.value.id == "self"
    }
    functions = [node for node in ast.iter_child_nodes(definition) if isinstance(node, ast.FunctionDef)]
    return assigned | {function.name: _described(function) for function in functions}


def _described(function: ast.FunctionDef) -> str:
    if any(ast.unparse(one).endswith(("property", ".setter")) for one in function.decorator_list):
        return "property"
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
    return f"({', '.join(names)})"


if __name__ == "__main__":
    FILE.write_text(json.dumps(relied_on(), indent=1, sort_keys=True) + "\n")
