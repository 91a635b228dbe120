"""What AWS refuses about the paths of a JSONPath definition, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from . import jsonpath
from .problems import SCHEMA, Problem

PATH_FIELDS = ("InputPath", "OutputPath", "ResultPath", "ItemsPath", "SecondsPath", "TimestampPath",
               "TimeoutSecondsPath", "HeartbeatSecondsPath", "MaxConcurrencyPath")  # fmt: skip
ROOTS = ("$", "States.")


def problems(state: dict[str, Any], at: str) -> Iterator[Problem]:
    """``state`` has fields of the right types alone."""
    for name in PATH_FIELDS:
        yield from path(state.get(name), f"{at}/{name}")
    for name in ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials"):
        yield from _template(state.get(name), f"{at}/{name}")
    for name in ("Catch", "Choices"):
        for index, entry in enumerate(cast("list[dict[str, Any]]", state.get(name) or [])):
            yield from _template(entry.get("Assign"), f"{at}/{name}[{index}]/Assign")
    value = state.get("ResultPath")
    if isinstance(value, str) and value.startswith("$") and jsonpath.steps(value[1:]) is None:
        yield Problem(SCHEMA, "Value is not a Reference Path", f"{at}/ResultPath")


def path(value: str | None, at: str) -> Iterator[Problem]:
    """Of a field that is a path or an intrinsic function, or isn't there."""
    if value is not None and not value.startswith(ROOTS):
        yield Problem(SCHEMA, f"Value is not a JSONPath: {value}", at)


def _template(template: Any, at: str) -> Iterator[Problem]:
    """The fields of a payload template that are to be replaced."""
    if isinstance(template, list):
        for index, item in enumerate(cast("list[Any]", template)):
            yield from _template(item, f"{at}[{index}]")
    if not isinstance(template, dict):
        return
    for key, value in cast("dict[str, Any]", template).items():
        if not key.endswith(".$"):
            yield from _template(value, f"{at}/{key}")
        elif not isinstance(value, str) or not value.startswith(ROOTS):
            text = f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
            yield Problem(SCHEMA, text, f"{at}/{key}")
