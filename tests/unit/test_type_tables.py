"""Where types of resources are listed: a new one has an entry in its rules, its class, recovery and its case alone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from localcloud.provider.rules import RULES
from localcloud.provider.types import resource_type, tokens
from tests.types import CASES

ROOT = Path(__file__).parents[2]
FOLDERS = ("benchmarks", "components", "composition", "examples", "localcloud", "portal", "settings", "tests", "tools")
TOKEN = re.compile(r"aws:\w+/\w+:[A-Z]\w*")
MANY = 10
"""So many tokens in one literal are a table that a new type would need an entry in."""


def tables(source: str) -> int:
    """How many dict, list, tuple and set literals name many types."""
    if source.count("aws:") < MANY:
        return 0  # few files have so many: the others need not be parsed
    literals = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Dict | ast.List | ast.Tuple | ast.Set)
    ]
    return sum(_named(node) >= MANY for node in literals)


def _named(node: ast.Dict | ast.List | ast.Tuple | ast.Set) -> int:
    items = node.keys if isinstance(node, ast.Dict) else node.elts
    return sum(isinstance(one, ast.Constant) and bool(TOKEN.fullmatch(str(one.value))) for one in items)


BY_TYPE = ("portal/recovery/", "components/access/administrators.py")
"""How resources of a type are found, and which changes are an administrator's."""


def test_no_other_table_names_the_types() -> None:
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    found = [file.relative_to(ROOT).as_posix() for file in files if tables(file.read_text())]
    assert found != []
    assert [file for file in found if not file.startswith(BY_TYPE)] == []


@pytest.mark.parametrize("form", ["{{{}}}", "[{}]", "({})"])
def test_a_table_is_noticed(form: str) -> None:
    names = ", ".join(f'"aws:s3/bucket{number}:Bucket{number}"' for number in range(MANY))
    assert tables(f"TYPES = {form.format(names)}") == 1


@pytest.mark.parametrize("token", sorted(tokens()))
def test_a_type_has_a_class_a_rules_file_and_one_case(token: str) -> None:
    code = resource_type(token)
    assert code.pulumi == token
    assert (RULES / f"{code.tf}.json").is_file()
    assert [case.token for case in CASES].count(token) == 1


def test_what_a_stack_registers_has_all_that_journeys_ask() -> None:
    asked = {case.token: (bool(case.program), bool(case.drifts)) for case in CASES}
    assert {token: parts for token, parts in asked.items() if len(set(parts)) > 1} == {}
