"""An event as targets see it: what Input, InputPath and InputTransformer make of it.

AWS facts (*Input transformation*): a path that is not there gives null when it stands alone and an empty string inside
a string; the reserved variables ``aws.events.*`` need no path; a template that is no JSON is sent as text.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

from localcloud.server.outbox import Event

VARIABLE = re.compile(r"<([A-Za-z0-9_.\-]+)>")
STEP = re.compile(r"\.([A-Za-z0-9_\-]+)|\['([^']+)'\]|\[(\d+)\]")
ABSENT = object()


def payload(target: dict[str, Any], event: Event, rule_arn: str) -> str:
    """The text that a target gets."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        part = at(event, target["InputPath"])
        return json.dumps(None if part is ABSENT else part, separators=(",", ":"))
    if "InputTransformer" in target:
        return _transformed(target["InputTransformer"], event, rule_arn)
    return json.dumps(event, separators=(",", ":"))


def at(event: Event, path: str) -> Any:
    """What is at a JSON path of names and indices, or :data:`ABSENT`."""
    part: Any = event
    position = 1
    while position < len(path):
        step = STEP.match(path, position)
        if step is None:
            return ABSENT
        name, quoted, index = step.groups()
        try:
            part = part[int(index)] if index is not None else part[name or quoted]
        except (KeyError, IndexError, TypeError):
            return ABSENT
        position = step.end()
    return part


def _transformed(transformer: dict[str, Any], event: Event, rule_arn: str) -> str:
    values: dict[str, Any] = {
        name: at(event, path) for name, path in cast("dict[str, str]", transformer.get("InputPathsMap", {})).items()
    }
    values |= {
        "aws.events.event": event,
        "aws.events.event.json": event,
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": event["time"],
    }
    template = str(transformer["InputTemplate"])
    parts: list[str] = []
    end = 0
    for variable in VARIABLE.finditer(template):
        parts.append(template[end : variable.start()])
        quoted = _inside_string("".join(parts))
        parts.append(_written(values.get(variable[1], ABSENT), quoted=quoted))
        end = variable.end()
    text = "".join(parts) + template[end:]
    try:
        return json.dumps(json.loads(text), separators=(",", ":"))
    except ValueError:
        return text


def _inside_string(text: str) -> bool:
    return len(re.findall(r'(?<!\\)"', text)) % 2 == 1


def _written(value: Any, *, quoted: bool) -> str:
    if value is ABSENT:
        return "" if quoted else "null"
    if not quoted:
        return json.dumps(value, separators=(",", ":"))
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return json.dumps(text)[1:-1]
