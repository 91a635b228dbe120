"""What is wrong with a stack file: file, key, value, rule."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True, kw_only=True, order=True)
class Fault:
    """One fault. ``value`` is what the file says there, cut where it is long; empty where there is none."""

    file: str
    key: str
    value: str
    rule: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.key, self.value, self.rule) if part)


class SettingsError(Exception):
    """The stack files are not right; nothing was touched."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(dict.fromkeys(faults))
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(f"{count} in the stack files; nothing was touched:\n{lines}")


def shown(value: object) -> str:
    """A value for a message: on one line, as YAML spells it, and cut where it is long."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = repr(list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value)
    return text if len(text) <= 80 else text[:77] + "..."


def path(*parts: str | int) -> str:
    """``("portal:settings", "buckets", "source")`` → ``portal:settings.buckets.source``; list items as ``[0]``."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def file_of(stack: str) -> str:
    return f"Pulumi.{stack}.yaml"


def fault_at(stack: str, key: tuple[str | int, ...], value: object, rule: str) -> Fault:
    """A fault under ``portal:settings``; ``value`` None: there is none to show."""
    shown_value = "" if value is None else shown(value)
    return Fault(file=file_of(stack), key=path("portal:settings", *key), value=shown_value, rule=rule)
