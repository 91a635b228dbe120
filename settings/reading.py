"""From plain data to typed settings: every fault in one reading, in words that say what is allowed."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from settings.faults import Fault, path, shown
from settings.schema import Settings, StackFile
from settings.yamlfile import ENCRYPTED, Data

_WORDS = {
    "string_type": "must be text: quote it",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "missing": "is required",
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "tuple_type": "must be a list",
}
Loc = tuple[str | int, ...]


@dataclass
class Reading:
    """One stack file as read: its faults, and its settings as far as they can be known in spite of them."""

    file: str
    faults: list[Fault] = field(default_factory=list[Fault])
    settings: Settings | None = None


def read_data(file: str, data: Data, faults: Iterable[Fault] = ()) -> Reading:
    """Reads a whole stack file's data."""
    reading = Reading(file, list(faults))
    text = json.dumps(data, sort_keys=True)  # as the engine hands them over: nothing follows from their order
    try:
        reading.settings = StackFile.model_validate_json(text).config.settings
    except ValidationError as error:
        errors = error.errors(include_url=False)
        named = {fault.key for fault in reading.faults}
        meant = {(*one["loc"][:-1], _meant(one["loc"])) for one in errors if one["type"] == "extra_forbidden"}
        unexplained = [one for one in errors if one["type"] != "missing" or one["loc"] not in meant]
        schema_faults = [_fault(file, detail) for detail in unexplained]
        reading.faults += [fault for fault in schema_faults if fault.key not in named]
        reading.settings = _without_faults(text, errors)
    return reading


def read_config(file: str, config: Mapping[str, str], secret: Iterable[str] = ()) -> Reading:
    """Reads the configuration as the engine hands it over: texts by key, of JSON where the file has more than text."""
    data: dict[str, Data] = {}
    for key, text in config.items():
        try:
            data[key] = json.loads(text)
        except (ValueError, RecursionError):
            data[key] = text
    secrets = [Fault(file=file, key=key, value="", rule=ENCRYPTED) for key in sorted(secret)]
    return read_data(file, {"config": data}, secrets)


def _fault(file: str, error: ErrorDetails) -> Fault:
    loc, kind = error["loc"], error["type"]
    at = tuple(part for part in (loc[1:] if loc[:1] == ("config",) and loc[1:] else loc) if part != "[key]")
    rule = _WORDS.get(kind, error["msg"])
    if kind == "extra_forbidden":
        rule = _unknown_key(loc)
    value = "" if kind == "missing" else shown(error["input"])
    return Fault(file=file, key=path(*at), value=value, rule=rule)


def _unknown_key(loc: Loc) -> str:
    meant = _meant(loc)
    question = f"; did you mean {meant}?" if meant else ""
    return f"unknown key; known here: {', '.join(_known_keys(loc[:-1]))}{question}"


def _meant(loc: Loc) -> str | None:
    """The known key that an unknown one is most like; namespaces, which the engine writes out, don't count."""
    known = {key.rpartition(":")[2]: key for key in _known_keys(loc[:-1])}
    close = difflib.get_close_matches(str(loc[-1]).rpartition(":")[2], known, n=1)
    return known[close[0]] if close else None


def _known_keys(loc: Loc) -> list[str]:
    """The keys of the model that the location leads to."""
    model: type[BaseModel] = StackFile
    in_collection = False
    for part in loc:
        if in_collection:
            in_collection = False
            continue
        fields = {info.alias or name: info for name, info in model.model_fields.items()}
        annotation: Any = fields[str(part)].annotation
        in_collection = get_origin(annotation) in (dict, tuple)
        model = _model(annotation) or model
    return [info.alias or name for name, info in model.model_fields.items()]


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model(inner))), None)


def _without_faults(text: str, errors: Iterable[ErrorDetails]) -> Settings | None:
    """The settings with what is faulty taken out, and misspelt keys spelt right, so that the checks across entries can
    report in the same run.

    None where too little is left: then those checks say nothing about this file, rather than something wrong.
    """
    data = json.loads(text)
    for error in errors:
        if error["type"] != "rule":
            _remove_faulty_value(data, error)
    try:
        return StackFile.model_validate_json(json.dumps(data), context="lenient").config.settings
    except ValidationError:
        return None


def _remove_faulty_value(data: Any, error: ErrorDetails) -> None:
    *parents, last = error["loc"] or ("",)
    for part in parents:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return
    if not isinstance(data, dict) or last not in data:
        return
    if error["type"] == "string_type" and isinstance(data[last], int | float):
        data[last] = str(data[last])
    elif error["type"] == "extra_forbidden":
        value, meant = data.pop(last), _meant(error["loc"])
        if meant:
            data.setdefault(meant, value)
    elif not isinstance(data[last], dict | list):
        del data[last]
