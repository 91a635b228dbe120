"""For every operation of a service: parameters that its model allows, made from the model itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from moto.core.model import OperationModel
from moto.core.utils import get_service_model

DEPTH = 4
BODY = b"\x00b"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def operations(service: str) -> Iterator[OperationModel]:
    model = get_service_model(service)
    for name in model.operation_names:
        yield model.operation_model(name)


PLAIN = {
    "integer": 7,
    "long": 8,
    "double": 1.5,
    "float": 2.5,
    "boolean": True,
    "timestamp": MOMENT,
    "blob": BODY,
    "character": "c",
}


def example(shape: Shape, name: str, depth: int = DEPTH) -> Any:
    """A value of the shape with every member set, lists and maps with one item; below ``depth`` required ones only."""
    if isinstance(shape, StructureShape):
        return _structure(shape, depth)
    if isinstance(shape, ListShape):
        item = example(shape.member, name, depth - 1)
        return [] if item in ({}, []) else [item]
    if isinstance(shape, MapShape):
        return {example(shape.key, "key"): example(shape.value, name, depth - 1)} if depth > 0 else {}
    if name == "ContentLength":
        return len(BODY)
    return _text(shape, name) if isinstance(shape, StringShape) else PLAIN[shape.type_name]


def _text(shape: StringShape, name: str) -> str:
    if shape.serialization.get("hostLabel"):
        return "account-1"
    return str(shape.enum[0]) if shape.enum else f"{name} é/+&=%"


def _structure(shape: StructureShape, depth: int) -> dict[str, Any]:
    if getattr(shape, "is_document_type", False):
        return {"a": 1}
    wanted = list(shape.members) if depth > 0 else list(shape.required_members)
    if getattr(shape, "is_tagged_union", False):
        wanted = wanted[:1]
    found = {each: example(shape.members[each], each, depth - 1) for each in wanted}
    return {each: value for each, value in found.items() if value not in ({}, [])}
