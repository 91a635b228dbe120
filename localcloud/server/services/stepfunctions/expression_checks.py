"""What AWS refuses about the expressions of a JSONata definition, before anything runs.

AWS facts (measured by others): there is no context item at the top level, so a bare name, ``$`` and ``$$`` are refused
there; ``$states`` has input and context everywhere, result in the Output and Assign of Task, Map and Parallel, and
errorOutput in those of a Catch entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import jsonata

INVALID, UNSUPPORTED = "INVALID_JSONATA_EXPRESSION", "UNSUPPORTED_JSONATA_EXPRESSION"
EVERYWHERE = frozenset({"input", "context"})
PARTS = ("arguments", "expressions", "lhs_object", "rhs", "condition", "then", "_else", "expression", "terms")


def problems(expression: str, known: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Codes and sentences. ``known`` are the fields of ``$states`` that this place has."""
    if not expression:
        yield INVALID, "The JSONata expression is empty"
        return
    tree, wrong = jsonata.syntax(expression)
    if wrong is not None:
        yield INVALID, f"JSONata expression '{expression}' is not valid: {wrong}"
        return
    yield from _walk(tree, known, top=True)


def _walk(node: Any, known: frozenset[str], *, top: bool) -> Iterator[tuple[str, str]]:
    """``top`` is whether the node is evaluated without a context item."""
    if isinstance(node, (list, tuple)):
        for item in node:  # pyright: ignore[reportUnknownVariableType]
            yield from _walk(item, known, top=top)
        return
    kind = getattr(node, "type", None)
    if kind is None:
        return
    if kind == "path":
        yield from _path(node, known, top=top)
        return
    if kind == "variable" and top and node.value in ("", "$"):
        yield UNSUPPORTED, f"Reference to '${node.value}' at the top level is not supported"
    if kind == "lambda":
        yield from _walk(node.body, known, top=False)
        return
    for part in _parts(node, *PARTS, *(("lhs",) if kind != "bind" else ())):
        yield from _walk(part, known, top=top)
    for part in _parts(node, "group", "predicate", "stages"):
        yield from _walk(part, known, top=False)


def _parts(node: Any, *names: str) -> list[Any]:
    """Those that the node has: most have one or two."""
    return [part for name in names if (part := getattr(node, name, None)) is not None]


def _path(node: Any, known: frozenset[str], *, top: bool) -> Iterator[tuple[str, str]]:
    first, *rest = node.steps
    if top and first.type == "name":
        yield UNSUPPORTED, f"Reference to '{first.value}' at the top level is not supported"
    if first.type == "variable" and first.value == "states" and rest and rest[0].type == "name":
        field = rest[0].value
        if field not in known:
            yield UNSUPPORTED, f"Field '{field}' does not exist on $states here"
    yield from _walk(first, known, top=top) if first.type != "name" else ()
    yield from _walk(rest, known, top=False)
