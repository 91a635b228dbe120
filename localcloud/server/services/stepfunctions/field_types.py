"""What AWS refuses about the types of a definition's fields, whatever the state.

The other rules look at a state only once its fields are of their types.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from . import jsonata
from .problems import SCHEMA, Problem

STRINGS = ("Type", "Comment", "Version", "QueryLanguage", "StartAt", "Next", "Default", "Resource", "Label", "Variable",
           "Error", "Cause", "Timestamp", "JitterStrategy", "Mode", "ExecutionType", "InputType", "CSVHeaderLocation",
           "CSVDelimiter", "ItemsPointer", "Transformation", "OutputType")  # fmt: skip
INTEGERS = ("TimeoutSeconds", "HeartbeatSeconds", "Seconds", "MaxConcurrency", "ToleratedFailureCount",
            "IntervalSeconds", "MaxAttempts", "MaxDelaySeconds", "MaxItems", "MaxItemsPerBatch",
            "MaxInputBytesPerBatch")  # fmt: skip
NUMBERS = ("BackoffRate", "ToleratedFailurePercentage")
TEMPLATES = ("Parameters", "ResultSelector", "Assign", "Credentials")
OBJECTS = ("ProcessorConfig", "ItemReader", "ReaderConfig", "ItemBatcher", "ResultWriter",
           "WriterConfig", "Not")  # fmt: skip
LISTS = ("Branches", "Retry", "Catch", "Choices", "And", "Or")
NULLABLE = ("InputPath", "OutputPath", "ResultPath")
LITERAL = ("Retry",)
"""Where a number is no expression."""
PROCESSORS = ("ItemProcessor", "Iterator")

TYPES: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Number": (int, float),
    "Object": (dict,),
    "Array": (list,),
    "Boolean": (bool,),
}
KINDS: dict[str, str] = {
    **dict.fromkeys(STRINGS, "String"),
    **dict.fromkeys(INTEGERS, "Integer"),
    **dict.fromkeys(NUMBERS, "Number"),
    **dict.fromkeys((*TEMPLATES, *PROCESSORS, *OBJECTS), "Object"),
    **dict.fromkeys((*LISTS, "ErrorEquals", "CSVHeaders"), "Array"),
    "End": "Boolean",
}


def check(members: dict[str, Any], at: str, *, expressions: bool) -> Iterator[Problem]:
    """``expressions`` is whether a JSONata expression may stand for a number."""
    for name, value in members.items():
        where = f"{at}/{name}"
        kind = "String" if name.endswith("Path") else KINDS.get(name)
        if kind is None or (value is None and name in NULLABLE):
            continue
        computed = expressions and kind in ("Integer", "Number") and jsonata.expression_in(value) is not None
        if not computed and not _is(value, kind):
            yield Problem(SCHEMA, f"Expected value of type {kind}", where)
        else:
            yield from _inside(name, value, where, expressions=expressions and name not in LITERAL)


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "Boolean" or not isinstance(value, bool))


def _inside(name: str, value: Any, at: str, *, expressions: bool) -> Iterator[Problem]:
    if name in ("ErrorEquals", "CSVHeaders"):
        yield from _items(value, "String", at)
    elif name in LISTS:
        yield from _items(value, "Object", at)
    if name == "Branches":
        return  # looked at as blocks, as are the states of an item processor
    if name in PROCESSORS:
        inner = {"ProcessorConfig": value["ProcessorConfig"]} if "ProcessorConfig" in value else {}
        yield from check(inner, at, expressions=expressions)
    elif name in LISTS:
        for index, item in enumerate(cast("list[Any]", value)):
            if isinstance(item, dict):
                yield from check(cast("dict[str, Any]", item), f"{at}[{index}]", expressions=expressions)
    elif name in OBJECTS:
        yield from check(value, at, expressions=expressions)


def _items(items: list[Any], kind: str, at: str) -> Iterator[Problem]:
    for index, item in enumerate(items):
        if not _is(item, kind):
            yield Problem(SCHEMA, f"Expected value of type {kind}", f"{at}[{index}]")
