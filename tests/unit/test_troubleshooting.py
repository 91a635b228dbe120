"""docs/troubleshooting.md quotes what is really printed."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.documented import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
CELLS = re.findall(r"^\| (.*?) \|", PAGE, re.MULTILINE)
QUOTED = [quoted for cell in CELLS for quoted in re.findall(r"`([^`]+)`", cell)]
OF_THE_ENGINE = {"the stack is currently locked", "pending operations"}
"""The engine's own words, which no code here repeats."""


@cache
def printed() -> str:
    """Every text in the code, a line each; what is filled in stands as …."""
    texts = [(ROOT / "Makefile").read_text().replace("$(PYTHON)", "…")]
    for folder in ("portal", "localcloud", "settings", "composition", "tools"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = [one.value if isinstance(one, ast.Constant) else "…" for one in node.values]
                    texts.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return "\n".join(texts)


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_quoted_message_is_one_that_is_printed(quoted: str) -> None:
    assert quoted in printed() or quoted in OF_THE_ENGINE


def test_the_page_quotes_messages() -> None:
    assert len(QUOTED) > 20
