"""What AWS refuses about the fields of one state: ranges, retriers and catchers, choices, resources, expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from . import choices, expression_checks, jsonata, path_checks
from .integrations import Absent, Integration, Unknown, integration
from .items import DELIMITERS, LISTING, OBJECT, WRITING
from .problems import SCHEMA, Problem

LARGEST_SECONDS = 99_999_999
LABEL = re.compile(r"[^\s?*<>{}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f]*")
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
TWINS = ("TimeoutSeconds", "HeartbeatSeconds", "Seconds", "Timestamp", "Error", "Cause", "MaxConcurrency",
         "ToleratedFailureCount", "ToleratedFailurePercentage")  # fmt: skip
WITH_RESULT = ("Task", "Map", "Parallel")


def in_range(value: float | str, least: float, most: float, at: str) -> list[Problem]:
    if isinstance(value, str):
        return []  # an expression: known when it runs
    if value < least:
        return [Problem(SCHEMA, f"Minimum value is {least}", at)]
    return [Problem(SCHEMA, f"Maximum value is {most}", at)] if value > most else []


def check(state: dict[str, Any], kind: str, language: str, at: str, *, express: bool) -> Iterator[Problem]:
    yield from _ranges(state, at)
    for index, entry in enumerate(cast("list[dict[str, Any]]", state.get("Retry") or [])):
        yield from _retrier(entry, f"{at}/Retry[{index}]", last=index == len(state["Retry"]) - 1)
    for index, entry in enumerate(cast("list[dict[str, Any]]", state.get("Catch") or [])):
        yield from _catcher(entry, f"{at}/Catch[{index}]", last=index == len(state["Catch"]) - 1)
    if kind == "Task" and "Resource" in state:
        yield from _resource(state, language, at, express=express)
    if kind == "Choice":
        yield from _choices(state, language, at)
    if kind == "Map":
        yield from _map(state, at, express=express)
    if kind == "Wait":
        given = [name for name in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if name in state]
        if len(given) != 1:
            yield Problem(SCHEMA, "There must be exactly one of [Seconds, SecondsPath, Timestamp, TimestampPath]", at)
    yield from _variables(state, at)
    if language == "JSONata":
        yield from _expressions(state, kind, at)
    else:
        yield from path_checks.problems(state, at)


def _ranges(state: dict[str, Any], at: str) -> Iterator[Problem]:
    for name in ("TimeoutSeconds", "HeartbeatSeconds"):
        if name in state:
            yield from in_range(state[name], 1, LARGEST_SECONDS, f"{at}/{name}")
    for name, most in (("Seconds", LARGEST_SECONDS), ("MaxConcurrency", 10_000), ("ToleratedFailureCount", 10**9)):
        if name in state:
            yield from in_range(state[name], 0, most, f"{at}/{name}")
    if "ToleratedFailurePercentage" in state:
        where = f"{at}/ToleratedFailurePercentage"
        yield from in_range(state["ToleratedFailurePercentage"], 0, 100, where)
    beat, timeout = state.get("HeartbeatSeconds"), state.get("TimeoutSeconds")
    if isinstance(beat, int) and isinstance(timeout, int) and beat >= timeout:
        yield Problem(SCHEMA, "HeartbeatSeconds must be smaller than TimeoutSeconds", f"{at}/HeartbeatSeconds")
    for name in TWINS:
        if name in state and f"{name}Path" in state:
            yield Problem(SCHEMA, f"There should only be one of [{name}, {name}Path]", at)


def _errors(entry: dict[str, Any], at: str, *, last: bool) -> Iterator[Problem]:
    names = cast("list[str]", entry.get("ErrorEquals") or [])
    if not names:
        yield Problem(SCHEMA, "These fields are required: [ErrorEquals]", at)
    elif "States.ALL" in names and (len(names) > 1 or not last):
        text = "States.ALL must appear alone and at the end of the list"
        yield Problem(SCHEMA, text, f"{at}/ErrorEquals")


def _retrier(entry: dict[str, Any], at: str, *, last: bool) -> Iterator[Problem]:
    yield from _errors(entry, at, last=last)
    known = {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy",
             "Comment"}  # fmt: skip
    for name in sorted(set(entry) - known):
        yield Problem(SCHEMA, f"Field '{name}' is not supported", f"{at}/{name}")
    for name, least, most in (
        ("IntervalSeconds", 1, LARGEST_SECONDS),
        ("MaxAttempts", 0, 99_999_999),
        ("BackoffRate", 1.0, float("inf")),
        ("MaxDelaySeconds", 1, 31_622_400),
    ):
        if name in entry:
            yield from in_range(entry[name], least, most, f"{at}/{name}")
    yield from _one_of(entry, "JitterStrategy", ("FULL", "NONE"), at)


def _one_of(members: dict[str, Any], name: str, allowed: tuple[str, ...], at: str) -> Iterator[Problem]:
    if name in members and members[name] not in allowed:
        yield Problem(SCHEMA, f"Value is not valid. Must be one of [{', '.join(allowed)}]", f"{at}/{name}")


def _catcher(entry: dict[str, Any], at: str, *, last: bool) -> Iterator[Problem]:
    yield from _errors(entry, at, last=last)
    if "Next" not in entry:
        yield Problem(SCHEMA, "These fields are required: [Next]", at)
    known = {"ErrorEquals", "Next", "ResultPath", "Output", "Assign", "Comment"}
    for name in sorted(set(entry) - known):
        yield Problem(SCHEMA, f"Field '{name}' is not supported", f"{at}/{name}")


def _resource(state: dict[str, Any], language: str, at: str, *, express: bool) -> Iterator[Problem]:
    try:
        integrated = integration(str(state["Resource"]))
    except Absent as error:
        yield Problem(SCHEMA, str(error), f"{at}/Resource", absent=True)
        return
    except Unknown as error:
        yield Problem(SCHEMA, str(error), f"{at}/Resource")
        return
    if express and integrated.pattern:
        yield Problem(SCHEMA, f"Express state machine does not support '{integrated.pattern}' service integration",
                      f"{at}/Resource")  # fmt: skip
    if "HeartbeatSeconds" in state:
        yield Problem(SCHEMA, "HeartbeatSeconds: task tokens are not implemented here", at, absent=True)
    role = state.get("Credentials")
    if role is not None and not {"RoleArn", "RoleArn.$"} & set(role if isinstance(role, dict) else ()):
        yield Problem(SCHEMA, "The field 'RoleArn' is required but was missing", f"{at}/Credentials")
    yield from _arguments(state, integrated, "Arguments" if language == "JSONata" else "Parameters", at)


def _arguments(state: dict[str, Any], integration: Integration, field: str, at: str) -> Iterator[Problem]:
    given: Any = state.get(field)
    if integration.optimised is not None and given is None:
        yield Problem(SCHEMA, f"These fields are required: [{field}]", at)
    if given is not None and not isinstance(given, dict) and jsonata.expression_in(given) is None:
        yield Problem(SCHEMA, "Expected value of type Object", f"{at}/{field}")
    if integration.optimised is not None and isinstance(given, dict):
        names = {str(name).removesuffix(".$") for name in cast("dict[str, Any]", given)}
        for needed in integration.optimised.required:
            if needed not in names:
                yield Problem(SCHEMA, f"The field '{needed}' is required but was missing", f"{at}/{field}")
        members = {f"{name[0].upper()}{name[1:]}" for name in getattr(integration.model.input_shape, "members", {})}
        for name in sorted(names - members):
            yield Problem(SCHEMA, f"The field '{name}' is not supported by Step Functions", f"{at}/{field}")


def _choices(state: dict[str, Any], language: str, at: str) -> Iterator[Problem]:
    entries = cast("list[Any]", state.get("Choices") or [])
    if not entries:
        yield Problem(SCHEMA, "Choices must not be empty", f"{at}/Choices")
    for index, entry in enumerate(entries):
        where = f"{at}/Choices[{index}]"
        if "Next" not in entry:
            yield Problem(SCHEMA, "These fields are required: [Next]", where)
        if language == "JSONata":
            if "Condition" not in entry:
                yield Problem(SCHEMA, "These fields are required: [Condition]", where)
            for name in sorted(set(entry) - {"Condition", "Next", "Output", "Assign", "Comment"}):
                text = f"QueryLanguage is set to 'JSONata', but field '{name}' is only supported for 'JSONPath'"
                yield Problem(SCHEMA, text, f"{where}/{name}")
        else:
            yield from _rule(entry, where)


def _rule(rule: dict[str, Any], at: str) -> Iterator[Problem]:
    if "Condition" in rule:
        text = "QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported for 'JSONata'"
        yield Problem(SCHEMA, text, f"{at}/Condition")
        return
    for name in ("And", "Or"):
        if rule.get(name) == []:
            yield Problem(SCHEMA, f"{name} must not be empty", f"{at}/{name}")
        for index, inner in enumerate(rule.get(name, [])):
            yield from _rule(inner, f"{at}/{name}[{index}]")
    if "Not" in rule:
        yield from _rule(rule["Not"], f"{at}/Not")
    if not {"And", "Or", "Not"} & set(rule):
        operators = [name for name in rule if choices.is_operator(name)]
        if len(operators) != 1 or "Variable" not in rule:
            yield Problem(SCHEMA, "A choice rule needs a Variable and exactly one comparison operator", at)
        for name in ("Variable", *(name for name in operators if name.endswith("Path"))):
            yield from path_checks.path(rule.get(name), f"{at}/{name}")
        for name in sorted(set(rule) - {*operators, "Variable", "Next", "Assign", "Comment"}):
            yield Problem(SCHEMA, f"Field '{name}' is not supported", f"{at}/{name}")


def _map(state: dict[str, Any], at: str, *, express: bool) -> Iterator[Problem]:
    block: Any = state.get("ItemProcessor") or {}
    config: Any = block.get("ProcessorConfig", {})
    mode, kind = config.get("Mode", "INLINE"), config.get("ExecutionType")
    where = f"{at}/ItemProcessor/ProcessorConfig"
    yield from _one_of(config, "Mode", ("DISTRIBUTED", "INLINE"), where)
    yield from _one_of(config, "ExecutionType", ("EXPRESS", "STANDARD"), where)
    if mode == "DISTRIBUTED" and kind is None:
        yield Problem(SCHEMA, "These fields are required: [ExecutionType]", where)
    if mode == "INLINE" and kind is not None:
        yield Problem(SCHEMA, "Field 'ExecutionType' is not supported", f"{where}/ExecutionType")
    if mode == "DISTRIBUTED" and express:
        yield Problem(SCHEMA, "Express state machine does not support Distributed Map", at)
    for name in ("ItemReader", "ItemBatcher", "ResultWriter", "Label"):
        if mode == "INLINE" and name in state:
            yield Problem(SCHEMA, f"Field '{name}' is not supported", f"{at}/{name}")
    reader: Any = state.get("ItemReader")
    if reader is not None and reader.get("Resource") not in (LISTING, OBJECT):
        yield Problem(SCHEMA, f"The resource provided {reader.get('Resource')} is not recognized", f"{at}/ItemReader")
    reading: Any = (reader or {}).get("ReaderConfig", {})
    for name, allowed in (("CSVDelimiter", tuple(DELIMITERS)), ("CSVHeaderLocation", ("FIRST_ROW", "GIVEN"))):
        yield from _one_of(reading, name, allowed, f"{at}/ItemReader/ReaderConfig")
    kind_of_input = reading.get("InputType", "JSON")
    if kind_of_input not in ("JSON", "JSONL", "CSV"):
        text = f"ItemReader of InputType {kind_of_input} is not implemented here"
        yield Problem(SCHEMA, text, f"{at}/ItemReader", absent=True)
    writer: Any = state.get("ResultWriter")
    if writer is not None and writer.get("Resource", WRITING) != WRITING:
        yield Problem(SCHEMA, f"The resource provided {writer['Resource']} is not recognized", f"{at}/ResultWriter")
    yield from _label(state.get("Label"), f"{at}/Label")


def _label(label: Any, at: str) -> Iterator[Problem]:
    if label is None:
        return
    if label == "":
        yield Problem("INVALID_LABEL_NAME", "Label cannot be empty", at)
    elif len(label) > 40:
        yield Problem("INVALID_LABEL_NAME", "Label cannot exceed 40 characters", at)
    elif not LABEL.fullmatch(label):
        yield Problem("INVALID_LABEL_NAME", f"Label contains invalid character: {label}", at)


def _variables(state: dict[str, Any], at: str) -> Iterator[Problem]:
    places = [(state, at)]
    for name in ("Catch", "Choices"):
        places += [(entry, f"{at}/{name}[{i}]") for i, entry in enumerate(cast("list[Any]", state.get(name) or []))]
    for holder, where in places:
        for name in cast("dict[str, Any]", holder.get("Assign") or {}):
            plain = name.removesuffix(".$")
            if plain == "states":
                yield Problem("RESERVED_VARIABLE_NAME", f"Variable name '{plain}' is reserved", f"{where}/Assign")
            elif not VARIABLE_NAME.fullmatch(plain):
                yield Problem("INVALID_VARIABLE_NAME", f"Variable name '{plain}' is invalid", f"{where}/Assign")


def _expressions(state: dict[str, Any], kind: str, at: str) -> Iterator[Problem]:
    result = expression_checks.EVERYWHERE | ({"result"} if kind in WITH_RESULT else set())
    for name, value in state.items():
        if name in ("States", "Branches", "ItemProcessor", "Iterator", "Retry", "Comment"):
            continue
        known = result if name in ("Output", "Assign") else expression_checks.EVERYWHERE
        if name == "Catch":
            known = expression_checks.EVERYWHERE | {"errorOutput"}
        yield from _in_value(value, f"{at}/{name}", frozenset(known))


def _in_value(value: Any, at: str, known: frozenset[str]) -> Iterator[Problem]:
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from _in_value(item, f"{at}/{key}", known)
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _in_value(item, f"{at}[{index}]", known)
    elif isinstance(value, str):
        expression = jsonata.expression_in(value)
        if expression is not None:
            for code, text in expression_checks.problems(expression, known):
                yield Problem(code, text, at)
        elif value.lstrip().startswith("{%") or value.rstrip().endswith("%}"):
            yield Problem(expression_checks.INVALID, "A JSONata expression begins with {% and ends with %}", at)
