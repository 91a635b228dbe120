"""Whether an object has the structure that its kind's schema states: fields that exist, of their type, none missing.

jsonschema would do it, but not in Kubernetes' words, and a value that only the update will know has to pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from localcloud.kubernetes.objects.errors import ApiError, Json, bad_request, invalid
from localcloud.kubernetes.objects.kinds import Kind
from localcloud.kubernetes.objects.schemas import Schema, Schemas

_GO_TYPES: Final = {"string": "string", "integer": "int32", "number": "float64", "boolean": "bool"}


@dataclass
class Faults:
    """What is wrong with an object: with its encoding (refused before anything is looked at), or with its values."""

    unknown: list[str] = field(default_factory=list[str])
    types: list[str] = field(default_factory=list[str])
    values: list[str] = field(default_factory=list[str])

    def refusal(self, kind: Kind, name: str) -> ApiError | None:
        if self.types:
            return bad_request(
                f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: {self.types[0]}'
            )
        if self.unknown:
            fields = ", ".join(f'unknown field "{path}"' for path in self.unknown)
            return bad_request(
                f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: '
                f"strict decoding error: {fields}"
            )
        return invalid(kind.qualified, name, self.values) if self.values else None


def without_nulls(value: Any) -> Any:
    """The value as Kubernetes reads it: a null is a field left out."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def faults(schemas: Schemas, kind: Kind, value: Json, passes: Callable[[Any], bool] = lambda _: False) -> Faults:
    """What the schema says against the object. ``passes``: of a value that is not known yet."""
    result = Faults()
    _Check(schemas, result, passes).value(schemas.of(kind), value, "")
    return result


@dataclass(frozen=True)
class _Check:
    schemas: Schemas
    faults: Faults
    passes: Callable[[Any], bool]

    def value(self, schema: Schema, value: Any, path: str) -> None:
        if value is None or self.passes(value):
            return
        schema = self.schemas.resolved(schema)
        if "oneOf" in schema:
            if not any(_has_type(value, name) for option in schema["oneOf"] for name in _types(option)):
                self.faults.types.append(f"json: cannot unmarshal {_json_type(value)} into field {path}")
            return
        types = _types(schema)
        if types and not any(_has_type(value, name) for name in types):
            self.faults.types.append(
                f"json: cannot unmarshal {_json_type(value)} into field {path} of type "
                f"{_GO_TYPES.get(types[0], types[0])}"
            )
        elif isinstance(value, Mapping):
            self._members(schema, value, path)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for index, item in enumerate(value):
                self.value(self.schemas.item(schema), item, f"{path}[{index}]")
        elif "enum" in schema and value not in schema["enum"]:
            listed = ", ".join(f'"{option}"' for option in sorted(o for o in schema["enum"] if o is not None))
            self.faults.values.append(f'{path}: Unsupported value: "{value}": supported values: {listed}')

    def _members(self, schema: Schema, value: Mapping[str, Any], path: str) -> None:
        for name, item in value.items():
            below = f"{path}.{name}" if path else name
            member = self.schemas.member(schema, name)
            if member is None:
                self.faults.unknown.append(below)
            else:
                self.value(member, item, below)
        for name in schema.get("required") or ():
            if value.get(name) is None:
                self.faults.values.append(f"{path}.{name}: Required value" if path else f"{name}: Required value")


def _types(schema: Schema) -> list[str]:
    named = schema.get("type")
    names: list[str] = [named] if isinstance(named, str) else list(named or ())
    return [name for name in names if name != "null"]


def _has_type(value: Any, name: str) -> bool:
    match name:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case _:
            return isinstance(value, Mapping)


def _json_type(value: Any) -> str:
    names: Iterator[str] = (name for name in ("boolean", "string", "number", "array") if _has_type(value, name))
    return {"boolean": "bool"}.get(name := next(names, "object"), name)
