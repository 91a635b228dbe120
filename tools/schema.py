"""Makes the stack file's JSON Schema and page in docs/ from the settings. ``--check``: only says if they are stale."""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings import Project, Settings, StackFile
from settings.base import Model

DOCS = Path(__file__).parents[1] / "docs"


def json_schema() -> str:
    """The JSON Schema of a stack file."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **StackFile.model_json_schema(by_alias=True),
    }
    for model in _all_models(StackFile):
        properties = (schema if model is StackFile else schema["$defs"][model.__name__])["properties"]
        for name, text in _descriptions(model).items():
            label = model.model_fields[name].alias or name
            properties[label] = dict(sorted({**properties[label], "description": text}.items()))
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


@cache
def _descriptions(model: type[BaseModel]) -> dict[str, str]:
    """By field, the docstring below it, in the model or one that it is made from."""
    descriptions: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if not issubclass(base, Model):
            continue
        definition = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        assert isinstance(definition, ast.ClassDef)  # noqa: S101 - the source of a class
        for statement, below in pairwise(definition.body):
            match statement, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    descriptions[name] = inspect.cleandoc(text)
                case _:
                    pass
    return descriptions


def _all_models(model: type[BaseModel]) -> set[type[BaseModel]]:
    """The model and those inside it."""
    inner = (one for field in model.model_fields.values() for one in _models(field.annotation))
    return {model}.union(*map(_all_models, inner))


def page() -> str:
    """The documentation page."""
    head, tail = (
        Path(__file__).with_name(f"stack-file.{part}.md").read_text(encoding="utf-8") for part in ("head", "tail")
    )
    return "\n".join(
        [head, *_tables(Settings, "portal:settings", set()), *_tables(Project, "portal.yaml", set()), tail]
    )


def _tables(model: type[BaseModel], key: str, seen: set[type[BaseModel]]) -> Iterator[str]:
    """A table for the model, then for each model inside it; one that several keys share stands where it comes first."""
    if model in seen:
        return
    seen.add(model)
    yield f"## `{key}`\n\n{_text(model.__doc__)}\n"
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    inner: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        label = field.alias or name
        yield f"| `{label}` | {_type(field)} | {_default(field)} | {_meaning(model, name)} |"
        below = f"{label}.<name>" if "dict" in str(field.annotation) else label
        inner += [
            (f"{key}.{below}".removeprefix("portal:settings.").removeprefix("portal.yaml."), one)
            for one in _models(field.annotation)
        ]
    yield ""
    for below, one in inner:
        yield from _tables(one, below, seen)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _type(field: FieldInfo) -> str:
    names = [one.__name__ for one in _models(field.annotation)]
    text = str(field.annotation)
    if "Literal" in text:
        return "one of " + ", ".join(f"`{value}`" for value in get_args(field.annotation))
    if names:
        return f"mapping of {names[0]}" if "dict" in text else f"list of {names[0]}" if "tuple" in text else names[0]
    if "dict" in text:
        return "mapping of lists of text" if "tuple" in text else "mapping of text"
    lists = {"tuple[int": "list of whole numbers", "tuple[typing.Annotated[int": "list of whole numbers"}
    simple = {**lists, "tuple": "list of text", "bool": "true or false", "int": "whole number", "float": "number"}
    return next((name for word, name in simple.items() if word in text), "text")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, BaseModel):
        return "its defaults"
    return f"`{json.dumps(_plain(value))}`"


def _plain(value: Any) -> Any:
    """As the stack file would have it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, tuple):
        return [_plain(one) for one in cast("tuple[object, ...]", value)]
    return (
        {key: _plain(one) for key, one in cast("dict[str, object]", value).items()}
        if isinstance(value, dict)
        else value
    )


def _meaning(model: type[BaseModel], name: str) -> str:
    """A key that a model explains is explained by the model."""
    inner = next(_models(model.model_fields[name].annotation), None)
    return _text(_descriptions(model).get(name) or (inner and inner.__doc__))


def _text(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|").replace("``", "`")


def main() -> int:
    stale = 0
    for file, content in {"stack-file.schema.json": json_schema(), "stack-file.md": page()}.items():
        path = DOCS / file
        if path.exists() and path.read_text(encoding="utf-8") == content:
            continue
        stale = 1
        if "--check" in sys.argv:
            print(f"{path.relative_to(DOCS.parent)} is stale: run `make schema`")
        else:
            path.write_text(content, encoding="utf-8")
            print(f"wrote {path.relative_to(DOCS.parent)}")
    return stale if "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
