"""What a provider answers the engine, whatever it provides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Failures = list[tuple[str, str]]
"""Paths of inputs, and what is wrong with each."""


@dataclass(frozen=True)
class ReadResult:
    """A resource as it stands; an empty id when it is gone."""

    resource_id: str
    properties: dict[str, Any] = field(default_factory=dict[str, Any])
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])
