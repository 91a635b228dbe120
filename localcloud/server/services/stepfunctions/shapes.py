"""Between a task's parameters and results and what the API calls them.

AWS facts: Step Functions writes every member with a capital first letter; times come back as text in aws-sdk results;
a string where the API takes bytes is sent as JSON (S3 PutObject stores it in quotes), bytes come back as text; a
parameter of the wrong type is States.Runtime, which no Catch sees.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any, cast

from botocore.model import ListShape, MapShape, Shape, StructureShape

from .failures import RUNTIME, StateFailure
from .model import dumps, iso


def to_api(value: Any, shape: Shape | None, path: str = "") -> Any:
    """Parameters as boto3 takes them. Raises StateFailure States.Runtime."""
    if shape is None:
        return value
    if isinstance(shape, StructureShape) and not shape.metadata.get("document"):
        return _structure(_of(value, dict, "a STRUCTURE", path), shape, path)
    if isinstance(shape, MapShape):
        members = _of(value, dict, "a MAP", path)
        return {key: to_api(item, shape.value, f"{path}.{key}") for key, item in members.items()}
    if isinstance(shape, ListShape):
        members = _of(value, list, "a LIST", path)
        return [to_api(item, shape.member, f"{path}[{index}]") for index, item in enumerate(members)]
    return _scalar(value, shape.type_name, path)


def _of(value: Any, kind: type, words: str, path: str) -> Any:
    if not isinstance(value, kind):
        raise wrong_type(path, words)
    return value


def wrong_type(path: str, words: str) -> StateFailure:
    field = path.rpartition(".")[2] or "Parameters"
    return StateFailure(RUNTIME, f"The value for the field '{field}' must be {words}")


def _structure(value: dict[str, Any], shape: StructureShape, path: str) -> dict[str, Any]:
    names = {f"{name[0].upper()}{name[1:]}": name for name in shape.members}
    members: dict[str, Any] = {}
    for key, item in value.items():
        name = names.get(key)
        if name is None:
            raise StateFailure(RUNTIME, f"The field '{key}' is not supported by Step Functions")
        if item is not None:
            members[name] = to_api(item, shape.members[name], f"{path}.{key}")
    for name in shape.required_members:
        if name not in members:
            raise StateFailure(RUNTIME, f"The field '{name[0].upper()}{name[1:]}' is required but was missing")
    return members


NUMBERS = ("integer", "long", "float", "double")
PLAIN: dict[str, tuple[type, str]] = {"string": (str, "a STRING"), "boolean": (bool, "a BOOLEAN")}


def _scalar(value: Any, kind: str, path: str) -> Any:
    if kind in PLAIN:
        of_kind, words = PLAIN[kind]
        return _of(value, of_kind, words, path)
    if kind == "blob":
        return value if isinstance(value, bytes) else dumps(value).encode()
    return _number(value, kind, path) if kind in NUMBERS else value


def _number(value: Any, kind: str, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(path, "a NUMBER")
    return int(value) if kind in ("integer", "long") and float(value).is_integer() else value


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def from_api(value: Any, shape: Shape | None) -> Any:
    """An answer as a task's result."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, list):
        member = shape.member if isinstance(shape, ListShape) else None
        return [from_api(item, member) for item in cast("list[Any]", value)]
    return _object(cast("dict[str, Any]", value), shape) if isinstance(value, dict) else value


def _object(value: dict[str, Any], shape: Shape | None) -> dict[str, Any]:
    if isinstance(shape, MapShape):
        return {key: from_api(item, shape.value) for key, item in value.items()}
    members = shape.members if isinstance(shape, StructureShape) else {}
    return {f"{key[0].upper()}{key[1:]}": from_api(item, members.get(key)) for key, item in value.items()}
