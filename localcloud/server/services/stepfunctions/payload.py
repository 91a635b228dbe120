"""Payload templates of JSONPath states: paths and intrinsic functions replaced by their values."""

from __future__ import annotations

from typing import Any, cast

from . import jsonpath
from .intrinsics import call


def fill(template: Any, data: jsonpath.Data) -> Any:
    """A payload template with paths and intrinsic functions replaced by their values."""
    if isinstance(template, list):
        return [fill(item, data) for item in cast("list[Any]", template)]
    if not isinstance(template, dict):
        return template
    filled: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", template).items():
        if key.endswith(".$"):
            filled[key[:-2]] = value_of(value, data, key)
        else:
            filled[key] = fill(value, data)
    return filled


def value_of(text: str, data: jsonpath.Data, field_name: str) -> Any:
    """The value of a path or of an intrinsic function."""
    if text.startswith("States."):
        return call(text, data)
    return jsonpath.read(text, data, field_name=field_name)
