"""What a drift is: one change that somebody makes behind Pulumi's back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Aws = Callable[..., Any]
"""A boto3 client of the account by service."""
Held = Mapping[str, Any]
"""Outputs of the resource as the state holds them, its id among them."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    name: str
    """The resource's name; its beginning where a hash of the settings ends it."""
    change: Callable[[Aws, Held], object]
    shows: str = ""
    """The property in which a refresh shows the change."""
    gone: str = ""
    """In place of ``shows``, why the resource was taken away: AWS has no way to change it, or another way to say so."""

    def __post_init__(self) -> None:
        if bool(self.shows) == bool(self.gone):
            raise ValueError(f"{self.name}: either a property shows the change, or the resource is gone")


Drifts = Mapping[str, tuple[Drift, ...]]
"""By type."""
