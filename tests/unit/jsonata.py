"""Evaluates the machine's own JSONata as Step Functions would: its variables, its added functions."""

from __future__ import annotations

import json
import uuid
from functools import cache, lru_cache
from typing import Any

from jsonata import Jsonata

MARKS = ("{% ", " %}")


def evaluate(expression: str, **variables: Any) -> Any:
    """The value of an expression, marked as such or not; ``variables``: JSON values by name, without the ``$``."""
    values = {name: _value(value) for name, value in variables.items()}
    Jsonata.CURRENT.jsonata = engine = _engine(expression)  # whose time $now tells
    return engine.evaluate(None, values)


@cache
def _engine(expression: str) -> Jsonata:
    """Parsed once: that takes three times as long as its evaluation."""
    engine = Jsonata(f"({expression.removeprefix(MARKS[0]).removesuffix(MARKS[1])})")
    engine.register_lambda("parse", _parse)
    engine.register_lambda("uuid", lambda: str(uuid.uuid4()))
    return engine


def _value(value: Any) -> Any:
    return _literal(json.dumps(value, ensure_ascii=False)).evaluate(None)


@lru_cache
def _literal(text: str) -> Jsonata:
    """A JSON value written out as JSONata, since the library takes a Python None for no value: its null is its own."""
    literal = Jsonata(text)
    literal.output_convert_nulls = False
    return literal


def _parse(text: str) -> Any:
    return Jsonata(json.dumps(json.loads(text), ensure_ascii=False)).evaluate(None)


def resolve(template: Any, **variables: Any) -> Any:
    """A field's value with every expression in it evaluated; what has no value is an error, as in Step Functions."""
    if isinstance(template, dict):
        return {key: resolve(value, **variables) for key, value in template.items()}
    if isinstance(template, list):
        return [resolve(value, **variables) for value in template]
    if isinstance(template, str) and template.startswith(MARKS[0]):
        found = evaluate(template, **variables)
        assert found is not None, f"no value: {template}"
        return found
    return template
