"""JSONata as Step Functions has it: its variables, its additional functions, and its errors.

AWS facts (*Transforming data with JSONata*): there is no context item, so a bare name or ``$`` means nothing; results
must be JSON; an expression that gives nothing is States.QueryEvaluationError; added functions are $partition, $range,
$hash, $random, $uuid, $parse, and $eval is not there.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
import uuid
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, cast

from jsonata import Jsonata
from jsonata.utils import Utils

from .failures import QUERY, StateFailure
from .model import loads

EXPRESSION = re.compile(r"\s*\{%(.*)%\}\s*", re.DOTALL)
LONGEST_RANGE = 1000
HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def expression_in(value: Any) -> str | None:
    """The expression of a string ``{% ... %}``, or None."""
    match = EXPRESSION.fullmatch(value) if isinstance(value, str) else None
    return match[1].strip() if match else None


def to_jsonata(value: Any) -> Any:
    """JSON as the engine has it: null is a value of its own, and nothing it does changes ours."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: to_jsonata(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [to_jsonata(item) for item in cast("list[Any]", value)]
    return value


def _from_jsonata(value: Any) -> Any:
    if value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {str(key): _from_jsonata(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_from_jsonata(item) for item in cast("list[Any]", value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no JSON value")
    if isinstance(value, str) and not value.isascii():
        value.encode()  # raises for half of a pair
    if isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError("a function is no JSON value")


def _range(first: float, last: float, step: float) -> list[Any]:
    if step == 0:
        raise ValueError("the step of $range must not be 0")
    count = int((last - first) / step) + 1
    if count > LONGEST_RANGE:
        raise ValueError(f"$range gives at most {LONGEST_RANGE} values")
    return [first + number * step for number in range(max(count, 0))]


def _partition(items: list[Any], size: float) -> list[Any]:
    if size < 1:
        raise ValueError("the size of $partition must be at least 1")
    return [items[start : start + int(size)] for start in range(0, len(items), int(size))]


def _hash(text: Any, algorithm: str) -> str:
    plain = text if isinstance(text, str) else json.dumps(_from_jsonata(text), separators=(",", ":"))
    return hashlib.new(HASHES[algorithm], plain.encode(), usedforsecurity=False).hexdigest()


def _random(*seed: Any) -> float:
    return random.Random(seed[0]).random() if seed and seed[0] is not None else random.random()  # noqa: S311


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "uuid": lambda: str(uuid.uuid4()),
    "random": _random,
    "parse": lambda text: to_jsonata(loads(text)),
    "range": _range,
    "partition": _partition,
    "hash": _hash,
}

KEPT = 500
_FREE: dict[str, list[Any]] = {}
"""By expression, the engine objects that no thread uses: one is not made for several."""


@contextmanager
def _parsed(expression: str) -> Generator[Any]:
    """The expression, parsed as often as it is evaluated at the same time."""
    try:
        engine = _FREE[expression].pop()
    except LookupError:
        engine = Jsonata(expression)
        engine.set_output_convert_nulls(False)
        for name, function in FUNCTIONS.items():
            engine.register_lambda(name, function)
    Jsonata.CURRENT.jsonata = engine  # whose time $now and $millis tell; else it is that of the thread's first
    yield engine
    if len(_FREE) >= KEPT:
        _FREE.clear()
    _FREE.setdefault(expression, []).append(engine)


@lru_cache(maxsize=2000)
def syntax(expression: str) -> tuple[Any, str | None]:
    """The syntax tree of an expression's text, or else what is wrong with it. Read once: definitions share most."""
    try:
        return Jsonata(expression).ast, None
    except Exception as error:  # noqa: BLE001 - the engine raises what Python gives it
        return None, str(error)


def _evaluate(expression: str, variables: Mapping[str, Any], field: str) -> Any:
    """The expression's value. ``variables`` are as :func:`to_jsonata` made them.

    Raises StateFailure States.QueryEvaluationError, also if there is none.
    """
    about = f"The JSONata expression '{expression}' specified for the field '{field}'"
    try:
        with _parsed(expression) as engine:
            result = engine.evaluate(None, dict(variables))
        value = None if result is None else _from_jsonata(result)
    except Exception as error:
        raise StateFailure(QUERY, f"{about} threw an error during evaluation. {error}") from error
    if result is None:
        raise StateFailure(QUERY, f"{about} returned nothing (undefined).")
    return value


def fill(template: Any, variables: Mapping[str, Any], field: str) -> Any:
    """A template with the value of every expression in it. ``field`` names it in errors, e.g. ``Arguments``."""
    if isinstance(template, dict):
        filled = cast("dict[str, Any]", template)
        return {key: fill(value, variables, f"{field}/{key}") for key, value in filled.items()}
    if isinstance(template, list):
        return [fill(item, variables, f"{field}[{index}]") for index, item in enumerate(cast("list[Any]", template))]
    expression = expression_in(template)
    if expression is None:
        return template
    return _evaluate(expression, variables, field)


def fill_typed(template: Any, variables: Mapping[str, Any], field: str, kinds: tuple[type, ...], wanted: str) -> Any:
    """Like :func:`fill`, for a value that must be of a kind (``wanted`` in words)."""
    value = fill(template, variables, field)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        expression = expression_in(template) or json.dumps(template)
        raise StateFailure(
            QUERY,
            f"The JSONata expression '{expression}' specified for the field '{field}' returned an unexpected result "
            f"type. Expected {wanted}.",
        )
    return value
