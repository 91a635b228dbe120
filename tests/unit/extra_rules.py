"""A recording that also knows the types whose rules the provider doesn't have yet.

The rules beside this module are of the same form as the provider's own, which come first. What the provider has no
check for (``validate`` forms that it doesn't understand) is not checked here; names, types and required inputs are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcloud.provider.rules import Rules, build
from localcloud.provider.validators import parse
from tests.unit import recording
from tests.unit.recording import Recording, record

HERE = Path(__file__).parent / "rules"


def recorded(program: Callable[[], object], **given: Any) -> Recording:
    """Like ``record``, with more types."""
    rules = more_rules()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "_rules", lambda: rules)
        return record(program, **given)


def more_rules() -> dict[str, Rules]:
    """Rules by token; the provider's own come first."""
    known = recording._rules()  # pyright: ignore[reportPrivateUsage] - the tests' own recording is extended
    more = {rules.token: rules for rules in (_rules(file) for file in sorted(HERE.glob("aws_*.json")))}
    return more | known


def _rules(file: Path) -> Rules:
    data = json.loads(file.read_text())
    for rule in data["inputs"].values():
        for key in ("validate", "elem_validate"):
            if key in rule and not _understood(rule[key]):
                del rule[key]
    return build(data)


def _understood(expression: str) -> bool:
    try:
        parse(expression)
    except ValueError:
        return False
    return True
