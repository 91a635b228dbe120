"""The intrinsic functions of JSONPath states: ``States.Format('{}', $.x)`` and the others.

Rests on *Intrinsics for JSONPath states*; a wrong argument is States.Runtime, which no Catch
sees, whatever the specification says of States.IntrinsicFailure (measured by others).
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import random
import re
import uuid
from collections.abc import Callable
from typing import Any

from .failures import RUNTIME, StateFailure
from .jsonpath import ABSENT, Data, select
from .model import dumps, loads

NAME = re.compile(r"States\.([A-Za-z0-9]+)\(")
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def call(text: str, data: Data) -> Any:
    """The value of a function's text. Raises StateFailure States.Runtime."""
    try:
        value, end = _value(text.strip(), 0, data)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise StateFailure(RUNTIME, f"The function '{text}' had the following error: {error}") from error
    if end != len(text.strip()):
        raise StateFailure(RUNTIME, f"The function '{text}' could not be read after character {end}")
    return value


def _value(text: str, start: int, data: Data) -> tuple[Any, int]:
    """The argument that begins at ``start``, and where it ends."""
    start = _skip(text, start)
    if match := NAME.match(text, start):
        arguments, end = _arguments(text, match.end(), data)
        return FUNCTIONS[match[1]](*arguments), end
    if text[start] == "'":
        return _string(text, start)
    if text[start] == "$":
        end = _path_end(text, start)
        return _read(text[start:end].strip(), data), end
    for word, value in (("true", True), ("false", False), ("null", None)):
        if text.startswith(word, start):
            return value, start + len(word)
    if match := NUMBER.match(text, start):
        return json.loads(match[0]), match.end()
    raise ValueError(f"nothing is known at '{text[start:]}'")


def _read(path: str, data: Data) -> Any:
    value = select(path, data)
    if value is ABSENT:
        where = f"could not be found in the input '{dumps(data.input)}'"
        raise ValueError(f"The JsonPath argument for the field '{path}' {where}")
    return copy.deepcopy(value)


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _arguments(text: str, position: int, data: Data) -> tuple[list[Any], int]:
    arguments: list[Any] = []
    position = _skip(text, position)
    if text[position] == ")":
        return arguments, position + 1
    while True:
        value, position = _value(text, position, data)
        arguments.append(value)
        position = _skip(text, position)
        if text[position] == ")":
            return arguments, position + 1
        if text[position] != ",":
            raise ValueError(f"a comma is missing at '{text[position:]}'")
        position += 1


def _string(text: str, start: int) -> tuple[str, int]:
    parts: list[str] = []
    position = start + 1
    while text[position] != "'":
        if text[position] == "\\":
            position += 1
        parts.append(text[position])
        position += 1
    return "".join(parts), position + 1


def _path_end(text: str, start: int) -> int:
    depth, position, quote = 0, start, ""
    while position < len(text):
        letter = text[position]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "[(":
            depth += 1
        elif letter in "])" and depth:
            depth -= 1
        elif letter in ",)":
            break
        position += 1
    return position


def _format(template: str, *values: Any) -> str:
    parts = template.split("{}")
    if len(parts) - 1 != len(values):
        raise ValueError(f"{len(parts) - 1} places for {len(values)} values")
    texts = [value if isinstance(value, str) else _to_json(value) for value in values]
    return "".join(part + text for part, text in zip(parts, [*texts, ""], strict=True))


def _to_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _range(first: int, last: int, step: int) -> list[int]:
    items = list(range(first, last + (1 if step > 0 else -1), step))
    if len(items) > 1000:
        raise ValueError("at most 1000 values")
    return items


def _unique(items: list[Any]) -> list[Any]:
    seen: dict[str, Any] = {}
    for item in items:
        seen.setdefault(_to_json(item), item)
    return list(seen.values())


def _merge(first: dict[str, Any], second: dict[str, Any], deep: bool) -> dict[str, Any]:
    if deep:
        raise ValueError("only a shallow merge is supported")
    return first | second


def _random(start: int, end: int, seed: int | None = None) -> int:
    return random.Random(seed).randrange(int(start), int(end))  # noqa: S311 - AWS says not to use it as a secret


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Format": _format,
    "StringToJson": loads,
    "JsonToString": _to_json,
    "Array": lambda *items: list(items),
    "ArrayPartition": lambda items, size: [items[i : i + size] for i in range(0, len(items), size)],
    "ArrayContains": lambda items, item: item in items,
    "ArrayRange": _range,
    "ArrayGetItem": lambda items, index: items[index],
    "ArrayLength": len,
    "ArrayUnique": _unique,
    "Base64Encode": lambda text: base64.b64encode(text.encode()).decode(),
    "Base64Decode": lambda text: base64.b64decode(text).decode(),
    "Hash": lambda text, name: hashlib.new(name.replace("-", "").lower(), text.encode()).hexdigest(),
    "JsonMerge": _merge,
    "MathRandom": _random,
    "MathAdd": lambda first, second: first + second,
    "StringSplit": lambda text, letters: [part for part in re.split(f"[{re.escape(letters)}]", text) if part],
    "UUID": lambda: str(uuid.uuid4()),
}
