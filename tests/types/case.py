"""What tests know of a type: by the provider alone, in a program of the real engine, in the stacks, in an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.journey.programs.types.inputs import Change

Inputs = dict[str, Any]
Make = Callable[[str, Inputs], tuple[str, Inputs]]
"""Creates a resource through the provider: (token, inputs) → (id, state)."""
Name = Callable[[str], str]
"""A name that no other test has, with the prefix."""

Aws = Callable[..., Any]
"""A boto3 client of the account by service."""
Held = Mapping[str, Any]
"""Outputs of a resource as the state has them, its id among them."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A resource in the program of `test_changes`: one change that updates it, and one that replaces it."""

    inputs: Inputs
    update: Change | None = None
    replace: Change | None = None
    lacks: str = ""
    """Why there is no update, or no replacement."""

    def __post_init__(self) -> None:
        if bool(self.lacks) == bool(self.update and self.replace):
            raise ValueError(f"{self.inputs}: an update and a replacement, or why one of them isn't there")


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What somebody changes behind Pulumi's back in the stack dev."""

    name: str
    """The resource's name; its beginning where a hash of the settings ends it."""
    change: Callable[[Aws, Held], object]
    shows: str = ""
    """The property in which a refresh shows the change."""
    gone: str = ""
    """In place of ``shows``, why the resource was taken away: AWS has no way to change it, or another way to say so."""
    refused: str = ""
    """In place of both, the code with which AWS refuses every change, as long as the resource is used."""

    def __post_init__(self) -> None:
        if [bool(self.shows), bool(self.gone), bool(self.refused)].count(True) != 1:
            raise ValueError(f"{self.name}: a property shows the change, the resource is gone, or AWS refuses it")


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
    unread: tuple[str, ...] = ()
    """Inputs that AWS does not answer with, so that an import cannot know them."""

    # Of a type that a stack registers
    program: Program | None = None
    drifts: tuple[Drift, ...] = ()
    listed: Callable[[Aws], set[str]] | None = None
    """The ids of all that an account has of it, as the state has them."""
