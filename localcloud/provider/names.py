"""Properties from the engine's spelling to Terraform's and back, by the type's field tree."""

from collections.abc import Mapping
from typing import Any

from localcloud.provider.property_values import UNKNOWN
from localcloud.provider.rules import Field

Plain = Any


def to_snake(field: Field, value: Plain) -> Plain:
    """Terraform's names. Keys that the tree doesn't know (`id`, `__defaults`) are left out, wrong types as they are."""
    if field.kind == "object" and isinstance(value, Mapping):
        children = field.by_pulumi
        return {children[key].name: to_snake(children[key], item) for key, item in value.items() if key in children}
    if field.kind in ("list", "set") and field.item == "object" and isinstance(value, list):
        return [to_snake(_element(field), item) for item in value]
    return value


def to_camel(field: Field, value: Plain) -> Plain:
    """The engine's names. Raises KeyError for a name that the tree doesn't know: a type's code made it up."""
    if value is UNKNOWN:
        return value
    if field.kind == "object":
        return {
            field.children[key].pulumi: to_camel(field.children[key], item)
            for key, item in value.items()
            if item is not None
        }
    if field.kind in ("list", "set") and field.item == "object":
        return [item if item is UNKNOWN else to_camel(_element(field), item) for item in value]
    return value


def _element(field: Field) -> Field:
    """The field of one element of a list or set of objects."""
    return Field(path=field.path, name=field.name, pulumi=field.pulumi, kind="object", children=field.children)
