"""Reads a stack file into plain data, and says where it cannot.

The engine reads the same files with Go's yaml.v3. What the two readers would take differently (dates, tags, aliases,
keys that are not text, a key given twice, a mapping of ``secure:`` alone, which is a secret to the engine) is a fault
here, so that a file means one thing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from settings.faults import Fault, path

ENCRYPTED = "holds a secret (secure:), which doesn't belong in a stack file"
Data = dict[str, "Data"] | list["Data"] | str | int | float | bool | None

_SCALARS = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str")}
_MAPPING, _SEQUENCE = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
_DEEPEST = 20
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where PyYAML was built with it: ten times as fast."""
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


class _TooDeepError(Exception):
    pass


def read(file: Path) -> tuple[Data, list[Fault]]:
    """The file's data and its faults; where there are faults the data lacks what they name."""
    try:
        text = file.read_bytes().decode()
        node = yaml.compose(_check_depth(text), Loader=_Loader)
    except OSError as error:
        return None, [Fault(file=file.name, key="", value="", rule=f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError as error:
        return None, [Fault(file=file.name, key="", value="", rule=f"is not UTF-8: byte {error.start}")]
    except yaml.YAMLError as error:
        return None, [Fault(file=file.name, key="", value="", rule=f"is not YAML: {' '.join(str(error).split())}")]
    except _TooDeepError:
        return None, [Fault(file=file.name, key="", value="", rule="is nested too deeply")]
    faults: list[Fault] = []
    data = None if node is None else _Reader(file.name, faults).value(node, ())
    return data, faults


def _check_depth(text: str) -> str:
    """The text; raises _TooDeepError before anything recursive sees it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _TooDeepError
    return text


class _Reader:
    def __init__(self, file: str, faults: list[Fault]) -> None:
        self.file, self.faults = file, faults
        self.seen: set[int] = set()

    def fault(self, node: yaml.Node, at: tuple[str | int, ...], rule: str) -> None:
        value = repr(node.value) if isinstance(node, yaml.ScalarNode) else ""
        rule = f"{rule} (line {node.start_mark.line + 1})"
        self.faults.append(Fault(file=self.file, key=path(*_shorten(at)), value=value[:80], rule=rule))

    def value(self, node: yaml.Node, at: tuple[str | int, ...]) -> Data:
        if id(node) in self.seen and not isinstance(node, yaml.ScalarNode):
            return self.fault(node, at, "an alias (*name): write the value out")
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode) and node.tag == _MAPPING:
            mapping = dict(self.items(node, at))
            return self.fault(node, at, ENCRYPTED) if set(mapping) == {"secure"} else mapping
        if isinstance(node, yaml.SequenceNode) and node.tag == _SEQUENCE:
            return [self.value(item, (*at, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return self.scalar(node, at)
        return self.fault(node, at, f"{node.tag.rsplit(':', 1)[-1]} is not allowed: quote it if it is text")

    def items(self, node: yaml.MappingNode, at: tuple[str | int, ...]) -> Iterator[tuple[str, Data]]:
        keys: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                self.fault(key, at, "a key is text: quote it")
            elif key.value in keys:
                self.fault(key, (*at, key.value), "this key is given twice")
            else:
                keys.add(key.value)
                yield key.value, self.value(value, (*at, key.value))

    def scalar(self, node: yaml.ScalarNode, at: tuple[str | int, ...]) -> Data:
        kind, text = node.tag.rsplit(":", 1)[-1], str(node.value)
        if kind == "str" and not node.style and _NUMBER.fullmatch(text):
            return self.fault(node, at, "other readers take this for a number: quote it")
        if kind == "str":
            return text
        try:
            return _PLAIN[kind](text)
        except (KeyError, ValueError):
            return self.fault(node, at, "write true or false, or a plain decimal number; quote it if it is text")


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _float(text: str) -> float:
    if not (_NUMBER.fullmatch(text) and math.isfinite(float(text))):
        raise ValueError(text)
    return float(text)


_PLAIN: dict[str, Callable[[str], Data]] = {
    "null": lambda _: None,
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
    "int": _integer,
    "float": _float,
}


def _shorten(at: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Key paths begin at the key of ``config:``, as everywhere else."""
    return at[1:] if len(at) > 1 and at[0] == "config" else at
