"""One planned change, and the reasons why a rule between old state and new inputs needs no function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.provider.config import Settings

State = dict[str, Any]
Faults = list[tuple[str, str]]


@dataclass(frozen=True)
class Plan:
    """One planned change: `old` is empty when the resource is new."""

    old: Mapping[str, Any]
    new: State
    settings: Settings
    client: Callable[[str, str], Any] | None = None
    """(service, region) → boto3 client, for what pulumi-aws asks AWS while it plans."""


Rule = tuple[str, Callable[[Plan], Faults] | str]
"""The beginning of a sentence, and the function that carries it out or the reason why none is needed."""
FLAGS: Final = "the fields' own force_new says it"
REFUSED: Final = "the input is refused"
