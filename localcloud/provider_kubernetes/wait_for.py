"""The annotation `pulumi.com/waitFor`: one condition or a JSON list of them, all of which an object has to meet."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

_JSONPATH: Final = re.compile(r"jsonpath=\{(?P<path>(?:\.[\w-]+|\[\d+\])+)\}(?:=(?P<value>.*))?")
_CONDITION: Final = re.compile(r"condition=(?P<type>[\w./-]+)(?:=(?P<status>\w+))?")
Json = dict[str, Any]


def conditions(stated: str) -> list[Callable[[Json], bool]]:
    """The tests that a `waitFor` annotation states. Raises ValueError for one that isn't understood."""
    try:
        listed = json.loads(stated)
    except ValueError:
        listed = [stated]
    texts: list[str] = [str(each) for each in listed] if isinstance(listed, list) else [stated]
    if not texts:
        raise ValueError("at least one condition must be specified")
    return [_condition(text) for text in texts]


def _condition(text: str) -> Callable[[Json], bool]:
    if match := _JSONPATH.fullmatch(text):
        path, value = match["path"], match["value"]
        return lambda live: _at(live, path) is not None if value is None else str(_at(live, path)) == value
    if match := _CONDITION.fullmatch(text):
        wanted, status = match["type"], match["status"] or "True"
        return lambda live: any(
            each.get("type") == wanted and each.get("status") == status
            for each in (live.get("status") or {}).get("conditions") or ()
        )
    raise ValueError(f'expected "jsonpath={{.path}}", "jsonpath={{.path}}=value" or "condition=Type", got {text!r}')


def _at(value: Any, path: str) -> Any:
    for name, index in re.findall(r"\.([\w-]+)|\[(\d+)\]", path):
        if name:
            value = value.get(name) if isinstance(value, dict) else None
        else:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
    return value
