"""The package schema of all types, for `pulumi import`, which writes a program from it."""

import json
from typing import Any

from localcloud.provider import VERSION
from localcloud.provider.rules import Field, load
from localcloud.provider.types import resource_type, tokens

Schema = dict[str, Any]
_SCALARS = {"string": "string", "int": "integer", "float": "number", "bool": "boolean"}


def package_schema() -> str:
    """Pulumi's schema as JSON text: every type with its inputs and outputs, blocks as types of their own."""
    types: Schema = {}
    resources = {token: _resource(token, load(resource_type(token).tf).root, types) for token in sorted(tokens())}
    return json.dumps(
        {
            "name": "aws",
            "version": VERSION,
            "meta": {"moduleFormat": "(.*)(?:/[^/]*)"},
            "types": types,
            "resources": resources,
            "language": {"python": {"compatibility": "tfbridge20"}},
        }
    )


def _resource(token: str, root: Field, types: Schema) -> Schema:
    fields = [child for child in root.children.values() if child.pulumi != "id"]
    inputs = [child for child in fields if child.is_input and child.pulumi != "tagsAll"]
    return {
        "properties": {child.pulumi: _property(token, child, types) for child in fields},
        "inputProperties": {child.pulumi: _property(token, child, types) for child in inputs},
        "requiredInputs": [child.pulumi for child in inputs if child.required],
    }


def _property(token: str, field: Field, types: Schema) -> Schema:
    if field.kind in _SCALARS:
        return {"type": _SCALARS[field.kind]}
    if field.kind == "object":
        return {"$ref": f"#/types/{_block(token, field, types)}"}
    if field.kind == "map":
        return {"type": "object", "additionalProperties": {"type": _SCALARS[field.item]}}
    if field.item == "object":
        return {"type": "array", "items": {"$ref": f"#/types/{_block(token, field, types)}"}}
    return {"type": "array", "items": {"type": _SCALARS[field.item]}}


def _block(token: str, field: Field, types: Schema) -> str:
    """The token of the block's type: the resource's name and the block's path."""
    module, name = token.split(":")[1].split("/", maxsplit=1)[0], token.rsplit(":", 1)[1]
    words = "".join(word.capitalize() for part in field.path.split(".") for word in part.split("_"))
    block = f"{name}{words}"
    children = field.children.values()
    types[own := f"aws:{module}/{block}:{block}"] = {
        "type": "object",
        "properties": {child.pulumi: _property(token, child, types) for child in children},
        "required": [child.pulumi for child in children if child.required],
    }
    return own
