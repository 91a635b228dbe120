"""What a case of `provider_cases` is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Inputs = dict[str, Any]
Make = Callable[[str, Inputs], tuple[str, Inputs]]
"""Creates a resource through the provider: (token, inputs) → (id, state)."""
Name = Callable[[str], str]
"""A name that no other test has, with the prefix."""


@dataclass(frozen=True)
class Case:
    """One type. `inputs`, `updates` and `replacement` are the program's; each function takes what `before` returned."""

    token: str
    inputs: Callable[[Any], Inputs]
    updates: Callable[[Any], list[Inputs]] = lambda _: []
    """One property after another, each laid over the inputs before it; None removes a property."""
    replacement: Callable[[Any], Inputs] = lambda _: {}
    """A change that replaces, empty where no input does."""
    drift: Callable[[Any, str, Any], None] | None = None
    """Change the resource by boto3: (client factory, id, before)."""
    drifted: str = ""
    """The Pulumi property in which the drift shows."""
    before: Callable[[Make, Callable[[str], str]], Any] = lambda _make, _name: None
    """Resources that must exist first: (make, unique name) → anything."""
    variants: Callable[[Any], list[Inputs]] = lambda _: []
    """Other ways to make one, for inputs that exclude each other."""
    import_id: Callable[[str, Inputs], str] = lambda resource_id, _: resource_id
    """What an import names it by, of its id and inputs; empty: it cannot be imported."""
    stays: bool = False
    """Whether AWS cannot take it away: the setting goes back to a default that reads as one."""
    unsent: dict[str, str] = field(default_factory=dict[str, str])
    """Inputs that a case cannot reach, with the reason."""
